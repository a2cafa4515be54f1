"""The compiled engine's world: arrays that its functions change in place. They know nothing of Python objects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from routelab.core.decisions import Ints
from routelab.pool.fleet.cost.step import Costs, StepCost, stack
from routelab.pool.fleet.engine.interface import DONE, ServerSpec

Records = NDArray[Any]
NONE = -1
DONE_ROWS = 1 << 14

#: What there is one of.
WORLD = np.dtype(
    [
        ("now", "f8"),
        ("arrivals", "i8"),  # in the block, and how many of them have arrived
        ("arrived", "i8"),
        ("first_id", "i8"),
        ("more", "i8"),  # blocks follow
        ("free_slots", "i8"),
        ("done", "i8"),  # in the buffer of the done
        ("ended", "i8"),
        ("events", "i8"),
        ("fresh", "i8"),  # ended since the last FINISHED
        ("handoff_head", "i8"),
        ("handoff_tail", "i8"),
        ("asking", "i8"),
        ("budget", "i8"),
        ("pending", "i8"),
        ("sequence", "i8"),
        ("unit", "i8"),  # tokens of a block of content, 0 without any
        ("entry", "i8"),  # the first free entry of the prefix cache
        ("watch", "i8"),
        ("asks", "i8"),
        ("watch_pressure", "i8"),
        ("pressed", "i8"),  # servers that preempted since they were last told
        ("priorities", "i8"),
    ]
)

ARRIVAL = np.dtype(
    [
        ("time_s", "f8"),
        ("prompt", "i8"),
        ("output", "i8"),
        ("priority", "i8"),
        ("adapter", "i8"),
        ("target", "i8"),
        ("hash_start", "i8"),
        ("hashes", "i8"),
    ]
)

SLOT = np.dtype(
    [
        ("id", "i8"),
        ("arrival_s", "f8"),
        ("scheduled_s", "f8"),
        ("first_token_s", "f8"),
        ("last_token_s", "f8"),
        ("joined_s", "f8"),  # when it began to decode here
        ("prompt", "i8"),
        ("output", "i8"),
        ("produced", "i8"),
        ("computed", "i8"),  # of one that decodes: when it began, less the server's clock then
        ("finish", "i8"),  # the server's clock when it will have produced all
        ("sequence", "i8"),
        ("hash_start", "i8"),
        ("hashes", "i8"),
        ("held", "i8"),
        ("units", "i8"),
        ("chunk", "i8"),
        ("cached", "i8"),
        ("preemptions", "i8"),
        ("priority", "i8"),
        ("adapter", "i8"),
        ("queued_s", "f8"),
        ("server", "i8"),
        ("next", "i8"),
        ("previous", "i8"),
        ("batch_next", "i8"),
        ("state", "i8"),
        ("swapped", "i8"),
        ("free", "i8"),  # not of this slot: the stack of the free ones
    ]
)
SERVER = np.dtype(
    [
        ("cost", "i8"),
        ("kv_blocks", "i8"),
        ("block_tokens", "i8"),
        ("max_seqs", "i8"),
        ("max_tokens", "i8"),
        ("watermark", "i8"),
        ("prefix_cache", "i8"),
        ("whole_prompt", "i8"),
        ("prefill_first", "i8"),
        ("role", "i8"),
        ("swap_s", "f8"),
        ("tokens_per_step", "f8"),
        ("drafted", "i8"),
        ("overlapped", "i8"),
        ("host_blocks", "i8"),
        ("load_s", "f8"),
        ("adapters", "i8"),
        ("adapter_load_s", "f8"),
        ("adapter_step_s", "f8"),
        ("device", "i8"),
        ("device_bytes", "i8"),
        ("block_bytes", "i8"),
        ("next_turn", "i8"),  # the server after this one in the queue of its device
        ("queued", "i8"),
        ("turn", "i8"),  # these four not of this server but of the device of this number: whose step is under way,
        ("turn_head", "i8"),  # who is next
        ("turn_tail", "i8"),
        ("device_free", "i8"),
        ("device_freed", "i8"),  # something was given back since the last turn
        ("neighbour", "i8"),  # the next server on the same device, in a ring
        ("active", "i8"),
        ("slowdown", "f8"),
        ("unit_blocks", "i8"),
        ("free", "i8"),
        ("waiting", "i8"),
        ("waiting_head", "i8"),
        ("waiting_tail", "i8"),
        ("running", "i8"),
        ("running_head", "i8"),
        ("running_tail", "i8"),
        ("batch_head", "i8"),
        ("batch_tail", "i8"),
        ("partial", "i8"),  # the prompt that is cut, if one is: it is the last admitted
        ("decodes", "i8"),
        ("kv", "i8"),  # tokens computed of all that decode, at the clock
        ("clock", "i8"),  # tokens that a decode has yielded here, ever
        ("inflight", "i8"),  # tokens of each decode in the step under way
        ("decode_steps", "i8"),
        ("preemptions", "i8"),
        ("pressed", "i8"),  # preemptions since it was last told
        ("ask_at", "i8"),
        ("pending_s", "f8"),  # what the next step waits for: keys and adapters that are loaded
        ("last_end_s", "f8"),
        ("started_s", "f8"),  # when the last step began
        ("visible_s", "f8"),  # what was queued later does not join the batch that is formed now
        ("last_queued_s", "f8"),
        ("wake_s", "f8"),
        ("place", "i8"),  # in the heap of servers
        ("heap", "i8"),  # not of this server: the heap itself
        ("run_steps", "i8"),  # equal steps under way, the first begun at run_start_s
        ("run_start_s", "f8"),
        ("run_tokens", "i8"),
        ("run_blocks", "i8"),
        ("run_last", "i8"),
        ("run_before_s", "f8"),
        ("busy_s", "f8"),
        ("compute_s", "f8"),
        ("memory_s", "f8"),
        ("links_s", "f8"),
        ("run_busy_s", "f8"),
        ("run_keys", "i8"),
        ("steps", "i8"),
    ]
)

#: What is at a place, see `cache`; `room`: for how many, where that is limited.
SHELF = np.dtype([("room", "i8"), ("size", "i8"), ("unused", "i8"), ("oldest", "i8"), ("newest", "i8")])
#: A content on a shelf; `place` is not of this entry: the table from contents to entries.
ENTRY = np.dtype(
    [("hash", "i8"), ("shelf", "i8"), ("users", "i8"), ("next", "i8"), ("previous", "i8"), ("place", "i8")]
)


class State(NamedTuple):
    """Everything. ``finishing`` (servers, seats): the slots of a server that decode, a heap by (finish, sequence).
    ``phases`` (servers, block): how many of them begin a block when the clock is at a place in the block.
    ``hashes``: the content of those in flight, and of the block of arrivals."""

    costs: Costs
    world: Records
    servers: Records
    slots: Records
    shelves: Records
    entries: Records
    arrivals: Records
    done: Records
    hashes: Ints
    finishing: Ints
    phases: Ints


def fresh(costs: Sequence[StepCost], servers: Sequence[ServerSpec], slots: int = 1024) -> State:
    records = np.zeros(len(servers), dtype=SERVER)
    for row, spec in enumerate(servers):
        for name in ServerSpec.__dataclass_fields__:
            records[name][row] = getattr(spec, name)
    for name in _LINKS:
        records[name] = NONE
    for device in {spec.device for spec in servers if spec.device >= 0}:
        here = np.flatnonzero(records["device"] == device)
        records["neighbour"][here] = np.roll(here, -1)
        records["device_free"][device] = servers[here[0]].device_bytes
    records["free"], records["active"], records["slowdown"] = records["kv_blocks"], 1, 1.0
    records["place"] = np.arange(len(servers))
    records["unit_blocks"], records["wake_s"], records["last_end_s"] = 1, np.inf, -np.inf
    records["heap"] = np.arange(len(servers))
    records["visible_s"], records["last_queued_s"] = np.inf, -np.inf
    shelves = np.zeros(3 * len(servers), dtype=SHELF)
    shelves["oldest"] = shelves["newest"] = NONE
    world = np.zeros(1, dtype=WORLD)
    for name in ("handoff_head", "handoff_tail", "asking", "pending"):
        world[name] = NONE
    world["free_slots"] = slots
    free = np.zeros(slots, dtype=SLOT)
    free["free"] = np.arange(slots)[::-1]
    seats = max(spec.max_seqs for spec in servers)
    return State(
        costs=stack(list(costs)),
        world=world,
        servers=records,
        slots=free,
        shelves=shelves,
        entries=empty_entries(1 + sum(spec.adapters for spec in servers)),
        arrivals=np.zeros(0, dtype=ARRIVAL),
        done=np.zeros(DONE_ROWS + 2 * seats + 64, dtype=DONE),
        hashes=np.zeros(0, dtype=np.int64),
        finishing=np.zeros((len(servers), seats), dtype=np.int64),
        phases=np.zeros((len(servers), max(spec.block_tokens for spec in servers)), dtype=np.int64),
    )


def empty_entries(most: int) -> Records:
    """Room for so many contents, half of the table empty."""
    entries = np.zeros(1 << math.ceil(math.log2(2 * most)), dtype=ENTRY)
    entries["next"] = np.append(np.arange(1, len(entries)), NONE)
    entries["place"] = entries["shelf"] = NONE
    return entries


_LINKS = (
    "waiting_head",
    "waiting_tail",
    "running_head",
    "running_tail",
    "batch_head",
    "batch_tail",
    "partial",
    "next_turn",
    "turn",
    "turn_head",
    "turn_tail",
)
