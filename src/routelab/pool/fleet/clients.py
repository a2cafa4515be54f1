"""A closed loop: clients that ask for the next thing when the last one is answered, whatever the times of the arrivals.

A client works on one programme at a time. A programme is a session: its requests of one step go out together, when all
of the step before have ended; a request without a session or a step is a programme of its own. That a request of a tree
needs its own parent's answer alone, and not those of the whole level, is left out. Knows no server.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from routelab.core.arrivals import Arrivals
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.engine import Moved
from routelab.pool.fleet.policy import Request

Task = tuple[Request, Moved]


class Programme:
    """What a client works on: the steps that are left, and how many requests of the last one are on their way."""

    def __init__(self, region: int) -> None:
        self.region, self.steps, self.open = region, deque[list[Task]](), 0


class Clients:
    """So many of them, or so many in each region of the arrivals. They pause `think_s` before all that they ask but the
    first, and begin no more programmes from `until_s` on. Blocks of arrivals hold whole sessions."""

    def __init__(
        self,
        count: int | Sequence[int],
        think_s: float,
        until_s: float,
        fleet: Control,
        send: Callable[[Request, Moved], None],
    ) -> None:
        self.count, self.think_s, self.until_s, self.fleet, self.send = count, think_s, until_s, fleet, send
        self.thinking = 0
        self._waiting: defaultdict[int, deque[Programme]] = defaultdict(deque)
        self._working: dict[int, Programme] = {}

    def begin(self, programmes: Iterator[Programme]) -> None:
        """Everybody takes one of the programmes."""
        self._programmes = programmes
        counts = [self.count] if isinstance(self.count, int) else self.count
        for region, clients in enumerate(counts):
            for _ in range(clients):
                self._pause(0.0, Programme(region))

    def ended(self, rows: NDArray[np.void]) -> None:
        """Requests ended (`DONE` rows, with the times at which their clients hear of it)."""
        for request, last in zip(rows["id"].tolist(), rows["last_token_s"].tolist(), strict=True):
            programme = self._working.pop(request, None)
            if programme is None:  # a call that followed from an answer: no client waits for it
                continue
            programme.open -= 1
            if programme.open == 0:
                heard = last if math.isfinite(last) else self.fleet.now
                self._pause(max(heard, self.fleet.now) + self.think_s, programme)

    def _pause(self, until: float, programme: Programme) -> None:
        self.thinking += 1
        self.fleet.at(until, lambda: self._go_on(programme))

    def _go_on(self, programme: Programme) -> None:
        self.thinking -= 1
        if not programme.steps:
            programme = self._next(programme.region)
        tasks = programme.steps.popleft() if programme.steps else []
        programme.open = len(tasks)
        for request, moved in tasks:
            self._working[request.id] = programme
            now = self.fleet.now
            self.send(request._replace(arrival_s=now), moved._replace(arrival_s=now))

    def _next(self, region: int) -> Programme:
        """The next programme of a region; without steps where there is none, or where it is too late."""
        if self.fleet.now >= self.until_s:
            return Programme(region)
        while not self._waiting[region]:
            programme = next(self._programmes, None)
            if programme is None:
                return Programme(region)
            self._waiting[0 if isinstance(self.count, int) else programme.region].append(programme)
        return self._waiting[region].popleft()


def programmes(block: Arrivals, requests: Sequence[Request]) -> Iterator[Programme]:
    """The sessions of a block, with its requests as policies see them, in the order of their first requests."""
    alone = -1 - np.arange(len(block))
    session = block.column("session", -1)
    key = np.where((session >= 0) & (len(block.step) > 0), session, alone).tolist()
    step, output = block.column("step").tolist(), block.output_tokens.tolist()
    made: dict[int, dict[int, list[Task]]] = {}
    for row, request in enumerate(requests):
        content = block.hash_ids[slice(*block.hash_starts[row : row + 2])].tolist() if len(block.hash_starts) else ()
        task = request, unanswered(request._replace(hash_ids=tuple(content)), output[row])
        made.setdefault(key[row], {}).setdefault(step[row], []).append(task)
    for steps in made.values():
        programme = Programme(next(iter(steps.values()))[0][0].region)
        programme.steps.extend(steps[each] for each in sorted(steps))
        yield programme


def unanswered(request: Request, output: int) -> Moved:
    """A request that no server has seen, as the engine takes it, with the length that its answer will have."""
    unknown, lengths = (math.nan, math.nan, math.nan), (request.input_tokens, output, 0, 0, 0, 0)
    return Moved(request.id, request.arrival_s, *unknown, *lengths, request.priority, request.adapter, request.hash_ids)
