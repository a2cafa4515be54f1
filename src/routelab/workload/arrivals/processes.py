"""When requests arrive: point processes with one method, ``times``. They know nothing of lengths or content.

All are stationary (the rate holds from the first second on; of a daily curve, over whole periods) and vectorised.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from msgspec import Meta

from routelab.core.decisions import Floats
from routelab.core.errors import InputError
from routelab.workload.arrivals.part import Delay, Part, Rate, Seconds, Share, Variation, bounded
from routelab.workload.arrivals.renewal import Gaps, renewal, warped

DAY_S = 86_400.0
# Requests in each hour over those of the day, median of 14 days: derived from alibaba/ServeGen (Apache-2.0), m-small.
DAILY = (
    *(0.83, 0.69, 0.71, 0.68, 0.64, 0.66, 0.74, 0.82, 1.03, 1.08, 1.13, 1.12),
    *(1.08, 1.06, 1.06, 1.06, 1.05, 1.02, 1.04, 1.21, 1.45, 1.44, 1.32, 1.10),
)
Level = Annotated[float, Meta(ge=0.0, le=1e6)]


class Process(Part, frozen=True):
    """A point process on the half-line."""

    def times(self, rng: np.random.Generator, *, n: int | None = None, horizon_s: float | None = None) -> Floats:
        """Seconds of arrivals, in order: the first `n`, those before `horizon_s`, or whichever is fewer of the two."""
        bounded(str(self.__struct_config__.tag), n, horizon_s)
        if n == 0 or horizon_s == 0:
            return np.zeros(0)
        return self.checked()._times(rng, math.inf if n is None else n, math.inf if horizon_s is None else horizon_s)

    def _times(self, rng: np.random.Generator, n: float, horizon_s: float) -> Floats:
        raise NotImplementedError


class Poisson(Process, frozen=True, tag="poisson"):
    """Independent arrivals, `rate` a second.

    >>> len(Poisson(rate=2.0).times(np.random.default_rng(0), n=3))
    3
    """

    rate: Rate

    def _times(self, rng: np.random.Generator, n: float, horizon_s: float) -> Floats:
        return renewal(rng, Gaps("gamma", 1.0), n, horizon_s * self.rate) / self.rate


class Gamma(Process, frozen=True, tag="gamma"):
    """Gaps from a gamma distribution with coefficient of variation `cv`: 1 is Poisson, more is bursty."""

    rate: Rate
    cv: Variation

    def _times(self, rng: np.random.Generator, n: float, horizon_s: float) -> Floats:
        return renewal(rng, Gaps("gamma", self.cv), n, horizon_s * self.rate) / self.rate


class Weibull(Process, frozen=True, tag="weibull"):
    """Gaps from a Weibull distribution with coefficient of variation `cv`."""

    rate: Rate
    cv: Variation

    def _times(self, rng: np.random.Generator, n: float, horizon_s: float) -> Floats:
        return renewal(rng, Gaps("weibull", self.cv), n, horizon_s * self.rate) / self.rate


class Hawkes(Process, frozen=True, tag="hawkes"):
    """Every request calls forth `branching` others on average, each after an exponential delay of mean `decay_s`.

    Drawn generation by generation from its clusters (Hawkes & Oakes, 1974). `rate` counts all requests. Where only
    `n` bounds it and the first stretch of time holds fewer, a further stretch begins without offspring of the first.
    """

    rate: Rate
    branching: Annotated[float, Meta(ge=0.0, le=0.99)]
    decay_s: Seconds

    def _times(self, rng: np.random.Generator, n: float, horizon_s: float) -> Floats:
        stretch = horizon_s if math.isfinite(horizon_s) else 1.1 * n / self.rate + 20 * self.decay_s
        times = self._before(rng, stretch)
        begun = stretch
        while len(times) < n and begun < horizon_s:
            times = np.concatenate([times, begun + self._before(rng, stretch)])
            begun += stretch
        return times[: int(min(n, len(times)))]

    def _before(self, rng: np.random.Generator, stop: float) -> Floats:
        start = -10 * self.decay_s / (1 - self.branching)
        base = rng.poisson(self.rate * (1 - self.branching) * (stop - start))
        born = rng.uniform(start, stop, base)
        generations = [born]
        while len(born):
            born = np.repeat(born, rng.poisson(self.branching, len(born)))
            born = born + rng.exponential(self.decay_s, len(born))
            born = born[born < stop]
            generations.append(born)
        times = np.sort(np.concatenate(generations))
        return times[np.searchsorted(times, 0.0) :]


class OnOff(Process, frozen=True, tag="on-off"):
    """Bursts: a Poisson process whose rate switches between two levels after exponential times (MMPP of two states).

    `rate` is the mean; off, requests arrive at `idle` times the rate of on.
    """

    rate: Rate
    on_s: Seconds
    off_s: Seconds
    idle: Share = 0.0

    def _times(self, rng: np.random.Generator, n: float, horizon_s: float) -> Floats:
        stays = np.array([self.on_s, self.off_s])
        levels = np.array([1.0, self.idle])
        levels *= self.rate * stays.sum() / (levels @ stays)
        if rng.uniform() * stays.sum() >= self.on_s:
            stays, levels = stays[::-1], levels[::-1]
        unit = renewal(rng, Gaps("gamma", 1.0), n, math.inf) if math.isfinite(n) else np.array([math.inf])
        edges, work = np.zeros(1), np.zeros(1)
        while edges[-1] < horizon_s and work[-1] <= unit[-1]:
            ahead = min(horizon_s - edges[-1], (unit[-1] - work[-1]) / self.rate)
            pairs = math.ceil(1.1 * ahead / stays.sum()) + 16
            spent = rng.exponential(size=(pairs, 2)) * stays
            edges = np.append(edges, edges[-1] + np.cumsum(spent))
            work = np.append(work, work[-1] + np.cumsum(spent * levels))
        stop = float(np.interp(horizon_s, edges, work)) if math.isfinite(horizon_s) else math.inf
        events = unit[unit < stop] if math.isfinite(n) else renewal(rng, Gaps("gamma", 1.0), n, stop)
        return warped(events, work, edges)


class Diurnal(Process, frozen=True, tag="diurnal"):
    """A rate that follows a curve which repeats, by default the day of a public LLM service.

    `curve`: relative levels, each held for an equal part of `period_s`; `rate` is the mean over a period. `shift_s`:
    how far into the curve time 0 lies. `cv`: 1 gives a Poisson process of changing rate, more gives bursts on top.
    """

    rate: Rate
    curve: Annotated[tuple[Level, ...], Meta(min_length=1)] = DAILY
    period_s: Seconds = DAY_S
    shift_s: Delay = 0.0
    cv: Variation = 1.0

    def _times(self, rng: np.random.Generator, n: float, horizon_s: float) -> Floats:
        if not sum(self.curve) > 0:
            raise InputError("diurnal curve", expected="a level above 0", got="none", fix="raise one")
        edges = np.linspace(0.0, 1.0, len(self.curve) + 1)
        work = np.concatenate([[0.0], np.cumsum(self.curve)]) / sum(self.curve)
        shift = self.shift_s / self.period_s
        begun = math.floor(shift) + float(np.interp(shift % 1, edges, work))
        scale = self.rate * self.period_s
        stop = math.inf
        if math.isfinite(horizon_s):
            whole, part = divmod(shift + horizon_s / self.period_s, 1)
            stop = scale * (whole + float(np.interp(part, edges, work)) - begun)
        whole_periods, rest = np.divmod(begun + renewal(rng, Gaps("gamma", self.cv), n, stop) / scale, 1.0)
        return np.maximum((whole_periods + warped(rest, work, edges) - shift) * self.period_s, 0.0)


class Together(Process, frozen=True, tag="together"):
    """Several processes at once."""

    parts: Annotated[tuple[AnyProcess, ...], Meta(min_length=1)]

    def _times(self, rng: np.random.Generator, n: float, horizon_s: float) -> Floats:
        times = np.sort(np.concatenate([part._times(rng, n, horizon_s) for part in self.parts]))
        return times[: int(min(n, len(times)))]


AnyProcess = Poisson | Gamma | Weibull | Hawkes | OnOff | Diurnal | Together
