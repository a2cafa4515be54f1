"""Estimates of a policy's mean reward from another policy's log: arrays of rewards and weights in, means out.

``weight`` is what the policy's own probability of the logged arm is over the logged propensity: 1/p or 0 for one that
does not draw. Arrays are (..., n), so that many logs are one call; ``groups`` (n,) are rows that share their chance
(copies of a prompt), which count as one draw. Direct, inverse and doubly robust estimation: Dudík, Langford and Li
2011 (arXiv 1103.4601); the self-normalised form: Swaminathan and Joachims 2015. Knows no routers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from routelab.arena.statistics import from_error
from routelab.core.decisions import Floats, Ints


@dataclass(frozen=True)
class Mean:
    """An estimate and its standard error; arrays of shape (...,) where logs were stacked."""

    value: Floats
    se: Floats

    @property
    def metric(self) -> dict[str, Any]:
        return from_error(float(self.value), float(self.se))


def ips(reward: Floats, weight: Floats, groups: Ints | None = None) -> Mean:
    """Inverse propensity scoring: the mean of weight · reward. Arrays are (..., n); ``groups`` (n,) are copies."""
    return mean_of(weight * reward, groups)


def snips(reward: Floats, weight: Floats, groups: Ints | None = None) -> Mean:
    """Self-normalised: weighted by shares, its error by the delta method."""
    value = (weight * reward).sum(-1) / weight.sum(-1)
    spread = weight * (reward - value[..., None]) / weight.mean(-1, keepdims=True)
    return Mean(value, mean_of(spread, groups).se)


def doubly_robust(reward: Floats, weight: Floats, logged: Floats, target: Floats, groups: Ints | None = None) -> Mean:
    """The model's ``target`` prediction, corrected by what it misses of the ``logged`` arm's reward."""
    return mean_of(target + weight * (reward - logged), groups)


def effective(weight: Floats) -> Floats:
    """Kish's effective sample size."""
    return np.asarray(weight.sum(-1) ** 2 / np.maximum((weight**2).sum(-1), 1e-300))


def mean_of(values: Floats, groups: Ints | None = None) -> Mean:
    """A plain mean, its error from the spread between groups."""
    n, middle = values.shape[-1], values.mean(-1)
    residual = values - middle[..., None]
    if groups is not None:
        order = np.argsort(groups, kind="stable")
        starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
        residual = np.add.reduceat(residual[..., order], starts, axis=-1)
    m = residual.shape[-1]
    return Mean(middle, np.sqrt((residual**2).sum(-1) * m / max(m - 1, 1)) / n)
