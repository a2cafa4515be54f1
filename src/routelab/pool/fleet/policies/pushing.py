"""SkyLB's other ways to choose and to push, against which its paper measures it (arXiv 2505.24095, section 5)."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from routelab.pool.fleet.control import Control
from routelab.pool.fleet.policies.skylb import Balancer, SkyLB
from routelab.pool.fleet.policy import Request


class HashedSkyLB(SkyLB):
    """SkyLB-CH: a session keeps its server and its peer, as far as they are available.

    Rendezvous hashing (Thaler & Ravishankar 1998), which passes over the unavailable as a ring does.
    """

    def server(self, request: Request, balancer: Balancer, fleet: Control) -> int:
        return max(balancer.open, key=lambda server: _weight(request, str(server)))

    def peer(self, request: Request, balancer: Balancer) -> str:
        return max(balancer.peers, key=lambda region: _weight(request, region))


class RegionLocal(SkyLB):
    """Nothing leaves its region."""

    offload = False


class BlindPush(SkyLB):
    """BP: everything goes at once, whatever is pending."""

    def available(self, servers: list[int], fleet: Control) -> list[int]:
        return servers


class CappedPush(SkyLB):
    """SP-O: a server has at most ``most_outstanding`` requests, which wait or run."""

    most_outstanding = 30

    def available(self, servers: list[int], fleet: Control) -> list[int]:
        load = fleet.outstanding
        return [server for server in servers if load[server] < self.most_outstanding]

    def push(self, balancer: Balancer, fleet: Control) -> None:
        """The balancer knows at once what was answered, and what it has sent."""
        balancer.open = self.available(balancer.servers, fleet)
        super().push(balancer, fleet)

    def server(self, request: Request, balancer: Balancer, fleet: Control) -> int:
        chosen = super().server(request, balancer, fleet)
        if fleet.outstanding[chosen] + 1 >= self.most_outstanding:
            balancer.open.remove(chosen)
        return chosen

    def on_finish(self, ended: NDArray[np.void], fleet: Control) -> None:
        for balancer in self.balancers.values():
            self.push(balancer, fleet)


def _weight(request: Request, target: str) -> bytes:
    """Of a target for a session; a request without one is a session of its own."""
    key = request.session if request.session >= 0 else -1 - request.id
    return hashlib.blake2b(f"{key} {target}".encode(), digest_size=8).digest()
