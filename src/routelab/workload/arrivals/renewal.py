"""Renewal processes of rate 1, begun as if they had run forever, and the change of time that gives them any rate.

A process that begins with an event at 0 has (cv² − 1) / 2 events too many; here the first gap is what is left of a gap
that covers 0 (length-biased, uniformly cut), so that the rate is exact from the first second on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln

from routelab.core.decisions import Floats

Family = Literal["gamma", "weibull"]


@dataclass(frozen=True)
class Gaps:
    """Gaps between events with mean 1 and a coefficient of variation."""

    family: Family
    cv: float

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        """Independent gaps."""
        if self.cv == 1.0:
            return rng.exponential(size=size)
        if self.family == "gamma":
            return rng.gamma(self.cv**-2, self.cv**2, size)
        shape = weibull_shape(self.cv)
        return rng.weibull(shape, size) / math.exp(gammaln(1 + 1 / shape))

    def first(self, rng: np.random.Generator) -> float:
        """From 0 to the first event."""
        if self.family == "gamma":
            covering = rng.gamma(self.cv**-2 + 1, self.cv**2)
        else:
            shape = weibull_shape(self.cv)
            covering = rng.gamma(1 + 1 / shape) ** (1 / shape) / math.exp(gammaln(1 + 1 / shape))
        return float(rng.uniform() * covering)


@cache
def weibull_shape(cv: float) -> float:
    """The shape of a Weibull distribution with this coefficient of variation."""

    def excess(shape: float) -> float:
        return float(gammaln(1 + 2 / shape) - 2 * gammaln(1 + 1 / shape)) - math.log1p(cv**2)

    return float(brentq(excess, 0.05, 200.0))


def renewal(rng: np.random.Generator, gaps: Gaps, n: float, stop: float) -> Floats:
    """The first `n` events, or those before `stop`, whichever is fewer; both may be infinite, not together."""
    parts, count, end = [np.array([gaps.first(rng)])], 1, 0.0
    while count < n and (end := float(parts[-1][-1])) < stop:
        size = math.ceil(min(n - count, (stop - end) + 4 * math.sqrt(stop - end) + 16))
        parts.append(end + np.cumsum(gaps.draw(rng, size)))
        count += size
    times = np.concatenate(parts)
    return times[: min(int(min(n, count)), int(np.searchsorted(times, stop)))]


def warped(events: Floats, work: Floats, edges: Floats) -> Floats:
    """Events of rate 1 moved to the times at which the expected number of events reaches theirs (Çinlar, 1975).

    ``work[i]`` is expected up to ``edges[i]``, the rate is constant between edges.
    """
    return np.interp(events, work, edges)
