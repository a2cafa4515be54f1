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

Servers on one device take turns, a step each, and share its memory for keys. Where the others hold it, even a lone
request is preempted, and those that rest look again when some of it is given back.

With ``prefill_first`` a step of prompts holds no decodes, and a prompt is cut only if it is longer than a batch.

With ``overlapped`` a batch is formed when the step before it begins: what was queued later joins the one after.

A request may need an adapter. Where no more of them can be loaded it waits, and those behind it may pass. Content that
is let go stays in the host's memory, and comes back faster than it is computed.

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
#: decides how many. FINISHED: so many requests (`row`) ended. HANDOFF: a prefill server yielded the first token of the
#: request in slot `row`. STARVED: nothing is left to do, or the block is spent. UNTIL: the time given is reached.
#: PRESSURE: memory ran out at a server, which preempted so many times (`row`).
ROUTE, ASK, FINISHED, HANDOFF, STARVED, UNTIL, PRESSURE = range(7)
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


#: What anybody may know of a request under way: all but how long its answer will be.
LIVE = np.dtype(
    [
        ("slot", "i8"),
        ("id", "i8"),
        ("server", "i8"),
        ("state", "i8"),
        ("prompt", "i8"),
        ("produced", "i8"),
        ("computed", "i8"),
        ("blocks", "i8"),
        ("priority", "i8"),
        ("adapter", "i8"),
        ("preemptions", "i8"),
        ("arrival_s", "f8"),
    ]
)
UNUSED, WAITING, RUNNING, DECODING, PARKED = range(5)


@dataclass(frozen=True)
class ServerSpec:
    """One server. ``cost``: which of the step costs. ``kv_blocks`` of ``block_tokens`` tokens are its memory for keys.

    ``max_seqs``, ``max_tokens``: the largest batch. ``watermark``: blocks that stay free at an admission, which asks
    for the blocks of the first part of a prompt, or of the ``whole_prompt``.
    ``swap_s``: seconds to move a block to the host or back; 0 computes again instead. ``tokens_per_step``: tokens that
    a decode yields on average (over 1 with speculation), ``drafted``: tokens computed for them besides the one.
    ``overlapped``: see the module. ``host_blocks``: room for content in the host, each block of it back in ``load_s``.
    ``adapters`` may be loaded at once, 0 where nobody counts them: each takes ``adapter_load_s`` to come, and
    ``adapter_step_s`` of every step in which it is used.
    ``device``: servers with the same number from 0 on are on one device, of ``device_bytes`` for keys in all; a block
    of this server takes ``block_bytes`` of them.
    """

    cost: int
    kv_blocks: int
    block_tokens: int = 16
    max_seqs: int = 256
    max_tokens: int = 8192
    watermark: int = 0
    prefix_cache: bool = True
    whole_prompt: bool = False
    prefill_first: bool = False
    role: int = MIXED
    swap_s: float = 0.0
    tokens_per_step: float = 1.0
    drafted: int = 0
    overlapped: bool = False
    host_blocks: int = 0
    load_s: float = 0.0
    adapters: int = 0
    adapter_load_s: float = 0.0
    adapter_step_s: float = 0.0
    device: int = -1
    device_bytes: int = 0
    block_bytes: int = 0


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
    adapter: int
    hashes: tuple[int, ...]


class Servers(NamedTuple):
    """Columns over the servers: requests that wait and run, blocks that are free or freed at once, tokens held by
    decodes, blocks that the first of the queue and all of it ask for."""

    waiting: Ints
    running: Ints
    available: Ints
    kv_tokens: Ints
    first_blocks: Ints
    waiting_blocks: Ints


class Engine(Protocol):
    """See the module. ``now`` is the time of the last event."""

    now: float

    def __init__(self, costs: Sequence[StepCost], servers: Sequence[ServerSpec]) -> None: ...

    def feed(self, arrivals: Arrivals, targets: Ints, first_id: int, *, more: bool = False) -> None:
        """The next block of arrivals, with the server of each or `UNROUTED`, when the one before is spent.

        Where ``more`` blocks follow, time stops at the last arrival with the event STARVED.
        """

    def advance(self, until: float) -> Event:
        """Go on to the next event that the caller has to see, at most to a time."""

    def route(self, server: int, lengths: tuple[int, int] | None = None) -> None:
        """Send the arrival of the ROUTE event to a server, with its lengths where they depend on who answers."""

    def take(self) -> Moved:
        """Keep the arrival of the ROUTE event outside of every server, for now."""

    def put(self, moved: Moved, server: int, *, front: bool = False) -> int:
        """Queue a request at a server, at the time that `advance` reached; ``computed`` tokens come with it.

        Behind those of its priority, or in front of them; its slot, or `UNROUTED` where it can never fit.
        """

    def withdraw(self, slot: int) -> Moved:
        """Take a request out of its server, with what it has computed."""

    def end(self, moved: Moved, status: int) -> None:
        """A request ends outside of every server."""

    def allow(self, server: int, count: int, ask_again: int) -> None:
        """Answer to ASK: admit at most so many of the queue, and ask again after so many tokens of a decode."""

    def done(self) -> NDArray[np.void]:
        """The requests that ended since it was asked last, as `DONE` rows in the order of their ends."""

    @property
    def ended(self) -> int:
        """How many requests ended so far."""

    def set_active(self, server: int, active: bool) -> None:
        """Begin no more iterations, or begin them again; the step under way goes on to its end."""

    def set_slowdown(self, server: int, factor: float) -> None:
        """From the next step on its steps take so many times as long."""

    def set_cost(self, server: int, cost: int) -> None:
        """From the next step on its steps cost what this one of the step costs says."""

    def reserve(self, server: int, blocks: int) -> bool:
        """Take blocks out of a server's memory, or give them back where negative; False where they are not there."""

    def claim(self, server: int, size: int) -> bool:
        """Take bytes of a server's device for something else than keys, or give them back where negative.

        Content that nobody uses is forgotten for them; False where they are not there.
        """

    def reorder(self, server: int, slots: Ints) -> None:
        """The queue of a server in another order: all its slots, the next one first."""

    def preempt(self, slot: int) -> None:
        """Put a request of a batch back to the head of the queue, as where memory runs out; its step goes on.

        Its keys are swapped at no time of their own, or dropped, as its server does.
        """

    def fail(self, server: int) -> list[Moved]:
        """A server breaks down: its step comes to nothing, its content is lost, and it is inactive from now on.

        The requests that were there, by id, with nothing computed.
        """

    def adapters(self, server: int) -> Ints:
        """The adapters that are loaded, in order."""

    def observe(self) -> Servers:
        """How the servers stand now."""

    def live(self) -> NDArray[np.void]:
        """`LIVE` rows of the requests that are in servers, by server and id."""

    def row(self, slot: int) -> np.void:
        """The `LIVE` row of a slot; its state is UNUSED where no request is in it."""

    def queue(self, server: int) -> NDArray[np.void]:
        """`LIVE` rows of the requests that wait at a server, from the head of its queue."""
