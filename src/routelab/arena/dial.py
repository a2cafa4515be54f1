"""The one dial of a router: what it is turned for, and what it does on rows that the router was not fitted on.

A target is ``cost<=0.5/1k`` (USD per thousand queries), ``quality>=0.98*best`` or ``quality>=best-0.5pt``; in
place of ``best`` (the best single arm of the training rows) stands ``current`` (the arm in use) where one is
named. What is chosen here looks better than it is: whoever chooses checks on other rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
import numpy as np

from routelab.arena.candidates import Candidate
from routelab.arena.problem import Problem
from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError, shorten
from routelab.encode import QueryBatch
from routelab.router import Router

Reference = Literal["best", "current"]
Pair = tuple[Ints, Ints]
"""Rows to fit on, and rows to look at."""

PER_1K = 1000.0
ROUNDING = 1e-12
GIVEN_UP = 0.1
_NUMBER = r"(\d+(?:\.\d+)?)"
_COST = re.compile(rf"cost<={_NUMBER}/1k")
_SHARE = re.compile(rf"quality>={_NUMBER}\*(best|current)")
_POINTS = re.compile(rf"quality>=(best|current)(?:-{_NUMBER}pt)?")


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A cap on cost, or a floor under quality of ``share × reference − margin`` (scores in [0, 1])."""

    text: str
    max_cost_usd: float | None = None
    reference: Reference = "best"
    share: float = 1.0
    margin: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read the written form.

        >>> Target.parse("quality >= best - 0.5pt").margin
        0.005
        """
        plain = re.sub(r"\s+", "", text)
        if found := _COST.fullmatch(plain):
            return cls(text=plain, max_cost_usd=float(found[1]) / PER_1K)
        if found := _SHARE.fullmatch(plain):
            return cls(text=plain, reference=found[2], share=float(found[1]))  # type: ignore[arg-type]
        if found := _POINTS.fullmatch(plain):
            return cls(text=plain, reference=found[1], margin=float(found[2] or 0) / 100)  # type: ignore[arg-type]
        raise InputError(
            "target",
            expected="cost<=0.5/1k, quality>=0.98*best or quality>=best-0.5pt",
            got=shorten(text),
            fix="write it like quality>=best-0.5pt",
        )

    def surplus(self, score: Floats, cost: Floats, reference: Floats | float) -> Floats:
        """By how much mean scores or mean costs (USD a query) keep the target; negative where they miss it."""
        if self.max_cost_usd is not None:
            return self.max_cost_usd - cost
        return score - self.share * reference + self.margin

    def choose(self, score: Floats, cost: Floats, reference: Floats) -> tuple[int, int, bool]:
        """The candidate and the position of its dial that serve the target, and whether they keep it on these rows.

        ``score`` and ``cost`` are (C, G, m) over candidates, dials and rows, ``reference`` is (m,). Of what keeps
        the target, the cheapest is sought (the best, under a cap); whatever comes within ``GIVEN_UP`` of what the
        dial can gain is as good, and the middle of the longest run of such positions wins, because a dial at a
        cliff's edge falls off it on other rows. Where nothing keeps the target, what comes nearest.
        """
        surplus = self.surplus(score.mean(axis=2), cost.mean(axis=2), reference.mean())
        met = surplus >= -ROUNDING
        if not met.any():
            candidate, dial = np.unravel_index(int(surplus.argmax()), surplus.shape)
            return int(candidate), int(dial), False
        worth = (-cost if self.max_cost_usd is None else score).mean(axis=2)
        best, worst = worth[met].max(), worth[met].min()
        as_good = met & (worth >= best - GIVEN_UP * (best - worst) - ROUNDING)
        return (*_middle_of_longest_run(as_good), True)


def _middle_of_longest_run(flags: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[int, int]:
    """Row and column amid the longest stretch of true flags within one row; the first of equals."""
    runs = [
        (start - end, row, (start + end - 1) // 2)
        for row, line in enumerate(flags)
        for start, end in np.flatnonzero(np.diff(np.r_[False, line, False])).reshape(-1, 2)
    ]
    _, row, middle = min(runs)
    return row, int(middle)


def fitted(problem: Problem, candidate: Candidate, rows: Ints, batch: QueryBatch, seed: int) -> Router:
    """The candidate's router, fitted on some rows; raises InputError for one without a recipe and so a dial."""
    router = candidate.make(seed)
    if not isinstance(router, Router) or candidate.fit != "cross":
        raise InputError(
            f"router {candidate.name!r}",
            expected="a recipe, which has a dial and can be fitted",
            got="a frozen or foreign router",
            fix="name a recipe: routelab routers lists them",
        )
    return router.fit(batch, problem.outcomes.rows(rows))


def picks(router: Router, batch: QueryBatch, dials: Iterable[float]) -> Ints:
    """(G, m) the picked arm (problem and router both sort their arms) at every dial."""
    estimate = router.estimate(batch)
    return np.stack([router.decide(estimate, float(dial)).pick for dial in dials])


def unseen_picks(
    problem: Problem, candidates: Sequence[Candidate], pairs: Sequence[Pair], dials: Floats, seed: int
) -> Ints:
    """(C, G, n) what every candidate picks at every dial for rows held out of its fit; −1 for other rows."""
    found = np.full((len(candidates), len(dials), len(problem)), -1, np.int64)
    for inside, held in pairs:
        batches = problem.batch.take(inside), problem.batch.take(held)
        for c, candidate in enumerate(candidates):
            router = fitted(problem, candidate, inside, batches[0], seed)
            found[c][:, held] = picks(router, batches[1], dials)
    return found
