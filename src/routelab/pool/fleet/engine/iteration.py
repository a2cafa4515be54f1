"""One iteration of one server: who is in the batch, how long it takes, and what is there at its end."""

from __future__ import annotations

import math

import numpy as np

from routelab.pool.fleet.cost.step import step_seconds
from routelab.pool.fleet.engine import admission, memory, runs
from routelab.pool.fleet.engine.heaps import wake_at
from routelab.pool.fleet.engine.interface import DECODING, OK, OUT_OF_MEMORY, PARKED, PREFILL
from routelab.pool.fleet.engine.state import NONE, State
from routelab.pool.fleet.jit import kernel


@kernel
def go_on(st: State, server: int) -> None:
    """After the end of a step: the next of the same server, or of those that share its device in turn."""
    s = st.servers[server]
    if s.device == NONE:
        begin(st, server)
        return
    wake_at(st, server, np.inf)
    _queue_up(st, server)
    pass_turn(st, server)


@kernel
def pass_turn(st: State, last: int) -> None:
    """On the device of a server, the first of the queue that has something to do begins; where memory was given back,
    those that rest with a queue are asked, too."""
    d = st.servers[st.servers[last].device]
    d.turn = NONE
    while d.turn == NONE and (d.turn_head != NONE or d.device_freed > 0):
        if d.device_freed > 0:
            d.device_freed = 0
            other = st.servers[last].neighbour
            while other != last:
                if st.servers[other].waiting > 0 and st.servers[other].wake_s == np.inf:
                    _queue_up(st, other)
                other = st.servers[other].neighbour
            if st.servers[last].waiting > 0:
                _queue_up(st, last)
            if d.turn_head == NONE:
                break
        server = d.turn_head
        d.turn_head = st.servers[server].next_turn
        st.servers[server].queued = 0
        begin(st, server)


@kernel
def _queue_up(st: State, server: int) -> None:
    s, d = st.servers[server], st.servers[st.servers[server].device]
    if s.queued > 0:
        return
    s.queued, s.next_turn = 1, NONE
    if d.turn_head == NONE:
        d.turn_head = server
    else:
        st.servers[d.turn_tail].next_turn = server
    d.turn_tail = server


@kernel
def begin(st: State, server: int) -> None:
    """Start the next iteration, or rest. Stops half-way where somebody is to be asked how many to admit.

    On a device where another's step is under way it waits for its turn.
    """
    s = st.servers[server]
    if s.device != NONE and st.servers[s.device].turn != NONE:
        _queue_up(st, server)
        runs.settle(st, st.servers[s.device].turn, st.world[0].now)
        return
    s.inflight = 0
    s.run_steps = 0
    s.pending_s = 0.0
    if s.active == 0:
        wake_at(st, server, np.inf)
        return
    preempted = s.preemptions
    budget = s.max_tokens
    if s.prefill_first == 0:
        budget -= _go_on_decoding(st, server)
    budget = _go_on_with_prompt(st, server, budget)
    s.visible_s = s.started_s if s.overlapped > 0 and s.running > 0 else np.inf
    if s.preemptions == preempted and admission.has_room(st, server, budget) and admission.first(st, server) != NONE:
        if st.world[0].asks > 0:
            if s.clock >= s.ask_at or s.running == 0:
                st.world[0].asking, st.world[0].budget = server, budget
                if s.device != NONE:
                    st.servers[s.device].turn = server
                wake_at(st, server, np.inf)
                return
        else:
            admission.admit(st, server, budget, s.waiting)
    launch(st, server, preempted)


@kernel
def _go_on_decoding(st: State, server: int) -> int:
    """Blocks for the next tokens of all that decode; the tokens computed for them."""
    s = st.servers[server]
    ahead = runs.tokens_of_step(st, server, s.decode_steps)
    while True:
        blocks = runs.blocks_begun(st, server, s.clock, ahead)
        if blocks <= memory.available(st, server):
            break
        alone = st.slots[s.running_head]
        if s.running == 1 and _never_fits(st, server, alone.computed + s.clock + ahead):
            leave(st, server, s.running_head, OUT_OF_MEMORY)
        else:
            preempt(st, server, _victim(st, server))
    if s.decodes == 0:
        return 0
    memory.allocate(st, server, blocks)
    s.inflight = ahead
    return s.decodes * (1 + s.drafted)


@kernel
def _go_on_with_prompt(st: State, server: int, budget: int) -> int:
    s, slot = st.servers[server], st.servers[server].partial
    if slot == NONE or budget <= 0:
        return budget
    r = st.slots[slot]
    chunk = min(r.prompt + r.produced - r.computed, budget)
    blocks = memory.blocks_of(r.computed + chunk, s.block_tokens) - r.held - r.units * s.unit_blocks
    while blocks > memory.available(st, server):
        if s.running == 1 and _never_fits(st, server, r.computed + chunk):
            leave(st, server, slot, OUT_OF_MEMORY)
            return budget
        victim = _victim(st, server)
        preempt(st, server, victim)
        if victim == slot:
            return budget
    memory.allocate(st, server, blocks)
    r.held += blocks
    memory.join_batch(st, server, slot, chunk)
    return budget - chunk


@kernel
def launch(st: State, server: int, preempted: int) -> None:
    """Price the step and say when the server wakes. After one more preemption the next step is looked at anew."""
    s = st.servers[server]
    if s.prefill_first > 0 and s.batch_head == NONE:
        _go_on_decoding(st, server)
    if s.batch_head == NONE and s.inflight == 0:
        wake_at(st, server, np.inf)
        return
    alone = True
    if s.device != NONE:
        st.servers[s.device].turn = server
        alone = st.servers[s.device].turn_head == NONE
    s.run_start_s = s.started_s = st.world[0].now
    if s.batch_head == NONE:
        ripe = s.waiting == 0 or s.last_queued_s <= s.visible_s
        blind = alone and ripe and s.preemptions == preempted and s.pending_s == 0.0
        wake_at(st, server, runs.walk(st, server, np.inf, 1 << 40 if blind else 1))
        return
    tokens, rows, pairs, context = 0, 0, 0.0, 0.0
    slot = s.batch_head
    while slot != NONE:
        r = st.slots[slot]
        tokens += r.chunk
        rows += r.computed + r.chunk == r.prompt + r.produced
        pairs += r.chunk * r.computed + r.chunk * (r.chunk + 1) / 2
        context += r.computed + r.chunk
        slot = r.batch_next
    decodes = s.decodes if s.inflight > 0 else 0
    kv = float(s.kv + decodes) if s.inflight > 0 else 0.0
    time, compute, moved, links = step_seconds(
        st.costs, s.cost, tokens + decodes * (1 + s.drafted), rows + decodes, pairs, context, decodes, kv
    )
    time = time * s.slowdown + runs.extra_s(st, server)
    s.busy_s += time
    s.compute_s += compute
    s.memory_s += moved
    s.links_s += links
    s.steps += 1
    s.run_steps = 0
    wake_at(st, server, st.world[0].now + time)


@kernel
def end_step(st: State, server: int) -> None:
    """Every token that was scheduled is there."""
    runs.settle(st, server, np.inf)
    s = st.servers[server]
    if s.inflight > 0 and s.decodes > 0:
        s.clock += s.inflight
        s.kv += s.decodes * s.inflight
        s.decode_steps += 1
        s.last_end_s = st.world[0].now
        s.inflight = 0
        while s.decodes > 0 and st.slots[st.finishing[server, 0]].finish <= s.clock:
            leave(st, server, st.finishing[server, 0], OK)
    s.inflight = 0
    slot = s.batch_head
    s.batch_head = s.batch_tail = NONE
    while slot != NONE:
        r = st.slots[slot]
        following = r.batch_next
        r.computed += r.chunk
        r.chunk = 0
        memory.share(st, server, slot)
        if r.computed == r.prompt + r.produced:
            if s.partial == slot:
                s.partial = NONE
            _yield_token(st, server, slot)
        else:
            s.partial = slot
        slot = following


@kernel
def _yield_token(st: State, server: int, slot: int) -> None:
    """A prompt is computed whole: its next token is there."""
    s, r = st.servers[server], st.slots[slot]
    r.produced += 1
    r.last_token_s = st.world[0].now
    if math.isnan(r.first_token_s):
        r.first_token_s = st.world[0].now
    if r.produced >= r.output:
        leave(st, server, slot, OK)
    elif s.role == PREFILL:
        memory.stop_running(st, server, slot)
        r.state = PARKED
        r.batch_next = NONE
        if st.world[0].handoff_head == NONE:
            st.world[0].handoff_head = slot
        else:
            st.slots[st.world[0].handoff_tail].batch_next = slot
        st.world[0].handoff_tail = slot
    else:
        memory.begin_decoding(st, server, slot)


@kernel
def leave(st: State, server: int, slot: int, status: int) -> None:
    memory.stop_running(st, server, slot)
    memory.share(st, server, slot)
    memory.release(st, server, slot)
    memory.record(st, slot, server, status)


@kernel
def preempt(st: State, server: int, slot: int) -> None:
    s, r = st.servers[server], st.slots[slot]
    decodes = r.state == DECODING
    memory.stop_running(st, server, slot)
    if s.swap_s > 0.0 and decodes:
        s.pending_s += memory.blocks_of(r.computed, s.block_tokens) * s.swap_s
        r.swapped = 1
        memory.release(st, server, slot)
    else:
        memory.release(st, server, slot)
        r.computed = 0
    r.preemptions += 1
    s.preemptions += 1
    if st.world[0].watch_pressure > 0:
        st.world[0].pressed += s.pressed == 0
        s.pressed += 1
    memory.enqueue(st, server, slot, False)


@kernel
def _never_fits(st: State, server: int, tokens: int) -> bool:
    """Whether a lone request is too long: nobody else will give memory back to it."""
    s = st.servers[server]
    if s.device == NONE:
        return True
    return memory.blocks_of(tokens, s.block_tokens) > min(s.kv_blocks, s.device_bytes // s.block_bytes)


@kernel
def _victim(st: State, server: int) -> int:
    """The last admitted of the lowest priority."""
    slot = st.servers[server].running_tail
    if st.world[0].priorities == 0:
        return slot
    chosen = slot
    while slot != NONE:
        if st.slots[slot].priority < st.slots[chosen].priority:
            chosen = slot
        slot = st.slots[slot].previous
    return chosen
