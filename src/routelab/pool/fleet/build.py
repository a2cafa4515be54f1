"""From FLEET.yaml to servers: what their steps cost, what fits into their memory, what they draw and what they cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import msgspec

from routelab.core.errors import InputError
from routelab.pool.fleet.catalogue import Hardware, Model, find_hardware, find_model
from routelab.pool.fleet.cost.analytic import step_cost
from routelab.pool.fleet.cost.calibrated import Calibration, load_calibration
from routelab.pool.fleet.cost.fitted import fitted_cost
from routelab.pool.fleet.cost.plan import Plan, check_placement, kv_bytes, kv_capacity_tokens
from routelab.pool.fleet.cost.step import StepCost
from routelab.pool.fleet.cost.tables import layerwise_cost
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.engine.interface import DECODE, MIXED, PREFILL
from routelab.pool.fleet.spec import FleetSpec, PoolSpec

ROLES = {"mixed": MIXED, "prefill": PREFILL, "decode": DECODE}


@dataclass(frozen=True)
class Server:
    """One server of a fleet: what the engine is told, and what is known of it besides."""

    pool: PoolSpec
    spec: ServerSpec
    model: Model
    device: Hardware
    devices: int
    kv_token_bytes: float
    usd_per_hour: float


@dataclass(frozen=True)
class Fleet:
    """Servers, and the costs of steps that they refer to by number."""

    spec: FleetSpec
    servers: tuple[Server, ...]
    costs: tuple[StepCost, ...]


def build(spec: FleetSpec, calibration: Calibration | None = None) -> Fleet:
    """Raises InputError where a model or GPU is unknown, or a placement impossible."""
    calibration = calibration or load_calibration()
    servers: list[Server] = []
    costs: list[StepCost] = []
    for pool in spec.pools:
        servers += [_server(pool, len(costs))] * pool.replicas
        costs.append(_cost(pool, calibration))
    return Fleet(spec, tuple(servers), tuple(costs))


def _server(pool: PoolSpec, cost: int) -> Server:
    model, device = find_model(pool.model), find_hardware(pool.gpu)
    plan = Plan(tp=pool.tp, pp=pool.pp, ep=pool.ep, dtype=pool.dtype, kv=pool.kv)
    check_placement(model, device, plan, pool.memory_utilization)
    drafted = pool.speculation.drafted if pool.speculation else 0
    tokens = pool.kv_tokens or kv_capacity_tokens(model, device, plan, pool.memory_utilization)
    token_bytes = kv_bytes(model, plan) * plan.devices
    if tokens < pool.block_tokens:
        raise InputError(
            "kv_tokens", expected=f"room for a block of {pool.block_tokens}", got=str(tokens), fix="raise it"
        )
    if pool.max_seqs * (1 + drafted) > pool.max_batch_tokens:
        raise InputError(
            "max_seqs",
            expected=f"at most {pool.max_batch_tokens // (1 + drafted)}, for {pool.max_batch_tokens} tokens in a batch",
            got=str(pool.max_seqs),
            fix="raise max_batch_tokens",
        )
    blocks = tokens // pool.block_tokens
    return Server(
        pool=pool,
        spec=ServerSpec(
            cost=cost,
            kv_blocks=blocks,
            block_tokens=pool.block_tokens,
            max_seqs=pool.max_seqs,
            max_tokens=pool.max_batch_tokens,
            watermark=math.ceil(pool.watermark * blocks),
            prefix_cache=pool.prefix_cache,
            whole_prompt=pool.admission == "whole-prompt",
            prefill_first=pool.batching == "prefill-first",
            role=ROLES[pool.role],
            swap_s=pool.block_tokens * token_bytes / (32e9 * plan.devices) if pool.preemption == "swap" else 0.0,
            tokens_per_step=1.0 + pool.speculation.accepted if pool.speculation else 1.0,
            drafted=drafted,
        ),
        model=model,
        device=device,
        devices=plan.devices,
        kv_token_bytes=token_bytes,
        usd_per_hour=device.price_usd_per_hour * plan.devices if pool.usd_per_hour is None else pool.usd_per_hour,
    )


def _cost(pool: PoolSpec, calibration: Calibration) -> StepCost:
    plan = Plan(tp=pool.tp, pp=pool.pp, ep=pool.ep, dtype=pool.dtype, kv=pool.kv)
    factors = calibration.engine(pool.backend, pool.dtype)
    model, device = find_model(pool.model), find_hardware(pool.gpu)
    if pool.interconnect:
        device = msgspec.structs.replace(device, link_gb_s=pool.interconnect.gb_s)
        factors = msgspec.structs.replace(factors, link=1.0, hop_s=pool.interconnect.latency_s)
    tokens = pool.max_batch_tokens * (1 + (pool.speculation.drafted if pool.speculation else 0))
    if pool.cost:
        return fitted_cost(Path(pool.cost), tokens, pool.max_seqs)
    if pool.tables:
        return layerwise_cost(
            Path(pool.tables), model, device, plan, factors=factors, max_tokens=tokens, max_rows=pool.max_seqs
        )
    return step_cost(model, device, plan, factors, max_tokens=tokens, max_rows=pool.max_seqs)
