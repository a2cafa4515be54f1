"""``routelab routers``: what the catalogue holds, plug-ins included."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import click
from rich.table import Table

from routelab.cli import emit_json, screen
from routelab.cli.options import json_option

ROOMY = 140
"""Terminal columns from which source, fidelity and needs are shown too; ``--json`` always tells them."""


@dataclass(frozen=True)
class Entry:
    """One registered router. ``needs`` is what it cannot do without: prompts, an extra, columns of the table.

    ``standing`` is what ``docs/which-router.md`` measured of this very recipe, None where it has changed since.
    """

    name: str
    family: str
    source: str
    fidelity: str
    deviation: str
    needs: list[str]
    description: str
    recipe_hash: str | None
    standing: dict[str, Any] | None


@click.command("routers")
@json_option
def routers_command(as_json: bool) -> None:
    """List the registered routers: what they do, whose idea it is, how near to it, and what they need."""
    from routelab.core import registry

    entries = [_entry(name) for name in registry.names("routelab.routers")]
    if as_json:
        emit_json({"routers": [asdict(entry) for entry in entries]})
        return
    terminal = screen()
    roomy = terminal.width >= ROOMY
    table = Table(
        "router", "Δ best single", "family", "what it does", *(["source", "fidelity", "needs"] if roomy else [])
    )
    for entry in entries:
        more = [entry.source, entry.fidelity, ", ".join(entry.needs)] if roomy else []
        table.add_row(entry.name, _standing(entry.standing), entry.family, entry.description, *more)
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    table.caption = "Δ best single: mean gain in points over the tables of docs/which-router.md"
    terminal.print(table)


def _standing(standing: dict[str, Any] | None) -> str:
    from routelab.arena.report.format import DASH, POINTS, plus_minus
    from routelab.arena.report.schema import Metric

    return plus_minus(Metric(**standing["delta_vs_best_single"]), POINTS) if standing else DASH


def _entry(name: str) -> Entry:
    from routelab.arena.candidates import resolve
    from routelab.core import registry
    from routelab.data import standings
    from routelab.router import Recipe

    found = registry.load("routelab.routers", name)
    if not isinstance(found, Recipe):
        return Entry(name, "plug-in", "", "", "", [], resolve(name).description, None, None)
    about = found.about
    needs = ["prompts"] * bool(found.views) + [f"routelab[{found.extra}]"] * bool(found.extra) + list(about.needs)
    standing = standings().get(name)
    return Entry(
        name,
        about.family,
        about.source,
        about.fidelity,
        about.deviation,
        needs,
        found.description,
        found.hash,
        standing if standing and standing["recipe_hash"] == found.hash else None,
    )
