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
from routelab.pool.fleet.cost.step import StepCost, stack, step_seconds
from routelab.pool.fleet.engine import interface as what
from routelab.pool.fleet.engine import reference_world as world
from routelab.pool.fleet.engine.interface import DONE, UNROUTED, Event, Moved, Servers, ServerSpec
from routelab.pool.fleet.engine.reference_world import Device, Request, Server
from routelab.pool.fleet.jit import plain

price = plain(step_seconds)


class ReferenceEngine:
    """See `interface`."""

    def __init__(self, costs: Sequence[StepCost], servers: Sequence[ServerSpec]) -> None:
        self.now = 0.0
        self.watch_finish = self.ask = False
        devices = {spec.device: Device(spec.device_bytes) for spec in servers if spec.device >= 0}
        made = ((spec, spec.kv_blocks, devices.get(spec.device)) for spec in servers)
        self.servers = [Server(index, *each) for index, each in enumerate(made)]
        for server in self.servers:
            if server.device is not None:
                server.device.servers.append(server)
        self._costs = stack(list(costs))
        self._arrivals: deque[tuple[Request, int]] = deque()
        self._done: list[tuple[object, ...]] = []
        self._events: deque[Event] = deque()
        self._pending: Request | None = None
        self._asking: tuple[Server, int] | None = None
        self._where: dict[int, tuple[Server, Request]] = {}
        self._unit = self._fresh = self.ended = self._first_id = 0
        self._more = False

    def feed(self, arrivals: Arrivals, targets: Ints, first_id: int, *, more: bool = False) -> None:
        self._more, self._first_id = more, first_id
        self._unit = arrivals.hash_tokens if len(arrivals.hash_starts) else 0
        for server in self.servers:
            server.unit_blocks = max(self._unit // server.spec.block_tokens, 1)
        priority = arrivals.column("priority")
        for row in range(len(arrivals)):
            hashes = arrivals.hash_ids[slice(*arrivals.hash_starts[row : row + 2])].tolist() if self._unit else []
            lengths = int(arrivals.input_tokens[row]), int(arrivals.output_tokens[row])
            request = Request(first_id + row, float(arrivals.time_s[row]), *lengths, int(priority[row]), tuple(hashes))
            self._arrivals.append((request, int(targets[row])))

    def route(self, server: int, lengths: tuple[int, int] | None = None) -> int:
        request = self._arrived()
        request.prompt, request.output = lengths or (request.prompt, request.output)
        return self._enqueue(self.servers[server], request)

    def take(self) -> Moved:
        return world.moved(self._arrived())

    def put(self, moved: Moved, server: int, *, front: bool = False) -> int:
        return self._enqueue(self.servers[server], Request(**moved._asdict()), front=front)

    def end(self, moved: Moved, status: int) -> None:
        self._record(Request(**moved._asdict()), UNROUTED, status)

    def withdraw(self, slot: int) -> Moved:
        server, request = self._where.pop(slot)
        for place in (server.waiting, server.running, server.parked, server.batch):
            if request in place:
                place.remove(request)
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

    def queue(self, server: int) -> NDArray[np.void]:
        return world.live_rows([(self.servers[server], each) for each in self.servers[server].waiting])

    def _arrived(self) -> Request:
        request, self._pending = self._pending, None
        assert request is not None
        return request

    def _record(self, request: Request, server: int, status: int) -> None:
        times = request.arrival_s, request.scheduled_s, request.first_token_s, request.last_token_s
        lengths = request.prompt, request.produced, request.cached
        self._where.pop(request.id, None)
        self._done.append((request.id, *times, server, *lengths, request.preemptions, status))
        self._fresh += self.watch_finish
        self.ended += 1

    def advance(self, until: float) -> Event:
        while not self._events and not self._fresh:
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
        return self._events.popleft()

    def _enqueue(self, server: Server, request: Request, *, front: bool = False) -> int:
        spec = server.spec
        blocks = -(-request.target // spec.block_tokens) + spec.watermark
        if blocks > server.most_blocks:
            self._record(request, server.index, what.TOO_LONG)
            return UNROUTED
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
        server.step_end, server.batch, server.swap_s = math.inf, [], 0.0
        if not server.active:
            return
        preempted = server.preemptions
        budget = server.spec.max_tokens
        if not server.spec.prefill_first:
            budget -= self._go_on_decoding(server)
        budget = self._go_on_with_prompts(server, budget)
        if server.preemptions == preempted and self._may_admit(server, budget):
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

    def _go_on_decoding(self, server: Server) -> int:
        """Blocks for the next tokens of all that decode; the tokens computed for them."""
        spec = server.spec
        server.step_tokens = self._tokens_of_next_step(server)
        while True:
            decoding = [request for request in server.running if request.decodes]
            needs = [world.crossed(request.computed, server.step_tokens, spec.block_tokens) for request in decoding]
            if sum(needs) <= server.available:
                break
            alone = server.running[0]
            if len(server.running) == 1 and self._never_fits(server, alone.computed + server.step_tokens):
                self._leave(server, alone, what.OUT_OF_MEMORY)
            else:
                self._preempt(server, world.victim(server))
        for request, blocks in zip(decoding, needs, strict=True):
            server.allocate(request, blocks)
        server.batch = decoding
        return len(decoding) * (1 + spec.drafted)

    def _go_on_with_prompts(self, server: Server, budget: int) -> int:
        size = server.spec.block_tokens
        for request in list(server.running):
            if request.decodes or budget <= 0 or request not in server.running:
                continue
            chunk = min(request.target - request.computed, budget)
            blocks = world.blocks_of(request.computed + chunk, size) - request.held - request.units * server.unit_blocks
            while blocks > server.available and request in server.running:
                if len(server.running) == 1 and self._never_fits(server, request.computed + chunk):
                    self._leave(server, request, what.OUT_OF_MEMORY)
                else:
                    self._preempt(server, world.victim(server))
            if request in server.running:
                server.allocate(request, blocks)
                request.chunk = chunk
                server.batch.append(request)
                budget -= chunk
        return budget

    def _never_fits(self, server: Server, tokens: int) -> bool:
        return server.device is None or world.blocks_of(tokens, server.spec.block_tokens) > server.most_blocks

    def _may_admit(self, server: Server, budget: int) -> bool:
        return bool(server.waiting) and budget > 0 and len(server.running) < server.spec.max_seqs

    def _admit(self, server: Server, budget: int, count: int) -> None:
        spec, unit, size = server.spec, self._unit, server.spec.block_tokens
        while count > 0 and self._may_admit(server, budget):
            request = server.waiting[0]
            here = 0 if request.computed else server.cached_units(request, unit)
            start = request.computed or here * unit
            chunk = min(request.target - start, budget)
            if spec.prefill_first and chunk < min(request.target - start, spec.max_tokens):
                break
            tokens = chunk
            if request.may_decode:
                tokens = 0 if spec.prefill_first else self._tokens_of_next_step(server)
            most = math.ceil(spec.tokens_per_step) if tokens and request.may_decode else tokens
            most = request.target - start if spec.whole_prompt and not request.may_decode else most
            blocks = world.blocks_of(start + most, size) - here * server.unit_blocks
            pinned = sum(content in server.unused for content in request.hashes[:here]) * server.unit_blocks
            if blocks > server.available - pinned - spec.watermark:
                break
            server.waiting.popleft()
            server.running.append(request)
            for content in request.hashes[:here]:
                server.users[content] += 1
                server.unused.pop(content, None)
            request.units = here
            server.allocate(request, world.blocks_of(start + tokens, size) - here * server.unit_blocks)
            if math.isnan(request.scheduled_s):
                request.scheduled_s, request.cached = self.now, start
            if request.swapped:
                server.swap_s += world.blocks_of(request.computed, size) * spec.swap_s
                request.swapped = False
            count -= 1
            if request.may_decode:
                request.decodes = True
                if not spec.prefill_first:
                    server.batch.append(request)
                    budget -= 1 + spec.drafted
            else:
                request.computed, request.chunk = start, chunk
                server.batch.append(request)
                budget -= chunk

    def _launch(self, server: Server) -> None:
        if server.spec.prefill_first and not server.batch:
            self._go_on_decoding(server)
        if not server.batch:
            return
        if server.device is not None:
            server.device.turn = server
        prompts = [request for request in server.batch if request.chunk]
        decodes = [request for request in server.batch if not request.chunk]
        before = [(request.computed, request.chunk) for request in prompts]
        time_s, *_ = price(
            self._costs,
            server.spec.cost,
            sum(chunk for _, chunk in before) + len(decodes) * (1 + server.spec.drafted),
            len(decodes) + sum(request.computed + request.chunk == request.target for request in prompts),
            sum(chunk * start + chunk * (chunk + 1) / 2 for start, chunk in before),
            float(sum(start + chunk for start, chunk in before)),
            len(decodes),
            float(sum(request.computed + 1 for request in decodes)),
        )
        step_s = float(time_s) * server.slowdown + server.swap_s
        server.busy_s += step_s
        server.step_end = self.now + step_s

    def _end_step(self, server: Server) -> None:
        decodes = [request for request in server.batch if not request.chunk]
        prompts = [request for request in server.batch if request.chunk]
        if decodes:
            server.clock += server.step_tokens
            server.decode_steps += 1
        for request in decodes:
            request.computed += server.step_tokens
            request.produced += server.step_tokens
            request.last_token_s = self.now
        for request in sorted(decodes, key=lambda each: each.output - each.produced):
            if request.produced >= request.output:
                self._leave(server, request, what.OK)
        for request in prompts:
            request.computed += request.chunk
            whole = request.computed == request.target
            request.chunk = 0
            server.share(request, self._unit)
            if whole:
                self._yield_first(server, request)

    def _yield_first(self, server: Server, request: Request) -> None:
        request.produced += 1
        request.last_token_s = self.now
        if math.isnan(request.first_token_s):
            request.first_token_s = self.now
        if request.produced >= request.output:
            self._leave(server, request, what.OK)
        elif server.spec.role == what.PREFILL:
            server.running.remove(request)
            server.parked.append(request)
            self._events.append(Event(what.HANDOFF, self.now, server.index, request.id))
        else:
            request.decodes = True

    def _tokens_of_next_step(self, server: Server) -> int:
        rate, steps = server.spec.tokens_per_step, server.decode_steps
        return int(math.floor((steps + 1) * rate) - math.floor(steps * rate))

    def _leave(self, server: Server, request: Request, status: int) -> None:
        server.running.remove(request)
        server.share(request, self._unit)
        server.release(request)
        request.produced = min(request.produced, request.output)
        self._record(request, server.index, status)

    def _preempt(self, server: Server, request: Request) -> None:
        server.running.remove(request)
        if request in server.batch:
            server.batch.remove(request)
        if server.spec.swap_s > 0 and request.decodes:
            server.swap_s += world.blocks_of(request.computed, server.spec.block_tokens) * server.spec.swap_s
            request.swapped = True
        else:
            request.computed = 0
        request.chunk, request.decodes = 0, False
        server.release(request)
        request.preemptions += 1
        server.preemptions += 1
        server.queue(request, front=True)
