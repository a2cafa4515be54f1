"""One iteration of the plain engine: who is in the batch, how long it takes, and what is there at its end."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from routelab.pool.fleet.cost.step import StepCost, stack, step_seconds
from routelab.pool.fleet.engine import interface as what
from routelab.pool.fleet.engine import reference_world as world
from routelab.pool.fleet.engine.interface import Event
from routelab.pool.fleet.engine.reference_world import Request, Server
from routelab.pool.fleet.jit import plain

price = plain(step_seconds)


class Batching:
    """What the plain engine does with one server, and where it writes down what came of it."""

    def __init__(self, costs: Sequence[StepCost]) -> None:
        self.now = 0.0
        self.watch_finish = self.watch_pressure = False
        self.ended = 0
        self._costs = stack(list(costs))
        self._done: list[tuple[object, ...]] = []
        self._events: deque[Event] = deque()
        self._where: dict[int, tuple[Server, Request]] = {}
        self._unit = self._fresh = 0

    def _record(self, request: Request, server: int, status: int) -> None:
        times = request.arrival_s, request.scheduled_s, request.first_token_s, request.last_token_s
        lengths = request.prompt, request.produced, request.cached
        self._where.pop(request.id, None)
        self._done.append((request.id, *times, server, *lengths, request.preemptions, status))
        self._fresh += self.watch_finish
        self.ended += 1

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

    def _next(self, server: Server, budget: int) -> Request | None:
        """The first of the queue that was there when the batch was formed and whose adapter can be loaded."""
        if budget <= 0 or len(server.running) >= server.spec.max_seqs:
            return None
        ready = (r for r in server.waiting if r.queued_s <= server.visible_s and server.has_adapter(r))
        return next(ready, None)

    def _admit(self, server: Server, budget: int, count: int) -> None:
        spec, unit, size = server.spec, self._unit, server.spec.block_tokens
        while count > 0 and (request := self._next(server, budget)) is not None:
            here = 0 if request.computed else server.cached_units(request, unit)
            loaded = 0 if request.computed else server.units_in_host(request, unit, here)
            start = request.computed or (here + loaded) * unit
            chunk = min(request.target - start, budget)
            if spec.prefill_first and chunk < min(request.target - start, spec.max_tokens):
                break
            tokens = chunk
            if request.may_decode:
                tokens = 0 if spec.prefill_first else self._tokens_of_next_step(server)
            most = math.ceil(spec.tokens_per_step) if tokens and request.may_decode else tokens
            most = request.target - start if spec.whole_prompt and not request.may_decode else most
            blocks = world.blocks_of(start + most, size) - here * server.unit_blocks
            pinned = sum(content in server.keys.unused for content in request.hashes[:here]) * server.unit_blocks
            if blocks > server.available - pinned - spec.watermark:
                break
            server.waiting.remove(request)
            server.start(request)
            for content in request.hashes[:here]:
                server.keys.use(content)
            request.units = here
            server.load(request, here, loaded)
            server.allocate(request, world.blocks_of(start + tokens, size) - here * server.unit_blocks)
            if math.isnan(request.scheduled_s):
                request.scheduled_s, request.cached = self.now, start
            if request.swapped:
                server.pending_s += world.blocks_of(request.computed, size) * spec.swap_s
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
            server.cost,
            sum(chunk for _, chunk in before) + len(decodes) * (1 + server.spec.drafted),
            len(decodes) + sum(request.computed + request.chunk == request.target for request in prompts),
            sum(chunk * start + chunk * (chunk + 1) / 2 for start, chunk in before),
            float(sum(start + chunk for start, chunk in before)),
            len(decodes),
            float(sum(request.computed + 1 for request in decodes)),
        )
        step_s = float(time_s) * server.slowdown + server.extra_s
        server.busy_s += step_s
        server.began_s = self.now
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
            server.stop(request)
            server.parked.append(request)
            self._events.append(Event(what.HANDOFF, self.now, server.index, request.id))
        else:
            request.decodes = True

    def _tokens_of_next_step(self, server: Server) -> int:
        rate, steps = server.spec.tokens_per_step, server.decode_steps
        return int(math.floor((steps + 1) * rate) - math.floor(steps * rate))

    def _leave(self, server: Server, request: Request, status: int) -> None:
        server.stop(request)
        server.share(request, self._unit)
        server.release(request)
        request.produced = min(request.produced, request.output)
        self._record(request, server.index, status)

    def _preempt(self, server: Server, request: Request) -> None:
        server.stop(request)
        if server.spec.swap_s > 0 and request.decodes:
            server.pending_s += world.blocks_of(request.computed, server.spec.block_tokens) * server.spec.swap_s
            request.swapped = True
        else:
            request.computed = 0
        request.chunk, request.decodes = 0, False
        server.release(request)
        request.preemptions += 1
        server.preemptions += 1
        server.pressed += self.watch_pressure
        server.queue(request, front=True)
