"""Arrivals × fleet × policy: drives the engine from event to event and calls the hooks that a policy has."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Ints
from routelab.core.errors import InputError, RoutelabError
from routelab.pool.fleet.build import Fleet
from routelab.pool.fleet.clients import Clients, Programme, programmes, unanswered
from routelab.pool.fleet.control import Control, requests_of
from routelab.pool.fleet.engine import CompiledEngine, Event, Moved
from routelab.pool.fleet.engine.interface import (
    ASK,
    DROPPED,
    FINISHED,
    HANDOFF,
    PRESSURE,
    ROUTE,
    STARVED,
    UNROUTED,
    UNTIL,
    Servers,
)
from routelab.pool.fleet.faults import Breakdowns
from routelab.pool.fleet.policy import DROP, HOLD, Admission, Policy, Request
from routelab.pool.fleet.result import Ledger, Run
from routelab.pool.fleet.rows import Gathered, Sink, in_order
from routelab.pool.fleet.verbs import Lengths
from routelab.pool.fleet.watchdog import Hooks, watched

BLOCK = 100_000
PATIENCE_S = 3600.0
HOOK_LIMIT_S = 10.0


class Simulation:
    """One run of one policy. With `clients`, so many or so many in each region, the loop is closed; see `Clients`, for
    ``think_s`` and ``until_s``, too. `lengths` gives the tokens of prompt and answer where they depend on the server
    that was chosen. Every `sample_s` seconds the servers are looked at, for `Run.samples`. What policies believe of the
    costs of steps is off by a draw of `cost_error`, a standard deviation of the logarithm, for each cost."""

    def __init__(
        self,
        fleet: Fleet,
        policy: Policy,
        *,
        seed: int = 0,
        clients: int | Sequence[int] = 0,
        think_s: float = 0.0,
        until_s: float = float("inf"),
        lengths: Lengths | None = None,
        sample_s: float = 0.0,
        cost_error: float = 0.0,
    ) -> None:
        self.policy, self.lengths = policy, lengths
        self.engine = CompiledEngine(fleet.costs, [server.spec for server in fleet.servers])
        oracle = type(policy).__name__.startswith("Oracle")
        faults = any(server.pool.faults for server in fleet.servers)
        remembers = faults or policy.has("on_fault") or policy.has("next_call")
        self.control = Control(fleet, self.engine, oracle=oracle, seed=seed, cost_error=cost_error)
        self.control.set_up(lengths, remembers=remembers)
        self.control.wide.check("policy region", (policy.region or self.control.regions[0],))
        self.engine.ask = policy.has("admit") or policy.has("order")
        self.engine.watch_pressure = policy.has("on_pressure")
        self.clients = Clients(clients, think_s, until_s, self.control, self._ask) if clients else None
        self.hooks = Hooks(type(policy).__name__)
        self.breakdowns = Breakdowns(self.control, policy, self.hooks)
        self._wide = bool(self.control.wide)
        self._looks = self._wide or remembers  # at every request, also under `assign`
        self.engine.watch_finish = policy.has("on_finish") or bool(clients) or self._looks
        self._servers = len(fleet.servers)
        self._block: list[Request] = []
        self._assigned: dict[int, int] = {}
        self._fed = 0
        self._sample_s = sample_s
        self._samples: list[tuple[float, Servers]] = []
        self._progress = (0, 0.0)

    def run(self, arrivals: Arrivals | Iterable[Arrivals]) -> Run:
        """Until every request ended. Raises ContractError where the policy fails, hangs, or leaves requests lying."""
        blocks: list[NDArray[np.void]] = []
        ledger = self.stream(arrivals, blocks.append)
        return Run(requests=in_order(blocks), **{each.name: getattr(ledger, each.name) for each in fields(Ledger)})

    def stream(self, arrivals: Arrivals | Iterable[Arrivals], sink: Sink) -> Ledger:
        """The same, but requests go to `sink`, block by block as they end, and are forgotten: memory is bound by those
        in flight and one block of arrivals."""
        started = time.perf_counter()
        size = max(len(arrivals), 1) if self.clients and isinstance(arrivals, Arrivals) else BLOCK
        blocks = arrivals.blocks(size) if isinstance(arrivals, Arrivals) else iter(arrivals)
        self._done = Gathered(sink)
        with watched(self.hooks, HOOK_LIMIT_S):
            try:
                self._run(self._emptied(blocks))
            except RoutelabError:
                raise
            except Exception as error:
                if not self.hooks.running:
                    raise
                raise self.hooks.error(f"{type(error).__name__}: {error}") from error
        self._end(self.engine.done())
        self._done.flush()
        return Ledger(
            fleet=self.control.fleet,
            usage=self.control.meter.usage(),
            on_s=self.control.meter.on_seconds(self._done.first_s),
            wall_s=time.perf_counter() - started,
            events=self.engine.events,
            migrations=self.control.migrations,
            faults=self.control.faults,
            egress_usd=self.control.wide.usd,
            samples=self._samples,
        )

    def _emptied(self, blocks: Iterator[Arrivals]) -> Iterator[Arrivals]:
        """The same blocks; between them, what ended is taken out of an engine that does not tell of ends."""
        for block in blocks:
            yield block
            if not self.engine.watch_finish:
                self._end(self.engine.done())

    def _run(self, blocks: Iterator[Arrivals]) -> None:
        self._hook("start")
        self.policy.start(self.control)
        self._tick()
        self._probe()
        self._sample()
        self.breakdowns.begin()
        self.hooks.running = ""
        if self.clients:
            self.clients.begin(self._programme(blocks))
            while self._go_on(last=True):
                pass
            return
        block = next(blocks, None)
        while block is not None:
            following = next(blocks, None)
            self._feed(block, more=following is not None)
            while self._go_on(last=following is None):
                pass
            block = following

    def _go_on(self, *, last: bool) -> bool:
        """To the next event; False where this block is spent, or after the last one when all requests ended."""
        event = self.engine.advance(self.control.next_timer())
        if event.kind == ROUTE:
            self._arrived(self._block[event.row])
        elif event.kind == UNTIL:
            self.control.run_timers()
            self.hooks.running = ""
            if last and self.engine.ended == self._fed and not (self.clients and self.clients.thinking):
                return False
            self._look_for_progress()
        elif event.kind == STARVED:
            if last and self.engine.ended < self._fed:
                self._stuck()
            return False
        else:
            self._serve(event)
        return True

    def _arrived(self, request: Request) -> None:
        if self._wide:
            self._travel(request, self.engine.take())
            return
        choice = self._choose(request)
        if choice >= 0:
            server = self.control.stand_in(self._checked(choice, request))
            self.engine.route(server, self.lengths(request, server) if self.lengths else None)
        else:
            self._keep(request, self.engine.take(), choice)

    def _serve(self, event: Event) -> None:
        if event.kind == ASK:
            self._admit(event.server, event.row)
        elif event.kind == PRESSURE:
            self._hook("on_pressure")
            self.policy.on_pressure(event.server, event.row, self.control)
            self.hooks.running = ""
        elif event.kind == HANDOFF:
            self._hook("on_handoff")
            target = self.policy.on_handoff(event.row, event.server, self.control)
            self.hooks.running = ""
            self.control.hand_over(event.row, event.server, self._checked(target, None))
        elif event.kind == FINISHED:
            rows = self.engine.done()
            requests = self._end(rows)
            if self.policy.has("on_finish"):
                self._hook("on_finish")
                self.policy.on_finish(rows, self.control)
                self.hooks.running = ""
            if self.policy.has("next_call"):
                self._follow(rows, requests)
            if self.clients:
                self.clients.ended(rows)

    def _admit(self, server: int, waiting: int) -> None:
        """A server would admit from its queue: in which order, how many?"""
        admission = Admission(waiting)
        if self.policy.has("order"):
            self._hook("order")
            self.control.reorder(server, self.policy.order(server, self.control))
        if self.policy.has("admit"):
            self._hook("admit")
            admission = self.policy.admit(server, self.control)
        self.hooks.running = ""
        self.engine.allow(server, admission.most, max(admission.ask_again, 1))

    # What comes in.

    def _feed(self, block: Arrivals, *, more: bool) -> None:
        targets = np.full(len(block), UNROUTED, dtype=np.int64)
        self._check(block)
        self.control.learn(block, self._fed, any_model=self.policy.picks_models)
        if self.policy.has("assign") and not self._looks:
            targets = self._assign(block)
        else:
            self._block = self._met(block, self._fed)
        self.engine.feed(block, targets, self._fed, more=more)
        self._fed += len(block)

    def _check(self, block: Arrivals) -> None:
        """Raise InputError for arrivals that cannot be, or whose content does not fit the servers' blocks."""
        block.checked("arrivals")
        for server in self.control.fleet.servers if len(block.hash_starts) else ():
            if block.hash_tokens % server.spec.block_tokens:
                raise InputError(
                    "arrivals hash_tokens",
                    expected=f"a multiple of block_tokens, {server.spec.block_tokens}",
                    got=str(block.hash_tokens),
                    fix="choose block_tokens of the pool so that it divides it",
                )

    def _assign(self, block: Arrivals) -> Ints:
        self._hook("assign")
        targets = self.policy.assign(block, self.control)
        self.hooks.running = ""
        return targets

    def _met(self, block: Arrivals, first: int) -> list[Request]:
        """The requests of a block that come to be decided one by one."""
        if self.policy.has("assign"):
            self._assigned |= dict(enumerate(self._assign(block).tolist(), first))
        return requests_of(block, first)

    def _programme(self, blocks: Iterator[Arrivals]) -> Iterator[Programme]:
        """What clients will ask; the engine is told of contents, and not of requests."""
        first = 0
        for block in blocks:
            self._check(block)
            self.control.learn(block, first, any_model=self.policy.picks_models)
            self.engine.feed(block.part(0, 0), np.zeros(0, dtype=np.int64), first)
            yield from programmes(block, self._met(block, first))
            first += len(block)

    def _ask(self, request: Request, moved: Moved) -> None:
        """A client asks."""
        self._fed += 1
        self._travel(request, moved)

    def _travel(self, request: Request, moved: Moved) -> None:
        """A request goes to where it is decided who serves it."""
        home, now = self.control.home(request), self.engine.now
        there = self.control.wide.go(request.id, home, self.policy.region or home, request.input_tokens, now)
        if there > now:
            self.control.at(there, lambda: self._decide(request, moved))
        else:
            self._decide(request, moved)

    def _decide(self, request: Request, moved: Moved) -> None:
        choice = self._choose(request)
        if choice >= 0:
            server = self._checked(choice, request)
            self.control.deliver(request, moved, server)
        else:
            self._keep(request, moved, choice)

    def _choose(self, request: Request) -> int:
        self.control.remember(request)
        if request.id in self._assigned:
            return self._assigned.pop(request.id)
        self.hooks.enter("route")
        choice = self.policy.route(request, self.control)
        self.hooks.running = ""
        return choice

    def _end(self, rows: NDArray[np.void]) -> list[Request]:
        """Keep the rows; the requests that they are of, where they are remembered."""
        self.control.wide.bring_back(rows)
        self._done.add(rows)
        return self.control.forget(rows["id"].tolist())

    def _follow(self, rows: NDArray[np.void], requests: Sequence[Request]) -> None:
        """Ask what follows from answers; how long those answers will be is known when it is known who gives them."""
        for row, request in zip(rows, requests, strict=True):
            self._hook("next_call")
            calls = self.policy.next_call(row, request, self.control)
            if calls and self.lengths is None:
                raise self.hooks.error("calls", "a simulation that is given the `lengths` of their answers")
            self.hooks.running = ""
            for call in calls:
                made = call._replace(id=self._fed, arrival_s=self.engine.now)
                self._ask(made, unanswered(made, output=1))

    def _keep(self, request: Request, moved: Moved, choice: int) -> None:
        if choice == DROP:
            self.engine.end(moved, DROPPED)
        elif choice == HOLD:
            self.control.keep(request, moved)
        else:
            raise self.hooks.error(str(choice), f"a server from 0 to {len(self.control) - 1}, HOLD or DROP")

    # Order.

    def _hook(self, name: str) -> None:
        self.hooks.enter(name)

    def _checked(self, server: int, request: Request | None) -> int:
        if not 0 <= server < self._servers or not (request is None or self.control.serves(server, request)):
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
