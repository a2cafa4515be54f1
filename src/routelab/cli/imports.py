"""``routelab import``: foreign data into an outcome table, with an account of what was kept and dropped."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.table import Table

from routelab.cli import screen
from routelab.core.errors import InputError
from routelab.outcomes import OutcomeTable
from routelab.outcomes.importers import Report, import_table, refuse_taken, save_new


@click.command("import")
@click.argument("path")
@click.option("--format", "format_", metavar="F", help="The format; recognised when left out.")
@click.option(
    "--map", "pairs", multiple=True, metavar="NAME=VALUE",
    help="A column (score=accuracy, wide=*), or another option of the importer (prices=FILE). Repeats.",
)  # fmt: skip
@click.option("--name", help="The table's name; the file's when left out.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="TABLE_DIR",
    help="A new folder for the table; it appears whole or not at all.",
)  # fmt: skip
def import_command(
    path: str, format_: str | None, pairs: tuple[str, ...], name: str | None, as_json: bool, output: Path
) -> None:
    """Import PATH, a file, a folder, an archive or hf:OWNER/NAME, into the outcome table TABLE_DIR."""
    refuse_taken(output)
    imported = import_table(path, format=format_, options=_options(pairs), name=name)
    table = save_new(imported.table, output)
    if as_json:
        summary = {"name": table.name, "queries": table.queries.height, "arms": table.arms, "hash": table.hash}
        content = {"table": summary, "folder": str(output), "report": imported.report}
        click.echo(msgspec.json.encode(content).decode())
        return
    terminal = screen()
    terminal.print(_headline(table, imported.report, output))
    if imported.report.dropped or imported.report.adjusted:
        terminal.print(_details(imported.report))
    for note in (*imported.report.notes, *table.notes):
        terminal.print(f"note: {note}")


def _options(pairs: tuple[str, ...]) -> dict[str, str]:
    options: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals and value) or key in options:
            got = f"{key!r} twice" if key in options else repr(pair)
            raise InputError("--map", expected="NAME=VALUE, each name once", got=got, fix="write --map score=acc")
        options[key] = value
    return options


def _headline(table: OutcomeTable, report: Report, output: Path) -> str:
    scored = table.calls["score"].drop_nulls().len()
    return (
        f"{report.format}: {report.read:,} rows read → {report.queries:,} queries, {len(table.arms)} arms, "
        f"{report.calls:,} calls ({scored:,} scored, {report.answers:,} answers) in {output}"
    )


def _details(report: Report) -> Table:
    table = Table("", "reason", "first")
    table.add_column("rows", justify="right")
    for what, tallies in (("dropped", report.dropped), ("changed", report.adjusted)):
        for reason, tally in tallies.items():
            table.add_row(what, reason, tally.first, f"{tally.count:,}")
    return table
