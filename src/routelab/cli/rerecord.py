"""``routelab rerecord``: ask a sample of a recorded table again and report how well it repeats."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from routelab.arena.rerecord import rerecord
from routelab.cli import emit_json, screen
from routelab.cli.options import json_option, load_table, seed_option
from routelab.cli.progress import progress_bar
from routelab.pool.live import endpoints


@click.command("rerecord")
@click.option("--table", type=click.Path(path_type=Path), help="Recorded table [default: the embedded one].")
@click.option("--items", type=click.IntRange(min=1), default=40, show_default=True, help="How many queries.")
@click.option("--endpoints", "file", type=click.Path(path_type=Path), help="YAML with the providers that answer.")
@seed_option
@json_option
def rerecord_command(table: Path | None, items: int, file: Path | None, seed: int, as_json: bool) -> None:
    """Ask a random sample of the table's queries again, with every arm, and compare scores and answers."""
    recorded, known = load_table(table, ()), endpoints(file)
    arms = {arm: known.connect(arm) for arm in recorded.arms}
    with progress_bar("asking again") as update:
        rows = rerecord(
            recorded, arms, items, seed=seed, report=lambda at: update(at.done, at.total, f"{at.errors} errors")
        )
    if as_json:
        emit_json({"table": recorded.name, "hash": recorded.hash, "arms": rows})
        return
    shown = Table("arm", "calls", "errors", "same score", "same answer", "output tokens, new / recorded")
    for row in rows:
        score, answer = (
            f"{m['value']:.0%} [{m['low']:.0%}, {m['high']:.0%}]" if m["value"] is not None else "–"
            for m in (row.same_score, row.same_answer)
        )
        shown.add_row(row.arm, str(row.calls), str(row.errors), score, answer, f"{row.tokens_ratio or 0:.2f}")
    screen().print(shown)
