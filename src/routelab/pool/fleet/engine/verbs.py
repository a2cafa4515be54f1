"""What a caller may do to a server between two events."""

from __future__ import annotations

import numpy as np

from routelab.core.decisions import Ints
from routelab.pool.fleet.engine import admission, cache, iteration, memory, runs, tiers
from routelab.pool.fleet.engine.heaps import wake_at
from routelab.pool.fleet.engine.interface import DECODING, PARKED, RUNNING, UNUSED, WAITING
from routelab.pool.fleet.engine.state import NONE, Records, State
from routelab.pool.fleet.jit import entry, kernel


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
    admission.admit(st, server, budget, count)
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
def preempt(st: State, slot: int) -> None:
    """Back to the head of the queue, if it is in a batch; the step under way goes on without it."""
    server = st.slots[slot].server
    _settle_device(st, server)
    if st.slots[slot].state == RUNNING or st.slots[slot].state == DECODING:
        iteration.preempt(st, server, slot)
        _look_again(st, server)


@entry
def interrupt(st: State, server: int) -> None:
    """The step under way comes to nothing, and all content is lost; no request may be left at the server."""
    s, now = st.servers[server], st.world[0].now
    if s.wake_s < np.inf:
        s.busy_s -= s.wake_s - now
    s.inflight = s.run_steps = 0
    wake_at(st, server, np.inf)
    while st.shelves[server].unused > 0:
        cache.forget_oldest(st, server)
        memory.give_back(st, server, s.unit_blocks)
    for kind in (cache.HOST, cache.ADAPTERS):
        shelf = cache.shelf_of(st, server, kind)
        while st.shelves[shelf].unused > 0:
            cache.forget_oldest(st, shelf)
    if s.device != NONE and st.servers[s.device].turn == server and st.world[0].asking == NONE:
        iteration.pass_turn(st, server)
    else:
        _look_again(st, server)


@entry
def reorder(st: State, server: int, slots: Ints) -> None:
    """The queue in another order."""
    runs.settle(st, server, st.world[0].now)
    s, before = st.servers[server], NONE
    for slot in slots:
        st.slots[slot].previous, st.slots[slot].next = before, NONE
        if before == NONE:
            s.waiting_head = slot
        else:
            st.slots[before].next = slot
        before = slot
    s.waiting_tail = before


@entry
def claim(st: State, server: int, size: int) -> bool:
    """Take bytes of a device beside its servers' keys, for which content that nobody uses is forgotten, or give them
    back where negative."""
    _settle_device(st, server)
    d = st.servers[st.servers[server].device]
    other = server
    while d.device_free < size:
        if st.shelves[other].unused > 0:
            tiers.forget_oldest(st, other)
            continue
        other = st.servers[other].neighbour
        if other == server:
            return False
    d.device_free -= size
    if size < 0:
        d.device_freed = 1
        _look_again(st, server)
    return True


@entry
def set_cost(st: State, server: int, cost: int) -> None:
    """From the next step on its steps cost what another kind's do."""
    runs.settle(st, server, st.world[0].now)
    st.servers[server].cost = cost


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
def tell(st: State, slot: int, rows: Records) -> None:
    """Fill a row of `LIVE` with what may be known of a slot."""
    r, row = st.slots[slot], rows[0]
    row.state = r.state
    if r.state == UNUSED:
        return
    s = st.servers[r.server]
    runs.settle(st, r.server, st.world[0].now)
    row.slot, row.id, row.server, row.prompt = slot, r.id, r.server, r.prompt
    row.priority, row.adapter, row.preemptions, row.arrival_s = r.priority, r.adapter, r.preemptions, r.arrival_s
    row.produced, row.computed = r.produced, r.computed
    if r.state == DECODING:
        row.produced, row.computed = r.output - (r.finish - s.clock), r.computed + s.clock
    row.blocks = memory.blocks_of(row.computed, s.block_tokens)


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
