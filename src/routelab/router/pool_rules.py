"""What a router does with the state of the pool: wait less, keep a limit, spill over, or escalate while there is room.

A rule reads a `PoolView`, as old as it is, and either turns the dial or changes the utilities of arms, all queries of a
batch alike. Without a view nothing changes. Arms that the view does not tell of count as unknown and are left alone.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np

from routelab.core.decisions import Floats
from routelab.core.pool_view import PoolView

Positive = Annotated[float, msgspec.Meta(gt=0.0)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class LatencyAware(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="latency-aware"):
    """A second that an arm takes costs ``points`` hundredths of quality (GORGO and multi-factor routers weigh so)."""

    points: Positive = 1.0

    def dial(self, dial: float, pool: PoolView) -> float:
        return dial

    def utility(self, utility: Floats, arms: tuple[str, ...], pool: PoolView) -> Floats:
        return utility - self.points / 100 * np.nan_to_num(expected_s(arms, pool))


class SloFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="slo-filter"):
    """Arms that would take longer than ``limit_s`` are left out; where all would, the fastest stays."""

    limit_s: Positive = 2.0

    def dial(self, dial: float, pool: PoolView) -> float:
        return dial

    def utility(self, utility: Floats, arms: tuple[str, ...], pool: PoolView) -> Floats:
        seconds = np.nan_to_num(expected_s(arms, pool))
        late = seconds > self.limit_s
        return np.where(late, seconds.min() - seconds - BEYOND, utility)


class SpillOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="spill-over"):
    """An arm with more than ``most`` requests waiting passes its queries on to the next best."""

    most: Annotated[int, msgspec.Meta(ge=0)] = 4

    def dial(self, dial: float, pool: PoolView) -> float:
        return dial

    def utility(self, utility: Floats, arms: tuple[str, ...], pool: PoolView) -> Floats:
        waiting = np.nan_to_num(column(arms, pool, pool.queue))
        return np.where(waiting > self.most, -waiting - BEYOND, utility)


class Escalation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="escalation"):
    """The router's own dial while the pool is idle, and ``busy`` when requests wait at every arm; in between by the
    share of arms at which somebody waits."""

    busy: Share = 0.5

    def dial(self, dial: float, pool: PoolView) -> float:
        waiting = pool.queue > 0
        return dial + (self.busy - dial) * float(waiting.mean()) if len(waiting) else dial

    def utility(self, utility: Floats, arms: tuple[str, ...], pool: PoolView) -> Floats:
        return utility


AnyPoolRule = LatencyAware | SloFilter | SpillOver | Escalation
BEYOND = 1e6  # below every utility, so that such an arm is taken only where no other is left


def column(arms: tuple[str, ...], pool: PoolView, values: Floats) -> Floats:
    """(K,) an observed column in the order of ``arms``; NaN where nothing was observed."""
    seen = dict(zip(pool.arms, values)) if len(values) else {}
    return np.array([seen.get(arm, np.nan) for arm in arms])


def expected_s(arms: tuple[str, ...], pool: PoolView) -> Floats:
    """(K,) seconds to an answer: what recent ones took, longer by the share of requests that wait before one more."""
    recent = column(arms, pool, pool.latency_s)
    waiting, running = column(arms, pool, pool.queue), column(arms, pool, pool.in_flight)
    return np.asarray(recent * (1 + np.nan_to_num(waiting / np.maximum(running, 1))))
