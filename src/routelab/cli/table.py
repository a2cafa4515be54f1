"""``routelab table``: look at an outcome table, check its bytes, or re-price it by date."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from routelab.cli import emit_json, screen
from routelab.cli.options import json_option, load_table


@click.command("table")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Only these queries; repeatable.")
@click.option("--reprice", metavar="DATE", help="Show costs at the prices of this day (YYYY-MM-DD or 'newest').")
@click.option("--verify", is_flag=True, help="Compare every file with the hash that its manifest recorded.")
@json_option
def table_command(path: Path | None, where: tuple[str, ...], reprice: str | None, verify: bool, as_json: bool) -> int:
    """Show what a table holds: queries, arms, coverage, scores and costs."""
    import polars as pl
    from rich.table import Table

    from routelab.core.errors import InputError
    from routelab.outcomes.store import verify as damaged_parts

    table = load_table(path, where)
    if reprice:
        try:
            day = None if reprice == "newest" else dt.date.fromisoformat(reprice)
        except ValueError:
            raise InputError(
                "--reprice", expected="YYYY-MM-DD or newest", got=repr(reprice), fix="write the day"
            ) from None
        table = table.reprice(day)
    damaged = damaged_parts(table.folder) if verify and table.folder else []
    per_arm = (
        table.calls.group_by("arm")
        .agg(
            queries=pl.col("query_id").n_unique(),
            score=pl.col("score").mean(),
            cost_per_1k_usd=1000 * pl.col("cost_usd").mean(),
            latency_s=pl.col("latency_s").median(),
            errors=pl.col("error").count(),
        )
        .sort("score", descending=True, nulls_last=True)
    )
    if as_json:
        emit_json(
            {
                "name": table.name,
                "hash": table.hash,
                "queries": table.queries.height,
                "calls": table.calls.height,
                "notes": list(table.notes),
                "damaged": damaged,
                "arms": per_arm.to_dicts(),
            }
        )
    else:
        view = Table(title=f"{table.name} · {table.queries.height} queries · {table.calls.height} calls · {table.hash}")
        for column in per_arm.columns:
            view.add_column(column, justify="left" if column == "arm" else "right")
        for row in per_arm.iter_rows():
            view.add_row(
                *("–" if cell is None else f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row)
            )
        terminal = screen()
        terminal.print(view)
        for note in table.notes:
            terminal.print(f"note: {note}")
        if verify:
            terminal.print(f"damaged: {', '.join(damaged)}" if damaged else "every file is as recorded")
    return 1 if damaged else 0
