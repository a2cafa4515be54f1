"""``routelab grade``: grade answers to a suite, or published answers again."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec
from rich.table import Table

from routelab.arena.answers import Grades, grade_answers
from routelab.arena.regrade import FORMATS, Disagreement, Regrade, regrade
from routelab.cli import emit_json, screen
from routelab.core.errors import InputError, shorten
from routelab.core.sandbox import UNSAFE_VARIABLE
from routelab.workload.suites import open_suite

SHOWN = 20


@click.command("grade")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--suite", type=click.Path(path_type=Path), metavar="DIR", help="Grade answers {id, answer} to this suite."
)
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Grade published answers of this format again.")
@click.option("--unsafe", is_flag=True, help="Run answers that are programs even where no sandbox can be had.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
def grade_command(file: Path, suite: Path | None, format_: str | None, unsafe: bool, as_json: bool) -> None:
    """Grade the answers in FILE: with --suite, lines {"id", "answer"}; else a published file, score by score."""
    if unsafe:
        os.environ[UNSAFE_VARIABLE] = "1"
    if suite is not None and format_ is not None:
        raise InputError("grade", expected="--suite or --format", got="both", fix="leave one out")
    if suite is not None:
        grades = grade_answers(file, open_suite(suite))
        emit_json(grades) if as_json else _show(grades)
        return
    report = regrade(file, format_ or "routerarena")  # type: ignore[arg-type]
    if as_json:
        click.echo(msgspec.json.encode(report.to_json()).decode())
        return
    terminal = screen()
    terminal.print(_summary(report))
    if report.disagree:
        terminal.print(_table(report.disagree))


def _show(grades: Grades) -> None:
    terminal = screen()
    terminal.print(
        f"{grades.suite} {grades.hash}: {grades.answered:,} of {grades.items:,} items answered, "
        f"{grades.graded:,} graded",
    )
    for reason, count in grades.ungraded.items():
        terminal.print(f"{count} not graded: {reason}")
    table = Table("", "", "accuracy", "95 % interval")
    table.add_row("all answers", "", *_cells(grades.accuracy))
    for label, parts in grades.by.items():
        for name, metric in parts.items():
            table.add_row(label, name, *_cells(metric))
    terminal.print(table)


def _cells(metric: dict[str, float | None]) -> tuple[str, str]:
    if metric["value"] is None:
        return "–", "–"
    return f"{metric['value']:.3f}", f"{metric['low']:.3f} – {metric['high']:.3f}"


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
        texts = shorten(row.extracted or ""), shorten(row.reference)
        table.add_row(row.id, row.metric, *scores, *texts)
    return table
