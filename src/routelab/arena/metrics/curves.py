"""What a whole dial is worth: AIQ, APGR and CPT from a quality–cost curve, for all draws at once.

Curves are (D, G): G positions of the dial in each of D draws.
"""

from __future__ import annotations

import numpy as np

from routelab.core.decisions import Floats

GRID = 21


def envelope(cost: Floats, score: Floats, at: Floats, *, concave: bool) -> Floats:
    """(D, X) best score reachable at cost ``at`` (D, X): the non-decreasing step curve, or its concave hull.

    Mixing two dial positions reaches every point between them, hence the hull. Costs below the curve's
    cheapest point reach nothing (NaN).
    """
    affordable = cost[:, None, :] <= at[:, :, None] * (1 + 1e-12)
    step = np.where(affordable, score[:, None, :], -np.inf).max(axis=2)
    if concave:
        dearer = ~affordable
        for g in range(cost.shape[1]):
            low_cost, low_score = cost[:, None, [g]], score[:, None, [g]]
            span = cost[:, None, :] - low_cost
            with np.errstate(divide="ignore", invalid="ignore"):
                weight = (at[:, :, None] - low_cost) / span
                mixed = low_score + weight * (score[:, None, :] - low_score)
            usable = dearer & affordable[:, :, [g]] & (span > 0)
            step = np.maximum(step, np.where(usable, mixed, -np.inf).max(axis=2))
    return np.where(np.isfinite(step), step, np.nan)


def aiq(cost: Floats, score: Floats, low: Floats, high: Floats) -> Floats:
    """(D,) mean height of the concave hull over costs from ``low`` to ``high``, linear axis (RouterBench).

    The range is from the cheapest to the dearest single arm; below the curve's cheapest point its score counts.
    """
    at = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, GRID)
    at = np.maximum(at, cost.min(axis=1, keepdims=True))
    height = envelope(cost, score, at, concave=True)
    value = np.trapezoid(height, dx=1 / (GRID - 1), axis=1)
    return np.where(high > low * (1 + 1e-9), value, np.nan)


def recovered_gap(
    cost: Floats, score: Floats, weak: tuple[Floats, Floats], strong: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """(GRID,) shares of the extra cost and (D, GRID) shares of the quality gap recovered there.

    ``weak`` and ``strong`` are (cost, score) of the cheapest and of the best single arm. RouteLLM (arXiv
    2406.18665) for a pair; for a pool the same endpoints, and extra cost in the place of strong calls.
    """
    share = np.linspace(0, 1, GRID)
    span = strong[0] - weak[0]
    at = weak[0][:, None] + span[:, None] * share
    at = np.maximum(at, cost.min(axis=1, keepdims=True))
    gap = strong[1] - weak[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        recovered = (envelope(cost, score, at, concave=False) - weak[1][:, None]) / gap[:, None]
    recovered[(gap <= 1e-9) | (span <= 1e-15)] = np.nan
    return share, recovered


def apgr(recovered: Floats) -> Floats:
    """(D,) mean share of the quality gap recovered over the whole range of extra cost."""
    return np.asarray(np.trapezoid(recovered, dx=1 / (GRID - 1), axis=1), float)


def cpt(share: Floats, recovered: Floats, target: float) -> Floats:
    """(D,) least share of the extra cost that recovers ``target`` of the gap; NaN where it never does."""
    reached = recovered >= target - 1e-9
    first = reached.argmax(axis=1)
    return np.where(reached.any(axis=1), share[first], np.nan)
