"""Routing by how busy the servers are, as of the last probe."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from routelab.core.seeds import stream
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.policy import Policy, Request


class LeastLoaded(Policy):
    """The server with the fewest requests that wait or run."""

    def route(self, request: Request, fleet: Control) -> int:
        return fleet.least_busy(fleet.candidates(request))


class ShortestQueue(Policy):
    """The server with the fewest requests that wait, and among those with the fewest that run."""

    def route(self, request: Request, fleet: Control) -> int:
        servers = fleet.candidates(request)
        waiting, running = fleet.queues
        return int(servers[(waiting[servers] * 1_000_000 + running[servers]).argmin()])


def _uniform(draw: np.random.Generator) -> Iterator[float]:
    """Numbers from 0 to below 1, drawn many at a time."""
    while True:
        yield from draw.random(1024).tolist()


class PowerOfTwo(Policy):
    """The less busy of two servers drawn at random (Mitzenmacher 2001)."""

    def start(self, fleet: Control) -> None:
        self._shares = _uniform(stream(fleet.seed, "power of two"))

    def route(self, request: Request, fleet: Control) -> int:
        servers, busy = fleet.candidates(request), fleet.outstanding
        one, other = (servers[int(next(self._shares) * len(servers))] for _ in range(2))
        return int(one if busy[one] <= busy[other] else other)


class LeastKv(Policy):
    """The server with the largest share of its memory for keys free, less what its queue asks for."""

    def route(self, request: Request, fleet: Control) -> int:
        servers, view = fleet.candidates(request), fleet.view
        free = (view.available - view.waiting_blocks)[servers] / fleet.kv_blocks[servers]
        return int(servers[np.argmax(free)])
