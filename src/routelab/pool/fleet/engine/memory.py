"""Blocks and lists: what a request holds at its server, and the queues it stands in."""

from __future__ import annotations

import numpy as np

from routelab.pool.fleet.engine import cache, tiers
from routelab.pool.fleet.engine.heaps import drop_finish, push_finish
from routelab.pool.fleet.engine.interface import DECODING, RUNNING, UNUSED, WAITING
from routelab.pool.fleet.engine.state import NONE, State
from routelab.pool.fleet.jit import entry, kernel


@kernel
def blocks_of(tokens: int, size: int) -> int:
    return (tokens + size - 1) // size


@kernel
def available(st: State, server: int) -> int:
    """Blocks that are free, or are as soon as content that nobody uses is forgotten."""
    s = st.servers[server]
    free = s.free
    if s.device != NONE:
        free = min(free, st.servers[s.device].device_free // s.block_bytes)
    return free + st.shelves[server].unused * s.unit_blocks


@kernel
def give_back(st: State, server: int, blocks: int) -> None:
    s = st.servers[server]
    s.free += blocks
    if s.device != NONE:
        st.servers[s.device].device_free += blocks * s.block_bytes
        if blocks > 0:
            st.servers[s.device].device_freed = 1


@kernel
def allocate(st: State, server: int, blocks: int) -> None:
    unit_blocks = st.servers[server].unit_blocks
    while available(st, server) - st.shelves[server].unused * unit_blocks < blocks:
        tiers.forget_oldest(st, server)
    give_back(st, server, -blocks)


@kernel
def cached_units(st: State, server: int, slot: int) -> int:
    """How many blocks of its content are here, leaving at least one token to compute."""
    r, unit = st.slots[slot], st.world[0].unit
    if unit == 0 or st.servers[server].prefix_cache == 0:
        return 0
    most = min(r.hashes, (r.prompt + r.produced - 1) // unit)
    found = 0
    while found < most and cache.find(st, server, st.hashes[r.hash_start + found]) != NONE:
        found += 1
    return found


@kernel
def share(st: State, server: int, slot: int) -> None:
    """Put the content that a request has computed whole into the cache."""
    r, s, unit = st.slots[slot], st.servers[server], st.world[0].unit
    if unit == 0 or s.prefix_cache == 0:
        return
    while r.units < min(r.computed // unit, r.hashes):
        content = st.hashes[r.hash_start + r.units]
        entry = cache.find(st, server, content)
        if entry == NONE:
            cache.insert(st, server, content)
        else:
            give_back(st, server, s.unit_blocks)
            cache.use(st, server, entry)
        r.held -= s.unit_blocks
        r.units += 1


@kernel
def release(st: State, server: int, slot: int) -> None:
    """Give back what a request holds; its content stays cached until the memory is needed."""
    r = st.slots[slot]
    give_back(st, server, r.held)
    while r.units > 0:
        r.units -= 1
        cache.leave(st, server, cache.find(st, server, st.hashes[r.hash_start + r.units]))
    r.held = 0


@kernel
def begin_decoding(st: State, server: int, slot: int) -> None:
    """From now on it yields tokens with the server's clock, counted for all at once."""
    r, s = st.slots[slot], st.servers[server]
    r.state, r.joined_s = DECODING, st.world[0].now
    s.kv += r.computed
    s.decodes += 1
    r.finish = s.clock + r.output - r.produced
    r.computed -= s.clock
    st.phases[server, r.computed % s.block_tokens] += 1
    push_finish(st, server, slot)


@kernel
def end_decoding(st: State, server: int, slot: int) -> None:
    """Its own figures again, as of the last end of a step."""
    r, s = st.slots[slot], st.servers[server]
    drop_finish(st, server, slot)
    st.phases[server, r.computed % s.block_tokens] -= 1
    r.state = RUNNING
    r.computed += s.clock
    r.produced = r.output - (r.finish - s.clock)
    r.held = blocks_of(r.computed + s.inflight, s.block_tokens) - r.units * s.unit_blocks
    s.decodes -= 1
    s.kv -= r.computed
    if s.last_end_s > r.joined_s:
        r.last_token_s = s.last_end_s


@kernel
def enqueue(st: State, server: int, slot: int, behind_equals: bool) -> None:
    """Into the queue by priority, behind those of the same or before them."""
    s, r = st.servers[server], st.slots[slot]
    r.state, r.server = WAITING, server
    after = s.waiting_tail if behind_equals else NONE
    if behind_equals:
        while after != NONE and st.slots[after].priority < r.priority:
            after = st.slots[after].previous
    else:
        ahead = s.waiting_head
        while ahead != NONE and st.slots[ahead].priority > r.priority:
            after, ahead = ahead, st.slots[ahead].next
    r.previous = after
    r.next = s.waiting_head if after == NONE else st.slots[after].next
    if r.previous == NONE:
        s.waiting_head = slot
    else:
        st.slots[r.previous].next = slot
    if r.next == NONE:
        s.waiting_tail = slot
    else:
        st.slots[r.next].previous = slot
    s.waiting += 1


@kernel
def leave_queue(st: State, server: int, slot: int) -> None:
    s, r = st.servers[server], st.slots[slot]
    if r.previous == NONE:
        s.waiting_head = r.next
    else:
        st.slots[r.previous].next = r.next
    if r.next == NONE:
        s.waiting_tail = r.previous
    else:
        st.slots[r.next].previous = r.previous
    s.waiting -= 1


@kernel
def start_running(st: State, server: int, slot: int) -> None:
    s, r = st.servers[server], st.slots[slot]
    r.state, r.previous, r.next = RUNNING, s.running_tail, NONE
    if s.running_tail == NONE:
        s.running_head = slot
    else:
        st.slots[s.running_tail].next = slot
    s.running_tail = slot
    s.running += 1
    tiers.use_adapter(st, server, slot)


@kernel
def stop_running(st: State, server: int, slot: int) -> None:
    """Out of the batch; what it holds is still held."""
    s, r = st.servers[server], st.slots[slot]
    if r.state == DECODING:
        end_decoding(st, server, slot)
    if r.chunk > 0:
        _leave_batch(st, server, slot)
    tiers.leave_adapter(st, server, slot)
    if s.partial == slot:
        s.partial = NONE
    if r.previous == NONE:
        s.running_head = r.next
    else:
        st.slots[r.previous].next = r.next
    if r.next == NONE:
        s.running_tail = r.previous
    else:
        st.slots[r.next].previous = r.previous
    s.running -= 1


@kernel
def join_batch(st: State, server: int, slot: int, chunk: int) -> None:
    """Part of a prompt is computed in the step under way."""
    s, r = st.servers[server], st.slots[slot]
    r.chunk, r.batch_next = chunk, NONE
    if s.batch_tail == NONE:
        s.batch_head = slot
    else:
        st.slots[s.batch_tail].batch_next = slot
    s.batch_tail = slot


@kernel
def _leave_batch(st: State, server: int, slot: int) -> None:
    s, before = st.servers[server], NONE
    each = s.batch_head
    while each != slot:
        before, each = each, st.slots[each].batch_next
    after = st.slots[slot].batch_next
    if before == NONE:
        s.batch_head = after
    else:
        st.slots[before].batch_next = after
    if s.batch_tail == slot:
        s.batch_tail = before
    st.slots[slot].chunk = 0


@entry
def record(st: State, slot: int, server: int, status: int) -> None:
    """Write down a request's end, and free its slot."""
    r = st.slots[slot]
    row = st.done[st.world[0].done]
    row.id, row.server, row.status = r.id, server, status
    row.arrival_s, row.scheduled_s = r.arrival_s, r.scheduled_s
    row.first_token_s, row.last_token_s = r.first_token_s, r.last_token_s
    row.input_tokens, row.output_tokens = r.prompt, min(r.produced, r.output)
    row.cached_tokens, row.preemptions = r.cached, r.preemptions
    st.world[0].done += 1
    st.world[0].ended += 1
    if st.world[0].watch > 0:
        st.world[0].fresh += 1
    free_slot(st, slot)


@entry
def free_slot(st: State, slot: int) -> None:
    st.slots[slot].state = UNUSED
    st.slots[st.world[0].free_slots].free = slot
    st.world[0].free_slots += 1


@entry
def new_slot(st: State) -> int:
    """A slot with nothing in it; there must be one."""
    st.world[0].free_slots -= 1
    slot = st.slots[st.world[0].free_slots].free
    r = st.slots[slot]
    r.scheduled_s = r.first_token_s = r.last_token_s = np.nan
    r.produced = r.computed = r.held = r.units = r.chunk = r.cached = r.preemptions = 0
    r.hash_start = r.hashes = r.priority = 0
    r.swapped, r.joined_s, r.adapter, r.queued_s = 0, -np.inf, NONE, -np.inf
    return slot
