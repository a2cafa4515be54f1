"""Small boards and submissions for tests of the leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

import planted
from routelab.arena.leaderboard.board import Board, Config
from routelab.outcomes import OutcomeTable

ARMS = planted.ARMS


def planted_table(n: int = 120, seed: int = 0, name: str = "planted") -> OutcomeTable:
    return planted.table(planted.draw(np.random.default_rng(seed), n), name)


def small_board(folder: Path, n: int = 120, **config: Any) -> Board:
    return Board.create(folder, planted_table(n), Config(**({"part": "all", "folds": 3, "repeats": 2} | config)))


def decisions(folder: Path, board: Board, name: str, seed: int = 0, **manifest: Any) -> Path:
    """A folder with random decisions on the board's queries."""
    ids = board.open.problem.batch.ids
    arms = np.random.default_rng(seed).choice(ARMS, len(ids))
    return submission(folder / name, pl.DataFrame({"query_id": ids, "arm": arms}), name=name, **manifest)


def submission(folder: Path, frame: pl.DataFrame, **manifest: Any) -> Path:
    """A folder with these decisions and this manifest."""
    folder.mkdir(parents=True)
    frame.write_parquet(folder / "decisions.parquet")
    (folder / "submission.yaml").write_text(yaml.safe_dump({"decisions": "decisions.parquet", **manifest}))
    return folder
