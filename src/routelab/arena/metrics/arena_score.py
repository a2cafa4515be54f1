"""RouterArena's headline number, on arrays: a weighted harmonic mean of accuracy and log-scaled cost."""

from __future__ import annotations

import numpy as np

from routelab.core.decisions import Floats

BETA = 0.1
C_MAX_USD = 200.0
C_MIN_USD = 0.0044


def arena_score(accuracy: Floats, cost_per_1k_usd: Floats, *, beta: float = BETA) -> Floats:
    """(1 + β)·A·C / (β·A + C) with C = log₂(c_max / c) / log₂(c_max / c_min), c clamped to the range.

    RouterArena (arXiv 2510.00202), constants of its code. Any shape; unknown costs give NaN.

    >>> round(float(arena_score(np.array(0.7396), np.array(10.02))), 4)
    0.6432
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        cost = np.clip(cost_per_1k_usd, C_MIN_USD, C_MAX_USD)
        cheap = (np.log2(C_MAX_USD) - np.log2(cost)) / (np.log2(C_MAX_USD) - np.log2(C_MIN_USD))
        return np.asarray((1 + beta) * accuracy * cheap / (beta * accuracy + cheap), float)
