"""SkyLB's controller (arXiv 2505.24095): where a balancer fails the closest other one takes its servers and clients.

When it is back it has them again. What it had queued goes to the other one, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from routelab.pool.fleet.control import Control
from routelab.pool.fleet.policies.skylb import Balancer, SkyLB
from routelab.pool.fleet.policy import HOLD, Request


class ControlledSkyLB(SkyLB):
    """``outages``: from when to when the balancer of a region is down, in seconds."""

    def __init__(self, outages: Mapping[str, tuple[float, float]] | None = None) -> None:
        self.outages = dict(outages or {})

    def start(self, fleet: Control) -> None:
        self._down: dict[str, Balancer] = {}
        super().start(fleet)
        for region, (begin, end) in self.outages.items():
            fleet.at(begin, partial(self.lose, region, fleet))
            fleet.at(end, partial(self.regain, region, fleet))

    def nearest(self, request: Request, fleet: Control) -> Balancer:
        home = fleet.home(request)
        return self.closest(home, fleet) if home in self._down else super().nearest(request, fleet)

    def route(self, request: Request, fleet: Control) -> int:
        home = fleet.home(request)
        if home in self._down:
            fleet.at(fleet.now, partial(self.queue, self._down[home], request, fleet))
            return HOLD
        return super().route(request, fleet)

    def closest(self, region: str, fleet: Control) -> Balancer:
        """The balancer that is up with the least distance to a region."""
        return min(self.balancers.values(), key=lambda other: fleet.wide.latency_s(region, other.region))

    def queue(self, balancer: Balancer, request: Request, fleet: Control) -> None:
        """What comes to a balancer that is down goes on to the closest one."""
        if balancer.region in self._down:
            there = self.closest(balancer.region, fleet)
            fleet.forward(request.id, there.region, partial(self.queue, there, request, fleet))
        else:
            super().queue(balancer, request, fleet)

    def hear(self, balancer: Balancer, region: str, servers: int, queued: int) -> None:
        if region not in self._down:
            super().hear(balancer, region, servers, queued)

    def lose(self, region: str, fleet: Control) -> None:
        lost = self._down[region] = self.balancers.pop(region)
        for other in self.balancers.values():
            other.peers.pop(region, None)
        self.closest(region, fleet).servers.extend(lost.servers)
        while lost.queue:
            self.queue(lost, lost.queue.popleft(), fleet)

    def regain(self, region: str, fleet: Control) -> None:
        back = self.balancers[region] = self._down.pop(region)
        for other in self.balancers.values():
            if other is not back:
                other.servers = [server for server in other.servers if server not in back.servers]
                other.open = [server for server in other.open if server not in back.servers]
