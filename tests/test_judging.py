"""Judging is honest: nothing is scored on what it was fitted on, and every number can be traced to the table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

import planted
from routelab import OutcomeTable, Result, evaluate
from routelab.arena.conditions import failures
from routelab.arena.problem import prepare
from routelab.core import InputError
from routelab.encode import AsIs, QueryBatch
from routelab.outcomes import Dense
from routelab.router import Recipe, Router, catalogue, save_artifact
from routelab.router.estimators import Constant, Ridge

QUICK = {"draws": 100, "repeats": 2, "folds": 3, "timing": False}
TABLE = planted.table(planted.draw(np.random.default_rng(1), 240))
PROMPTS = set(TABLE.queries["prompt"])
"""What the table asks. Robustness asks reworded prompts too, after the judging and without scoring them."""


class Numbers(planted.NumberText, frozen=True, tag="numbers"):
    """Reads the planted numbers wherever they stand, so that a reworded prompt can be read too."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        found = [re.findall(r"-?[0-9]+[.][0-9]+", text) for text in texts]
        return np.array([[float(number) for number in numbers[:4]] for numbers in found], np.float32)


LOCAL = msgspec.structs.replace(planted.RECIPES[0], encoder=Numbers())


class Witness:
    """Always picks ``strong``; remembers the ids of every fit and of the routing that follows it."""

    name = "witness"
    seen: list[tuple[set[str], set[str]]]

    def __init__(self) -> None:
        self.seen = []

    def __deepcopy__(self, memo: object) -> Witness:
        copy = Witness()
        copy.seen = self.seen
        return copy

    def fit(self, batch: QueryBatch, outcomes: Dense) -> Witness:
        assert batch.ids == outcomes.query_ids
        self.fitted = set(batch.ids)
        return self

    def route(self, batch: QueryBatch) -> list[str]:
        if set(batch.texts or ()) <= PROMPTS:
            self.seen.append((self.fitted, set(batch.ids)))
        return ["strong"] * len(batch)


@pytest.fixture(scope="module")
def result() -> Result:
    return evaluate([LOCAL, Witness()], TABLE, **QUICK)


def test_no_query_is_judged_by_a_router_that_was_fitted_on_it_or_on_a_copy() -> None:
    prompts = TABLE.queries["prompt"].to_list()
    copied = TABLE.queries.with_columns(prompt=pl.Series([*prompts[:120], *prompts[:120]]))
    witness = Witness()
    evaluate(witness, replace(TABLE, queries=copied), **QUICK)
    text = dict(zip(copied["query_id"], copied["prompt"]))
    assert len(witness.seen) == 6
    for fitted, routed in witness.seen:
        assert fitted and routed and fitted.isdisjoint(routed)
        assert {text[i] for i in fitted}.isdisjoint(text[i] for i in routed)


def test_the_split_protocol_fits_on_train_and_judges_test() -> None:
    sides = pl.Series(["train", "test", "train"] * 80)
    named = replace(TABLE, queries=TABLE.queries.with_columns(split=sides))
    ids = {side: set(named.queries.filter(pl.col("split") == side)["query_id"]) for side in ("train", "test")}
    witness = Witness()
    judged = evaluate(witness, named, protocol="split", **QUICK)
    assert judged.data["table"]["queries"] == 80
    assert all(fitted <= ids["train"] and routed == ids["test"] for fitted, routed in witness.seen)


def test_in_sample_is_labelled_so() -> None:
    data = evaluate(Witness(), TABLE, protocol="in-sample", **QUICK).data
    assert data["protocol"] == "in-sample" and any("in-sample" in note for note in data["notes"])


def test_a_router_of_one_arm_gets_exactly_that_arm_s_means(result: Result) -> None:
    calls = TABLE.calls.filter(pl.col("arm") == "strong")
    row = result.router("witness")
    assert row["accuracy"]["value"] == pytest.approx(calls["score"].mean(), abs=1e-6)
    assert row["cost_per_1k_usd"]["value"] == pytest.approx(1000 * calls["cost_usd"].mean(), rel=1e-5)


def test_a_single_arm_on_the_hull_lies_on_the_hull(result: Result) -> None:
    assert "strong" in {point["arm"] for point in result.data["hull"]}
    assert result.router("witness")["delta_vs_hull"]["value"] == pytest.approx(0, abs=1e-6)


def test_the_oracle_is_above_everything_and_shuffled_labels_below_real_ones(result: Result) -> None:
    accuracy = {row["name"]: row["accuracy"]["value"] for row in result.data["routers"]}
    assert accuracy["oracle"] == max(accuracy.values())
    assert accuracy["shuffled"] <= accuracy["local"]


def test_a_router_below_another_at_some_budget_is_told_so() -> None:
    table = planted.table(planted.draw(np.random.default_rng(2), 900))
    weak = msgspec.structs.replace(LOCAL, name="means", encoder=None, estimator=Constant())
    strong = Recipe(name="linear", encoder=Numbers(), reduction=AsIs(), estimator=Ridge())
    result = evaluate([weak, strong], table, draws=200, repeats=2, folds=3, timing=False)
    below = {row["name"]: row["below_others"] for row in result.data["routers"] if "below_others" in row}
    assert {"means", "linear", "knn", "hull"} <= set(below)
    assert "linear" in below["means"]["routers"] and below["means"]["p_adjusted"] < 0.05
    assert below["means"]["clearest"]["gap"]["low"] > 0 and below["means"]["clearest"]["budget_per_1k_usd"] > 0
    assert "means" not in below["linear"]["routers"] and below["linear"]["p_adjusted"] > 0.05


def test_savings_are_told_for_every_margin(result: Result) -> None:
    row = result.router("local")
    assert [saving["margin"] for saving in row["savings"]] == [0.005, 0.01, 0.015]
    first = row["savings"][0]
    assert first["reach_probability"] == row["reach_probability"]
    assert first["delta_at_equal_quality"] == row["delta_at_equal_quality"]
    wider = evaluate([LOCAL, Witness()], TABLE, margin=0.015, **QUICK).router("local")
    assert (
        wider["savings"][0] == row["savings"][2]
        and wider["cost_saving_at_equal_quality"] == row["savings"][2]["cost_saving_at_equal_quality"]
    )


def test_without_inner_folds_what_needs_a_chosen_dial_is_undefined(result: Result) -> None:
    quick = evaluate([LOCAL, Witness()], TABLE, choose_dials=False, **QUICK).router("local")
    chosen = result.router("local")
    for key in ("cost_saving_at_equal_quality", "delta_at_equal_quality", "quality_at_equal_cost"):
        assert quick[key]["value"] is None and "no dial was chosen" in quick[key]["why"]
    assert quick["savings"] == [] and quick["curve"] == chosen["curve"] and quick["accuracy"] == chosen["accuracy"]


def test_the_order_of_the_table_s_calls_changes_no_number(result: Result) -> None:
    turned = evaluate([LOCAL, Witness()], replace(TABLE, calls=TABLE.calls.reverse()), **QUICK)
    assert turned.to_json() == result.to_json()


def test_without_costs_what_needs_them_is_null_and_says_why() -> None:
    free = replace(TABLE, calls=TABLE.calls.with_columns(cost_usd=pl.lit(None, pl.Float64)))
    row = evaluate(LOCAL, free, **QUICK).router("local")
    assert row["accuracy"]["value"] is not None
    for name in ("cost_per_1k_usd", "arena_score", "delta_vs_hull", "cost_saving_at_equal_quality"):
        assert row[name]["value"] is None and row[name]["why"]


def test_a_function_is_asked_once_about_every_query() -> None:
    asked: list[str] = []
    evaluate(lambda prompt: asked.append(prompt) or "strong", TABLE, **QUICK)
    assert sorted(prompt for prompt in asked if prompt in PROMPTS) == sorted(TABLE.queries["prompt"])


@pytest.mark.parametrize(
    ("condition", "count"),
    [("accuracy < 2", 2), ("accuracy.low >= 100%", 0), ("witness: accuracy > -50pt", 1), ("rank.low<=1e1", 2)],
)
def test_conditions_test_every_router_or_the_one_they_name(result: Result, condition: str, count: int) -> None:
    assert len(failures(result, condition)) == count


@pytest.mark.parametrize("condition", ["", "accuracy", "accuracy == 1", "acuracy < 1", "nobody: accuracy < 1"])
def test_a_broken_condition_is_an_error(result: Result, condition: str) -> None:
    with pytest.raises(InputError):
        failures(result, condition)


def test_the_frame_has_one_row_a_router_with_its_intervals(result: Result) -> None:
    frame = result.to_frame()
    assert frame["name"].to_list() == [row["name"] for row in result.data["routers"]]
    row = frame.row(by_predicate=pl.col("name") == "local", named=True)
    expected = result.router("local")["accuracy"]
    assert (row["accuracy"], row["accuracy_low"], row["accuracy_high"]) == tuple(
        expected[part] for part in ("value", "low", "high")
    )


def test_a_table_of_one_arm_has_nothing_to_route() -> None:
    alone: OutcomeTable = TABLE.select(arms=["strong"])
    with pytest.raises(InputError, match="at least two arms"):
        evaluate(LOCAL, alone, **QUICK)


def test_an_artifact_is_never_judged_on_queries_it_was_fitted_on(tmp_path: Path) -> None:
    table = planted.table(planted.draw(np.random.default_rng(11), 120))
    ids = table.queries["query_id"].to_list()
    half, other = table.select(query_ids=ids[:60]), table.select(query_ids=ids[60:])
    problem = prepare(half)
    save_artifact(Router(catalogue.ridge).fit(problem.batch, problem.outcomes), tmp_path / "artifact")
    mixed = evaluate(str(tmp_path / "artifact"), table, repeats=2, draws=100)
    assert mixed.data["skipped"][0]["why"].startswith("it was fitted on 60 of these queries")
    clean = evaluate(str(tmp_path / "artifact"), other, repeats=2, draws=100)
    assert clean.router("ridge")["fit"] == "frozen" and clean.router("ridge")["artifact_hash"]
