"""The fleet in the hands of a policy: the servers as it sees them, and the verbs by which it acts."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Floats, Ints
from routelab.core.errors import ContractError, InputError
from routelab.pool.fleet.build import Fleet
from routelab.pool.fleet.engine import CompiledEngine, Moved
from routelab.pool.fleet.engine.interface import DROPPED, Servers
from routelab.pool.fleet.links import Link
from routelab.pool.fleet.migration import Migration
from routelab.pool.fleet.policy import Request
from routelab.pool.fleet.regions import WideArea


@dataclass
class Control:
    """``held``: requests by id that no server has, in the order in which they were held. Times are seconds.

    What begins with an underscore knows how long answers will be, and is not for policies.
    """

    fleet: Fleet
    _engine: CompiledEngine
    oracle: bool = False
    seed: int = 0
    held: dict[int, Request] = field(default_factory=dict)
    migrations: int = 0
    _timers: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)
    _view: Servers | None = None
    _kept: dict[int, Moved] = field(default_factory=dict)

    def __post_init__(self) -> None:
        servers = self.fleet.servers
        self.links = [Link(gb_s=self.fleet.spec.link_gb_s) for _ in servers]
        self.kv_blocks = np.array([server.spec.kv_blocks for server in servers])
        self.block_tokens = np.array([server.spec.block_tokens for server in servers])
        self.block_bytes = np.array([s.kv_token_bytes * s.spec.block_tokens for s in servers])
        self.regions = [server.pool.region for server in servers]
        self.wide = WideArea(self.fleet.spec)
        self.active = np.ones(len(servers), dtype=bool)
        self._on = self.active.copy()  # active, or starting
        self._on_since = np.zeros(len(servers))
        self._on_s = np.zeros(len(servers))
        self._homes: tuple[str, ...] = ()
        self._candidates: list[Ints] = []
        self._serving: list[frozenset[int]] = []
        self._truth: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.fleet.servers)

    # What is seen.

    @property
    def now(self) -> float:
        return self._engine.now

    @property
    def view(self) -> Servers:
        """The servers as of the last probe, or as they are where nothing is probed."""
        return self._engine.observe() if self._view is None else self._view

    @property
    def outstanding(self) -> Ints:
        """Requests that wait or run at each server, as of the last probe; cheaper than `view` without one."""
        waiting, running = self.queues
        return waiting + running

    @property
    def queues(self) -> tuple[Ints, Ints]:
        """Requests that wait, and that run, at each server, as of the last probe."""
        if self._view is not None:
            return self._view.waiting, self._view.running
        return self._engine.servers["waiting"], self._engine.servers["running"]

    def probe(self) -> None:
        """Look at the servers, for all that is decided until the next probe."""
        self._view = self._engine.observe()

    def candidates(self, request: Request) -> Ints:
        """The servers that have a request's model."""
        return self._candidates[request.model]

    def servers_of(self, model: int) -> Ints:
        """The servers that have a model, by its number in the block of arrivals."""
        return self._candidates[model]

    def home(self, request: Request) -> str:
        """The region from which a request was asked."""
        return self._homes[request.region] if self._homes else ""

    def true_output_tokens(self, request: int) -> int:
        """How long an answer will be. Raises ContractError for a policy whose name does not begin with Oracle."""
        if not self.oracle:
            expected = "a policy whose name begins with Oracle"
            raise ContractError("true_output_tokens", expected=expected, got="another", fix="rename it, or do without")
        return self._truth[request]

    def least_loaded(self, role: int) -> int:
        """The active server of a role with the fewest requests."""
        fits = np.array([server.spec.role == role for server in self.fleet.servers]) & self.active
        if not fits.any():
            raise ContractError("fleet pools", expected="an active server that decodes", got="none", fix="add one")
        return int(np.where(fits, self.outstanding, np.iinfo(np.int64).max).argmin())

    def live(self) -> NDArray[np.void]:
        """The requests in servers (`LIVE` rows), as they are."""
        return self._engine.live()

    def queue(self, server: int) -> NDArray[np.void]:
        """The requests that wait at a server (`LIVE` rows), from the head of its queue."""
        return self._engine.queue(server)

    # Verbs.

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

    def at(self, time_s: float, then: Callable[[], None]) -> None:
        """Do something at a time."""
        heapq.heappush(self._timers, (time_s, next(self._order), then))

    def stop(self, server: int) -> None:
        """A server begins no more iterations, also if it was starting, and costs nothing from now on."""
        if self._on[server]:
            self._on_s[server] += self.now - self._on_since[server]
        self._on[server] = self.active[server] = False
        self._engine.set_active(server, False)

    def start(self, server: int, after_s: float = 0.0) -> None:
        """A server is there again after its cold start, and costs from now on; nothing where it is on its way."""
        if self._on[server]:
            return
        self._on[server], since = True, self.now
        self._on_since[server] = since

        def up() -> None:
            if self._on[server] and self._on_since[server] == since:
                self.active[server] = True
                self._engine.set_active(server, True)

        self.at(self.now + after_s, up)

    def set_limit(self, server: int, blocks: int) -> bool:
        """Take blocks of a server's memory away, or give them back where negative; False where they are in use."""
        return self._engine.reserve(server, blocks)

    def hand_over(self, slot: int, server: int, target: int) -> None:
        """Send a request's keys to another server, which goes on with it; they stay here until they are there."""
        size = self._size_of(slot)
        self.at(self.links[server].send(self.now, size), lambda: self._arrive(slot, target))

    def _arrive(self, slot: int, target: int) -> None:
        self._engine.put(self._engine.withdraw(slot), target, front=True)

    def _size_of(self, slot: int) -> float:
        rows = self._engine.live()
        row = rows[rows["slot"] == slot][0]
        return float(row["blocks"] * self.block_bytes[row["server"]])

    def migrate(self, request: int, target: int, *, recompute: bool = False) -> Migration:
        """Live migration: copy while it decodes, stop for the last blocks, go on at the target; see `Migration`.

        Given up where the request ends or is preempted, or the target has no room. With ``recompute`` nothing is
        copied: it stops at once, and the target computes its keys again.
        """
        migration = Migration(self, request, target)
        migration.begin(recompute=recompute)
        return migration

    # For the simulator.

    def keep(self, request: Request, moved: Moved) -> None:
        """Hold a request that no server has."""
        self.held[request.id], self._kept[request.id] = request, moved

    def deliver(self, request: Request, moved: Moved, server: int) -> None:
        """Put a request that no server has into the queue of one, when it is there."""
        region = self.regions[server]
        there = self.wide.go(request.id, self.home(request), region, request.input_tokens, self.now)
        if there > self.now:
            self.at(there, lambda: self._put(moved, server))
        else:
            self._put(moved, server)

    def _put(self, moved: Moved, server: int) -> None:
        self._engine.put(moved, server)

    def next_timer(self) -> float:
        return self._timers[0][0] if self._timers else float("inf")

    def run_timers(self) -> None:
        while self._timers and self._timers[0][0] <= self.now:
            heapq.heappop(self._timers)[2]()

    def learn(self, block: Arrivals, first_id: int, *, any_model: bool = False) -> None:
        """A block of arrivals is coming: which servers have its models. Raises InputError where none has one.

        With `any_model` a request that names no model may go to every server.
        """
        names = [server.pool.model for server in self.fleet.servers]
        asked = block.models or ("",)
        self.wide.check("arrivals region", block.regions)
        self._homes = block.regions
        if asked == ("",) and len(set(names)) > 1 and not any_model:
            expected = f"the model of every request, one of {', '.join(dict.fromkeys(names))}"
            raise InputError("arrivals model", expected=expected, got="none", fix="name models in the workload")
        for model in asked:
            if model and model not in names:
                known = ", ".join(dict.fromkeys(names))
                raise InputError(
                    "arrivals model", expected=f"a model of the fleet ({known})", got=model, fix="add a pool"
                )
        self._candidates = [np.array([k for k, name in enumerate(names) if model in ("", name)]) for model in asked]
        self._serving = [frozenset(servers.tolist()) for servers in self._candidates]
        if self.oracle:
            self._truth = dict(enumerate(block.output_tokens.tolist(), first_id))

    def serves(self, server: int, request: Request) -> bool:
        """Whether a server has a request's model."""
        return server in self._serving[request.model]

    def on_seconds(self, start: float) -> Floats:
        """How long each server was there since the first arrival."""
        running = np.where(self._on, self.now - np.maximum(self._on_since, start), 0.0)
        return np.maximum(self._on_s + running, 0.0)

    def usage(self) -> dict[str, Floats]:
        """Seconds that each server was busy, computed, moved bytes and communicated."""
        return {name: self._engine.servers[name].copy() for name in ("busy_s", "compute_s", "memory_s", "links_s")}


def requests_of(block: Arrivals, first_id: int) -> list[Request]:
    """The requests of a block as policies see them."""
    columns = [block.time_s, block.input_tokens]
    columns += [block.column("priority"), block.column("model"), block.column("region")]
    columns += [block.column("session", -1), block.column("query", -1)]
    hashes: list[tuple[int, ...]] = [()] * len(block)
    if len(block.hash_starts):
        ids, starts = block.hash_ids.tolist(), block.hash_starts.tolist()
        stops = np.minimum(block.hash_starts[1:], block.hash_starts[:-1] + block.input_tokens // block.hash_tokens)
        hashes = [tuple(ids[start:stop]) for start, stop in zip(starts, stops.tolist())]  # blocks of answers are hidden
    rows = zip(*(column.tolist() for column in columns), hashes, strict=True)
    return [Request(place, *row) for place, row in enumerate(rows, first_id)]
