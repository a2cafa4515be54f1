"""The verbs of a policy: what it may do to requests and servers. Every move occupies a link.

What begins with an underscore knows how long answers will be, and is not for policies.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from routelab.core.decisions import Ints
from routelab.core.errors import ContractError, shorten
from routelab.pool.fleet.build import Fleet, Server
from routelab.pool.fleet.engine import CompiledEngine, Moved
from routelab.pool.fleet.engine.interface import DROPPED, PARKED
from routelab.pool.fleet.links import Link
from routelab.pool.fleet.meter import Meter
from routelab.pool.fleet.migration import Migration
from routelab.pool.fleet.policy import Request
from routelab.pool.fleet.regions import WideArea

Lengths = Callable[[Request, int], tuple[int, int]]
"""The tokens of prompt and answer, where they depend on the server that is chosen."""


@dataclass
class Verbs:
    """``held``: requests by id that no server has, in the order in which they were held. Times are seconds.

    ``active``: servers that begin steps; ``up``: those that are not broken; ``loaded``: that have their weights.
    """

    fleet: Fleet
    _engine: CompiledEngine
    held: dict[int, Request] = field(default_factory=dict)
    migrations: int = 0
    faults: int = 0
    _kept: dict[int, Moved] = field(default_factory=dict)
    _paused: dict[int, tuple[Moved, int, int]] = field(default_factory=dict)
    _timers: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)
    _known: dict[int, Request] = field(default_factory=dict)
    _lengths: Lengths | None = None
    _remembers: bool = False
    _homes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        servers = self.fleet.servers
        self.links = [Link(gb_s=self.fleet.spec.link_gb_s) for _ in servers]
        self.block_bytes = np.array([server.kv_token_bytes * server.spec.block_tokens for server in servers])
        self.regions = [server.pool.region for server in servers]
        self.wide = WideArea(self.fleet.spec)
        self.active = np.ones(len(servers), dtype=bool)
        self.up = np.ones(len(servers), dtype=bool)
        self.weights = [int(server.weight_bytes) for server in servers]
        self.loaded = np.array([server.pool.loaded or not server.pool.shared for server in servers])
        self._loaded_s = np.zeros(len(servers))
        self.meter = Meter(self.fleet, self._engine)
        for place, server in enumerate(servers):
            if not self.loaded[place]:
                self._set_active(place, False)
            elif server.pool.shared:
                self._engine.claim(place, self.weights[place])

    @property
    def now(self) -> float:
        return self._engine.now

    def home(self, request: Request) -> str:
        """The region from which a request was asked."""
        return self._homes[request.region] if self._homes else ""

    # Requests.

    def send(self, request: int, server: int) -> None:
        """Give a held request to a server."""
        self.deliver(self.held.pop(request), self._kept.pop(request), server)

    def forward(self, request: int, region: str, then: Callable[[], None]) -> None:
        """Take a held request to a region; it is still held when it is there."""
        asked = self.held[request]
        self.at(self.wide.go(request, self.home(asked), region, asked.input_tokens, self.now), then)

    def drop(self, request: int) -> None:
        """End a held request without an answer."""
        del self.held[request]
        self._engine.end(self._kept.pop(request), DROPPED)

    def reorder(self, server: int, slots: Ints) -> None:
        """The queue of a server in another order: the slots of all of it, the next one first."""
        here = self._engine.queue(server)["slot"]
        if not np.array_equal(np.sort(slots), np.sort(here)):
            expected, got = (", ".join(map(str, np.sort(each).tolist())) for each in (here, slots))
            expected = f"the slots of all that wait ({shorten(expected)})"
            raise ContractError(f"reorder {server}", expected=expected, got=shorten(got), fix="see Control.queue")
        self._engine.reorder(server, slots)

    def preempt(self, slot: int) -> None:
        """Back to the head of the queue, as where memory runs out: its keys swapped or dropped, as its pool says."""
        self._engine.preempt(slot)

    def pause(self, slot: int) -> int:
        """A request stops and keeps its memory, until `resume`; its id."""
        row = self._engine.row(slot)
        server, blocks = int(row["server"]), int(row["blocks"])
        moved = self._engine.withdraw(slot)
        self._engine.reserve(server, blocks)
        self._paused[moved.id] = moved, server, blocks
        return moved.id

    def resume(self, request: int) -> None:
        """A paused request goes on, before all that wait."""
        moved, server, blocks = self._paused.pop(request)
        self._engine.put(moved, server, front=True)
        self._engine.reserve(server, -blocks)

    def hand_over(self, slot: int, server: int, target: int) -> None:
        """Send a request's keys to another server, which goes on with it; they stay here until they are there."""
        row = self._engine.row(slot)
        if row["state"] != PARKED:
            raise IndexError(f"slot {slot}, in which no request waits to be handed over")
        request, size = int(row["id"]), float(row["blocks"] * self.block_bytes[server])
        self.at(self.between(server, target).send(self.now, size), lambda: self._arrive(slot, request, target))

    def _arrive(self, slot: int, request: int, target: int) -> None:
        row = self._engine.row(slot)
        if row["state"] == PARKED and row["id"] == request:  # its server has not broken down since
            self._land(self._engine.withdraw(slot), target)

    def _land(self, moved: Moved, server: int) -> None:
        """A request arrives with its keys; where the server is broken another one computes them again."""
        there = self.stand_in(server)
        self._engine.put(moved if there == server else moved._replace(computed=0), there, front=True)

    def between(self, server: int, target: int) -> Link:
        """What keys travel on from a server to another: its own link, or the one between their regions."""
        return self.wide.links.get((self.regions[server], self.regions[target]), self.links[server])

    def migrate(self, request: int, target: int, *, recompute: bool = False) -> Migration:
        """Live migration: copy while it decodes, stop for the last blocks, go on at the target; see `Migration`.

        Given up where the request ends or is preempted, or the target has no room. With ``recompute`` nothing is
        copied: it stops at once, and the target computes its keys again.
        """
        migration = Migration(self, request, target)
        migration.begin(recompute=recompute)
        return migration

    # Servers.

    def stop(self, server: int) -> None:
        """A server begins no more iterations, also if it was starting, and costs nothing from now on."""
        self.meter.turn(server, False)
        self._set_active(server, False)

    def start(self, server: int, after_s: float = 0.0) -> None:
        """A server is there again after its cold start, and costs from now on; nothing where it is on its way."""
        if self.meter.on[server]:
            return
        self.meter.turn(server, True)
        since = self.now
        self.at(since + after_s, lambda: self._begin(server, since))

    def _begin(self, server: int, since: float) -> None:
        if self.meter.on[server] and self.meter.since_s[server] == since and self.up[server]:
            self._set_active(server, True)

    def load(self, server: int, after_s: float | None = None) -> bool:
        """Bring the weights of a server to its shared device, by default over the host's link; False without room."""
        if self.loaded[server] or not self._engine.claim(server, self.weights[server]):
            return False
        self.loaded[server], self._loaded_s[server] = True, self.now
        since, took = self.now, self.fleet.servers[server].load_s if after_s is None else after_s
        self.at(since + took, lambda: self._loaded(server, since))
        return True

    def _loaded(self, server: int, since: float) -> None:
        if self.loaded[server] and self._loaded_s[server] == since and self.up[server]:
            self._set_active(server, True)

    def unload(self, server: int) -> bool:
        """Take the weights of a server off its shared device; False where it has requests, or is not loaded."""
        if not self.loaded[server] or self._busy[server]:
            return False
        self.loaded[server] = False
        self._set_active(server, False)
        return self._engine.claim(server, -self.weights[server])

    def set_limit(self, server: int, blocks: int) -> bool:
        """Take blocks of a server's memory away, or give them back where negative; False where they are in use.

        On a shared device the other servers may use what this one may not.
        """
        spec = self.fleet.servers[server].spec
        size = blocks * spec.block_bytes
        if spec.device < 0:
            return self._engine.reserve(server, blocks)
        if blocks < 0:
            return self._engine.claim(server, -size) and self._engine.reserve(server, blocks)
        return self._engine.reserve(server, blocks) and self._engine.claim(server, -size)

    def set_clock(self, server: int, level: int) -> None:
        """Run at one of the clocks of its pool, by its place there."""
        self.meter.set_clock(server, self.fleet.servers[server].pool.clocks[level])
        self._engine.set_cost(server, self.fleet.servers[server].clock_costs[level])

    def fail(self, server: int) -> list[int]:
        """A server breaks down: its requests are held, with nothing computed, until they are sent on; their ids."""
        if not self._remembers:
            expected = "a pool with `faults`, or a policy with on_fault"
            raise ContractError(f"fail {server}", expected=expected, got="neither", fix="say what becomes of requests")
        self.up[server] = self.active[server] = False
        self.faults += 1
        lost = self._engine.fail(server)
        for moved in lost:
            self.held[moved.id], self._kept[moved.id] = self._known[moved.id], moved
        return [moved.id for moved in lost]

    def repair(self, server: int) -> None:
        """A broken server is there again."""
        self.up[server] = True
        if self.meter.on[server] and self.loaded[server]:
            self._set_active(server, True)

    def stand_in(self, server: int) -> int:
        """A server, or where it is broken, the least loaded of those with its model and role that are not."""
        if self.up[server]:
            return server
        there = self.fleet.servers
        same = [k for k, each in enumerate(there) if self.up[k] and _alike(each, there[server])]
        return same[int(self._busy[same].argmin())] if same else server

    @property
    def _busy(self) -> Ints:
        """Requests that wait or run at each server now."""
        busy: Ints = self._engine.waiting + self._engine.running
        return busy

    def _set_active(self, server: int, active: bool) -> None:
        self.active[server] = active
        self._engine.set_active(server, active)

    # For the simulator.

    def at(self, time_s: float, then: Callable[[], None]) -> None:
        """Do something at a time."""
        heapq.heappush(self._timers, (time_s, next(self._order), then))

    def keep(self, request: Request, moved: Moved) -> None:
        """Hold a request that no server has."""
        self.held[request.id], self._kept[request.id] = request, moved

    def set_up(self, lengths: Lengths | None, *, remembers: bool) -> None:
        """Lengths that depend on who answers, and whether requests are kept until they end."""
        self._lengths, self._remembers = lengths, remembers

    def remember(self, request: Request) -> None:
        """A request comes to be routed; it is kept where somebody will have to know it again."""
        if self._remembers:
            self._known[request.id] = request

    def forget(self, ended: Iterable[int]) -> list[Request]:
        """Requests ended; those that were kept."""
        return [self._known.pop(request) for request in ended] if self._remembers else []

    def deliver(self, request: Request, moved: Moved, server: int) -> None:
        """Put a request that no server has into the queue of one, when it is there."""
        if self._lengths is not None and moved.produced == 0:
            prompt, output = self._lengths(request, server)
            moved = moved._replace(prompt=prompt, output=output)
        region = self.regions[server]
        there = self.wide.go(request.id, self.home(request), region, request.input_tokens, self.now)
        if there > self.now:
            self.at(there, lambda: self._put(moved, server))
        else:
            self._put(moved, server)

    def _put(self, moved: Moved, server: int) -> None:
        self._engine.put(moved, self.stand_in(server))

    def next_timer(self) -> float:
        return self._timers[0][0] if self._timers else float("inf")

    def run_timers(self) -> None:
        while self._timers and self._timers[0][0] <= self.now:
            heapq.heappop(self._timers)[2]()


def _alike(one: Server, other: Server) -> bool:
    return one.pool.model == other.pool.model and one.spec.role == other.spec.role
