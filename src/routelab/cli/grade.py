"""``routelab grade``: grade published answers again."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from routelab.arena.regrade import FORMATS, Disagreement, Regrade, regrade
from routelab.core.errors import shorten

SHOWN = 20


@click.command("grade")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(FORMATS), default="routerarena", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
def grade_command(file: Path, format_: str, as_json: bool) -> None:
    """Grade the answers in FILE again and list every score that is not the published one."""
    report = regrade(file, format_)  # type: ignore[arg-type]
    if as_json:
        click.echo(msgspec.json.encode(report.to_json()).decode())
        return
    console = Console()
    console.print(_summary(report))
    if report.disagree:
        console.print(_table(report.disagree))


def _summary(report: Regrade) -> str:
    lines = [
        f"{report.rows} rows, {report.graded} graded: {report.agree} agree, {len(report.disagree)} do not.",
        *(f"{count} not graded: {reason}" for reason, count in report.ungraded.items()),
    ]
    return "\n".join(lines)


def _table(disagree: list[Disagreement]) -> Table:
    hidden = len(disagree) - SHOWN
    table = Table(caption=f"and {hidden} more; --json lists all" if hidden > 0 else None)
    for heading in ("query", "metric", "published", "ours", "read as", "reference"):
        table.add_column(heading, justify="right" if heading in ("published", "ours") else "left")
    for row in disagree[:SHOWN]:
        scores = f"{row.published:g}", f"{row.ours:g}"
        table.add_row(row.id, row.metric, *scores, shorten(row.extracted or ""), shorten(row.reference))
    return table
