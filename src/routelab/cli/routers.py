"""``routelab routers``: what the catalogue holds, plug-ins included."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import click
from rich.table import Table

from routelab.cli import emit_json, screen
from routelab.cli.options import json_option


@dataclass(frozen=True)
class Entry:
    """One registered router. ``needs`` is what it cannot do without: prompts, an extra, columns of the table."""

    name: str
    family: str
    source: str
    fidelity: str
    deviation: str
    needs: list[str]
    description: str
    recipe_hash: str | None


@click.command("routers")
@json_option
def routers_command(as_json: bool) -> None:
    """List the registered routers: what they do, whose idea it is, how near to it, and what they need."""
    from routelab.core import registry

    entries = [_entry(name) for name in registry.names("routelab.routers")]
    if as_json:
        emit_json({"routers": [asdict(entry) for entry in entries]})
        return
    table = Table("router", "family", "what it does", "source", "fidelity", "needs")
    for entry in entries:
        cells = (entry.name, entry.family, entry.description, entry.source, entry.fidelity, ", ".join(entry.needs))
        table.add_row(*cells)
    screen().print(table)


def _entry(name: str) -> Entry:
    from routelab.arena.candidates import resolve
    from routelab.core import registry
    from routelab.router import Recipe

    found = registry.load("routelab.routers", name)
    if not isinstance(found, Recipe):
        return Entry(name, "plug-in", "", "", "", [], resolve(name).description, None)
    about = found.about
    needs = ["prompts"] * bool(found.views) + [f"routelab[{found.extra}]"] * bool(found.extra) + list(about.needs)
    return Entry(
        name, about.family, about.source, about.fidelity, about.deviation, needs, found.description, found.hash
    )
