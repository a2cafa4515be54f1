"""What a serving policy is: a small class that overrides the hooks it needs; those that it does not cost nothing.

A policy sees requests without the length of their answers, and servers as old as its probes. It acts by what its hooks
return, and by the verbs of `Control`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Ints
from routelab.pool.fleet.engine.interface import DECODE

if TYPE_CHECKING:
    from routelab.pool.fleet.control import Control

HOLD, DROP = -1, -2


class Request(NamedTuple):
    """A request as a policy sees it. ``adapter``: needed, -1 for none. ``hash_ids``: the blocks of its content."""

    id: int
    arrival_s: float
    input_tokens: int
    priority: int
    model: int
    region: int
    session: int
    query: int
    adapter: int
    hash_ids: tuple[int, ...]


class Admission(NamedTuple):
    """How many of a queue may be admitted now, and after how many tokens of a decode to ask again."""

    most: int
    ask_again: int = 1


class Policy:
    """Override what is needed. ``period_s``: seconds between ticks. ``probe_s``: seconds between probes of the servers,
    0 to see them as they are. ``region``: of its one balancer, which all requests pass before they are routed; without
    there is one in every region. An oracle, which alone is told the true lengths, says so in its name."""

    picks_models: bool = False  # it chooses among models, too
    period_s: float = 0.0
    probe_s: float = 0.0
    region: str = ""

    def start(self, fleet: Control) -> None:
        """Before the first request."""

    def assign(self, arrivals: Arrivals, fleet: Control) -> Ints:
        """The servers of a whole block of arrivals, for policies that look at no server."""
        raise NotImplementedError

    def route(self, request: Request, fleet: Control) -> int:
        """The server of a request that arrives, HOLD to keep it, or DROP."""
        raise NotImplementedError

    def admit(self, server: int, fleet: Control) -> Admission:
        """A server would admit from its queue."""
        raise NotImplementedError

    def on_handoff(self, slot: int, server: int, fleet: Control) -> int:
        """A prefill server is done with a prompt: the server that decodes it. By default the least loaded."""
        return fleet.least_loaded(DECODE)

    def order(self, server: int, fleet: Control) -> Ints:
        """The slots of a server's queue, the next one first; it is asked whenever the server would admit."""
        raise NotImplementedError

    def on_pressure(self, server: int, times: int, fleet: Control) -> None:
        """Memory ran out at a server, which preempted so many times."""

    def on_fault(self, server: int, lost: Sequence[int], fleet: Control) -> None:
        """A server broke down: the requests that it had are held. By default each goes to the server that stands in."""
        for request in lost:
            fleet.send(request, fleet.stand_in(server))

    def on_recover(self, server: int, fleet: Control) -> None:
        """A server that was broken is there again."""

    def on_finish(self, ended: NDArray[np.void], fleet: Control) -> None:
        """Requests ended (`DONE` rows)."""

    def next_call(self, ended: np.void, request: Request, fleet: Control) -> Sequence[Request]:
        """A request ended (its `DONE` row): what is asked because of it, as requests like it with prompts of their own.

        They arrive now, under new ids, in the order given. For cascades, retries, panels and agents.
        """
        raise NotImplementedError

    def on_tick(self, fleet: Control) -> None:
        """Every ``period_s``."""

    def has(self, hook: str) -> bool:
        """Whether a hook is overridden."""
        return getattr(type(self), hook) is not getattr(Policy, hook)
