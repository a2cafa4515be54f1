"""TTFT and TPOT of an engine that a fixed number of clients keep busy, each sending its next prompt after an answer.

Steady state of chunked prefill: decodes run in every step, and a share of steps carries a part of a prompt too. What
a point needs of the roofline is counted once; predicting under other factors is then arithmetic on arrays. Knows no
traces: an engine under real arrivals is simulated, not predicted from here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from routelab.core.decisions import Floats, Ints
from routelab.pool.fleet.catalogue import find_hardware, find_model
from routelab.pool.fleet.cost.plan import Plan, check_placement, kv_capacity_tokens
from routelab.pool.fleet.cost.points import Point
from routelab.pool.fleet.cost.roofline import (
    Operator,
    attention_operators,
    launches,
    link_bytes,
    row_operators,
    token_operators,
)

BUDGET_TOKENS = 8192  # of a step, the usual default of engines on devices of this size
OPERATORS = 32  # the most that a step has; padding costs nothing
KINDS = ("matrix", "experts", "attention")
ENGINE = (
    *("compute", "bandwidth", "experts_compute", "experts_bandwidth", "attention_compute", "attention_bandwidth"),
    *("link", "hop_s", "launch_s", "step_s", "sequence_s"),
)
NAMES = (*ENGINE, "request_s", "burst")
"""Every factor, in the order of a column. ``request_s``: from a client to the engine and back, once. ``burst``: share
of the clients that are ahead of a prompt (clients that start or finish together queue behind one another)."""

Loads = tuple[float, float, float, float]  # a chunk, keys before it, decodes, keys of each
DECODE, MIXED, PREFILL, BULK = range(4)


@dataclass(frozen=True)
class Work:
    """Points in arrays: what their four kinds of steps cost at the roof, and how often which step comes.

    Steps: decodes alone; decodes beside prompts; decodes beside one chunk; prompts alone, as many as a step takes.
    """

    kind: Ints  # (N, 4, OPERATORS)
    compute_s: Floats  # (N, 4, OPERATORS)
    memory_s: Floats  # (N, 4, OPERATORS)
    messages: Floats  # (N, 4)
    link_s: Floats  # (N, 4)
    rows: Floats  # (N, 4)
    launches: Floats  # (N,)
    mixed_share: Floats  # (N,) of steps that carry a prompt
    chunks: Floats  # (N,) steps of one prompt
    together: Floats  # (N,) prompts of a bulk step
    clients: Floats  # (N,)
    running: Floats  # (N,) of them, those whose keys fit
    osl: Floats  # (N,)

    def take(self, rows: Ints) -> Work:
        """The points with these numbers."""
        return Work(**{name: values[rows] for name, values in vars(self).items()})


def count_work(points: Sequence[Point]) -> Work:
    """Count the roofline of every point; raises InputError for one that cannot be placed."""
    columns = [_counted(point) for point in points]
    return Work(**{name: np.array([each[name] for each in columns]) for name in columns[0]})


def _counted(point: Point) -> dict[str, object]:
    model, device = find_model(point.model), find_hardware(point.gpu)
    steps: list[tuple[float, float, list[tuple[float, Loads]]]]
    plan = Plan(tp=point.tp, pp=point.pp, ep=point.ep, dtype=point.dtype, kv=point.kv)
    check_placement(model, device, plan)
    isl, osl, clients = point.isl, point.osl, max(point.batch, 1.0)
    if point.step_ms:
        prompts = float(point.chunk > 0)
        load = (point.chunk, point.before, point.decodes, point.keys)
        steps = [(point.chunk + point.decodes, prompts + point.decodes, [(1.0, load)])] * 4
        share, chunks, together, running = 0.0, 1.0, 1.0, clients
    else:
        fits = max(kv_capacity_tokens(model, device, plan, context=isl + osl) / (isl + osl), 1.0)
        running = min(clients, fits, BUDGET_TOKENS * osl / isl)
        wanted = running * isl / osl  # prompt tokens a step must take for the loop to close
        chunks = math.ceil(isl / BUDGET_TOKENS)
        size = isl / chunks
        part = max(wanted, size)
        others = (clients - 1) / clients if running == clients else 1.0  # no one's own prompt delays its own tokens
        share, together = min(1.0, wanted / part) * others, max(1.0, min(BUDGET_TOKENS // isl, clients))
        middle = size * (chunks - 1) / 2
        decode = (1.0, (0.0, 0.0, running, isl + osl / 2))
        steps = [
            (running, running, [decode]),
            (part + running, running + part / size, [(part / size, (size, middle, 0.0, 0.0)), decode]),
            (size + running, running + 1, [(1.0, (size, middle, 0.0, 0.0)), decode]),
            (together * min(isl, BUDGET_TOKENS), together, [(together, (min(isl, BUDGET_TOKENS), 0.0, 0.0, 0.0))]),
        ]
    work = np.zeros((4, OPERATORS, 3))
    messages, link_s = np.zeros(4), np.zeros(4)
    for place, (tokens, rows, attention) in enumerate(steps):
        found: list[tuple[Operator, float]] = []
        for times, load in attention:
            chunk, before, decodes, kv = (np.array(float(value)) for value in load)
            parts = attention_operators(model, device, plan, chunk, before, decodes, kv)
            found += [(each, times / plan.pp) for each in parts]
        matrices = token_operators(model, device, plan, np.array(tokens / plan.pp))
        matrices += row_operators(model, device, plan, np.array(float(rows)))
        found += [(each, 1.0) for each in matrices]
        for row, (each, times) in enumerate(found):
            kind = KINDS.index(each.kind) if each.kind in KINDS else 0
            compute = times * each.layers * float(each.flops) / each.peak
            work[place, row] = kind, compute, times * each.layers * float(each.bytes) / (device.bandwidth_gb_s * 1e9)
        messages[place], sent = link_bytes(model, plan, np.array(tokens / plan.pp))
        link_s[place] = sent / (device.link_gb_s * 1e9)
    return {
        "kind": work[:, :, 0].astype(np.int64),
        "compute_s": work[:, :, 1],
        "memory_s": work[:, :, 2],
        "messages": messages,
        "link_s": link_s,
        "rows": np.array([float(rows) for _, rows, _ in steps]),
        "launches": launches(model, device, plan),
        "mixed_share": share,
        "chunks": chunks,
        "together": together,
        "clients": clients,
        "running": running,
        "osl": osl,
    }


def predict(work: Work, factors: Floats) -> tuple[Floats, Floats]:
    """TTFT and TPOT (or the step) in seconds of every point; ``factors`` (N, 13) are in the order of `NAMES`."""
    column = {name: factors[:, place] for place, name in enumerate(NAMES)}
    points = np.arange(len(factors))[:, None, None]
    compute = work.compute_s / factors[:, 0:6:2][points, work.kind]
    memory = work.memory_s / factors[:, 1:6:2][points, work.kind]
    steps = np.maximum(compute, memory).sum(axis=2)
    steps += work.messages * column["hop_s"][:, None] + work.link_s / column["link"][:, None]
    steps += (column["launch_s"] * work.launches + column["step_s"])[:, None] + column["sequence_s"][
        :, None
    ] * work.rows
    tpot = steps[:, DECODE] + work.mixed_share * (steps[:, MIXED] - steps[:, DECODE])
    own = work.chunks * steps[:, PREFILL]
    busy = np.minimum(work.mixed_share, 0.95)
    queue = busy / (2 * (1 - busy)) * steps[:, MIXED]  # M/D/1
    ahead = column["burst"] * (work.running - 1) * work.chunks * steps[:, BULK] / work.together
    unseated = (work.clients / work.running - 1) * (work.osl * tpot + own)  # waits for someone to finish
    return column["request_s"] + own + tpot + queue + ahead + unseated, tpot
