"""`calibrate`: the dial for a target, checked on rows that it was not chosen by, and frozen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from routelab.arena.calibrate import calibrate
from routelab.arena.dial import Target
from routelab.cli.calibrate import calibrate_command
from routelab.core import InputError, stream
from routelab.encode import QueryBatch
from routelab.outcomes import OutcomeTable
from routelab.router import artifact_hash, load_artifact

BIG, SMALL = "cloud/big", "cloud/small"
COST = {BIG: 0.001, SMALL: 0.0001}
PROMPT = {"easy": "Add the numbers {k} and {j}, please", "hard": "Prove lemma {k} about ideals of rank {j} in full"}


def table(n: int = 240, *, easy: float = 0.5, costs: bool = True, seed: int = 0) -> OutcomeTable:
    """The small arm is as good as the big one on easy prompts and fails on hard ones."""
    rng = stream(seed, "planted")
    kinds = np.where(rng.random(n) < easy, "easy", "hard")
    prompts = [PROMPT[kind].format(k=k, j=3 * k) for k, kind in enumerate(kinds)]
    queries = pl.DataFrame({"query_id": [f"q{k}" for k in range(n)], "prompt": prompts})
    right = {BIG: np.full(n, 0.9), SMALL: np.where(kinds == "easy", 0.9, 0.1)}
    rows = [
        {"query_id": f"q{k}", "arm": arm, "score": float(rng.random() < right[arm][k]), "cost_usd": COST[arm]}
        for arm in (BIG, SMALL)
        for k in range(n)
    ]
    calls = pl.DataFrame(rows)
    return OutcomeTable.from_frames(queries, calls if costs else calls.drop("cost_usd"), name="planted")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("cost<=0.5/1k", Target(text="cost<=0.5/1k", max_cost_usd=0.0005)),
        ("quality >= 0.98*best", Target(text="quality>=0.98*best", share=0.98)),
        ("quality>=best-0.5pt", Target(text="quality>=best-0.5pt", margin=0.005)),
        ("quality>=current", Target(text="quality>=current", reference="current")),
    ],
)
def test_targets_are_read(text: str, target: Target) -> None:
    assert Target.parse(text) == target


@pytest.mark.parametrize("text", ["", "cost<0.5", "quality>=worst", "quality>=best-0.5", "cost<=x/1k"])
def test_other_targets_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"quality>=best-0\.5pt"):
        Target.parse(text)


def test_a_choice_stands_amid_the_dials_that_are_as_good() -> None:
    cost = np.repeat(np.array([[9.0, 4, 4, 4, 4, 4, 1]])[:, :, None], 10, axis=2)
    score = np.repeat(np.array([[0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.5]])[:, :, None], 10, axis=2)
    target = Target.parse("quality>=best-0.5pt")
    assert target.choose(score, cost, np.full(10, 0.9)) == (0, 3, True)
    assert target.choose(score, cost, np.full(10, 0.99)) == (0, 0, False)
    assert Target.parse("cost<=4000/1k").choose(score, cost, np.full(10, 0.9)) == (0, 3, True)


def test_equal_quality_is_held_out_for_a_fraction_of_the_cost() -> None:
    found = calibrate("knn", table(), "quality>=best-1pt", repeats=2)
    held, dial = found.data["held_out"], found.data["dial_interval"]
    assert found.data["reached"]
    tried = [choice["dial"] for choice in found.data["choices"]]
    assert min(tried) <= dial["low"] <= dial["high"] <= max(tried) and dial["value"] == found.data["dial"]
    assert 0.3 < held["saving"]["value"] < 0.6 and held["saving"]["low"] > 0.2
    assert abs(held["delta"]["value"]) < 0.05
    assert held["delta_vs_mixing"]["low"] > 0
    assert found.data["coverage"] >= 0.8


def test_a_cap_on_cost_is_kept_on_held_out_rows() -> None:
    held = calibrate("knn", table(), "cost<=0.7/1k", repeats=1).data["held_out"]
    assert held["cost_per_1k_usd"]["value"] <= 0.7
    assert held["accuracy"]["value"] > 0.8


def test_an_impossible_target_is_said_to_be_missed() -> None:
    found = calibrate("knn", table(easy=0.0), "quality>=1.2*best", repeats=1)
    assert not found.data["reached"]
    assert found.data["held_out"]["reach_probability"] == 0.0


def test_of_several_routers_the_one_that_serves_the_target_is_shipped() -> None:
    found = calibrate(["best-single", "knn"], table(), "quality>=best-1pt", repeats=1)
    assert found.data["router"] == "knn"


def test_doubt_about_an_arm_widens_the_difference() -> None:
    options = {"current": BIG, "repeats": 1}
    sure = calibrate("knn", table(), "quality>=current-1pt", **options).data["held_out"]["delta"]
    unsure = calibrate("knn", table(), "quality>=current-1pt", doubt={BIG: 0.1}, **options).data["held_out"]["delta"]
    assert unsure["value"] == sure["value"]
    assert unsure["high"] - unsure["low"] > 1.2 * (sure["high"] - sure["low"])


def test_the_same_seed_gives_the_same_report() -> None:
    first, second = (calibrate("ridge", table(), "quality>=best-1pt", repeats=1, seed=4) for _ in range(2))
    assert first.data == second.data


def test_a_table_without_costs_is_refused() -> None:
    with pytest.raises(InputError, match="a cost for every call"):
        calibrate("knn", table(costs=False), "quality>=best")


def test_a_router_without_a_dial_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has a dial"):
        calibrate(lambda prompt: BIG, table(), "quality>=best")


def test_current_must_be_named_and_known() -> None:
    with pytest.raises(InputError, match="--current ARM"):
        calibrate("knn", table(), "quality>=current")
    with pytest.raises(InputError, match="did you mean"):
        calibrate("knn", table(), "quality>=current", current="cloud/bigg")


def test_the_command_writes_the_artifact_it_reports(tmp_path: Path) -> None:
    data = table()
    data.save(tmp_path / "table")
    given = ["--table", str(tmp_path / "table"), "--router", "knn", "--target", "quality>=best-1pt", "--json"]
    given += ["--repeats", "1", "-o", str(tmp_path / "artifact")]
    result = CliRunner().invoke(calibrate_command, given, standalone_mode=False, catch_exceptions=False)
    report = json.loads(result.stdout)
    router = load_artifact(tmp_path / "artifact")
    assert artifact_hash(router) == report["artifact_hash"]
    assert router.recipe.dial == pytest.approx(report["dial"])
    prompts = [PROMPT[kind].format(k=5, j=15) for kind in ("easy", "hard")]
    assert router.route(QueryBatch.of(prompts)).chosen_arms() == [SMALL, BIG]
