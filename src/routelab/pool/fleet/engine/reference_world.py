"""What the plain engine's world is made of: requests and servers, with the memory that they hold."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
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
    hashes: tuple[int, ...] = ()
    produced: int = 0
    computed: int = 0
    cached: int = 0
    preemptions: int = 0
    scheduled_s: float = math.nan
    first_token_s: float = math.nan
    last_token_s: float = math.nan
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
    users: dict[int, int] = field(default_factory=dict)
    unused: OrderedDict[int, None] = field(default_factory=OrderedDict)
    step_end: float = math.inf
    step_tokens: int = 1
    swap_s: float = 0.0
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
        return self.room + len(self.unused) * self.unit_blocks

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
        """By priority, behind those of the same or in front of them."""
        ahead = [each for each in self.waiting if each.priority > request.priority]
        same = [each for each in self.waiting if each.priority == request.priority]
        self.waiting.insert(len(ahead) + (0 if front else len(same)), request)

    def take(self, blocks: int) -> None:
        if blocks < 0:
            self.give_back(-blocks)
            return
        while self.room < blocks:
            oldest, _ = self.unused.popitem(last=False)
            del self.users[oldest]
            self.count(self.unit_blocks)
        self.count(-blocks)

    def allocate(self, request: Request, blocks: int) -> None:
        self.take(blocks)
        request.held += blocks

    def release(self, request: Request) -> None:
        """Give back what it holds; its content stays cached, unused, until the memory is needed."""
        self.give_back(request.held)
        for content in reversed(request.hashes[: request.units]):
            self.users[content] -= 1
            if self.users[content] == 0:
                self.unused[content] = None
        request.held = request.units = 0

    def share(self, request: Request, unit: int) -> None:
        """Put the content that it has computed whole into the cache."""
        if unit == 0 or not self.spec.prefix_cache:
            return
        while request.units < min(request.computed // unit, len(request.hashes)):
            content = request.hashes[request.units]
            if content in self.users:
                self.give_back(self.unit_blocks)
            self.users[content] = self.users.get(content, 0) + 1
            self.unused.pop(content, None)
            request.held -= self.unit_blocks
            request.units += 1

    def cached_units(self, request: Request, unit: int) -> int:
        """How many blocks of its content are here, leaving at least one token to compute."""
        if unit == 0 or not self.spec.prefix_cache:
            return 0
        found = 0
        for content in request.hashes[: (request.target - 1) // unit]:
            if content not in self.users:
                break
            found += 1
        return found


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
        for name in ("id", "prompt", "produced", "computed", "priority", "preemptions", "arrival_s"):
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
