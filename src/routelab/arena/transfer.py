"""Do two tables agree on which routers are good? Kendall's tau of the same routers judged on each, with its interval.

Each table's joint draws stand for what it could have said; tau is drawn from independent pairs of them. A pair of
routers is *inverted* where each table is sure of the opposite order. Knows rankings, not tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from scipy.stats import kendalltau

from routelab.arena.statistics import LEVEL, Metric, interval, step_down
from routelab.core import InputError
from routelab.core.decisions import Floats

TRANSFERS = 0.6


@dataclass(frozen=True)
class Ranking:
    """The ranking metric of F routers on one table: ``values`` is (1 + B, F), the estimate and its joint draws."""

    table: str
    names: tuple[str, ...]
    values: Floats


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """What two tables say about the same routers.

    Attributes:
        inverted: pairs (better on the first, better on the second), each order beyond doubt on its table.
        separated: how many pairs each table is sure of.
    """

    tables: tuple[str, str]
    routers: tuple[str, ...]
    tau: Metric
    inverted: tuple[tuple[str, str], ...]
    separated: tuple[int, int]

    @property
    def verdict(self) -> str:
        """In plain words whether what holds on the first table can be taken to hold on the second."""
        value = self.tau["value"]
        return "transferable" if value is not None and value >= TRANSFERS else "not transferable"


def agreement(one: Ranking, other: Ranking) -> Agreement:
    """Compare two rankings on the routers they share; raises InputError for fewer than three."""
    shared = tuple(name for name in one.names if name in other.names)
    if len(shared) < 3:
        raise InputError("agreement", expected="three routers judged on both", got=str(len(shared)), fix="judge more")
    a, b = _columns(one, shared), _columns(other, shared)
    draws = min(len(a), len(b))
    taus = np.array([_tau(a[k], b[k]) for k in range(draws)])
    sure_a, sure_b = _better(a), _better(b)
    flipped = np.argwhere(sure_a & sure_b.T)
    return Agreement(
        tables=(one.table, other.table),
        routers=shared,
        tau=interval(taus, why="all routers are alike on one table", bounds=(-1.0, 1.0)),
        inverted=tuple((shared[i], shared[j]) for i, j in flipped),
        separated=(int(sure_a.sum()), int(sure_b.sum())),
    )


def _columns(ranking: Ranking, names: tuple[str, ...]) -> Floats:
    return ranking.values[:, [ranking.names.index(name) for name in names]]


def _tau(a: Floats, b: Floats) -> float:
    found = kendalltau(a.round(9), b.round(9)).statistic
    return float(found)


def _better(values: Floats) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """(F, F): the first is better than the second beyond doubt; all ordered pairs are one family."""
    count = values.shape[1]
    better = np.zeros((count, count), bool)
    first, second = np.nonzero(~np.eye(count, dtype=bool))
    better[first, second] = step_down(values[:, first] - values[:, second]) < LEVEL
    return better
