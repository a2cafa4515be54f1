"""The leaderboard for a terminal and for Markdown; the columns and their meaning come from ``columns``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from routelab.arena.report.columns import COLUMNS, Column
from routelab.arena.report.headline import facts_line, headline
from routelab.arena.report.schema import Result, Scorecard, as_result

MEDIUM_WIDTH, FULL_WIDTH = 88, 104


def leaderboard_table(result: Mapping[str, Any] | Result, width: int = 120) -> Table:
    """A rich table that fits ``width`` terminal columns; yardsticks stand dimmed under a rule."""
    run = as_result(result)
    columns = [column for column in COLUMNS if column.importance <= _kept(width)]
    table = Table(box=box.SIMPLE_HEAD, title=facts_line(run), title_style="dim", pad_edge=False, padding=(0, 1))
    table.caption = "\n".join(run.notes) or None
    for column in columns:
        words = column.key == "name"
        table.add_column(
            column.title,
            justify="left" if words else "right",
            no_wrap=True,
            overflow="ellipsis" if words else "fold",
        )
    for row in run.ranked:
        table.add_row(*(_cell(column, row, run.confidence) for column in columns))
    table.add_section()
    for row in run.baselines:
        table.add_row(*(_cell(column, row, run.confidence) for column in columns), style="dim")
    return table


def leaderboard_markdown(result: Mapping[str, Any] | Result) -> str:
    """The leaderboard as a GitHub table, with the headline above and the run below it."""
    run = as_result(result)
    lines = [
        f"**{_plain(headline(run).title)}**",
        "",
        f"| {' | '.join(column.title for column in COLUMNS)} |",
        "|" + "|".join(":--" if column.key == "name" else "--:" for column in COLUMNS) + "|",
    ]
    for row in [*run.ranked, *run.baselines]:
        cells = [_plain(column.fill(row, run.confidence).text) for column in COLUMNS]
        if row.baseline:
            cells = [f"*{cell}*" if cell else "" for cell in cells]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        f"{_plain(run.table.name)}: {facts_line(run)}. ✓ = significant, one-sided, adjusted for all routers.",
    ]
    lines += ["Yardsticks in italics are not ranked.", *(f"{_plain(note)}." for note in run.notes), ""]
    return "\n".join(lines)


def _kept(width: int) -> int:
    return 3 if width >= FULL_WIDTH else 2 if width >= MEDIUM_WIDTH else 1


def _cell(column: Column, row: Scorecard, confidence: float) -> Text:
    cell = column.fill(row, confidence)
    if row.baseline:
        return Text(cell.text)
    return Text(cell.text, style="bold green" if cell.claim else "bold" if column.key == "name" else "")


def _plain(text: str) -> str:
    flat = " ".join(text.split())
    for mark in "\\|*_`<>[]":
        flat = flat.replace(mark, f"\\{mark}")
    return flat
