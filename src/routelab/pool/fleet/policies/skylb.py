"""SkyLB = SkyWalker (EuroSys'26, arXiv 2505.24095): a balancer in every region, locality, and selective pushing.

A balancer sends what comes to a server of its region, or else to a balancer of another, which finds the server. Servers
have one model. Not given in the paper: how long a peer's queue may be (``buffer``).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial

from routelab.pool.fleet.control import Control
from routelab.pool.fleet.policies.trie import Trie
from routelab.pool.fleet.policy import HOLD, Policy, Request


@dataclass
class Balancer:
    """Of one region: its queue, the servers and the peers (by queue) that it may push to, and what it sent to whom."""

    region: str
    servers: list[int]
    queue: deque[Request] = field(default_factory=deque)
    open: list[int] = field(default_factory=list)
    peers: dict[str, int] = field(default_factory=dict)
    to_servers: Trie[int] = field(default_factory=Trie)
    to_peers: Trie[str] = field(default_factory=Trie)


class SkyLB(Policy):
    """First come first served; to local servers before peers, and to none of them while requests are pending there.

    ``forbidden``: ways, from a region to another, that no request may take (as data protection asks).
    """

    period_s = 0.1
    buffer = 4
    least_share = 0.5
    offload = True
    forbidden: frozenset[tuple[str, str]] = frozenset()

    def start(self, fleet: Control) -> None:
        servers: dict[str, list[int]] = {}
        for server, region in enumerate(fleet.regions):
            servers.setdefault(region, []).append(server)
        self.balancers = {region: Balancer(region, each) for region, each in servers.items()}
        self.on_tick(fleet)

    def nearest(self, request: Request, fleet: Control) -> Balancer:
        """The balancer that a client asks; the first one where it is from nowhere."""
        return self.balancers.get(fleet.home(request), next(iter(self.balancers.values())))

    def route(self, request: Request, fleet: Control) -> int:
        fleet.at(fleet.now, partial(self.queue, self.nearest(request, fleet), request, fleet))
        return HOLD

    def queue(self, balancer: Balancer, request: Request, fleet: Control) -> None:
        """A request is with a balancer, from a client or from a peer."""
        balancer.queue.append(request)
        self.push(balancer, fleet)

    def on_tick(self, fleet: Control) -> None:
        for here in self.balancers.values():
            here.open = self.available(here.servers, fleet)
            for peer in self.balancers.values() if self.offload else ():
                if peer is not here and (peer.region, here.region) not in self.forbidden:
                    news = partial(self.hear, peer, here.region, len(here.open), len(here.queue))
                    fleet.at(fleet.now + fleet.wide.latency_s(here.region, peer.region), news)
            self.push(here, fleet)

    def hear(self, balancer: Balancer, region: str, servers: int, queued: int) -> None:
        """A balancer hears from a peer, which may be sent to if it has a server to spare and hardly a queue."""
        balancer.peers.pop(region, None)
        if servers and queued <= self.buffer:
            balancer.peers[region] = queued

    def available(self, servers: list[int], fleet: Control) -> list[int]:
        """SP-P: the servers at which nothing is pending, as of the last probe."""
        return [server for server in servers if fleet.queues[0][server] == 0]

    def push(self, balancer: Balancer, fleet: Control) -> None:
        """What can go goes, from the head of the queue."""
        while balancer.queue:
            request = balancer.queue[0]
            if balancer.open:
                server = self.server(request, balancer, fleet)
                balancer.to_servers.insert(request.hash_ids, server)
                fleet.send(request.id, server)
            elif balancer.peers and balancer is self.nearest(request, fleet):
                peer = self.balancers[self.peer(request, balancer)]
                balancer.to_peers.insert(request.hash_ids, peer.region)
                fleet.forward(request.id, peer.region, partial(self.queue, peer, request, fleet))
            else:
                return
            balancer.queue.popleft()

    def server(self, request: Request, balancer: Balancer, fleet: Control) -> int:
        load = fleet.outstanding
        return balancer.to_servers.choose(request.hash_ids, balancer.open, load.__getitem__, self.least_share)

    def peer(self, request: Request, balancer: Balancer) -> str:
        queued = balancer.peers
        return balancer.to_peers.choose(request.hash_ids, list(queued), queued.__getitem__, self.least_share)
