"""Arrivals × fleet × policy: drives the engine from event to event and calls the hooks that a policy has."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from routelab.core.arrivals import Arrivals
from routelab.core.errors import RoutelabError
from routelab.pool.fleet.build import Fleet
from routelab.pool.fleet.control import Control, requests_of
from routelab.pool.fleet.engine import CompiledEngine, Event, Moved
from routelab.pool.fleet.engine.interface import (
    ASK,
    DROPPED,
    FINISHED,
    HANDOFF,
    ROUTE,
    STARVED,
    UNROUTED,
    UNTIL,
    Servers,
)
from routelab.pool.fleet.policy import DROP, HOLD, Policy, Request
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.watchdog import Hooks, watched

Lengths = Callable[[Request, int], tuple[int, int]]
BLOCK = 100_000
PATIENCE_S = 3600.0
HOOK_LIMIT_S = 10.0


class Simulation:
    """One run of one policy. With `clients` the loop is closed: so many clients take the next request ``think_s`` after
    their last one ended, whatever the times of the arrivals. `lengths` gives the tokens of prompt and answer where they
    depend on the server that was chosen. Every `sample_s` seconds the servers are looked at, for `Run.samples`."""

    def __init__(
        self,
        fleet: Fleet,
        policy: Policy,
        *,
        seed: int = 0,
        clients: int = 0,
        think_s: float = 0.0,
        lengths: Lengths | None = None,
        sample_s: float = 0.0,
    ) -> None:
        self.policy, self.clients, self.think_s, self.lengths = policy, clients, think_s, lengths
        self.engine = CompiledEngine(fleet.costs, [server.spec for server in fleet.servers])
        self.control = Control(fleet, self.engine, type(policy).__name__.startswith("Oracle"), seed)
        self.engine.ask = policy.has("admit")
        self.engine.watch_finish = policy.has("on_finish") or clients > 0
        self.hooks = Hooks(type(policy).__name__)
        self._done: list[NDArray[np.void]] = []
        self._block: list[Request] = []
        self._next: Iterator[tuple[Request, int]] = iter(())
        self._fed = 0
        self._thinking = 0
        self._sample_s = sample_s
        self._samples: list[tuple[float, Servers]] = []
        self._progress = (0, 0.0)

    def run(self, arrivals: Arrivals | Iterable[Arrivals]) -> Run:
        """Until every request ended. Raises ContractError where the policy fails, hangs, or leaves requests lying."""
        started = time.perf_counter()
        blocks = arrivals.blocks(BLOCK) if isinstance(arrivals, Arrivals) else iter(arrivals)
        with watched(self.hooks, HOOK_LIMIT_S):
            try:
                self._run(blocks)
            except RoutelabError:
                raise
            except Exception as error:
                if not self.hooks.running:
                    raise
                raise self.hooks.error(f"{type(error).__name__}: {error}") from error
        self._done.append(self.engine.done())
        rows = np.sort(np.concatenate(self._done), order="id")
        return Run(
            fleet=self.control.fleet,
            requests=rows,
            usage=self.control.usage(),
            on_s=self.control.on_seconds(float(rows["arrival_s"].min()) if len(rows) else 0.0),
            wall_s=time.perf_counter() - started,
            events=self.engine.events,
            migrations=self.control.migrations,
            samples=self._samples,
        )

    def _run(self, blocks: Iterator[Arrivals]) -> None:
        self._hook("start")
        self.policy.start(self.control)
        self._tick()
        self._probe()
        self._sample()
        self.hooks.running = ""
        block = next(blocks, None)
        if self.clients:
            self._close_loop(block, blocks)
            block = None
        while block is not None:
            following = next(blocks, None)
            self._feed(block, more=following is not None)
            while self._go_on(last=following is None):
                pass
            block = following
        while self.clients and self._go_on(last=True):
            pass

    def _go_on(self, *, last: bool) -> bool:
        """To the next event; False where this block is spent, or after the last one when all requests ended."""
        event = self.engine.advance(self.control.next_timer())
        if event.kind == UNTIL:
            self.control.run_timers()
            self.hooks.running = ""
            if last and self.engine.ended == self._fed and self._thinking == 0:
                return False
            self._look_for_progress()
        elif event.kind == STARVED:
            if last and self.engine.ended < self._fed:
                self._stuck()
            return False
        else:
            self._serve(event)
        return True

    def _serve(self, event: Event) -> None:
        if event.kind == ROUTE:
            request = self._block[event.row]
            self._hook("route")
            choice = self.policy.route(request, self.control)
            self.hooks.running = ""
            if choice >= 0:
                server = self._checked(choice, request)
                self.engine.route(server, self.lengths(request, server) if self.lengths else None)
            else:
                self._keep(request, self.engine.take(), choice)
        elif event.kind == ASK:
            self._hook("admit")
            most, ask_again = self.policy.admit(event.server, self.control)
            self.hooks.running = ""
            self.engine.allow(event.server, most, max(ask_again, 1))
        elif event.kind == HANDOFF:
            self._hook("on_handoff")
            target = self.policy.on_handoff(event.row, event.server, self.control)
            self.hooks.running = ""
            self.control.hand_over(event.row, event.server, self._checked(target, None))
        elif event.kind == FINISHED:
            rows = self.engine.done()
            self._done.append(rows)
            if self.policy.has("on_finish"):
                self._hook("on_finish")
                self.policy.on_finish(rows, self.control)
                self.hooks.running = ""
            if self.clients:
                for _ in range(len(rows)):
                    self._think(self.engine.now + self.think_s)

    # What comes in.

    def _feed(self, block: Arrivals, *, more: bool) -> None:
        targets = np.full(len(block), UNROUTED, dtype=np.int64)
        self.control.learn(block, self._fed, any_model=self.policy.picks_models)
        if self.policy.has("assign"):
            self._hook("assign")
            targets = self.policy.assign(block, self.control)
            self.hooks.running = ""
        else:
            self._block = requests_of(block, self._fed)
        self.engine.feed(block, targets, self._fed, more=more)
        self._fed += len(block)

    def _close_loop(self, block: Arrivals | None, blocks: Iterator[Arrivals]) -> None:
        def each() -> Iterator[tuple[Request, int]]:
            first, current = 0, block
            while current is not None:
                self.control.learn(current, first, any_model=self.policy.picks_models)
                yield from zip(requests_of(current, first), current.output_tokens.tolist(), strict=True)
                first += len(current)
                current = next(blocks, None)

        self._next = each()
        for _ in range(self.clients):
            self._think(0.0)

    def _think(self, until: float) -> None:
        self._thinking += 1
        self.control.at(until, self._spawn)

    def _spawn(self) -> None:
        """A client takes the next request."""
        self._thinking -= 1
        request, output = next(self._next, (None, 0))
        if request is None:
            return
        request = request._replace(arrival_s=self.engine.now)
        unknown = (math.nan, math.nan, math.nan)
        lengths = (request.input_tokens, output, 0, 0, 0, 0)
        moved = Moved(request.id, request.arrival_s, *unknown, *lengths, request.priority, request.hash_ids)
        self._fed += 1
        self._hook("route")
        choice = self.policy.route(request, self.control)
        self.hooks.running = ""
        if choice >= 0:
            self.engine.put(moved, self._checked(choice, request))
        else:
            self._keep(request, moved, choice)

    def _keep(self, request: Request, moved: Moved, choice: int) -> None:
        if choice == DROP:
            self.engine.end(moved, DROPPED)
        elif choice == HOLD:
            self.control.held[request.id] = request, moved
        else:
            raise self.hooks.error(str(choice), f"a server from 0 to {len(self.control) - 1}, HOLD or DROP")

    # Order.

    def _hook(self, name: str) -> None:
        self.hooks.enter(name)

    def _checked(self, server: int, request: Request | None) -> int:
        if not 0 <= server < len(self.control) or (request and not self.control.serves(server, request)):
            self.hooks.running = "route"
            raise self.hooks.error(str(server), "a server of the fleet that has the request's model")
        return int(server)

    def _tick(self) -> None:
        if self.policy.has("on_tick") and self.policy.period_s > 0:

            def tick() -> None:
                self._hook("on_tick")
                self.policy.on_tick(self.control)
                self.hooks.running = ""
                self.control.at(self.engine.now + self.policy.period_s, tick)

            self.control.at(self.policy.period_s, tick)

    def _probe(self) -> None:
        if self.policy.probe_s > 0:

            def probe() -> None:
                self.control.probe()
                self.control.at(self.engine.now + self.policy.probe_s, probe)

            probe()

    def _sample(self) -> None:
        if self._sample_s > 0:
            self._samples.append((self.engine.now, self.engine.observe()))
            self.control.at(self.engine.now + self._sample_s, self._sample)

    def _look_for_progress(self) -> None:
        """Only ticks and probes go on where nobody serves what is held: that is an error, not a long run."""
        if self.engine.events != self._progress[0]:
            self._progress = self.engine.events, self.engine.now
        elif self.engine.now - self._progress[1] > PATIENCE_S and self.engine.ended < self._fed:
            self._stuck()

    def _stuck(self) -> None:
        left = self._fed - self.engine.ended
        self.hooks.running = "route"
        raise self.hooks.error(f"{left} requests that nobody serves", "every request sent or dropped in the end")
