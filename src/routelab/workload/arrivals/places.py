"""Which model, adapter and region a request is for: popularity with idle gaps, days that begin at other hours.

Works on requests of any origin; changes neither lengths nor content.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
from msgspec import Meta

from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError
from routelab.workload.arrivals.combine import in_order
from routelab.workload.arrivals.part import Part, Seconds

AT_ONCE = 1 << 16


class Popularity(Part, frozen=True, tag="zipf"):
    """The k-th model is asked for k^−exponent times as often as the first.

    With `on_s` and `off_s` each model is idle now and then, for exponential times of these means; requests then go to
    the models that are not, in the same proportions, so that the whole keeps its times. While all are idle, all serve.
    """

    models: Annotated[tuple[str, ...], Meta(min_length=1)]
    exponent: Annotated[float, Meta(ge=0.0, le=10.0)] = 1.0
    on_s: Seconds | None = None
    off_s: Seconds | None = None

    def assign(self, arrivals: Arrivals, rng: np.random.Generator) -> Arrivals:
        """The same requests, each for one of the models."""
        weights = np.arange(1, len(self.models) + 1, dtype=np.float64) ** -self.exponent
        if (self.on_s is None) != (self.off_s is None):
            raise InputError("popularity", expected="on_s and off_s, or neither", got="one of them", fix="give both")
        place = rng.uniform(size=len(arrivals))
        if self.on_s is None or self.off_s is None:
            model = np.searchsorted(np.cumsum(weights) / weights.sum(), place)
        else:
            end = float(arrivals.time_s[-1]) if len(arrivals) else 0.0
            switches = [_switches(rng, self.on_s, self.off_s, end) for _ in self.models]
            model = np.concatenate(
                [
                    _among(
                        place[start : start + AT_ONCE],
                        _active(switches, arrivals.time_s[start : start + AT_ONCE]),
                        weights,
                    )
                    for start in range(0, max(len(arrivals), 1), AT_ONCE)
                ]
            )
        return replace(arrivals, model=np.minimum(model, len(self.models) - 1), models=self.models)


class AdapterPopularity(Part, frozen=True, tag="adapters"):
    """A ``share`` of the sessions, or of the requests without one, need one of ``number`` adapters, the k-th
    k^−exponent times as often as the first."""

    number: Annotated[int, Meta(ge=1, le=1_000_000)]
    exponent: Annotated[float, Meta(ge=0.0, le=10.0)] = 1.0
    share: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0

    def assign(self, arrivals: Arrivals, rng: np.random.Generator) -> Arrivals:
        """The same requests, each with its adapter or -1."""
        reached = np.cumsum(np.arange(1, self.number + 1, dtype=np.float64) ** -self.exponent)
        alone = -1 - np.arange(len(arrivals))
        session = arrivals.column("session", -1)
        kinds, which = np.unique(np.where(session >= 0, session, alone), return_inverse=True)
        adapter = np.searchsorted(reached / reached[-1], rng.uniform(size=len(kinds)))
        adapter = np.minimum(np.where(rng.uniform(size=len(kinds)) < self.share, adapter, -1), self.number - 1)
        return replace(arrivals, adapter=adapter[which])


def _switches(rng: np.random.Generator, on_s: float, off_s: float, end: float) -> Floats:
    """Times at which a model changes between active (before the first) and idle; the first may be 0."""
    begins_idle = rng.uniform() * (on_s + off_s) >= on_s
    times = np.zeros(1 if begins_idle else 0)
    while not len(times) or times[-1] <= end:
        pairs = int((end - (times[-1] if len(times) else 0.0)) / (on_s + off_s)) + 8
        means = np.array([off_s, on_s] if begins_idle else [on_s, off_s])
        spent = (rng.exponential(size=(pairs, 2)) * means).ravel()
        times = np.append(times, (times[-1] if len(times) else 0.0) + np.cumsum(spent))
    return times


def _active(switches: list[Floats], time_s: Floats) -> Floats:
    """1 where a model (column) is active at a time (row)."""
    on = np.stack([np.searchsorted(each, time_s, side="right") % 2 == 0 for each in switches], axis=1)
    return np.where(on.any(axis=1, keepdims=True), on, True).astype(np.float64)


def _among(place: Floats, active: Floats, weights: Floats) -> Ints:
    reached = np.cumsum(active * weights, axis=1)
    return np.asarray((reached <= place[:, None] * reached[:, -1:]).sum(axis=1))


def phase_shifted(arrivals: Arrivals, regions: tuple[str, ...], shift_s: float) -> Arrivals:
    """The requests dealt out to regions by what they share, region k moved by k · `shift_s` around the trace's span.

    Requests of one session, or else with the same beginning, stay in one region; those without either go by turns.
    What would come after the end of the trace comes at its beginning.
    """
    if not regions:
        raise InputError("regions", expected="at least one name", got="none", fix="give some")
    alone = -1 - np.arange(len(arrivals))
    if len(arrivals.session):
        key = np.where(arrivals.session >= 0, arrivals.session, alone)
    elif len(arrivals.hash_starts):
        key = _beginning(arrivals, alone, len(arrivals) / len(regions))
    else:
        key = alone
    kinds, first, place = np.unique(key, return_index=True, return_inverse=True)
    turn = np.empty(len(kinds), dtype=np.int64)
    turn[np.argsort(first)] = np.arange(len(kinds)) % len(regions)
    region = turn[place]
    span = float(arrivals.time_s[-1]) if len(arrivals) else 0.0
    moved = np.where(region > 0, (arrivals.time_s + region * shift_s) % max(span, 1e-9), arrivals.time_s)
    return in_order(replace(arrivals, time_s=moved, region=region, regions=regions))


def _beginning(arrivals: Arrivals, alone: Ints, most: float) -> Ints:
    """The id of the first block that at most `most` requests share (a system prompt that all have tells nothing)."""
    counts = np.diff(arrivals.hash_starts)
    for place in range(int(counts.max(initial=0))):
        has = counts > place
        key = alone.copy()
        key[has] = arrivals.hash_ids[arrivals.hash_starts[:-1][has] + place]
        if np.unique(key, return_counts=True)[1].max() <= most:
            return key
    return alone
