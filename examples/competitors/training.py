"""Writes what competitors may learn from: the prompts that the board does not judge, with every arm's outcome.

    python examples/competitors/training.py board training.jsonl

Costs are zero where the table has none.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import polars as pl

from routelab.arena.leaderboard.board import Board
from routelab.arena.problem import prepare
from routelab.arena.rows import part_of
from routelab.core.decisions import Floats
from routelab.outcomes import OutcomeTable


def main(folder: Path, output: Path) -> None:
    problem = prepare(unjudged(Board(folder)))
    arms, batch = problem.arms, problem.batch
    frame = pl.DataFrame({"query_id": batch.ids, "prompt": batch.texts, "task": batch.tasks}).with_columns(
        score=_by_arm(problem.score, arms), cost_usd=_by_arm(problem.cost, arms)
    )
    frame.write_ndjson(output)
    click.echo(f"{output}: {frame.height} prompts, {len(arms)} arms")


def unjudged(board: Board) -> OutcomeTable:
    """What everybody on the board is fitted on: the outcomes of its arms on the prompts that it does not judge."""
    if board.config.part != "claims":
        sys.exit(f"{board.folder} judges every prompt of its table: none is left to learn from")
    return part_of(board.open.table, "tuning").select(arms=board.open.problem.arms)


def _by_arm(values: Floats, arms: tuple[str, ...]) -> pl.Series:
    return pl.DataFrame(values, schema=arms).to_struct()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
