"""From event to event: the next end of a step or arrival, whichever comes first."""

from __future__ import annotations

import numpy as np

from routelab.pool.fleet.engine import iteration, memory, runs
from routelab.pool.fleet.engine.interface import (
    ASK,
    FINISHED,
    HANDOFF,
    PRESSURE,
    ROUTE,
    STARVED,
    TOO_LONG,
    UNROUTED,
    UNTIL,
)
from routelab.pool.fleet.engine.state import DONE_ROWS, NONE, State
from routelab.pool.fleet.jit import entry, kernel

#: Besides the events of the interface: the buffer of ends is full, or the slots are; the caller makes room.
DRAIN, GROW = 100, 101


@entry
def advance(st: State, until: float, routed: int) -> tuple[int, float, int, int]:
    """(kind, time, server, row) of the next event, after the arrival that waits for a server went to the one `routed`,
    if one is; see `interface`."""
    if routed != UNROUTED:
        slot, st.world[0].pending = st.world[0].pending, NONE
        submit(st, routed, slot, True)
    while True:
        if st.world[0].fresh > 0:
            ended, st.world[0].fresh = st.world[0].fresh, 0
            return FINISHED, st.world[0].now, UNROUTED, ended
        if st.world[0].pressed > 0:
            return _pressed(st)
        slot = st.world[0].handoff_head
        if slot != NONE:
            st.world[0].handoff_head = st.slots[slot].batch_next
            return HANDOFF, st.world[0].now, st.slots[slot].server, slot
        if st.world[0].asking != NONE:
            asked = st.world[0].asking
            return ASK, st.world[0].now, asked, st.servers[asked].waiting
        if st.world[0].done >= DONE_ROWS:
            return DRAIN, st.world[0].now, UNROUTED, 0
        first = st.servers[0].heap
        wake = st.servers[first].wake_s
        row = st.world[0].arrived
        if row >= st.world[0].arrivals and st.world[0].more > 0:
            return STARVED, st.world[0].now, UNROUTED, 0
        arrival = st.arrivals[row].time_s if row < st.world[0].arrivals else np.inf
        if wake < np.inf and wake <= min(arrival, until):
            st.world[0].now = wake
            st.world[0].events += 1
            iteration.end_step(st, first)
            iteration.go_on(st, first)
        elif row < st.world[0].arrivals and arrival <= until:
            if st.world[0].free_slots == 0:
                return GROW, st.world[0].now, UNROUTED, 0
            st.world[0].now = arrival
            st.world[0].events += 1
            st.world[0].arrived += 1
            slot = _arrive(st, row)
            if st.arrivals[row].target == UNROUTED:
                st.world[0].pending = slot
                return ROUTE, arrival, UNROUTED, row
            submit(st, st.arrivals[row].target, slot, True)
        elif until == np.inf:
            return STARVED, st.world[0].now, UNROUTED, 0
        else:
            st.world[0].now = until
            return UNTIL, until, UNROUTED, 0


@kernel
def _pressed(st: State) -> tuple[int, float, int, int]:
    server = 0
    while st.servers[server].pressed == 0:
        server += 1
    times, st.servers[server].pressed = st.servers[server].pressed, 0
    st.world[0].pressed -= 1
    return PRESSURE, st.world[0].now, server, times


@kernel
def _arrive(st: State, row: int) -> int:
    slot = memory.new_slot(st)
    r = st.slots[slot]
    r.id, r.arrival_s = st.world[0].first_id + row, st.arrivals[row].time_s
    r.prompt, r.output, r.priority = st.arrivals[row].prompt, st.arrivals[row].output, st.arrivals[row].priority
    r.adapter = st.arrivals[row].adapter
    if st.world[0].unit > 0:
        r.hash_start = st.arrivals[row].hash_start
        r.hashes = st.arrivals[row].hashes
    return slot


@entry
def submit(st: State, server: int, slot: int, behind_equals: bool) -> int:
    """Queue a request at a server; its slot, or NONE where it can never fit."""
    s, r = st.servers[server], st.slots[slot]
    r.server = server
    tokens = r.prompt + r.produced
    blocks = s.kv_blocks if s.device == NONE else min(s.kv_blocks, s.device_bytes // s.block_bytes)
    if memory.blocks_of(tokens, s.block_tokens) + s.watermark > blocks:
        memory.record(st, slot, server, TOO_LONG)
        return NONE
    if s.waiting == 0 or not behind_equals or s.adapters > 0 or r.priority > st.slots[s.waiting_head].priority:
        runs.settle(st, server, st.world[0].now)
    r.queued_s = s.last_queued_s = st.world[0].now
    memory.enqueue(st, server, slot, behind_equals)
    if s.wake_s == np.inf and st.world[0].asking == NONE:
        iteration.begin(st, server)
    return slot
