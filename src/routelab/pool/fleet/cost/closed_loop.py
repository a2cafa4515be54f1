"""TTFT and TPOT of an engine that a fixed number of clients keep busy, each sending its next prompt after an answer.

Steady state of chunked prefill: decodes run in every step, and a share of steps carries a part of a prompt too. What
a point needs of the roofline is counted once; predicting under other factors is then arithmetic on arrays. Knows no
traces: an engine under real arrivals is simulated, not predicted from here, and the simulated engine has no part of
what is told here of starts: the host's floor under steps that carry prompts, neighbours, polls.
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

OPERATORS = 32  # the most that a step has; padding costs nothing
KINDS = ("matrix", "experts", "attention")
ENGINE = (
    *("compute", "bandwidth", "experts_compute", "experts_bandwidth", "attention_compute", "attention_bandwidth"),
    *("link", "hop_s", "launch_s", "step_s", "sequence_s"),
)
EAGER = ("eager_s", "eager_experts_s", "eager_latent_s")
NAMES = (*ENGINE, "request_s", "burst", *EAGER)
"""Every factor, in the order of a column. ``request_s``: from a client to the engine and back, once. ``burst``: share
of the clients that are ahead of a prompt: all start at once, and runs are so short that their mean feels it. `EAGER`:
seconds of the host to start an operator, and more for a layer of experts and for one of latent or linear attention, in
a step with a prompt, which is seldom replayed from a recorded graph; the device waits for the host."""
PROMPTS_FIRST = "sglang"  # runs prompts in steps of their own until none is left
AT_ONCE = "vllm"  # hands out a token when its step ends, others while the next is under way

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
    poll: Floats  # (N,) steps between two looks for new prompts
    hold: Floats  # (N,) steps for which prompts wait to be taken together
    neighbours: Floats  # (N,) steps with others' prompts that one waits for, because clients stay together
    lockstep: Floats  # (N,) 1 where all clients are in one convoy: all prompts, then all answers
    eager: Floats  # (N, 4) 1 where the host starts every operator
    starts: Floats  # (N, 3) operators, layers of experts, layers of latent or linear attention

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
        eager = [0.0] * 4  # what the simulated engine prices a step at
    else:
        fits = max(kv_capacity_tokens(model, device, plan, context=isl + osl) / (isl + osl), 1.0)
        running = min(clients, fits, point.budget * osl / isl)
        wanted = running * isl / osl  # prompt tokens a step must take for the loop to close
        chunks = math.ceil(isl / point.budget)
        size = isl / chunks
        part = max(wanted, size)
        others = (clients - 1) / clients if running == clients else 1.0  # no one's own prompt delays its own tokens
        share, together = min(1.0, wanted / part) * others, max(1.0, min(point.budget // isl, clients))
        middle = size * (chunks - 1) / 2
        decode = (1.0, (0.0, 0.0, running, isl + osl / 2))
        steps = [
            (running, running, [decode]),
            (part + running, running + part / size, [(part / size, (size, middle, 0.0, 0.0)), decode]),
            (size + running, running + 1, [(1.0, (size, middle, 0.0, 0.0)), decode]),
            (together * min(isl, point.budget), together, [(together, (min(isl, point.budget), 0.0, 0.0, 0.0))]),
        ]
        eager = [0.0, 1.0, 1.0, 1.0]
    started = launches(model, device, plan)
    latent = model.layers if model.mla else model.linear.layers if model.linear else 0
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
        "launches": started,
        "mixed_share": share,
        "chunks": chunks,
        "together": together,
        "clients": clients,
        "running": running,
        "osl": max(osl, 1.0),
        "poll": float(max(point.poll, 1)),
        "hold": float(point.hold),
        "neighbours": _neighbours(point),
        "lockstep": float(point.spread == 0 and point.backend == PROMPTS_FIRST),
        "eager": np.array(eager),
        "starts": np.array([started, model.moe_layers, latent], dtype=float),
    }


def _neighbours(point: Point) -> float:
    """Steps with prompts of others beside one's own, where all lengths are equal.

    Clients that started one after another then finish one after another, for ever: a prompt waits for the one before
    it, and its first token, where it leaves while the next step is under way, for the one behind it.
    """
    if point.spread > 0 or point.backend == PROMPTS_FIRST:
        return 0.0
    return 1.0 if point.backend == AT_ONCE else 2.0


def predict(work: Work, factors: Floats) -> tuple[Floats, Floats]:
    """TTFT and TPOT (or the step) in seconds of every point; ``factors`` (N, 16) are in the order of `NAMES`."""
    column = {name: factors[:, place] for place, name in enumerate(NAMES)}
    points = np.arange(len(factors))[:, None, None]
    compute = work.compute_s / factors[:, 0:6:2][points, work.kind]
    memory = work.memory_s / factors[:, 1:6:2][points, work.kind]
    steps = np.maximum(compute, memory).sum(axis=2)
    steps += work.messages * column["hop_s"][:, None] + work.link_s / column["link"][:, None]
    steps += (column["launch_s"] * work.launches + column["step_s"])[:, None]
    steps += column["sequence_s"][:, None] * work.rows
    host = (np.stack([column[name] for name in EAGER], axis=1) * work.starts).sum(axis=1)
    steps = np.maximum(steps, work.eager * host[:, None])
    delay = work.mixed_share * (1 - work.lockstep / 2)  # in lockstep half of the prompts' time is others' TTFT
    tpot = steps[:, DECODE] + delay * (steps[:, MIXED] - steps[:, DECODE])
    own = work.chunks * steps[:, PREFILL]
    busy = np.minimum(work.mixed_share, 0.95)
    drawn = (work.neighbours == 0) & (work.lockstep == 0)
    queue = np.where(drawn, busy / (2 * (1 - busy)) * steps[:, MIXED], 0.0)  # M/D/1
    share = np.where(work.lockstep > 0, 0.5, column["burst"])
    ahead = share * (work.running - 1) * work.chunks * steps[:, BULK] / work.together
    gathered = work.running * np.maximum(work.poll - 1, work.hold) / work.osl  # others that come while one waits
    waits = (work.poll - 1) / 2 + work.hold * (1 + gathered / 2) / (1 + gathered)
    waited = waits * steps[:, DECODE] + (gathered + work.neighbours) * own
    unseated = (work.clients / work.running - 1) * (work.osl * tpot + own)  # waits for someone to finish
    return column["request_s"] + own + tpot + queue + ahead + waited + unseated, tpot
