"""What no function of a query can know: how each arm fared on this query beyond how it fares on queries like it.

An honest router knows kinds of queries; whoever saw the outcomes follows their luck. Luck is measured against the other
queries of the same task and difficulty, each left out of its own mean. Knows of picks, not of who made them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routelab.arena.baselines import hindsight
from routelab.arena.problem import Problem
from routelab.core.decisions import Floats, Ints

ERRORS = 3.0
"""Standard errors below which a share must not fall before it counts: one-sided chance about 1e-3, on top of a bound
that lies above what every honest router follows."""


@dataclass(frozen=True)
class Share:
    """How much of the luck that there was has been followed; 0 for a router that sees queries only, 1 in hindsight."""

    value: float
    error: float

    @property
    def lower(self) -> float:
        return self.value - ERRORS * self.error

    def __str__(self) -> str:
        return f"{self.value:.1%} ± {self.error:.1%}"


def less(one: Share, other: Share) -> Share:
    """The difference of two shares of different queries."""
    return Share(one.value - other.value, float(np.hypot(one.error, other.error)))


@dataclass(frozen=True)
class Luck:
    """(n, K) luck of every cell: of its ``score``, and of being the ``cheapest`` among the best of its row.

    ``cheapest`` looks only at queries on which arms differ. It is the sharper of the two, and blind to those who
    follow the outcomes without minding cost; ``score`` sees them too.
    """

    score: Floats
    cheapest: Floats

    @classmethod
    def of(cls, problem: Problem) -> Luck:
        cells = alike(problem)
        named = np.zeros_like(problem.score)
        named[np.arange(len(problem)), hindsight(problem.score, problem.cost)] = 1.0
        named[np.ptp(problem.score, axis=1) == 0] = 0.0
        score = _beyond(problem.score, cells)
        return cls(score - score.mean(axis=1, keepdims=True), _beyond(named, cells))

    def followed(self, rows: Ints, pick: Ints, instead: Ints | None = None) -> tuple[Share, Share]:
        """The shares of luck in score and in being cheapest that ``pick`` has, on some rows.

        With ``instead``, what it has beyond those picks.
        """
        return tuple(_share(luck[rows], pick, instead) for luck in (self.score, self.cheapest))  # type: ignore[return-value]


def alike(problem: Problem) -> Ints:
    """(n,) index of the queries that have domain, category, task and difficulty in common, as far as known."""
    labels = problem.labels
    keys = [labels[name].fill_null("").to_list() for name in ("domain", "category", "task", "difficulty")]
    return np.asarray(np.unique(["\x1f".join(key) for key in zip(*keys)], return_inverse=True)[1], np.int64)


def _beyond(values: Floats, cells: Ints) -> Floats:
    """(n, K) values less the mean of the other rows of their cell; zeros in a cell of one."""
    count = np.bincount(cells)[cells][:, None]
    total = np.stack([np.bincount(cells, column) for column in values.T], axis=1)[cells]
    return np.where(count > 1, values - (total - values) / np.maximum(count - 1, 1), 0.0)


def _share(luck: Floats, pick: Ints, instead: Ints | None) -> Share:
    place = np.arange(len(pick))
    gained = luck[place, pick] - (0.0 if instead is None else luck[place, instead])
    room = float(luck.max(axis=1).mean()) if len(pick) else 0.0
    if room <= 0 or len(pick) < 2:
        return Share(0.0, 0.0)
    return Share(float(gained.mean()) / room, float(gained.std(ddof=1)) / room / len(pick) ** 0.5)
