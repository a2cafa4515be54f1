"""Many routers, one family: Romano–Wolf step-down max-t tests and rank intervals on paired draws.

All tests are one-sided difference tests. Overlap of intervals is never used.
"""

from __future__ import annotations

import numpy as np

from routelab.arena.statistics.draws import Draws
from routelab.core.decisions import Floats, Ints

LEVEL = 0.05


def step_down(differences: Floats) -> Floats:
    """Adjusted one-sided p-values that each of F differences is above zero (Romano & Wolf 2005).

    ``differences`` is (1 + B, F): estimates, then draws. A difference without any variation has p = 1 unless it
    is positive and constant, when it is beyond doubt.
    """
    estimate, draws = differences[0], differences[1:]
    se = draws.std(axis=0)
    moving = se > 1e-12
    p = np.where(~moving & (estimate > 1e-12), 0.0, 1.0)
    family = np.flatnonzero(moving)
    t = estimate[family] / se[family]
    centred = (draws[:, family] - draws[:, family].mean(axis=0)) / se[family]
    order = np.argsort(-t)
    largest = np.maximum.accumulate(centred[:, order[::-1]], axis=1)[:, ::-1]
    exceeded = (1 + (largest >= t[order]).sum(axis=0)) / (1 + len(draws))
    p[family[order]] = np.maximum.accumulate(exceeded)
    return p


def rank_intervals(values: Floats, draws: Draws) -> tuple[Ints, Ints]:
    """Rank intervals of F routers from (1 + B + P, F) joint values of the ranking metric.

    low = 1 + how many are significantly better, high = F − how many are significantly worse; all pairs are one
    family.
    """
    count = values.shape[1]
    pairs = [(a, b) for a in range(count) for b in range(count) if a != b]
    better = np.zeros((count, count), bool)
    if pairs:
        first, second = np.array(pairs).T
        p = step_down(draws.complete(values[:, first] - values[:, second]))
        better[first, second] = p < LEVEL
    return 1 + better.sum(axis=0), count - better.sum(axis=1)
