"""What the plain engine's world is made of: requests and servers, with the memory that they hold."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from routelab.pool.fleet.engine.interface import DECODING, LIVE, PARKED, RUNNING, WAITING, Moved, Servers, ServerSpec


@dataclass(eq=False)
class Request:
    id: int
    arrival_s: float
    prompt: int
    output: int
    priority: int = 0
    adapter: int = -1
    hashes: tuple[int, ...] = ()
    produced: int = 0
    computed: int = 0
    cached: int = 0
    preemptions: int = 0
    scheduled_s: float = math.nan
    first_token_s: float = math.nan
    last_token_s: float = math.nan
    queued_s: float = 0.0
    chunk: int = 0  # of its prompt, in the step under way
    held: int = 0  # blocks of its own
    units: int = 0  # blocks of content that it shares through the cache
    swapped: bool = False
    decodes: bool = False  # it is in a batch and its prompt is done

    @property
    def target(self) -> int:
        """Tokens that must be computed before the next one is known."""
        return self.prompt + self.produced

    @property
    def may_decode(self) -> bool:
        return self.produced > 0 and self.computed == self.target - 1


class Shelf:
    """Contents that are here, with how many use each; of those that nobody uses the longest unused goes first."""

    def __init__(self, room: int = 0) -> None:
        self.room = room
        self.users: dict[int, int] = {}
        self.unused: dict[int, None] = {}

    def use(self, content: int) -> None:
        self.users[content] = self.users.get(content, 0) + 1
        self.unused.pop(content, None)

    def leave(self, content: int) -> None:
        self.users[content] -= 1
        if self.users[content] == 0:
            self.unused[content] = None

    def forget_oldest(self) -> int:
        oldest = next(iter(self.unused))
        del self.unused[oldest], self.users[oldest]
        return oldest

    def put(self, content: int) -> None:
        """Unused content comes to a shelf with limited room, as its newest."""
        if self.room == 0:
            return
        if content not in self.users and len(self.users) >= self.room:
            self.forget_oldest()
        self.use(content)
        self.leave(content)


@dataclass(eq=False)
class Device:
    """What servers on one device share: bytes for keys, and whose turn it is."""

    free_bytes: int
    turn: Server | None = None
    queue: deque[Server] = field(default_factory=deque)
    servers: list[Server] = field(default_factory=list)
    freed: bool = False


@dataclass(eq=False)
class Server:
    index: int
    spec: ServerSpec
    free: int
    device: Device | None = None
    unit_blocks: int = 1
    active: bool = True
    slowdown: float = 1.0
    waiting: deque[Request] = field(default_factory=deque)
    running: list[Request] = field(default_factory=list)
    parked: list[Request] = field(default_factory=list)
    batch: list[Request] = field(default_factory=list)
    keys: Shelf = field(default_factory=Shelf)
    host: Shelf = field(default_factory=Shelf)
    loaded: Shelf = field(default_factory=Shelf)  # adapters
    cost: int = 0
    step_end: float = math.inf
    began_s: float = 0.0
    visible_s: float = math.inf
    step_tokens: int = 1
    pending_s: float = 0.0
    pressed: int = 0
    ask_at: int = 0
    clock: int = 0
    decode_steps: int = 0
    preemptions: int = 0
    busy_s: float = 0.0

    @property
    def room(self) -> int:
        """Blocks that are free, here and on the device."""
        if self.device is None:
            return self.free
        return min(self.free, self.device.free_bytes // self.spec.block_bytes)

    @property
    def available(self) -> int:
        """Blocks that are free, or are as soon as content that nobody uses is forgotten."""
        return self.room + len(self.keys.unused) * self.unit_blocks

    @property
    def extra_s(self) -> float:
        """What the next step takes besides its batch: for what it waits, and for each adapter in use."""
        return self.pending_s + self.adapters_used * self.spec.adapter_step_s

    @property
    def adapters_used(self) -> int:
        return len(self.loaded.users) - len(self.loaded.unused)

    def give_back(self, blocks: int) -> None:
        self.count(blocks)
        if self.device is not None:
            self.device.freed |= blocks > 0

    def count(self, blocks: int) -> None:
        self.free += blocks
        if self.device is not None:
            self.device.free_bytes += blocks * self.spec.block_bytes

    @property
    def most_blocks(self) -> int:
        """Blocks that a lone request may take."""
        if self.device is None:
            return self.spec.kv_blocks
        return min(self.spec.kv_blocks, self.spec.device_bytes // self.spec.block_bytes)

    def queue(self, request: Request, *, front: bool) -> None:
        """Before the first of the same priority or a lower one, or behind the last of the same or a higher one."""
        goes_before = [each.priority <= request.priority if front else False for each in self.waiting]
        place = goes_before.index(True) if front and any(goes_before) else len(self.waiting)
        while not front and place > 0 and self.waiting[place - 1].priority < request.priority:
            place -= 1
        self.waiting.insert(place, request)

    def has_adapter(self, request: Request) -> bool:
        """Whether a request needs none, or its adapter is loaded or there is room for it."""
        most = self.spec.adapters
        return most == 0 or request.adapter < 0 or request.adapter in self.loaded.users or self.adapters_used < most

    def start(self, request: Request) -> None:
        """Into the batch, with its adapter."""
        self.running.append(request)
        if request.adapter < 0 or self.spec.adapters == 0:
            return
        if request.adapter not in self.loaded.users:
            if len(self.loaded.users) >= self.spec.adapters:
                self.loaded.forget_oldest()
            self.pending_s += self.spec.adapter_load_s
        self.loaded.use(request.adapter)

    def stop(self, request: Request) -> None:
        """Out of the batch; what it holds is still held."""
        self.running.remove(request)
        if request in self.batch:
            self.batch.remove(request)
        if request.adapter >= 0 and self.spec.adapters > 0:
            self.loaded.leave(request.adapter)

    def take(self, blocks: int) -> None:
        if blocks < 0:
            self.give_back(-blocks)
            return
        while self.room < blocks:
            self.forget_oldest()
        self.count(-blocks)

    def forget_oldest(self) -> None:
        """Free the memory of the content that was unused longest; the host keeps it, where it has room."""
        self.host.put(self.keys.forget_oldest())
        self.count(self.unit_blocks)

    def allocate(self, request: Request, blocks: int) -> None:
        self.take(blocks)
        request.held += blocks

    def release(self, request: Request) -> None:
        """Give back what it holds; its content stays cached, unused, until the memory is needed."""
        self.give_back(request.held)
        for content in reversed(request.hashes[: request.units]):
            self.keys.leave(content)
        request.held = request.units = 0

    def share(self, request: Request, unit: int) -> None:
        """Put the content that it has computed whole into the cache."""
        if unit == 0 or not self.spec.prefix_cache:
            return
        while request.units < min(request.computed // unit, len(request.hashes)):
            content = request.hashes[request.units]
            if content in self.keys.users:
                self.give_back(self.unit_blocks)
            self.keys.use(content)
            request.held -= self.unit_blocks
            request.units += 1

    def cached_units(self, request: Request, unit: int) -> int:
        """How many blocks of its content are here, leaving at least one token to compute."""
        if unit == 0 or not self.spec.prefix_cache:
            return 0
        found = 0
        for content in request.hashes[: (request.target - 1) // unit]:
            if content not in self.keys.users:
                break
            found += 1
        return found

    def units_in_host(self, request: Request, unit: int, found: int) -> int:
        """How many blocks of its content, after those found here, are in the host."""
        more = found
        while unit and more < min(len(request.hashes), (request.target - 1) // unit):
            if request.hashes[more] not in self.host.users:
                break
            more += 1
        return more - found

    def load(self, request: Request, found: int, units: int) -> None:
        """Bring blocks of content from the host, after those found here; the next step waits for them."""
        for content in request.hashes[found : found + units]:
            self.host.put(content)
        self.pending_s += units * self.unit_blocks * self.spec.load_s


def columns(servers: Sequence[Server]) -> Servers:
    """How the servers stand."""
    asked = [[blocks_of(r.target, s.spec.block_tokens) for r in s.waiting] for s in servers]
    found = [
        [len(s.waiting) for s in servers],
        [len(s.running) for s in servers],
        [s.available for s in servers],
        [sum(r.computed for r in s.running if r.decodes) for s in servers],
        [blocks[0] if blocks else 0 for blocks in asked],
        [sum(blocks) for blocks in asked],
    ]
    return Servers(*np.array(found, dtype=np.int64))


def live_rows(found: Sequence[tuple[Server, Request]]) -> NDArray[np.void]:
    """`LIVE` rows of requests at servers."""
    rows = np.zeros(len(found), dtype=LIVE)
    for row, (server, request) in zip(rows, found, strict=True):
        state = WAITING if request in server.waiting else RUNNING
        state = PARKED if request in server.parked else state
        state = DECODING if request.decodes else state
        row["slot"], row["server"], row["state"] = request.id, server.index, state
        for name in ("id", "prompt", "produced", "computed", "priority", "adapter", "preemptions", "arrival_s"):
            row[name] = getattr(request, name)
        row["blocks"] = blocks_of(request.computed, server.spec.block_tokens)
    return rows


def blocks_of(tokens: int, size: int) -> int:
    return -(-tokens // size)


def crossed(tokens: int, more: int, size: int) -> int:
    """Blocks begun by writing so many more tokens."""
    return blocks_of(tokens + more, size) - blocks_of(tokens, size)


def victim(server: Server) -> Request:
    """The last admitted of the lowest priority."""
    lowest = min(request.priority for request in server.running)
    return [request for request in server.running if request.priority == lowest][-1]


def moved(request: Request) -> Moved:
    return Moved(**{name: getattr(request, name) for name in Moved._fields})
