"""The figures of requests that ended, summed over `DONE` rows that come in blocks, in any order.

Every figure is defined here, once. Counts and sums are exact; percentiles are as exact as what collects the times:
`Exact` keeps every one, `Histogram` has a fixed size. Knows no server and no money.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from routelab.core.decisions import Floats
from routelab.pool.fleet.engine.interface import OK, TOO_LONG
from routelab.pool.fleet.spec import Slo

STATUS = ("ok", "too-long", "out-of-memory", "dropped")
PERCENTILES = (50, 90, 99)
RELATIVE_ERROR = 0.005
"""Of a percentile that a `Histogram` tells, at most."""


def ttft_s(rows: NDArray[np.void]) -> Floats:
    return np.asarray(rows["first_token_s"] - rows["arrival_s"], dtype=float)


def tpot_s(rows: NDArray[np.void]) -> Floats:
    """Seconds a token after the first; NaN for answers of one token."""
    more = rows["output_tokens"] - 1
    spent = rows["last_token_s"] - rows["first_token_s"]
    return np.where(more > 0, spent / np.maximum(more, 1), np.nan)


def e2e_s(rows: NDArray[np.void]) -> Floats:
    return np.asarray(rows["last_token_s"] - rows["arrival_s"], dtype=float)


TIMES = {"ttft_s": ttft_s, "tpot_s": tpot_s, "e2e_s": e2e_s}


def in_time(rows: NDArray[np.void], slo: Slo) -> NDArray[np.bool_]:
    """The requests that were answered within every limit."""
    good: NDArray[np.bool_] = rows["status"] == OK
    for name, seconds in TIMES.items():
        limit = getattr(slo, name)
        if limit is not None:
            good = good & ~(seconds(rows) > limit)
    return good


class Times(Protocol):
    """Collects finite seconds, and tells of them."""

    def add(self, seconds: Floats) -> None: ...

    def told(self) -> dict[str, float | None]:
        """The `PERCENTILES` and the mean; None where there was nothing."""


class Exact:
    """Keeps every time."""

    def __init__(self) -> None:
        self._parts: list[Floats] = []

    def add(self, seconds: Floats) -> None:
        self._parts.append(seconds)

    def told(self) -> dict[str, float | None]:
        known = np.concatenate([np.zeros(0), *self._parts])
        return _named([*np.percentile(known, PERCENTILES).tolist(), float(known.mean())] if len(known) else None)


class Histogram:
    """Counts times in bins whose ends have one ratio: whatever comes, a percentile is off by `RELATIVE_ERROR` at most.

    Times from `LEAST_S` to `MOST_S` are told apart; a shorter one counts as 0, a longer one as `MOST_S`.

    >>> times = Histogram()
    >>> times.add(np.linspace(1.0, 2.0, 1001))
    >>> bool(abs(times.told()["p90"] / 1.9 - 1) < RELATIVE_ERROR)
    True
    """

    LEAST_S, MOST_S = 1e-7, 1e9
    STEP = 2 * math.log1p(RELATIVE_ERROR)

    def __init__(self) -> None:
        bins = math.ceil(math.log(self.MOST_S / self.LEAST_S) / self.STEP)
        self._counts = np.zeros(bins + 1, dtype=np.int64)
        self._middles = np.append(0.0, self.LEAST_S * np.exp(self.STEP * (np.arange(bins) + 0.5)))
        self._sum = 0.0

    def add(self, seconds: Floats) -> None:
        place = np.floor(np.log(np.maximum(seconds, self.LEAST_S / 2) / self.LEAST_S) / self.STEP) + 1
        place = np.clip(place, 0, len(self._counts) - 1).astype(np.int64)
        self._counts += np.bincount(place, minlength=len(self._counts))
        self._sum += float(seconds.sum())

    def told(self) -> dict[str, float | None]:
        ends = np.cumsum(self._counts)
        total = int(ends[-1])
        return _named(
            [*(self._at(q / 100 * (total - 1), ends) for q in PERCENTILES), self._sum / total] if total else None
        )

    def _at(self, rank: float, ends: NDArray[np.int64]) -> float:
        """The time at a rank from 0 on, between two ranks on the line that joins them, as `numpy.percentile` has it."""
        below = math.floor(rank)
        low, high = self._middles[np.searchsorted(ends, [below, math.ceil(rank)], side="right")].tolist()
        return float(low + (rank - below) * (high - low))


def _named(values: list[float] | None) -> dict[str, float | None]:
    names = [*(f"p{q}" for q in PERCENTILES), "mean"]
    return dict(zip(names, values or (None,) * len(names), strict=True))


class Tally:
    """Takes blocks of `DONE` rows, and keeps what their figures need. ``slo``: the limits that count as in time."""

    def __init__(self, slo: Slo, times: Callable[[], Times] = Histogram) -> None:
        self.slo = slo
        self.requests = self.completed = self.in_time = 0
        self.first_s, self.last_s = math.inf, -math.inf
        self._ended = np.zeros(len(STATUS), dtype=np.int64)
        self._sums = dict.fromkeys(("input_tokens", "cached_tokens", "preemptions"), 0)
        self._answered_tokens = 0
        self._times: dict[str, Times] = {name: times() for name in TIMES}

    def add(self, rows: NDArray[np.void]) -> None:
        done = rows[rows["status"] == OK]
        self.requests += len(rows)
        self.completed += len(done)
        self.in_time += int(in_time(done, self.slo).sum())
        self.first_s = min(self.first_s, float(rows["arrival_s"].min(initial=math.inf)))
        self.last_s = max(self.last_s, float(done["last_token_s"].max(initial=-math.inf)))
        self._ended += np.bincount(rows["status"], minlength=len(STATUS))
        self._answered_tokens += int(done["output_tokens"].sum())
        for name in self._sums:
            self._sums[name] += int(rows[name].sum())
        for name, seconds in TIMES.items():
            found = seconds(done)
            self._times[name].add(found[np.isfinite(found)])

    @property
    def span_s(self) -> float:
        """First arrival to last token."""
        return self.last_s - self.first_s if self.completed else 0.0

    def figures(self) -> dict[str, Any]:
        """What can be said of requests alone; None where there is nothing to measure."""
        span, limited = self.span_s, any(getattr(self.slo, name) is not None for name in Slo.__struct_fields__)
        return {
            "requests": self.requests,
            "completed": self.completed,
            "failed": {STATUS[k]: int(self._ended[k]) for k in range(TOO_LONG, len(STATUS))},
            "throughput_req_s": self.completed / span if span else None,
            "throughput_tok_s": self._answered_tokens / span if span else None,
            **{name: times.told() for name, times in self._times.items()},
            "slo_attainment": self.in_time / self.requests if limited and self.requests else None,
            "goodput_req_s": self.in_time / span if limited and span else None,
            "preemptions": self._sums["preemptions"],
            "prefix_hit_rate": self._sums["cached_tokens"] / max(self._sums["input_tokens"], 1),
            "span_s": span,
        }
