"""Routing by how busy the servers are, as of the last probe."""

from __future__ import annotations

import numpy as np

from routelab.core.seeds import stream
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.policy import Policy, Request


class LeastLoaded(Policy):
    """The server with the fewest requests that wait or run."""

    def route(self, request: Request, fleet: Control) -> int:
        servers = fleet.candidates(request)
        return int(servers[fleet.outstanding[servers].argmin()])


class ShortestQueue(Policy):
    """The server with the fewest requests that wait, and among those with the fewest that run."""

    def route(self, request: Request, fleet: Control) -> int:
        servers = fleet.candidates(request)
        waiting, running = fleet.queues
        return int(servers[(waiting[servers] * 1_000_000 + running[servers]).argmin()])


class PowerOfTwo(Policy):
    """The less busy of two servers drawn at random (Mitzenmacher 2001)."""

    def start(self, fleet: Control) -> None:
        self._draw = stream(fleet.seed, "power of two")

    def route(self, request: Request, fleet: Control) -> int:
        servers = fleet.candidates(request)
        pair = servers[self._draw.integers(len(servers), size=2)]
        return int(pair[fleet.outstanding[pair].argmin()])


class LeastKv(Policy):
    """The server with the largest share of its memory for keys free, less what its queue asks for."""

    def route(self, request: Request, fleet: Control) -> int:
        servers, view = fleet.candidates(request), fleet.view
        free = (view.available - view.waiting_blocks)[servers] / fleet.kv_blocks[servers]
        return int(servers[np.argmax(free)])
