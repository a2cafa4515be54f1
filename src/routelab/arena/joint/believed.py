"""What every router thinks of every query, fitted on other queries: the costly half of its decisions, made beforehand.

The state of the pool plays no part in it, so estimates are made once for all queries; what the pool changes is decided
at each arrival.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import msgspec
import numpy as np

from routelab.arena.candidates import Candidate, arm_indices
from routelab.arena.folds import schedule
from routelab.arena.problem import Problem
from routelab.core.decisions import Ints
from routelab.core.pool_view import PoolView
from routelab.core.seeds import derive
from routelab.router import Recipe, Router
from routelab.router.estimate import Estimate

Fitted = dict[tuple[str, int], tuple[Router, Estimate]]


@dataclass(frozen=True)
class Believed:
    """``pick`` (n,): the arm without a view. ``router``, ``estimates``, ``arms``: of one that asks the pool at each
    arrival, for each query the router of its fold and its row of estimates, and the problem's places of its arms."""

    name: str
    pick: Ints
    routers: tuple[Router, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    arms: Ints | None = None

    @property
    def looks(self) -> bool:
        """Whether it looks at the pool."""
        return bool(self.routers)

    def choose(self, query: int, view: PoolView | None) -> int:
        """The arm of a query, as the pool is seen."""
        if view is None or self.arms is None:
            return int(self.pick[query])
        router = self.routers[query]
        choice = router.decide(self.estimates[query], router.recipe.dial, view)
        return int(self.arms[choice.pick[0]])


def believe(problem: Problem, candidate: Candidate, *, folds: int, seed: int, known: Fitted | None = None) -> Believed:
    """Fit on each fold's training side and ask for the queries held out, so that no query is decided by a router that
    was fitted on it. What is `known` of the same problem, folds and seed is not fitted again."""
    known = {} if known is None else known
    plan = schedule(problem, "cross-fit", folds=folds, repeats=1, seed=seed)
    pick = np.zeros(len(problem), dtype=np.int64)
    routers: list[Router | None] = [None] * len(problem)
    estimates: list[Estimate | None] = [None] * len(problem)
    arms: Ints | None = None
    for fit in plan.fits:
        router = candidate.make(derive(seed, "joint", fit.fold))
        test = problem.batch.take(fit.test)
        same = (blind(router.recipe).hash, fit.fold) if isinstance(router, Router) else None
        if same in known:
            (fitted, estimate), recipe = known[same], router.recipe
            router = copy(fitted)
            router.recipe = recipe
        else:
            if candidate.fit == "cross":
                router.fit(problem.batch.take(fit.train), problem.outcomes.rows(fit.train))
            if same is None:
                pick[fit.test] = arm_indices(router.route(test), problem.arms, test, candidate.name)
                continue
            estimate = router.estimate(test)
            known[same] = router, estimate
        arms = np.array([problem.arms.index(arm) for arm in router.arms_])
        pick[fit.test] = arms[router.decide(estimate, router.recipe.dial).pick]
        if router.recipe.load is not None:
            for place, row in enumerate(fit.test.tolist()):
                routers[row], estimates[row] = router, estimate.take(np.array([place]))
    if routers[0] is None:
        return Believed(candidate.name, pick)
    kept, rows = [each for each in routers if each], [each for each in estimates if each]
    return Believed(candidate.name, pick, tuple(kept), tuple(rows), arms)


def blind(recipe: Recipe) -> Recipe:
    """The same router without an eye for the pool: it is fitted alike."""
    return msgspec.structs.replace(recipe, load=None)
