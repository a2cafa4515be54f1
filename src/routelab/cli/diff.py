"""``routelab diff A.json B.json``: what changed between two results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from routelab.cli import emit_json, screen
from routelab.cli.options import json_option


@click.command("diff")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@json_option
def diff_command(before: Path, after: Path, as_json: bool) -> None:
    """Compare two saved results, router by router."""
    from rich.table import Table

    from routelab.arena.compare_results import SHOWN, difference
    from routelab.arena.result import Result

    found = difference(Result.load(before), Result.load(after))
    if as_json:
        emit_json(found)
        return
    table = Table(title=f"{before.name} → {after.name}", title_justify="left")
    table.add_column("router")
    for name in SHOWN:
        table.add_column(name.replace("_", " "), justify="right")
    for row in found["changes"]:
        table.add_row(row["name"], *(_cell(row[name]) for name in SHOWN))
    terminal = screen()
    terminal.print(table)
    differing = [key for key, equal in found["same"].items() if not equal]
    if differing:
        terminal.print(f"the runs differ in: {', '.join(differing)}")
    for label in ("added", "removed"):
        if found[label]:
            terminal.print(f"{label}: {', '.join(found[label])}")


def _cell(change: dict[str, Any] | None) -> str:
    if change is None:
        return "–"
    if change["low"] is None:
        return f"{change['value']:+.4g}"
    return f"{change['value']:+.4g} [{change['low']:+.4g}, {change['high']:+.4g}]"
