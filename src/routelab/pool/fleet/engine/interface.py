"""What an engine is: servers that batch requests, advanced from one event to the next.

Two engines keep this contract: `reference`, plain Python that a reader can check, and `compiled`, the fast one. They
agree event for event, to the last bit of every time stamp.

One iteration of a server, begun at a time t:

1. Every request that decodes takes a block for its next token if it stands at the end of one. Where blocks run out, the
   last admitted of the lowest priority is preempted: it goes back to the head of the queue, and its blocks are freed
   (to be computed again, or swapped to the host). One that fills the memory alone is ended as ``out-of-memory``.
2. Unfinished prompts go on, in the order of admission, as far as the budget of tokens reaches.
3. The queue is admitted from its head while there are tokens, seats and blocks, unless something was preempted in this
   iteration. What the prefix cache holds is not computed again, but for the last token.
4. Time passes, as the cost of what was scheduled. At the end every scheduled token is there: a finished prompt yields a
   token, so does every decode; finished requests leave and free what they hold.

With ``prefill_first`` a step of prompts holds no decodes and prompts are not cut.

What happens at the same moment goes in this order: ends of steps (by server), arrivals, then whatever the caller does.
Unused content stays cached until its memory is needed; the longest unused goes first, the deeper end of a prefix before
its start. Content computed twice at once is kept once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Ints
from routelab.pool.fleet.cost.step import StepCost

#: Events. ROUTE: an arrival has no server yet (`row`: its place in the block). ASK: a server would admit, and somebody
#: decides how many. FINISHED: so many requests (`row`) ended. HANDOFF: a prefill server yielded the
#: first token of the request in slot `row`. STARVED: the block of arrivals is spent. UNTIL: the time given is reached.
ROUTE, ASK, FINISHED, HANDOFF, STARVED, UNTIL = range(6)
#: How a request ended.
OK, TOO_LONG, OUT_OF_MEMORY, DROPPED = range(4)
MIXED, PREFILL, DECODE = range(3)
UNROUTED = -1

DONE = np.dtype(
    [
        ("id", "i8"),
        ("arrival_s", "f8"),
        ("scheduled_s", "f8"),
        ("first_token_s", "f8"),
        ("last_token_s", "f8"),
        ("server", "i8"),
        ("input_tokens", "i8"),
        ("output_tokens", "i8"),
        ("cached_tokens", "i8"),
        ("preemptions", "i8"),
        ("status", "i8"),
    ]
)


@dataclass(frozen=True)
class ServerSpec:
    """One server. ``cost``: which of the step costs. ``kv_blocks`` of ``block_tokens`` tokens are its memory for keys.

    ``max_seqs``, ``max_tokens``: the largest batch. ``watermark``: blocks that stay free at an admission.
    ``swap_s``: seconds to move a block to the host or back; 0 computes again instead. ``tokens_per_step``: tokens that
    a decode yields on average (over 1 with speculation), ``drafted``: tokens computed for them besides the one.
    """

    cost: int
    kv_blocks: int
    block_tokens: int = 16
    max_seqs: int = 256
    max_tokens: int = 8192
    watermark: int = 0
    prefix_cache: bool = True
    prefill_first: bool = False
    role: int = MIXED
    swap_s: float = 0.0
    tokens_per_step: float = 1.0
    drafted: int = 0


class Event(NamedTuple):
    kind: int
    time_s: float
    server: int
    row: int


class Moved(NamedTuple):
    """A request taken out of an engine, to be put into a server again; ``output`` is hidden from policies."""

    id: int
    arrival_s: float
    scheduled_s: float
    first_token_s: float
    last_token_s: float
    prompt: int
    output: int
    produced: int
    computed: int
    cached: int
    preemptions: int
    priority: int
    hashes: tuple[int, ...]


class Engine(Protocol):
    """See the module. ``now`` is the time of the last event."""

    now: float

    def __init__(self, costs: Sequence[StepCost], servers: Sequence[ServerSpec]) -> None: ...

    def feed(self, arrivals: Arrivals, targets: Ints, first_id: int) -> None:
        """The next block of arrivals, with the server of each or `UNROUTED`. The last block must be spent."""

    def advance(self, until: float) -> Event:
        """Go on to the next event that the caller has to see, at most to a time."""

    def route(self, server: int) -> int:
        """Send the arrival of the ROUTE event to a server, and go on; its slot."""

    def take(self) -> Moved:
        """Keep the arrival of the ROUTE event outside of every server, for now."""

    def put(self, moved: Moved, server: int) -> int:
        """Queue a request at a server, at the time that `advance` reached; ``computed`` tokens come with it."""

    def withdraw(self, slot: int) -> Moved:
        """Take a request out of its server, with what it has computed."""

    def end(self, moved: Moved, status: int) -> None:
        """A request ends outside of every server."""

    def allow(self, server: int, count: int, ask_again: int) -> None:
        """Answer to ASK: admit at most so many of the queue, and ask again after so many tokens of a decode."""

    def done(self) -> NDArray[np.void]:
        """The requests that ended since it was asked last, as `DONE` rows in the order of their ends."""
