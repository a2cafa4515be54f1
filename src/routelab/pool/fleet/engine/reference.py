"""The engine in plain Python, one token of one request at a time: slow, and easy to check against its contract.

It is the oracle of the compiled engine's tests. Nothing here is shared with that engine but the price of a step.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Ints
from routelab.pool.fleet.cost.step import StepCost
from routelab.pool.fleet.engine import interface as what
from routelab.pool.fleet.engine import reference_world as world
from routelab.pool.fleet.engine.interface import DONE, LIVE, UNROUTED, Event, Moved, Servers, ServerSpec
from routelab.pool.fleet.engine.reference_batching import Batching
from routelab.pool.fleet.engine.reference_world import Device, Request, Server, Shelf


class ReferenceEngine(Batching):
    """See `interface`."""

    def __init__(self, costs: Sequence[StepCost], servers: Sequence[ServerSpec]) -> None:
        super().__init__(costs)
        self.ask = False
        devices = {spec.device: Device(spec.device_bytes) for spec in servers if spec.device >= 0}
        made = ((spec, spec.kv_blocks, devices.get(spec.device)) for spec in servers)
        self.servers = [Server(index, *each) for index, each in enumerate(made)]
        for server in self.servers:
            server.cost = server.spec.cost
            if server.device is not None:
                server.device.servers.append(server)
        self._arrivals: deque[tuple[Request, int]] = deque()
        self._pending: Request | None = None
        self._asking: tuple[Server, int] | None = None
        self._first_id = 0
        self._more = False

    def feed(self, arrivals: Arrivals, targets: Ints, first_id: int, *, more: bool = False) -> None:
        self._more, self._first_id = more, first_id
        self._unit = arrivals.hash_tokens if len(arrivals.hash_starts) else 0
        for server in self.servers:
            server.unit_blocks = max(self._unit // server.spec.block_tokens, 1)
            server.host.room = server.spec.host_blocks // server.unit_blocks if self._unit else 0
        kinds = np.stack([arrivals.column("priority"), arrivals.column("adapter", -1)], axis=1).tolist()
        for row in range(len(arrivals)):
            hashes = arrivals.hash_ids[slice(*arrivals.hash_starts[row : row + 2])].tolist() if self._unit else []
            lengths = int(arrivals.input_tokens[row]), int(arrivals.output_tokens[row])
            priority, adapter = kinds[row]
            request = Request(
                first_id + row, float(arrivals.time_s[row]), *lengths, priority, adapter, hashes=tuple(hashes)
            )
            self._arrivals.append((request, int(targets[row])))

    def route(self, server: int, lengths: tuple[int, int] | None = None) -> None:
        request = self._arrived()
        request.prompt, request.output = lengths or (request.prompt, request.output)
        self._enqueue(self.servers[server], request)

    def take(self) -> Moved:
        return world.moved(self._arrived())

    def put(self, moved: Moved, server: int, *, front: bool = False) -> int:
        return self._enqueue(self.servers[server], Request(**moved._asdict()), front=front)

    def end(self, moved: Moved, status: int) -> None:
        self._record(Request(**moved._asdict()), UNROUTED, status)

    def withdraw(self, slot: int) -> Moved:
        server, request = self._where.pop(slot)
        if request in server.running:
            server.stop(request)
        else:
            (server.waiting if request in server.waiting else server.parked).remove(request)
        server.release(request)
        self._look_again(server)
        return world.moved(request)

    def allow(self, server: int, count: int, ask_again: int) -> None:
        assert self._asking is not None
        asked, budget = self._asking
        self._asking = None
        asked.ask_at = asked.clock + ask_again
        self._admit(asked, budget, count)
        self._launch(asked)
        if asked.device is not None and math.isinf(asked.step_end):
            self._pass_turn(asked.device, asked)

    def done(self) -> NDArray[np.void]:
        rows = np.array(self._done, dtype=DONE)
        self._done.clear()
        return rows

    def set_active(self, server: int, active: bool) -> None:
        chosen = self.servers[server]
        chosen.active = active
        if active and math.isinf(chosen.step_end):
            self._begin(chosen)

    def set_slowdown(self, server: int, factor: float) -> None:
        self.servers[server].slowdown = factor

    def set_cost(self, server: int, cost: int) -> None:
        self.servers[server].cost = cost

    def claim(self, server: int, size: int) -> bool:
        chosen = self.servers[server]
        device = chosen.device
        assert device is not None
        here = device.servers.index(chosen)
        for other in device.servers[here:] + device.servers[:here]:
            while device.free_bytes < size and other.keys.unused:
                other.forget_oldest()
        if device.free_bytes < size:
            return False
        device.free_bytes -= size
        if size < 0:
            device.freed = True
            self._look_again(chosen)
        return True

    def reorder(self, server: int, slots: Ints) -> None:
        self.servers[server].waiting = deque(self._where[slot][1] for slot in np.asarray(slots).tolist())

    def preempt(self, slot: int) -> None:
        server, request = self._where[slot]
        if request in server.running:
            self._preempt(server, request)
            self._look_again(server)

    def fail(self, server: int) -> list[Moved]:
        chosen = self.servers[server]
        chosen.active = False
        there = [slot for slot, (at, _) in sorted(self._where.items()) if at is chosen]
        lost = [self.withdraw(slot) for slot in there]
        if chosen.step_end < math.inf:
            chosen.busy_s -= chosen.step_end - self.now
        chosen.step_end = math.inf
        chosen.give_back(len(chosen.keys.unused) * chosen.unit_blocks)
        chosen.keys, chosen.host, chosen.loaded = Shelf(), Shelf(chosen.host.room), Shelf()
        if chosen.device is not None and chosen.device.turn is chosen and self._asking is None:
            self._pass_turn(chosen.device, chosen)
        else:
            self._look_again(chosen)
        return [moved._replace(computed=0) for moved in lost]

    def adapters(self, server: int) -> Ints:
        return np.array(sorted(self.servers[server].loaded.users), dtype=np.int64)

    def reserve(self, server: int, blocks: int) -> bool:
        chosen = self.servers[server]
        if blocks > chosen.available:
            return False
        chosen.take(blocks)
        if chosen.device is not None:
            self._look_again(chosen)
        elif math.isinf(chosen.step_end) and self._asking is None:
            self._begin(chosen)
        return True

    def _look_again(self, server: Server) -> None:
        if server.device is not None and server.device.turn is None and self._asking is None:
            self._pass_turn(server.device, server)

    def observe(self) -> Servers:
        return world.columns(self.servers)

    def live(self) -> NDArray[np.void]:
        return np.sort(world.live_rows(list(self._where.values())), order=["server", "id"])

    def row(self, slot: int) -> np.void:
        rows = world.live_rows([self._where[slot]]) if slot in self._where else np.zeros(1, dtype=LIVE)
        return rows[0]

    def queue(self, server: int) -> NDArray[np.void]:
        return world.live_rows([(self.servers[server], each) for each in self.servers[server].waiting])

    def _arrived(self) -> Request:
        request, self._pending = self._pending, None
        assert request is not None
        return request

    def advance(self, until: float) -> Event:
        while not self._events and not self._fresh and not any(server.pressed for server in self.servers):
            if not self._arrivals and self._more:
                return Event(what.STARVED, self.now, UNROUTED, 0)
            first = min(self.servers, key=lambda server: (server.step_end, server.index))
            arrival = self._arrivals[0][0].arrival_s if self._arrivals else math.inf
            if first.step_end <= min(arrival, until) and first.step_end < math.inf:
                self.now = first.step_end
                self._end_step(first)
                self._go_on(first)
            elif arrival <= until and self._arrivals:
                self.now = arrival
                request, target = self._arrivals.popleft()
                if target == UNROUTED:
                    self._pending = request
                    return Event(what.ROUTE, arrival, UNROUTED, request.id - self._first_id)
                self._enqueue(self.servers[target], request)
            elif math.isinf(until):
                return Event(what.STARVED, self.now, UNROUTED, 0)
            else:
                self.now = until
                return Event(what.UNTIL, until, UNROUTED, 0)
        if self._fresh:
            self._fresh, ended = 0, self._fresh
            return Event(what.FINISHED, self.now, UNROUTED, ended)
        for server in self.servers:
            if server.pressed:
                times, server.pressed = server.pressed, 0
                return Event(what.PRESSURE, self.now, server.index, times)
        return self._events.popleft()

    def _enqueue(self, server: Server, request: Request, *, front: bool = False) -> int:
        spec = server.spec
        blocks = -(-request.target // spec.block_tokens) + spec.watermark
        if blocks > server.most_blocks:
            self._record(request, server.index, what.TOO_LONG)
            return UNROUTED
        request.queued_s = self.now
        server.queue(request, front=front)
        self._where[request.id] = server, request
        if math.isinf(server.step_end) and self._asking is None:
            self._begin(server)
        return request.id

    def _go_on(self, server: Server) -> None:
        server.step_end = math.inf
        if server.device is None:
            self._begin(server)
        else:
            server.device.queue.append(server)
            self._pass_turn(server.device, server)

    def _pass_turn(self, device: Device, last: Server) -> None:
        device.turn = None
        while device.turn is None and (device.queue or device.freed):
            if device.freed:
                device.freed = False
                here = device.servers.index(last)
                for other in device.servers[here + 1 :] + device.servers[: here + 1]:
                    if other.waiting and math.isinf(other.step_end) and other not in device.queue:
                        device.queue.append(other)
            if device.queue:
                self._begin(device.queue.popleft())

    def _begin(self, server: Server) -> None:
        if server.device is not None and server.device.turn is not None:
            if server not in server.device.queue:
                server.device.queue.append(server)
            return
        server.step_end, server.batch, server.pending_s = math.inf, [], 0.0
        if not server.active:
            return
        preempted = server.preemptions
        budget = server.spec.max_tokens
        if not server.spec.prefill_first:
            budget -= self._go_on_decoding(server)
        budget = self._go_on_with_prompts(server, budget)
        server.visible_s = server.began_s if server.spec.overlapped and server.running else math.inf
        if server.preemptions == preempted and self._next(server, budget) is not None:
            if self.ask:
                if server.clock >= server.ask_at or not server.running:
                    self._asking = server, budget
                    if server.device is not None:
                        server.device.turn = server
                    self._events.append(Event(what.ASK, self.now, server.index, len(server.waiting)))
                    return
            else:
                self._admit(server, budget, len(server.waiting))
        self._launch(server)
