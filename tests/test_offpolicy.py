"""Off-policy estimation: intervals that cover, two ways to be right, and logs that cannot tell are refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from routelab.arena import as_router
from routelab.arena.freeze import fit_whole
from routelab.arena.logged import read_log
from routelab.arena.offpolicy import off_policy
from routelab.arena.propensity import Mean, doubly_robust, effective, ips, mean_of, snips
from routelab.cli.offpolicy import offpolicy_command
from routelab.core import InputError, Outcome, Query, RoutelabError, stream
from routelab.outcomes import OutcomeTable
from routelab.router import catalogue, save_artifact
from small_table import small_table

LOGS, ROWS, EXPLORE, ARMS = 1500, 1200, 0.4, 3


class World:
    """Rewards of three arms depend on one feature; the log leans to arm 0, the target policy to the feature."""

    def __init__(self, logs: int = LOGS, rows: int = ROWS, seed: int = 0) -> None:
        rng = stream(seed, "off-policy world")
        x = rng.random((logs, rows))
        self.chance = np.stack([0.3 + 0.2 * x, 0.2 + 0.6 * x, 0.7 - 0.5 * x], axis=-1)
        self.truth = 0.2 + 0.6 * 0.75 + 0.7 - 0.5 * 0.25  # arm 1 where x > ½, arm 2 elsewhere: twice the mean
        self.truth /= 2
        drawn = rng.random((logs, rows)) < EXPLORE
        self.arm = np.where(drawn, rng.integers(ARMS, size=(logs, rows)), 0)
        self.propensity = EXPLORE / ARMS + (1 - EXPLORE) * (self.arm == 0)
        self.target = np.where(x > 0.5, 1, 2)
        self.weight = (self.arm == self.target) / self.propensity
        self.reward = (rng.random((logs, rows)) < self.of(self.chance, self.arm)).astype(float)

    @staticmethod
    def of(values: np.ndarray, arm: np.ndarray) -> np.ndarray:
        return np.take_along_axis(values, arm[..., None], -1)[..., 0]

    def doubly_robust(self, model: np.ndarray, weight: np.ndarray) -> Mean:
        return doubly_robust(self.reward, weight, self.of(model, self.arm), self.of(model, self.target))


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def coverage(mean: Mean, truth: float) -> float:
    return float((np.abs(mean.value - truth) <= 1.96 * mean.se).mean())


@pytest.mark.parametrize("name", ["ips", "snips", "dr, good model", "dr, useless model"])
def test_intervals_cover_over_many_logs(world: World, name: str) -> None:
    mean = {
        "ips": ips(world.reward, world.weight),
        "snips": snips(world.reward, world.weight),
        "dr, good model": world.doubly_robust(world.chance, world.weight),
        "dr, useless model": world.doubly_robust(1 - world.chance, world.weight),
    }[name]
    assert 0.93 <= coverage(mean, world.truth) <= 0.97


def test_copies_of_a_prompt_count_once(world: World) -> None:
    """Every decision three times: the interval stays as wide, and without ``groups`` it would be too narrow."""
    reward, weight = (np.repeat(values, 3, axis=-1) for values in (world.reward, world.weight))
    groups = np.repeat(np.arange(ROWS), 3)
    grouped = ips(reward, weight, groups)
    np.testing.assert_allclose(grouped.se, ips(world.reward, world.weight).se)
    assert coverage(ips(reward, weight), world.truth) < 0.8


def test_the_doubly_robust_estimate_needs_only_one_of_its_halves(world: World) -> None:
    def bias(mean: Mean) -> float:
        return abs(mean.value.mean() - world.truth) / (mean.value.std() / np.sqrt(LOGS))

    wrong_model, wrong_weight = 1 - world.chance, world.weight * np.where(world.target == 1, 1.5, 0.8)
    assert bias(world.doubly_robust(wrong_model, world.weight)) < 4
    assert bias(world.doubly_robust(world.chance, wrong_weight)) < 4
    assert bias(world.doubly_robust(wrong_model, wrong_weight)) > 20


def test_a_good_model_narrows_the_interval(world: World) -> None:
    assert world.doubly_robust(world.chance, world.weight).se.mean() < ips(world.reward, world.weight).se.mean()


def test_the_effective_size_by_hand() -> None:
    assert float(effective(np.array([2.0, 0.0, 1.0]))) == pytest.approx(9 / 5)
    assert float(mean_of(np.array([0.0, 1.0])).se) == pytest.approx(np.sqrt(0.5 / 2))


# -- on tables --------------------------------------------------------------------------------------

RIGHT = {("sum", "big"): 0.9, ("sum", "small"): 0.9, ("proof", "big"): 0.8, ("proof", "small"): 0.2}
PRICE = {"big": 0.01, "small": 0.001}
WORDS = {"sum": "Add the numbers {k} and {j}", "proof": "Prove lemma {k} about ideals of rank {j} in full"}


def logged(n: int = 2000, explore: float = 0.3, *, seed: int = 0, always: str = "big") -> OutcomeTable:
    """What a gateway writes that mostly calls one arm."""
    rng = stream(seed, "log")
    queries, outcomes = [], []
    for k in range(n):
        kind = "sum" if rng.random() < 0.5 else "proof"
        drawn = rng.random() < explore
        arm = ("big", "small")[int(rng.integers(2))] if drawn else always
        propensity = explore / 2 + (1 - explore) * (arm == always)
        score = float(rng.random() < RIGHT[kind, arm])
        queries.append(Query.ask(f"q{k}", WORDS[kind].format(k=k, j=3 * k)))
        outcomes.append(Outcome(query_id=f"q{k}", arm=arm, score=score, cost_usd=PRICE[arm], propensity=propensity))
    return small_table(queries, outcomes)


@as_router
def by_kind(prompt: str) -> str:
    """What saves half of the bill and loses nothing."""
    return "small" if prompt.startswith("Add") else "big"


@as_router
def only_small(prompt: str) -> str:
    return "small"


@as_router
def unheard_of(prompt: str) -> str:
    return "huge"


def test_every_estimator_finds_what_a_router_would_have_earned() -> None:
    found = off_policy([by_kind, only_small], logged())
    for row, score, cost in zip(found["routers"], (0.85, 0.55), (5.5, 1.0)):
        for name in ("dr", "snips", "ips"):
            metric = row["score"][name]
            assert metric["low"] - 0.02 <= score <= metric["high"] + 0.02, (row["name"], name)
        assert row["cost_per_1k_usd"]["dr"]["value"] == pytest.approx(cost, rel=0.1)
        assert row["mean_weight"] == pytest.approx(1, abs=0.2)
    assert found["routers"][1]["delta"]["high"] < 0


def test_the_log_judges_its_own_policy_as_its_mean_without_chance() -> None:
    table = logged()
    always_big = off_policy(as_router(lambda prompt: "big"), table)["routers"][0]
    certain = table.calls.filter(pl.col("arm") == "big")["score"].mean()
    assert always_big["score"]["snips"]["value"] == pytest.approx(certain, abs=0.02)


def test_a_recipe_is_fitted_on_another_table_and_an_artifact_is_taken_as_it_is(tmp_path: Path) -> None:
    full = small_table(
        [Query.ask(f"t{k}", WORDS[kind].format(k=-k, j=k)) for k, kind in enumerate(["sum", "proof"] * 60)],
        [
            Outcome(query_id=f"t{k}", arm=arm, score=RIGHT[kind, arm], cost_usd=PRICE[arm])
            for k, kind in enumerate(["sum", "proof"] * 60)
            for arm in PRICE
        ],
    )
    router, _ = fit_whole(catalogue.knn, full)
    router.explore = 0.9  # of its own: not judged
    save_artifact(router, tmp_path / "artifact")
    table = logged()
    first = off_policy(str(tmp_path / "artifact"), table)["routers"][0]
    second = off_policy("knn", table, fit_on=full)["routers"][0]
    assert first["score"] == second["score"]
    assert (first["fit"], second["fit"]) == ("frozen", "cross")
    with pytest.raises(InputError, match="expected a frozen router"):
        off_policy("knn", table)
    with pytest.raises(InputError, match="no router was fitted on"):
        off_policy(str(tmp_path / "artifact"), table.select(query_ids=[]).concat(_as_log(full)))


def _as_log(full: OutcomeTable) -> OutcomeTable:
    calls = full.calls.filter(pl.col("arm") == "big").with_columns(propensity=pl.lit(0.5))
    return OutcomeTable.from_frames(full.queries, calls, name="log")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"propensity": pl.lit(None, pl.Float64)}, "expected calls with a propensity"),
        ({"propensity": pl.lit(1.0)}, "expected decisions by chance"),
        ({"score": pl.lit(None, pl.Float64)}, "expected scored decisions"),
        ({"propensity": pl.col("propensity") / 2}, "weights average 1"),
    ],
)
def test_logs_that_cannot_tell_are_refused(change: dict[str, pl.Expr], why: str) -> None:
    table = logged(600)
    spoilt = OutcomeTable.from_frames(table.queries, table.calls.with_columns(**change))
    with pytest.raises(InputError, match=why):
        off_policy(by_kind, spoilt)


def test_a_router_without_overlap_is_refused() -> None:
    table = logged(900)
    with pytest.raises(RoutelabError, match="expected an arm of the table, got 'huge'"):
        off_policy(unheard_of, table)
    rare = (pl.col("arm") == "small").cum_sum() <= 1
    lopsided = OutcomeTable.from_frames(table.queries, table.calls.filter((pl.col("arm") == "big") | rare))
    with pytest.raises(InputError, match="decisions of the log that it shares"):
        off_policy(only_small, lopsided)


def test_failures_earn_nothing_and_what_is_left_out_is_said() -> None:
    table = logged(800)
    odd = pl.int_range(pl.len()) % 4 == 1
    calls = table.calls.with_columns(
        score=pl.when(odd).then(None).otherwise("score"),
        error=pl.when(odd).then(pl.lit("HTTP 500")).otherwise(None),
        propensity=pl.when(pl.int_range(pl.len()) < 100).then(1.0).otherwise("propensity"),
    )
    log = read_log(OutcomeTable.from_frames(table.queries, calls))
    assert len(log) == 700 and log.notes == ("100 of 800 decisions were certain: left out",)
    assert (log.score[1::4] == 0).all()


def test_the_command_prints_an_interval_for_every_router(tmp_path: Path) -> None:
    logged().save(tmp_path / "log")
    code = tmp_path / "own.py"
    code.write_text("def mine(prompt):\n    return 'small' if prompt.startswith('Add') else 'big'\n")
    arguments = [str(tmp_path / "log"), "--router", f"{code}:mine"]
    shown = CliRunner().invoke(offpolicy_command, arguments, catch_exceptions=False)
    assert "mine" in shown.output and "±" in shown.output
    told = json.loads(CliRunner().invoke(offpolicy_command, [*arguments, "--json"], catch_exceptions=False).stdout)
    assert told["routers"][0]["score"]["dr"]["low"] < 0.85 < told["routers"][0]["score"]["dr"]["high"]


def test_equal_seeds_give_equal_results() -> None:
    table = logged(700)
    assert off_policy(by_kind, table, seed=3) == off_policy(by_kind, table, seed=3)
