"""``routelab check``: hold a router to the contract that every router keeps."""

from __future__ import annotations

import click
from rich.table import Table
from rich.text import Text

from routelab.cli import emit_json, screen
from routelab.cli.options import json_option, seed_option

STYLES = {"passed": "green", "failed": "bold red", "not applicable": "dim"}


@click.command("check")
@click.argument("router")
@seed_option
@json_option
def check_command(router: str, seed: int, as_json: bool) -> int:
    """Check ROUTER on planted worlds: a catalogue name, recipe.yaml, artifact folder, file.py:object or URL.

    An artifact is checked through its recipe, fitted afresh. Exits 1 when a promise is broken.
    """
    from routelab.arena.candidates import resolve
    from routelab.router import check_router

    report = check_router(resolve(router).make(seed), seed=seed)
    if as_json:
        emit_json(report.to_json())
    else:
        table = Table("promise", "verdict", "detail", title=report.router, title_justify="left")
        for verdict in report.verdicts:
            table.add_row(verdict.promise, Text(verdict.status, STYLES[verdict.status]), verdict.detail)
        screen().print(table)
    return 0 if report.ok else 1
