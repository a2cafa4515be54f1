"""Many routers, one family: Romano–Wolf step-down max-t tests and rank intervals on paired draws.

All tests are tests of paired differences. Overlap of intervals is never used.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from routelab.arena.statistics.draws import Draws
from routelab.core.decisions import Floats, Ints

LEVEL = 0.05
Mask = npt.NDArray[np.bool_]


def step_down(differences: Floats, *, two_sided: bool = False) -> Floats:
    """Adjusted p-values that each of F differences is above zero, or other than zero (Romano & Wolf 2005).

    ``differences`` is (1 + B, F): estimates, then draws. A difference without any variation has p = 1 unless it
    is constant and in question, when it is beyond doubt.
    """
    estimate, draws = differences[0], differences[1:]
    if two_sided:
        estimate = np.abs(estimate)
    se = draws.std(axis=0)
    moving = se > 1e-12
    p = np.where(~moving & (estimate > 1e-12), 0.0, 1.0)
    family = np.flatnonzero(moving)
    t = estimate[family] / se[family]
    centred = (draws[:, family] - draws[:, family].mean(axis=0)) / se[family]
    if two_sided:
        centred = np.abs(centred)
    order = np.argsort(-t)
    largest = np.maximum.accumulate(centred[:, order[::-1]], axis=1)[:, ::-1]
    exceeded = (1 + (largest >= t[order]).sum(axis=0)) / (1 + len(draws))
    p[family[order]] = np.maximum.accumulate(exceeded)
    return p


def rank_intervals(values: Floats, draws: Draws) -> tuple[Ints, Ints]:
    """Rank intervals of F routers from (1 + B + P, F) joint values of the ranking metric.

    low = 1 + how many are significantly better, high = F − how many are significantly worse.
    """
    better = told_apart(values, draws)
    return 1 + better.sum(axis=0), len(better) - better.sum(axis=1)


def told_apart(values: Floats, draws: Draws) -> Mask:
    """(F, F) whether the row's router is significantly better than the column's; all pairs are one family of
    two-sided tests."""
    count = values.shape[1]
    better = np.zeros((count, count), bool)
    if count > 1:
        first, second = np.triu_indices(count, 1)
        apart = draws.complete(values[:, first] - values[:, second])
        told = step_down(apart, two_sided=True) < LEVEL
        better[first, second], better[second, first] = told & (apart[0] > 0), told & (apart[0] < 0)
    return better
