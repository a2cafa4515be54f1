"""Selectors hold the one dial. Dial 0 is best quality, dial 1 is lowest cost; in between, cost never rises.

They read estimates and a (K,) mask of allowed arms and return the pick and the runner-up. Equal utilities go to the
cheaper arm, then to the one first by name (arms arrive sorted by name), never to whichever column came first.
"""

from __future__ import annotations

from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from routelab.core.decisions import Floats, Ints
from routelab.router.estimate import Estimate

Mask = npt.NDArray[np.bool_]
TIE = 1e-9


class Selector(Protocol):
    """``utility`` is (n, K), larger is better; −inf never happens for an allowed arm."""

    def utility(self, estimate: Estimate, dial: float) -> Floats: ...


class Utility(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="utility"):
    """(1 − dial)·quality − dial·cost, cost relative to the dearest arm's mean (CARROT, arXiv 2502.03261)."""

    def utility(self, estimate: Estimate, dial: float) -> Floats:
        return (1 - dial) * estimate.mean - dial * estimate.cost / estimate.cost_scale


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="threshold"):
    """The cheapest arm whose quality is within ``dial`` of the best one's (RouteLLM's pair rule, for pools)."""

    def utility(self, estimate: Estimate, dial: float) -> Floats:
        best = estimate.mean.max(axis=1, keepdims=True)
        return _cheapest_where(estimate.mean >= best - dial - TIE, estimate)


class CheapestSufficient(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="cheapest-sufficient"):
    """The cheapest arm whose quality reaches 1 − dial; the best one where none does (BEST-Route, Ares)."""

    def utility(self, estimate: Estimate, dial: float) -> Floats:
        return _cheapest_where(estimate.mean >= 1 - dial - TIE, estimate)


class NormalisedUtility(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="normalised-utility"):
    """(1 − dial)·quality − dial·cost, in which each query's quality spans 0 to 1 over the arms and its dearest arm
    costs 1 (Avengers-Pro, arXiv 2508.12631, with α = 1 − dial). Small gaps look large, which is its known defect."""

    def utility(self, estimate: Estimate, dial: float) -> Floats:
        low, high, dearest = (
            bound(axis=1, keepdims=True) for bound in (estimate.mean.min, estimate.mean.max, estimate.cost.max)
        )
        quality = (estimate.mean - low) / np.where(high > low, high - low, 1.0)
        return np.asarray((1 - dial) * quality - dial * estimate.cost / np.where(dearest > 0, dearest, 1.0))


AnySelector = Utility | Threshold | CheapestSufficient | NormalisedUtility


def _cheapest_where(sufficient: Mask, estimate: Estimate) -> Floats:
    """Sufficient arms rank by falling cost above all others, which rank by quality."""
    return np.where(sufficient, 2.0 + 1 / (1 + estimate.cost / estimate.cost_scale), estimate.mean)


def pick_best(utility: Floats, cost: Floats, mask: Mask | None = None) -> tuple[Ints, Ints]:
    """The best allowed arm of each row and the runner-up (−1 where no other is allowed), ties to the cheaper."""
    left = utility.copy() if mask is None else np.where(mask, utility, -np.inf)
    pick = _argmax_cheapest(left, cost)
    if (utility.shape[1] if mask is None else np.count_nonzero(mask)) == 1:
        return pick, np.full(len(pick), -1, np.int64)
    left[np.arange(len(pick)), pick] = -np.inf
    return pick, _argmax_cheapest(left, cost)


def _argmax_cheapest(utility: Floats, cost: Floats) -> Ints:
    tied = utility >= utility.max(axis=1, keepdims=True) - TIE
    return np.asarray(np.where(tied, cost, np.inf).argmin(axis=1), np.int64)
