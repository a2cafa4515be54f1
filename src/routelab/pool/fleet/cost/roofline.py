"""What a step of a model costs in operations and bytes, operator by operator, and how long that takes at best.

The roofline (Williams et al. 2009; for language models arXiv 2402.16363): an operator takes the longer of its work
at the peak and its bytes at the bandwidth. Everything is counted for one device and one layer, and vectorised over
batches. Knows no requests; how far real kernels stay below the roof is told by `Factors`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import numpy as np

from routelab.core.decisions import Floats
from routelab.pool.fleet.catalogue import BYTES, Hardware, Model
from routelab.pool.fleet.catalogue.models import Matrix
from routelab.pool.fleet.cost.plan import Plan

ACTIVATION_BYTES = 2.0
LINEAR_CHUNK = 64  # tokens that linear attention computes between two readings of its state (arXiv 2412.06464)


class Factors(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a real engine falls short of the roof: shares of peaks that are reached, and times that nothing hides.

    ``hop_s``: one collective before its first byte. ``launch_s``: one operator before its first. ``step_s``: scheduling
    of a step. ``sequence_s``: sampling of a sequence in it.
    """

    compute: float = 1.0
    bandwidth: float = 1.0
    experts_compute: float = 1.0
    experts_bandwidth: float = 1.0
    attention_compute: float = 1.0
    attention_bandwidth: float = 1.0
    link: float = 1.0
    hop_s: float = 0.0
    launch_s: float = 0.0
    step_s: float = 0.0
    sequence_s: float = 0.0


IDEAL = Factors()


class Operator(NamedTuple):
    """One operator: ``layers`` of them in a step, each with these operations and bytes on one device.

    ``kind`` names its factors: matrix, experts, attention or stream. ``peak`` is the device's in its data type.
    """

    name: str
    kind: str
    layers: float
    peak: float
    flops: Floats
    bytes: Floats


def token_operators(model: Model, device: Hardware, plan: Plan, tokens: Floats) -> list[Operator]:
    """What depends on the number of tokens computed: projections, feed-forward blocks, norms."""
    rest, routed = plan.attention_dtype(model), plan.dtype
    dense, linear = model.layers - model.moe_layers, model.layers - model.attention_layers

    def matrices(group: tuple[Matrix, ...], layers: int, prefix: str = "") -> list[Operator]:
        peak = device.peak(rest)
        return [
            Operator(prefix + m.name, "matrix", layers, peak, *_matrix(m, tokens, plan.tp, BYTES[rest]))
            for m in group
            if layers
        ]

    wide = model.intermediate if not model.experts else model.experts.active * model.experts.intermediate
    found = [
        *matrices(model.attention_matrices, model.attention_layers),
        *matrices(model.linear_matrices, linear),
        *matrices(model.mlp_matrices(model.intermediate), dense, "mlp_"),
        *matrices(model.shared_matrices, model.moe_layers, "shared_"),
        _stream("norm", 2 * model.layers, device, 7 * model.hidden, 2 * model.hidden, tokens),
        _stream("add", 2 * model.layers, device, model.hidden, 2 * model.hidden, tokens),
        _stream("activation", model.layers, device, 2 * wide / plan.tp, 3 * wide / plan.tp, tokens),
    ]
    if model.experts:
        visits, each = model.experts.active * tokens, model.expert_params / plan.tp
        share = plan.ep / plan.tp  # of an expert's width that a device holds
        moved = visits / plan.ep * (2 * model.hidden + 3 * model.experts.intermediate * share) * ACTIVATION_BYTES
        stored = touched(model, tokens) * each * BYTES[routed]
        found.append(
            Operator("experts", "experts", model.moe_layers, device.peak(routed), 2 * visits * each, stored + moved)
        )
    return found


def touched(model: Model, tokens: Floats) -> Floats:
    """Expected number of distinct experts that ``tokens`` visit when the router spreads them evenly."""
    if model.experts is None:
        return np.zeros_like(tokens)
    untouched = (1 - model.experts.active / model.experts.total) ** tokens
    return model.experts.total * (1 - untouched)


def _matrix(matrix: Matrix, tokens: Floats, tp: int, stored: float) -> tuple[Floats, Floats]:
    held = matrix.weights / (tp if matrix.split else 1)
    inputs = matrix.inputs / (tp if matrix.split == "inputs" else 1)
    outputs = matrix.outputs / (tp if matrix.split == "outputs" else 1)
    return 2 * held * tokens, held * stored + (inputs + outputs) * tokens * ACTIVATION_BYTES


def _stream(name: str, layers: float, device: Hardware, flops: float, elements: float, tokens: Floats) -> Operator:
    return Operator(name, "stream", layers, device.peak("bf16"), flops * tokens, elements * tokens * ACTIVATION_BYTES)


def row_operators(model: Model, device: Hardware, plan: Plan, rows: Floats) -> list[Operator]:
    """The vocabulary's head, for the rows that yield a token."""
    head = Matrix("head", model.hidden, model.vocab)
    return [Operator("head", "matrix", 1, device.peak("bf16"), *_matrix(head, rows, plan.tp, BYTES["bf16"]))]


def attention_operators(
    model: Model,
    device: Hardware,
    plan: Plan,
    chunk: Floats,
    before: Floats,
    decodes: Floats,
    kv: Floats,
    *,
    eager: bool = False,
) -> list[Operator]:
    """Attention of one chunk after ``before`` keys, and of ``decodes`` requests with ``kv`` keys each.

    Scores are never written out and the future is skipped (FlashAttention), unless attention is ``eager``: then the
    whole square of scores is computed, written and read twice. Latent attention decodes in its compressed form.
    """
    peak, stored = device.peak("bf16"), BYTES[plan.kv] * model.kv_width
    shards = 1 if model.mla else min(plan.tp, model.kv_heads)
    heads = model.heads / plan.tp
    if model.mla:
        chunk_pair = 2 * heads * (model.mla.nope + model.mla.rope + model.mla.value)
        decode_pair = 2 * heads * (2 * model.mla.kv_rank + model.mla.rope)
        wide = heads * (model.mla.nope + model.mla.rope + model.mla.value)
    else:
        chunk_pair = decode_pair = 4 * heads * model.head_dim
        wide = 2 * heads * model.head_dim
    found = []
    kinds: list[tuple[str, int, float]] = [("", model.attention_layers - model.window_layers, np.inf)]
    if model.indexer:
        kinds = [("sparse_", model.attention_layers, model.indexer.keys)]
        scorer, width = 2.0 * model.indexer.heads * model.indexer.dim, BYTES["fp8"] * model.indexer.dim
        scored = _pairs(chunk, before, np.inf) + decodes * kv
        read = width * ((before + chunk) * (chunk > 0) + decodes * kv)
        found.append(Operator("index", "attention", model.attention_layers, peak, scorer * scored, read))
    if model.window:
        kinds.append(("window_", model.window_layers, model.window.tokens))
    for prefix, layers, limit in kinds:
        if layers:
            read = np.minimum(before, limit) * (chunk > 0) + chunk
            chunk_bytes = read * stored / shards + chunk * wide * ACTIVATION_BYTES
            seen = decodes * np.minimum(kv, limit)
            decode_bytes = seen * stored / shards + decodes * wide * ACTIVATION_BYTES
            pairs = chunk * np.minimum(before + chunk, limit) if eager else _pairs(chunk, before, limit)
            if eager:
                chunk_bytes = chunk_bytes + 4 * heads * pairs * ACTIVATION_BYTES
                decode_bytes = decode_bytes + 4 * heads * seen * ACTIVATION_BYTES
            chunk_flops = chunk_pair * pairs
            found.append(Operator(prefix + "chunk", "attention", layers, peak, chunk_flops, chunk_bytes))
            found.append(Operator(prefix + "decode", "attention", layers, peak, decode_pair * seen, decode_bytes))
    if model.linear:
        state = model.linear.value_heads * model.linear.key_dim * model.linear.value_dim / plan.tp
        read = 2 * 4.0 * state * (decodes + np.ceil(chunk / LINEAR_CHUNK))
        found.append(Operator("state", "attention", model.linear.layers, peak, 6 * state * (decodes + chunk), read))
    return found


def _pairs(chunk: Floats, before: Floats, limit: float) -> Floats:
    """(query, key) pairs of a causal chunk when a query sees at most ``limit`` keys."""
    short = np.clip(limit - before, 0, chunk)  # queries that still see everything
    seen = short * before + short * (short + 1) / 2
    return seen + np.where(chunk > short, (chunk - short) * min(limit, 1e18), 0.0)


def link_bytes(model: Model, plan: Plan, tokens: Floats) -> tuple[float, Floats]:
    """Messages of a step, and the bytes that each device sends in all of them.

    Two all-reduces a layer, in rings; where experts are shared out, the second is a dispatch and a combine.
    """
    hidden, ring = model.hidden * tokens * ACTIVATION_BYTES, 2 * (plan.tp - 1) / plan.tp
    reduces = 2 * model.layers if plan.tp > 1 else 0
    sent = reduces * ring * hidden
    if plan.ep > 1 and model.experts:
        visits = min(model.experts.active, plan.ep) / plan.ep
        sent = sent + model.moe_layers * (2 * visits * (plan.ep - 1) / plan.ep - ring) * hidden
        reduces += model.moe_layers
    return reduces + (plan.pp - 1), sent + (plan.pp - 1) * hidden


def launches(model: Model, device: Hardware, plan: Plan) -> float:
    """Operators that one device starts in a step."""
    one, none = np.array(1.0), np.array(0.0)
    attention = attention_operators(model, device, plan, one, none, none, none)
    found = token_operators(model, device, plan, one) + row_operators(model, device, plan, one)
    return sum(each.layers for each in found + [each for each in attention if not each.name.endswith("decode")])


def roof_seconds(operators: Iterable[Operator], device: Hardware, factors: Factors = IDEAL) -> Floats:
    """(3, …) seconds of the operators: bound by the slower of both, compute alone, memory alone."""
    bandwidth = device.bandwidth_gb_s * 1e9
    total: Floats = np.zeros(3)
    for each in operators:
        name = "" if each.kind in ("matrix", "stream") else f"{each.kind}_"
        compute = each.layers * each.flops / (each.peak * getattr(factors, f"{name}compute"))
        memory = each.layers * each.bytes / (bandwidth * getattr(factors, f"{name}bandwidth"))
        part = np.stack([np.maximum(compute, memory), compute, memory])
        total = part if total.shape == (3,) and part.shape != (3,) else total + part
    return total


def link_seconds(model: Model, device: Hardware, plan: Plan, tokens: Floats, factors: Factors = IDEAL) -> Floats:
    """Communication of a step."""
    messages, sent = link_bytes(model, plan, tokens)
    return messages * factors.hop_s + sent / (device.link_gb_s * 1e9 * factors.link)
