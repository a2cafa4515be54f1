"""How a model is laid on devices: parallel degrees and data types, what fits, and what is impossible.

Knows no batch and no time. A group is the ``tp * pp`` devices that serve one copy of a model.
"""

from __future__ import annotations

import msgspec

from routelab.core.errors import InputError, shorten
from routelab.pool.fleet.catalogue import BYTES, Hardware, Model
from routelab.pool.fleet.catalogue.models import Matrix

RESERVED_BYTES = 3.5e9
"""What a runtime keeps of every device for itself: context, graphs, buffers (an assumption of the usual size)."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """``dtype`` stores weights and multiplies them where the device can; ``kv`` stores keys and values.

    ``ep`` of the ``tp`` devices share out whole experts, the rest of ``tp`` cuts each expert.
    """

    tp: int = 1
    pp: int = 1
    ep: int = 1
    dtype: str = "bf16"
    kv: str = "bf16"

    @property
    def devices(self) -> int:
        return self.tp * self.pp

    def attention_dtype(self, model: Model) -> str:
        """Four-bit checkpoints of mixtures of experts keep the rest of a layer in bf16 (their quantisation files)."""
        return "bf16" if model.experts and self.dtype in ("fp4", "int4") else self.dtype


def weight_bytes(model: Model, plan: Plan) -> float:
    """Bytes of all weights on one device. Embedding and head stay in bf16; what is not sharded counts whole."""
    rest, routed = BYTES[plan.attention_dtype(model)], BYTES[plan.dtype]
    dense_mlp = model.layers - model.moe_layers

    def lying(matrices: tuple[Matrix, ...]) -> float:
        return sum(each.weights / (plan.tp if each.split else 1) for each in matrices)

    layers = (
        rest * model.attention_layers * lying(model.attention_matrices)
        + rest * (model.layers - model.attention_layers) * lying(model.linear_matrices)
        + rest * dense_mlp * lying(model.mlp_matrices(model.intermediate))
        + rest * model.moe_layers * lying(model.shared_matrices)
        + routed * model.moe_layers * (model.experts.total if model.experts else 0) * model.expert_params / plan.tp
    )
    return layers / plan.pp + 2.0 * model.vocab * model.hidden * (1 if model.tied else 2) / plan.tp


def adapter_bytes(model: Model, rank: int) -> float:
    """Bytes of a low-rank adapter on every projection that all tokens of a layer pass, in 16 bits."""

    def elements(matrices: tuple[Matrix, ...]) -> int:
        return sum(rank * (each.inputs + each.outputs) for each in matrices)

    attention = model.attention_layers * elements(model.attention_matrices)
    return 2.0 * (attention + (model.layers - model.moe_layers) * elements(model.mlp_matrices(model.intermediate)))


def kv_bytes(model: Model, plan: Plan, context: float = float("inf")) -> float:
    """Bytes that one more token keeps on one device, averaged over a context of that length (windows stop growing)."""
    full = model.attention_layers - model.window_layers
    held = full + (model.window_layers * min(1.0, model.window.tokens / context) if model.window else 0.0)
    shards = 1 if model.mla else min(plan.tp, model.kv_heads)
    return held * model.kv_width * BYTES[plan.kv] / shards / plan.pp


def kv_capacity_tokens(
    model: Model, device: Hardware, plan: Plan, utilisation: float = 0.9, context: float | None = None
) -> int:
    """Tokens whose keys and values fit beside the weights; negative where the weights alone do not fit."""
    free = device.memory_gb * 1e9 * utilisation - RESERVED_BYTES - weight_bytes(model, plan)
    return int(free / kv_bytes(model, plan, context or model.context_tokens))


def check_placement(model: Model, device: Hardware, plan: Plan, utilisation: float = 0.9) -> None:
    """Raises InputError, naming the field, where the plan cannot be."""
    for field in ("tp", "pp", "ep"):
        if getattr(plan, field) < 1:
            _refuse(field, "a whole number from 1", str(getattr(plan, field)), "give 1 or more")
    for field in ("dtype", "kv"):
        if getattr(plan, field) not in BYTES:
            _refuse(field, f"one of {', '.join(BYTES)}", shorten(getattr(plan, field)), "choose one of these")
    device.peak(plan.dtype)
    if model.heads % plan.tp:
        fits = [str(n) for n in (1, 2, 4, 8, 16, 32, 64) if model.heads % n == 0]
        _refuse("tp", f"a divisor of the {model.heads} heads of {model.name}", str(plan.tp), f"use {', '.join(fits)}")
    if plan.tp > device.node:
        _refuse("tp", f"at most the {device.node} {device.name} of a node", str(plan.tp), "use more replicas or --pp")
    if plan.pp > model.layers:
        _refuse("pp", f"at most the {model.layers} layers of {model.name}", str(plan.pp), "use fewer stages")
    if plan.ep > 1 and model.experts is None:
        _refuse("ep", f"1, since {model.name} has no experts", str(plan.ep), "leave it out")
    if plan.tp % plan.ep:
        _refuse("ep", f"a divisor of tp = {plan.tp}", str(plan.ep), f"use ep {plan.tp}")
    if kv_capacity_tokens(model, device, plan, utilisation) <= 0:
        need, have = weight_bytes(model, plan) / 1e9, device.memory_gb * utilisation - RESERVED_BYTES / 1e9
        _refuse(
            "tp",
            f"weights of {model.name} that leave room for a token on {plan.devices} {device.name}",
            f"{need:.0f} GB of {have:.0f} GB on each",
            "raise --tp or --pp, use a narrower --dtype or a larger device",
        )


def _refuse(field: str, expected: str, got: str, fix: str) -> None:
    raise InputError(field, expected=expected, got=got, fix=fix)
