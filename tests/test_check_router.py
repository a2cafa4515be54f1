"""check_router: the built-in routers keep every promise, and each kind of broken router breaks exactly one."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from msgspec import structs

from routelab.arena.candidates import as_router
from routelab.arena.contenders import obstacle
from routelab.cli.check import check_command
from routelab.cli.routers import routers_command
from routelab.core import ContractError, Decisions, registry
from routelab.encode import QueryBatch
from routelab.router import Estimate, Recipe, Router, check_router
from routelab.router.catalogue import best_single, knn, ridge
from routelab.router.contract import CHECKS
from routelab.router.estimators import Constant
from routelab.router.worlds import plant

NAMES = registry.names("routelab.routers")


@pytest.mark.parametrize("name", NAMES)
def test_every_registered_router_keeps_every_promise(name: str) -> None:
    recipe = registry.load("routelab.routers", name)
    if missing := obstacle(recipe):
        pytest.skip(str(missing))
    report = check_router(recipe)
    report.raise_if_failed()
    aside = [verdict.check for verdict in report.verdicts if verdict.status == "not applicable"]
    chance, blind = "the-dial-ends-are-quality-and-thrift", "a-plain-gain-is-found"
    assert aside == [chance] * bool(recipe.explore) + [blind] * (recipe.encoder is None)


@pytest.mark.parametrize("texts", [["What is 1 + 1?"], ["What is 1 + 1?"] * 3], ids=["one query", "one prompt"])
@pytest.mark.parametrize("name", NAMES)
def test_the_least_training_set_is_no_error(name: str, texts: list[str]) -> None:
    recipe, world = registry.load("routelab.routers", name), plant("pairs", train=3, test=3)
    if missing := obstacle(recipe):
        pytest.skip(str(missing))
    router = Router(recipe).fit(QueryBatch.of(texts), world.known.rows(np.arange(len(texts))))
    assert set(router.route(world.test).chosen_arms()) <= {"lab/strong", "lab/weak"}


# -- routers that break one promise each -------------------------------------------------------------------


class TripsOverNothing(Router):
    def route(self, batch: QueryBatch, **options: Any) -> Decisions:
        if not len(batch):
            raise IndexError("no first query")
        return super().route(batch, **options)


class CountsItsFits(Router):
    """Every fit in this process shifts all predictions a little."""

    fits = itertools.count()

    def fit(self, batch: QueryBatch, outcomes: Any) -> Router:
        super().fit(batch, outcomes)
        self.estimator_.centre_ = self.estimator_.centre_ + 1e-7 * next(self.fits)
        return self


class Misreads(Router):
    """Takes the worst arm for the best one where ``when(batch)``."""

    when: Callable[[QueryBatch], bool]

    def estimate(self, batch: QueryBatch) -> Estimate:
        estimate = super().estimate(batch)
        return replace(estimate, mean=1 - estimate.mean) if type(self).when(batch) else estimate


class MisreadsSingles(Misreads):
    when = staticmethod(lambda batch: len(batch) == 1)


class MisreadsFallingIds(Misreads):
    when = staticmethod(lambda batch: len(batch) > 1 and int(batch.ids[0]) > int(batch.ids[-1]))


class SortsNamesOnly(Router):
    """Sorts the arms' names and leaves their columns where they are."""

    def fit(self, batch: QueryBatch, outcomes: Any) -> Router:
        return super().fit(batch, replace(outcomes, arms=tuple(sorted(outcomes.arms))))


class Demands(Router):
    """Refuses to be fitted unless ``fine(batch, outcomes)``."""

    fine: Callable[[QueryBatch, Any], bool]

    def fit(self, batch: QueryBatch, outcomes: Any) -> Router:
        if not type(self).fine(batch, outcomes):
            raise ValueError("not what I expected")
        return super().fit(batch, outcomes)


class DemandsFullRows(Demands):
    fine = staticmethod(lambda batch, outcomes: not np.isnan(outcomes.score).any())


class DemandsTwoArms(Demands):
    fine = staticmethod(lambda batch, outcomes: len(outcomes.arms) > 1)


class DemandsManyQueries(Demands):
    fine = staticmethod(lambda batch, outcomes: len(batch) > 5)


class ChokesOnEmptyText(Router):
    def estimate(self, batch: QueryBatch) -> Estimate:
        assert batch.texts is not None
        first_words = [text.split()[0] for text in batch.texts]
        assert len(first_words) == len(batch)
        return super().estimate(batch)


class TurnsTheDialBack(Router):
    """Its dial runs backwards between the ends."""

    def decide(self, estimate: Estimate, dial: float, pool: Any = None) -> Any:
        return super().decide(estimate, dial if dial in (0, 1) else 1 - dial, pool)


class TurnsTheDialLess(Router):
    def decide(self, estimate: Estimate, dial: float, pool: Any = None) -> Any:
        return super().decide(estimate, dial / 4, pool)


class IgnoresThePool(Router):
    def decide(self, estimate: Estimate, dial: float, pool: Any = None) -> Any:
        return super().decide(estimate, dial)


class ForgetsWhenFrozen(Router):
    """Learns something that the artifact does not hold."""

    def fit(self, batch: QueryBatch, outcomes: Any) -> Router:
        self.bonus = 1e-3
        return super().fit(batch, outcomes)

    def estimate(self, batch: QueryBatch) -> Estimate:
        estimate = super().estimate(batch)
        return replace(estimate, mean=estimate.mean + self.bonus)


class HidesItsOdds(Router):
    def route(self, batch: QueryBatch, **options: Any) -> Decisions:
        return replace(super().route(batch, **options), propensity=np.full(len(batch), np.nan))


class BeatsItself(Router):
    def route(self, batch: QueryBatch, **options: Any) -> Decisions:
        decisions = super().route(batch, **options)
        return replace(decisions, beat=decisions.pick)


class KeepsTheTable(Router):
    """Looks its neighbours' outcomes up in the caller's table instead of in what it learned."""

    def fit(self, batch: QueryBatch, outcomes: Any) -> Router:
        super().fit(batch, outcomes)
        if outcomes.arms == self.arms_:
            self.estimator_.score_ = outcomes.score
        return self


class HasSeenTheCoins(Router):
    """Knows the outcomes of the null world by heart."""

    def estimate(self, batch: QueryBatch) -> Estimate:
        estimate, world = super().estimate(batch), plant("null")
        if self.arms_ != world.truth.arms or world.test.texts is None or batch.texts != world.test.texts:
            return estimate
        return replace(estimate, mean=world.truth.score)


class NudgesTheOthers(Router):
    """Learns a new arm and touches what it knows of the old ones."""

    def add_arm(self, batch: QueryBatch, outcomes: Any) -> Router:
        super().add_arm(batch, outcomes)
        self.estimator_.centre_ = self.estimator_.centre_ + 1e-7
        return self


class NamesTheRunnerUp(Router):
    """Explains another decision than the one it takes."""

    def explain(self, batch: QueryBatch, **options: Any) -> Any:
        told = super().explain(batch, **options)
        return [structs.replace(one, arm=one.beat) for one in told]


BROKEN: list[tuple[Router, str]] = [
    (TripsOverNothing(ridge), "every-query-gets-one-arm-of-the-pool"),
    (CountsItsFits(ridge), "same-seed-gives-same-decisions"),
    (MisreadsSingles(ridge), "one-query-is-a-batch-of-one"),
    (MisreadsFallingIds(ridge), "query-order-is-irrelevant"),
    (SortsNamesOnly(ridge), "column-order-is-irrelevant"),
    (DemandsFullRows(ridge), "missing-outcomes-are-tolerated"),
    (DemandsTwoArms(ridge), "a-pool-of-one-is-a-pool"),
    (DemandsManyQueries(ridge), "few-training-queries-are-enough"),
    (ChokesOnEmptyText(ridge), "odd-texts-are-answered"),
    (TurnsTheDialBack(ridge), "the-dial-never-raises-cost"),
    (TurnsTheDialLess(ridge), "the-dial-ends-are-quality-and-thrift"),
    (IgnoresThePool(ridge), "unavailable-arms-are-never-proposed"),
    (ForgetsWhenFrozen(ridge), "an-artifact-decides-bit-for-bit-the-same"),
    (NudgesTheOthers(ridge), "a-new-arm-joins-without-a-refit"),
    (NamesTheRunnerUp(ridge), "every-decision-can-be-explained"),
    (HidesItsOdds(ridge), "propensities-are-probabilities"),
    (BeatsItself(ridge), "reasons-and-beaten-arms-make-sense"),
    (KeepsTheTable(knn), "truth-is-not-read-when-deciding"),
    (HasSeenTheCoins(ridge), "nothing-is-gained-where-nothing-can-be"),
    (Router(Recipe(name="deaf", estimator=Constant())), "a-plain-gain-is-found"),
]


@pytest.mark.parametrize(("broken", "promise"), BROKEN, ids=[promise for _, promise in BROKEN])
def test_a_broken_router_breaks_exactly_that_promise(broken: Router, promise: str) -> None:
    assert [verdict.check for verdict in check_router(broken).failed] == [promise]


def test_every_promise_but_the_reported_latency_has_a_router_that_breaks_it() -> None:
    promises = [check.__name__.replace("_", "-") for check in CHECKS]
    assert [promise for _, promise in BROKEN] == promises[:-1]


# -- the report --------------------------------------------------------------------------------------------


def test_failures_are_raised_together() -> None:
    class Hopeless:
        def route(self, batch: QueryBatch) -> Sequence[str]:
            return ["an arm"] * (len(batch) - 1)

    report = check_router(Hopeless)
    assert not report.ok and len(report.failed) > 3
    with pytest.raises(ContractError, match=r"every-query-gets-one-arm.*one-query-is-a-batch-of-one"):
        report.raise_if_failed()


def test_a_function_is_held_to_what_concerns_it() -> None:
    @as_router
    def by_length(prompt: str) -> str:
        return "big" if len(prompt) > 100 else "small"

    report = check_router(by_length)
    assert report.ok
    kept = {verdict.check for verdict in report.verdicts if verdict.status == "passed"}
    assert {"one-query-is-a-batch-of-one", "odd-texts-are-answered"} <= kept
    assert "the-dial-never-raises-cost" not in kept


def test_a_thing_that_does_not_route_is_refused() -> None:
    with pytest.raises(ContractError, match=r"route\(batch\)"):
        check_router(object())


# -- the commands ------------------------------------------------------------------------------------------


def _run(command: Any, *arguments: str) -> tuple[int, str]:
    """Exit status and output, called as ``routelab`` calls its commands."""
    result = CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
    return result.return_value or 0, result.stdout


def test_the_command_says_what_was_kept_and_exits_with_it() -> None:
    status, shown = _run(check_command, "best-single", "--json")
    assert status == 0 and json.loads(shown)["ok"] is True
    status, shown = _run(check_command, f"{__file__}:Guesses", "--json")
    broken = {row["check"] for row in json.loads(shown)["checks"] if row["status"] == "failed"}
    assert status == 1 and "same-seed-gives-same-decisions" in broken
    assert "failed" in _run(check_command, f"{__file__}:Guesses")[1]


class Guesses:
    """For the command: a learner that draws its arms anew at every call."""

    def fit(self, batch: QueryBatch, outcomes: Any) -> Any:
        self.arms, self.draw = outcomes.arms, np.random.default_rng(len(batch))
        return self

    def route(self, batch: QueryBatch) -> Sequence[str]:
        return [self.arms[self.draw.integers(len(self.arms))] for _ in batch.ids]


def test_the_list_names_every_registered_router() -> None:
    rows = json.loads(_run(routers_command, "--json")[1])["routers"]
    assert [row["name"] for row in rows] == NAMES
    hashes = {row["name"]: row["recipe_hash"] for row in rows}
    assert hashes["best-single"] == best_single.hash
    assert {row["name"] for row in rows if "routelab[dense]" in row["needs"]} >= {"knn-dense", "logistic-dense"}
    assert all(row["deviation"] for row in rows if row["fidelity"] in ("simplified", "inspired"))
    assert "ridge" in _run(routers_command)[1]
