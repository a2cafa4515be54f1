"""Hidden seasons: who is scored, on which items, and how little is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from boards import ARMS, decisions, planted_table, small_board
from routelab.arena.leaderboard import ladder
from routelab.arena.leaderboard.hidden import score_season
from routelab.arena.leaderboard.manifest import read_submission
from routelab.cli import cli
from routelab.core import InputError, Outcome
from routelab.outcomes import OutcomeTable
from routelab.workload.build import draw_suite
from routelab.workload.generate.register import committed, drawn, to_draw
from small_table import small_table


def test_owners_learn_only_whole_steps_from_the_hidden_board() -> None:
    def board(**values: float) -> dict:
        rows = [
            {
                "name": name, "owner": name[0], "listed": True, "received": str(place),
                "arena_score": {"value": value, "low": value - 0.012, "high": value + 0.012},
            }
            for place, (name, value) in enumerate(values.items())
        ]  # fmt: skip
        return {"rank_metric": "arena_score", "routers": rows, "arms": [{"id": "x"}], "hull": [1]}

    shown = ladder.told(board(a1=0.5012, a2=0.5031, a3=0.5079, b1=0.5031), 0.005, {})
    value = {row["name"]: row["arena_score"]["value"] for row in shown["routers"]}
    assert value == {"a1": 0.5, "a2": 0.5, "a3": 0.51, "b1": 0.505}
    assert all(row["accuracy"]["value"] is None for row in shown["routers"]) and shown["hull"] == []
    low, high = (shown["routers"][0]["arena_score"][side] for side in ("low", "high"))
    assert (low, high) == (0.485, 0.515), "rounded outwards"
    assert ladder.told(board(a4=0.5031), 0.005, {"a": 0.51})["routers"][0]["arena_score"]["value"] == 0.51


def test_a_hidden_season_from_commitment_to_board(tmp_path: Path) -> None:
    board = small_board(tmp_path / "board")
    board.update("ridge")
    board.update(decisions(tmp_path, board, "dice"))
    register, secret = tmp_path / "season.json", b"s" * 16
    committed(register, 1, secret)
    run = CliRunner().invoke(cli, ["leaderboard", "freeze", "--board", str(board.folder), str(register), "--json"])
    frozen = json.loads(run.output)["entries"]
    assert frozen == [read_submission("ridge").id], "decisions are not taken: whoever makes them has seen the prompts"
    suite = draw_suite(to_draw(register, secret, "beacon"), tmp_path / "suite", 40)
    outcomes = asked(suite.queries)
    with pytest.raises(InputError, match="a drawn season"):
        score_season(board, outcomes, register)
    drawn(register, secret, "beacon", suite.hash, len(suite.queries))
    with pytest.raises(InputError, match="of no others"):
        score_season(board, planted_table(40, seed=5), register)
    found = score_season(board, outcomes, register)
    (row,) = (row for row in found["routers"] if not row["baseline"])
    assert row["name"] == "ridge" and row["fit"] == "frozen" and row["accuracy"]["value"] is None
    step = board.config.step
    assert row["arena_score"]["value"] == pytest.approx(step * round(row["arena_score"]["value"] / step))
    assert score_season(board, outcomes, register) == found, "again: nothing new"
    (tmp_path / "second.json").write_text(json.dumps(json.loads(register.read_text()) | {"season": 2}))
    with pytest.raises(InputError, match="never used"):
        score_season(board, asked(suite.queries, seed=9), tmp_path / "second.json")


def asked(queries: list, seed: int = 0) -> OutcomeTable:
    """Outcomes of the planted arms on any queries."""

    rng = np.random.default_rng(seed)
    calls = [
        Outcome(query_id=query.id, arm=arm, score=float(rng.random() < 0.3 + 0.1 * place), cost_usd=10.0 ** (place - 5))
        for query in queries
        for place, arm in enumerate(ARMS)
    ]
    return small_table(queries, calls, "season")
