"""One router on trial: how to make it, fit it on planted worlds (once each) and read what it answers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from routelab.core.decisions import Decisions, Floats
from routelab.core.errors import ContractError, shorten
from routelab.encode import QueryBatch
from routelab.router.compose import Recipe, Router
from routelab.router.estimate import best_single
from routelab.router.worlds import World, plant


class Violation(Exception):
    """The router broke the promise that is being checked; the message says how."""


class NotApplicable(Exception):
    """The promise does not concern this router; the message says why."""


def expect(kept: bool, violation: str) -> None:
    """Raise Violation unless the promise was kept."""
    if not kept:
        raise Violation(violation)


@dataclass(frozen=True)
class Answer:
    """The arm of every query, and the columns behind it where the router gives them."""

    arms: tuple[str, ...]
    decisions: Decisions | None


class Trial:
    """Wraps a Recipe, a Router (checked afresh through its recipe), a class, or an object with ``route``."""

    def __init__(self, subject: Any, seed: int) -> None:
        self.seed = seed
        self._make = _maker(subject)
        sample = self._make(seed)
        if not callable(getattr(sample, "route", None)):
            raise ContractError(
                f"router {shorten(subject)}",
                expected="a recipe or an object with route(batch)",
                got="no such method",
                fix="give it route(batch), which names an arm for every query",
            )
        self.name = str(getattr(sample, "name", None) or type(sample).__name__)
        self.learns = hasattr(sample, "fit")
        self.composed = isinstance(sample, Router)
        self.reads_text = not isinstance(sample, Router) or sample.recipe.encoder is not None
        self._options = set(inspect.signature(sample.route).parameters)
        self.world: Callable[[str], World] = cache(lambda name: plant(name, seed=seed))
        self.fitted: Callable[[str], Any] = cache(lambda name: self.fit(self.world(name)))

    def fit(self, world: World) -> Any:
        """A fresh router that learned from a world's training half, where it learns at all."""
        router = self._make(self.seed)
        if self.learns:
            router.fit(world.train, world.known)
        return router

    def need_learning(self) -> None:
        """Most promises are about routers that learn the arms of a planted world."""
        if not self.learns:
            raise NotApplicable("it has no fit(), so it cannot learn the arms of a planted world")

    def need_option(self, option: str) -> None:
        """Promises about ``route(batch, option=…)``."""
        self.need_learning()
        if option not in self._options:
            raise NotApplicable(f"its route() takes no {option}")

    def ask(self, router: Any, batch: QueryBatch, **options: Any) -> Answer:
        """Route, and hold the router to one arm for every query."""
        given: Decisions | Sequence[str] = router.route(batch, **options)
        decisions = given if isinstance(given, Decisions) else None
        arms = tuple(given.chosen_arms() if isinstance(given, Decisions) else given)
        expect(len(arms) == len(batch), f"{len(arms)} decisions for {len(batch)} queries")
        return Answer(arms, decisions)

    def decide(self, router: Any, batch: QueryBatch, **options: Any) -> Decisions:
        """Route with a router that answers in columns."""
        decisions = self.ask(router, batch, **options).decisions
        if decisions is None:
            raise NotApplicable("it answers with arm names only")
        return decisions


def _maker(subject: Any) -> Callable[[int], Any]:
    if isinstance(subject, Recipe):
        return lambda seed: Router(subject, seed=seed)
    if isinstance(subject, Router):
        return lambda seed: type(subject)(subject.recipe, seed=seed)
    if isinstance(subject, type):
        return lambda seed: subject()
    return lambda seed: deepcopy(subject) if hasattr(subject, "fit") else subject


def fresh(batch: QueryBatch) -> QueryBatch:
    """The same queries as strangers: nothing that was computed for ``batch`` is known of them."""
    return QueryBatch(batch.ids, batch.texts, batch.tasks)


def expect_same(one: Sequence[str], other: Sequence[str], how: str) -> None:
    """Raise Violation with the first query whose arm differs."""
    differ = [row for row, (a, b) in enumerate(zip(one, other)) if a != b]
    if differ:
        row = differ[0]
        raise Violation(f"{how}, {len(differ)} of {len(one)} differ; query {row}: {one[row]}, then {other[row]}")


def expect_finite(decisions: Decisions | None) -> None:
    """Raise Violation where a prediction is NaN or infinite."""
    for name in ("score", "cost_usd"):
        values = None if decisions is None else getattr(decisions, name)
        expect(values is None or bool(np.isfinite(values).all()), f"a predicted {name} that is not a number")


def predictions_equal(one: Decisions, other: Decisions) -> bool:
    """Equal to the last bit, or absent on both sides."""
    pairs = ((one.score, other.score), (one.cost_usd, other.cost_usd))
    return all(a is b if a is None or b is None else np.array_equal(a, b) for a, b in pairs)


def column(decisions: Decisions, name: str) -> Floats:
    """An (n, K) prediction of the router, for promises about what it predicts."""
    values: Floats | None = getattr(decisions, name)
    if values is None:
        raise NotApplicable(f"its decisions predict no {name}")
    return values


def of_pick(decisions: Decisions, name: str) -> Floats:
    """(n,) the prediction for the arm that was chosen."""
    return column(decisions, name)[np.arange(len(decisions)), decisions.pick]


def gain(trial: Trial, name: str) -> tuple[float, float]:
    """True mean gain on a world's test half over the best single arm of its training half, and its error."""
    world = trial.world(name)
    best = best_single(world.known.score, world.known.cost_usd, world.known.arms)
    chosen = world.scores(list(trial.ask(trial.fitted(name), world.test).arms))
    difference = chosen - world.truth.score[:, best]
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(len(difference)))
