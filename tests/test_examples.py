"""The examples do what they say: they resolve, keep the contract, and are judged like any router."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import routelab
from routelab.arena import evaluate, resolve
from routelab.outcomes import OutcomeTable
from routelab.router import check_router
from routelab.router.worlds import plant

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SPECS = [f"{EXAMPLES}/own_router.py:big_for_long", f"{EXAMPLES}/own_router.py:Cautious", f"{EXAMPLES}/recipe.yaml"]


@pytest.fixture(scope="module")
def planted() -> OutcomeTable:
    """The complementary world, its first arms called like those of the embedded table."""
    world = plant("complementary", train=150, test=3)
    n, k = world.known.score.shape
    arms = [*routelab.default_table().arms, "local/one-more#direct"][:k]
    ids = list(world.train.ids)
    queries = pl.DataFrame({"query_id": ids, "prompt": world.train.texts, "task": world.train.tasks})
    calls = pl.DataFrame(
        {
            "query_id": np.repeat(ids, k),
            "arm": arms * n,
            "score": world.known.score.ravel(),
            "cost_usd": world.known.cost_usd.ravel(),
        }
    )
    return OutcomeTable.from_frames(queries, calls, name="planted")


def test_every_example_is_judged(planted: OutcomeTable) -> None:
    result = evaluate(SPECS, planted, folds=2, repeats=1, draws=100, timing=False)
    rows = {row["name"]: row for row in result.data["routers"]}
    assert {"big-for-long", "Cautious", "near-and-cheap"} <= set(rows)
    assert rows["Cautious"]["delta_vs_best_single"]["low"] > 0
    assert rows["big-for-long"]["fit"] == "unknown"
    assert rows["near-and-cheap"]["recipe_hash"] == resolve(SPECS[2]).recipe_hash


@pytest.mark.parametrize("spec", SPECS)
def test_every_example_keeps_the_contract(spec: str) -> None:
    check_router(resolve(spec).make(0)).raise_if_failed()


def test_the_arms_that_an_example_names_are_those_of_the_embedded_table() -> None:
    batch = routelab.encode.QueryBatch.of(["short", "long " * 20])
    assert set(resolve(SPECS[0]).make(0).route(batch)) <= set(routelab.default_table().arms)


def test_a_file_of_ones_own_needs_no_more_than_thirty_lines() -> None:
    lines = (EXAMPLES / "own_router.py").read_text().splitlines()
    assert len([line for line in lines if line.strip()]) <= 30


def test_the_command_line_takes_an_example() -> None:
    command = [sys.executable, "-c", "from routelab.cli import main; main()", "check", SPECS[0], "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"ok": true' in done.stdout
