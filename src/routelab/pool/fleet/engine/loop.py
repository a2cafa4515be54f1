"""From event to event: the next end of a step or arrival, whichever comes first."""

from __future__ import annotations

import numpy as np

from routelab.core.decisions import Ints
from routelab.pool.fleet.engine import iteration, memory, runs
from routelab.pool.fleet.engine.interface import (
    ASK,
    FINISHED,
    HANDOFF,
    PARKED,
    ROUTE,
    STARVED,
    TOO_LONG,
    UNROUTED,
    UNTIL,
    WAITING,
)
from routelab.pool.fleet.engine.state import DONE_ROWS, NONE, State
from routelab.pool.fleet.jit import entry, kernel

#: Besides the events of the interface: the buffer of ends is full, or the slots are; the caller makes room.
DRAIN, GROW = 100, 101


@entry
def advance(st: State, until: float) -> tuple[int, float, int, int]:
    """(kind, time, server, row) of the next event; see `interface`."""
    while True:
        if st.world[0].fresh > 0:
            ended, st.world[0].fresh = st.world[0].fresh, 0
            return FINISHED, st.world[0].now, UNROUTED, ended
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
def _arrive(st: State, row: int) -> int:
    slot = memory.new_slot(st)
    r = st.slots[slot]
    r.id, r.arrival_s = st.world[0].first_id + row, st.arrivals[row].time_s
    r.prompt, r.output, r.priority = st.arrivals[row].prompt, st.arrivals[row].output, st.arrivals[row].priority
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
    if s.waiting == 0 or not behind_equals or r.priority > st.slots[s.waiting_head].priority:
        runs.settle(st, server, st.world[0].now)
    memory.enqueue(st, server, slot, behind_equals)
    if s.wake_s == np.inf and st.world[0].asking == NONE:
        iteration.begin(st, server)
    return slot


@entry
def withdraw(st: State, slot: int) -> None:
    """Take a request out of its server; the slot keeps its figures until it is freed."""
    server = st.slots[slot].server
    _settle_device(st, server)
    if st.slots[slot].state == WAITING:
        memory.leave_queue(st, server, slot)
    elif st.slots[slot].state != PARKED:
        memory.stop_running(st, server, slot)
    memory.release(st, server, slot)
    _look_again(st, server)


@kernel
def _settle_device(st: State, server: int) -> None:
    """Commit what a server has done by now, and who has the turn on its device."""
    runs.settle(st, server, st.world[0].now)
    device = st.servers[server].device
    if device != NONE and st.servers[device].turn != NONE:
        runs.settle(st, st.servers[device].turn, st.world[0].now)


@kernel
def _look_again(st: State, server: int) -> None:
    """Memory may have been given back on a device at rest."""
    device = st.servers[server].device
    if device != NONE and st.servers[device].turn == NONE and st.world[0].asking == NONE:
        iteration.pass_turn(st, server)


@entry
def answer(st: State, count: int, ask_again: int) -> None:
    """Go on with the iteration that stopped to ask how many to admit."""
    server = st.world[0].asking
    budget = st.world[0].budget
    st.world[0].asking = NONE
    s = st.servers[server]
    s.ask_at = s.clock + ask_again
    iteration.admit(st, server, budget, count)
    iteration.launch(st, server, s.preemptions)
    if s.device != NONE and s.wake_s == np.inf:
        iteration.pass_turn(st, server)


@entry
def set_active(st: State, server: int, active: int) -> None:
    """Stop beginning iterations, or begin again; the step under way goes on to its end."""
    runs.settle(st, server, st.world[0].now)
    s = st.servers[server]
    s.active = active
    if active > 0 and s.wake_s == np.inf:
        iteration.begin(st, server)


@entry
def set_slowdown(st: State, server: int, factor: float) -> None:
    """From the next step on every step takes so many times as long."""
    runs.settle(st, server, st.world[0].now)
    st.servers[server].slowdown = factor


@entry
def reserve(st: State, server: int, blocks: int) -> bool:
    """Take blocks out of a server's memory, or give them back."""
    _settle_device(st, server)
    s = st.servers[server]
    if blocks > memory.available(st, server):
        return False
    if blocks > 0:
        memory.allocate(st, server, blocks)
    else:
        memory.give_back(st, server, -blocks)
    if s.device != NONE:
        _look_again(st, server)
    elif s.wake_s == np.inf and st.world[0].asking == NONE:
        iteration.begin(st, server)
    return True


@entry
def settle_all(st: State) -> None:
    """Commit what every server has done by now."""
    for server in range(len(st.servers)):
        runs.settle(st, server, st.world[0].now)


@entry
def observe(st: State, columns: Ints) -> None:
    """Fill (6, servers): the columns of `interface.Servers`. What decodes counts as of the last end of a step."""
    settle_all(st)
    for server in range(len(st.servers)):
        s = st.servers[server]
        columns[0, server], columns[1, server] = s.waiting, s.running
        columns[2, server], columns[3, server] = memory.available(st, server), s.kv
        columns[4, server] = columns[5, server] = 0
        slot = s.waiting_head
        while slot != NONE:
            tokens = st.slots[slot].prompt + st.slots[slot].produced
            columns[5, server] += memory.blocks_of(tokens, s.block_tokens)
            if slot == s.waiting_head:
                columns[4, server] = columns[5, server]
            slot = st.slots[slot].next
