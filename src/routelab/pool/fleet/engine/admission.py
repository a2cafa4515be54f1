"""Who of a queue joins the batch that is formed: as many as there are tokens, seats and blocks for."""

from __future__ import annotations

import math

from routelab.pool.fleet.engine import cache, memory, runs, tiers
from routelab.pool.fleet.engine.state import NONE, State
from routelab.pool.fleet.jit import kernel


@kernel
def has_room(st: State, server: int, budget: int) -> bool:
    s = st.servers[server]
    return s.waiting > 0 and budget > 0 and s.running < s.max_seqs


@kernel
def first(st: State, server: int) -> int:
    """The first of the queue that was there when the batch was formed and whose adapter can be loaded, or NONE."""
    s = st.servers[server]
    slot = s.waiting_head
    while slot != NONE and (st.slots[slot].queued_s > s.visible_s or not tiers.has_adapter(st, server, slot)):
        slot = st.slots[slot].next
    return slot


@kernel
def admit(st: State, server: int, budget: int, count: int) -> None:
    """From the head of the queue, at most so many, while there are tokens, seats and blocks."""
    s = st.servers[server]
    while count > 0 and has_room(st, server, budget):
        slot = first(st, server)
        if slot == NONE:
            break
        r = st.slots[slot]
        decodes = r.produced > 0 and r.computed == r.prompt + r.produced - 1
        here = 0 if r.computed > 0 else memory.cached_units(st, server, slot)
        loaded = 0 if r.computed > 0 else tiers.units_in_host(st, server, slot, here)
        start = r.computed if r.computed > 0 else (here + loaded) * st.world[0].unit
        chunk = min(r.prompt + r.produced - start, budget)
        if s.prefill_first > 0 and chunk < min(r.prompt + r.produced - start, s.max_tokens):
            break
        ahead = chunk
        if decodes:
            ahead = 0 if s.prefill_first > 0 else runs.tokens_of_step(st, server, s.decode_steps)
        most = math.ceil(s.tokens_per_step) if ahead > 0 and decodes else ahead
        if s.whole_prompt > 0 and not decodes:
            most = r.prompt + r.produced - start
        shared = here * s.unit_blocks
        pinned = 0
        for unit in range(here):
            entry = cache.find(st, server, st.hashes[r.hash_start + unit])
            pinned += s.unit_blocks if st.entries[entry].users == 0 else 0
        if (
            memory.blocks_of(start + most, s.block_tokens) - shared
            > memory.available(st, server) - pinned - s.watermark
        ):
            break
        memory.leave_queue(st, server, slot)
        memory.start_running(st, server, slot)
        r.sequence = st.world[0].sequence
        st.world[0].sequence += 1
        for unit in range(here):
            cache.use(st, server, cache.find(st, server, st.hashes[r.hash_start + unit]))
        r.units = here
        tiers.load(st, server, slot, here, loaded)
        blocks = memory.blocks_of(start + ahead, s.block_tokens) - shared
        memory.allocate(st, server, blocks)
        r.held += blocks
        if math.isnan(r.scheduled_s):
            r.scheduled_s, r.cached = st.world[0].now, start
        if r.swapped > 0:
            s.pending_s += memory.blocks_of(r.computed, s.block_tokens) * s.swap_s
            r.swapped = 0
        count -= 1
        if not decodes:
            r.computed = start
            memory.join_batch(st, server, slot, chunk)
            budget -= chunk
        else:
            memory.begin_decoding(st, server, slot)
            if s.prefill_first == 0:
                s.inflight = ahead
                budget -= 1 + s.drafted
