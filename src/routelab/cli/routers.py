"""``routelab routers``: what the catalogue holds, plug-ins included."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import click
from rich.console import Console
from rich.table import Table

from routelab.cli import emit_json
from routelab.cli.options import json_option


@dataclass(frozen=True)
class Entry:
    """One registered router; ``extra`` is the optional dependency that it cannot run without."""

    name: str
    description: str
    source: str
    recipe_hash: str | None
    extra: str | None


@click.command("routers")
@json_option
def routers_command(as_json: bool) -> None:
    """List the registered routers: what they do, whose idea it is, and what they need."""
    from routelab.core import registry

    entries = [_entry(name) for name in registry.names("routelab.routers")]
    if as_json:
        emit_json({"routers": [asdict(entry) for entry in entries]})
        return
    table = Table("router", "what it does", "source", "recipe", "needs")
    for entry in entries:
        needs = f"routelab\\[{entry.extra}]" if entry.extra else ""
        table.add_row(entry.name, entry.description, entry.source, entry.recipe_hash or "", needs)
    Console().print(table)


def _entry(name: str) -> Entry:
    from routelab.arena.candidates import resolve
    from routelab.core import registry
    from routelab.encode import StaticEmbedding
    from routelab.router import Recipe

    candidate, found = resolve(name), registry.load("routelab.routers", name)
    dense = isinstance(found, Recipe) and isinstance(found.encoder, StaticEmbedding)
    extra = "dense" if dense else None
    return Entry(name, candidate.description, candidate.source, candidate.recipe_hash, extra)
