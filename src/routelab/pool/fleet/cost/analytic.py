"""The analytic cost model: a shape on devices under a plan, boiled down to the arrays of a `StepCost`.

Knows no requests; with measured `Factors` it is the calibrated model, without them the roof itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from routelab.core.decisions import Floats
from routelab.pool.fleet.catalogue import Hardware, Model
from routelab.pool.fleet.cost.plan import Plan
from routelab.pool.fleet.cost.roofline import (
    IDEAL,
    Factors,
    attention_operators,
    launches,
    link_seconds,
    roof_seconds,
    row_operators,
    token_operators,
)
from routelab.pool.fleet.cost.step import StepCost


class Load(NamedTuple):
    """Batches, in arrays of one shape: a chunk of a prompt after ``before`` keys, ``decodes`` of ``kv`` keys each."""

    chunk: Floats
    before: Floats
    decodes: Floats
    kv: Floats


def step_seconds(model: Model, device: Hardware, plan: Plan, load: Load, factors: Factors = IDEAL) -> Floats:
    """(4, …) time, compute, memory and communication of steps with these loads; a chunk yields a token.

    Under ``pp`` stages the batch goes through in as many parts, and the step ends when all have gone through all.
    """
    tokens, rows = load.chunk + load.decodes, load.decodes + (load.chunk > 0)
    part = tokens / plan.pp
    roof = roof_seconds(token_operators(model, device, plan, part), device, factors)
    roof = roof + roof_seconds(row_operators(model, device, plan, rows), device, factors)
    roof = roof + roof_seconds(attention_operators(model, device, plan, *load), device, factors) / plan.pp
    links = link_seconds(model, device, plan, part, factors)
    fixed = factors.step_s + factors.launch_s * launches(model, device, plan) + factors.sequence_s * rows
    return np.stack([roof[0] + links + fixed, roof[1], roof[2], links])


def step_cost(
    model: Model,
    device: Hardware,
    plan: Plan,
    factors: Factors = IDEAL,
    *,
    max_tokens: int = 8192,
    max_rows: int = 1024,
) -> StepCost:
    """The arrays that an engine reads, for batches of up to ``max_tokens`` tokens and ``max_rows`` sequences.

    Where attention does not grow with the keys (windows, sparse or linear attention) it becomes a grid.
    """
    tokens, rows = np.arange(max_tokens + 1) / plan.pp, np.arange(max_rows + 1, dtype=float)
    by_token = roof_seconds(token_operators(model, device, plan, tokens), device, factors)
    links = link_seconds(model, device, plan, tokens, factors)
    by_row = roof_seconds(row_operators(model, device, plan, rows), device, factors)
    table = np.stack([*by_token, links], axis=1)
    heads = np.stack([*by_row, np.zeros_like(rows)], axis=1)
    table[0] = heads[0] = 0.0

    def attention(chunk: Floats, before: Floats, decodes: Floats, kv: Floats) -> Floats:
        return (
            roof_seconds(attention_operators(model, device, plan, chunk, before, decodes, kv), device, factors)
            / plan.pp
        )

    one, none, far = np.array(1.0), np.array(0.0), np.array(1e6)
    ahead = attention(one, far, none, none) - attention(one, none, none, none)
    decode = attention(none, none, one, far) - attention(none, none, one, none)
    axes: tuple[Floats, ...] = ()
    grid = np.zeros((0, 0, 0, 0))
    if model.window or model.indexer or model.linear:
        axes = _axes(model, max_tokens, max_rows)
        grid = attention(*np.meshgrid(*axes, indexing="ij"))[0]
    return StepCost(
        tokens=table,
        rows=heads,
        pair_s=float(ahead[1] / far),
        context_s=float(ahead[2] / far),
        decode_compute_s=float(decode[1] / far),
        decode_memory_s=float(decode[2] / far),
        fixed_s=factors.step_s + factors.launch_s * launches(model, device, plan),
        per_sequence_s=factors.sequence_s,
        attention_axes=axes,
        attention_s=grid,
    )


def _axes(model: Model, max_tokens: int, max_rows: int) -> tuple[Floats, ...]:
    """Grid points: powers of two, and the lengths at which attention stops to grow."""
    knees = {float(part.tokens) for part in (model.window,) if part}
    knees |= {float(part.keys) for part in (model.indexer,) if part}
    longest = max(model.context_tokens, max_tokens)
    chunks = {0.0, float(max_tokens), *(float(2**n) for n in range(15) if 2**n < max_tokens)}
    keys = {0.0, float(longest), *(float(2**n) for n in range(8, 24, 2) if 2**n < longest)}
    rows = {0.0, 1.0, float(max_rows), *(float(2**n) for n in range(2, 16, 3) if 2**n < max_rows)}
    return (
        np.array(sorted(chunks | {knee for knee in knees if knee < max_tokens})),
        np.array(sorted(keys | knees)),
        np.array(sorted(rows)),
        np.array(sorted(keys | knees)),
    )
