"""What a router may know of the pool when it decides: recent, aged observations, never the truth."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from routelab.core.decisions import Floats


def _unknown() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True)
class PoolView:
    """Columns over K arms, observed ``age_s`` seconds ago. An empty column was not observed.

    ``queue`` and ``in_flight`` count requests; ``ttft_s``, ``tpot_s`` and ``latency_s`` are recent medians in
    seconds; ``error_rate`` lies in [0, 1]; ``available`` is 0 for an arm that must not be called.
    """

    arms: tuple[str, ...]
    age_s: float = 0.0
    available: Floats = field(default_factory=_unknown)
    queue: Floats = field(default_factory=_unknown)
    in_flight: Floats = field(default_factory=_unknown)
    ttft_s: Floats = field(default_factory=_unknown)
    tpot_s: Floats = field(default_factory=_unknown)
    latency_s: Floats = field(default_factory=_unknown)
    error_rate: Floats = field(default_factory=_unknown)
    cache_hit_tokens: Floats = field(default_factory=_unknown)
