"""Writes what competitors may learn from: the prompts that the board does not judge, with every arm's outcome.

python examples/competitors/training.py board training.jsonl
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import polars as pl

from routelab.arena.leaderboard.board import Board
from routelab.arena.rows import part_of


def main(folder: Path, output: Path) -> None:
    board = Board(folder)
    if board.config.part != "claims":
        sys.exit(f"{folder} judges every prompt of its table: none is left to learn from")
    table = part_of(board.open.table, "tuning")
    outcomes = table.calls.pivot("arm", index="query_id", values=["score", "cost_usd"], aggregate_function="mean")
    arms = list(table.arms)
    frame = table.queries.join(outcomes, on="query_id", maintain_order="left").select(
        "query_id",
        "prompt",
        "task",
        *(pl.struct(pl.col(f"{key}_{arm}").alias(arm) for arm in arms).alias(key) for key in ("score", "cost_usd")),
    )
    frame.write_ndjson(output)
    click.echo(f"{output}: {frame.height} prompts, {len(arms)} arms")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
