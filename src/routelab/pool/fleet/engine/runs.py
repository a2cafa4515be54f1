"""Steps that differ in nothing but the length of their keys, run through at once.

A run ends at the next end of a request or lack of a block; `settle` finds out how far one has come by a given time.
"""

from __future__ import annotations

import math

import numpy as np

from routelab.pool.fleet.cost.step import DECODE_COMPUTE, DECODE_MEMORY, decode_line, step_seconds
from routelab.pool.fleet.engine import memory, tiers
from routelab.pool.fleet.engine.heaps import wake_at
from routelab.pool.fleet.engine.state import State
from routelab.pool.fleet.jit import kernel

NEVER = 1 << 62


@kernel
def walk(st: State, server: int, until: float, most: int) -> float:
    """Go through equal decode steps from `run_start_s` to the first that ends after `until`, or the last that can be
    run blindly; the run's figures are left in the server, the end of that step is returned. Nothing is committed."""
    s = st.servers[server]
    costs, kind, decodes = st.costs, s.cost, s.decodes
    tokens = decodes * (1 + s.drafted)
    base, rest, slope = decode_line(costs, kind, tokens, decodes)
    free = memory.available(st, server)
    first_finish = st.slots[st.finishing[server, 0]].finish
    asks_at = s.ask_at if st.world[0].asks > 0 and s.waiting > 0 else NEVER
    clock, kv, ahead = s.clock, s.kv, s.inflight
    begun, steps, before, keys = 0, 1, -np.inf, 0
    extra = extra_s(st, server)
    time = s.run_start_s
    while True:
        keys += kv + decodes
        if slope >= 0.0:
            step = base + float(kv + decodes) * slope + rest
        else:
            step = step_seconds(costs, kind, tokens, decodes, 0.0, 0.0, decodes, float(kv + decodes))[0]
        end = time + (step * s.slowdown + extra)
        if end > until or steps >= most or clock + ahead >= first_finish or clock + ahead >= asks_at:
            break
        following = tokens_of_step(st, server, s.decode_steps + steps)
        blocks = blocks_begun(st, server, clock + ahead, following)
        if begun + blocks > free:
            break
        begun += blocks
        clock += ahead
        kv += decodes * ahead
        ahead = following
        steps += 1
        before = time = end
    s.run_steps, s.run_tokens, s.run_blocks, s.run_last, s.run_before_s = steps, clock - s.clock, begun, ahead, before
    s.run_keys, s.run_busy_s = keys, end - s.run_start_s
    return end


@kernel
def settle(st: State, server: int, until: float) -> None:
    """Commit what a run of equal steps has done by a time; the step then under way stands alone."""
    s = st.servers[server]
    if s.run_steps == 0:
        return
    if until < s.wake_s:
        wake_at(st, server, walk(st, server, until, s.run_steps))
    memory.allocate(st, server, s.run_blocks)
    s.kv += s.decodes * s.run_tokens
    s.clock += s.run_tokens
    s.decode_steps += s.run_steps - 1
    s.steps += s.run_steps
    s.inflight = s.run_last
    s.last_end_s = max(s.last_end_s, s.run_before_s)
    s.started_s = max(s.started_s, s.run_before_s)
    tokens = s.decodes * (1 + s.drafted)
    one = step_seconds(st.costs, s.cost, tokens, s.decodes, 0.0, 0.0, s.decodes, 0.0)
    s.busy_s += s.run_busy_s
    s.compute_s += s.run_steps * one[1] + s.run_keys * st.costs.scalars[s.cost, DECODE_COMPUTE]
    s.memory_s += s.run_steps * one[2] + s.run_keys * st.costs.scalars[s.cost, DECODE_MEMORY]
    s.links_s += s.run_steps * one[3]
    s.run_steps = 0


@kernel
def extra_s(st: State, server: int) -> float:
    """What the next step takes besides its batch: for what it waits, and for each adapter in use."""
    s = st.servers[server]
    return s.pending_s + tiers.adapters_used(st, server) * s.adapter_step_s


@kernel
def tokens_of_step(st: State, server: int, steps: int) -> int:
    """Tokens that a decode yields in the step after so many: whole numbers whose mean is the server's rate."""
    rate = st.servers[server].tokens_per_step
    if rate == 1.0:
        return 1
    return int(math.floor((steps + 1) * rate) - math.floor(steps * rate))


@kernel
def blocks_begun(st: State, server: int, clock: int, ahead: int) -> int:
    """Blocks that all decodes begin by their next tokens."""
    size = st.servers[server].block_tokens
    begun = 0
    for token in range(ahead):
        begun += st.phases[server, -(clock + token) % size]
    return begun
