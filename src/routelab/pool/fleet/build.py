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
from routelab.pool.fleet.cost.plan import (
    Plan,
    adapter_bytes,
    check_placement,
    kv_bytes,
    kv_capacity_tokens,
    weight_bytes,
)
from routelab.pool.fleet.cost.step import StepCost
from routelab.pool.fleet.cost.tables import layerwise_cost
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.engine.interface import DECODE, MIXED, PREFILL
from routelab.pool.fleet.shared import on_shared_devices
from routelab.pool.fleet.spec import FleetSpec, PoolSpec

ROLES = {"mixed": MIXED, "prefill": PREFILL, "decode": DECODE}
HOST_LINK_BYTES_S = 32e9
"""From the host's memory to a device and back, of PCIe 4.0 with 16 lanes (its specification, one way)."""


@dataclass(frozen=True)
class Server:
    """One server of a fleet: what the engine is told, and what is known of it besides.

    ``share``: of its devices and of their price, where several servers are on them. ``clock_costs``: the step cost at
    each clock of the pool.
    """

    pool: PoolSpec
    spec: ServerSpec
    model: Model
    device: Hardware
    devices: int
    kv_token_bytes: float
    usd_per_hour: float
    weight_bytes: float = 0.0
    share: float = 1.0
    clock_costs: tuple[int, ...] = ()

    @property
    def load_s(self) -> float:
        """To bring its weights from the host."""
        return self.weight_bytes / (HOST_LINK_BYTES_S * self.devices)


@dataclass(frozen=True)
class Fleet:
    """Servers, and the costs of steps that they refer to by number; ``cost_pools``: whose cost each is."""

    spec: FleetSpec
    servers: tuple[Server, ...]
    costs: tuple[StepCost, ...]
    cost_pools: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for place, server in enumerate(self.servers):
            for cost in (server.spec.cost, *server.clock_costs):
                for name, most in (
                    ("max_tokens", self.costs[cost].max_tokens),
                    ("max_seqs", self.costs[cost].max_rows),
                ):
                    if getattr(server.spec, name) > most:
                        expected, got = f"at most {most}, as its cost knows", str(getattr(server.spec, name))
                        raise InputError(f"server {place} {name}", expected=expected, got=got, fix="lower it")


def build(spec: FleetSpec, calibration: Calibration | None = None) -> Fleet:
    """Raises InputError where a model or GPU is unknown, or a placement impossible."""
    calibration = calibration or load_calibration()
    servers: list[Server] = []
    costs: list[StepCost] = []
    cost_pools: list[int] = []
    for place, pool in enumerate(spec.pools):
        clocks = range(len(costs), len(costs) + len(pool.clocks))
        servers += [_server(pool, tuple(clocks))] * pool.replicas
        costs += [_cost(pool, calibration, clock) for clock in pool.clocks]
        cost_pools += [place] * len(clocks)
    return Fleet(spec, on_shared_devices(servers), tuple(costs), tuple(cost_pools))


def _server(pool: PoolSpec, costs: tuple[int, ...]) -> Server:
    model, device = find_model(pool.model), find_hardware(pool.gpu)
    plan = Plan(tp=pool.tp, pp=pool.pp, ep=pool.ep, dtype=pool.dtype, kv=pool.kv)
    check_placement(model, device, plan, pool.memory_utilization)
    drafted = pool.speculation.drafted if pool.speculation else 0
    tokens = pool.kv_tokens or kv_capacity_tokens(model, device, plan, pool.memory_utilization)
    token_bytes = kv_bytes(model, plan) * plan.devices
    adapter = adapter_bytes(model, pool.adapters.rank) if pool.adapters else 0.0
    if pool.adapters and not pool.kv_tokens:
        most = int(tokens * token_bytes / adapter)
        if pool.adapters.at_once >= most:
            expected, got = f"fewer than the {most} that fill the memory beside the weights", str(pool.adapters.at_once)
            raise InputError("adapters at_once", expected=expected, got=got, fix="load fewer, or of a lower rank")
        tokens -= math.ceil(pool.adapters.at_once * adapter / token_bytes)
    if not (pool.loaded or pool.shared):
        fix = "name the devices that it shares, or leave `loaded` out"
        raise InputError("loaded", expected="true for a pool with devices of its own", got="false", fix=fix)
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
    block_s = pool.block_tokens * token_bytes / (HOST_LINK_BYTES_S * plan.devices)
    return Server(
        pool=pool,
        spec=ServerSpec(
            cost=costs[0],
            kv_blocks=blocks,
            block_tokens=pool.block_tokens,
            max_seqs=pool.max_seqs,
            max_tokens=pool.max_batch_tokens,
            watermark=math.ceil(pool.watermark * blocks),
            prefix_cache=pool.prefix_cache,
            whole_prompt=pool.admission == "whole-prompt",
            prefill_first=pool.batching == "prefill-first",
            role=ROLES[pool.role],
            swap_s=block_s if pool.preemption == "swap" else 0.0,
            tokens_per_step=1.0 + pool.speculation.accepted if pool.speculation else 1.0,
            drafted=drafted,
            overlapped=pool.async_scheduling,
            host_blocks=pool.host_kv_tokens // pool.block_tokens,
            load_s=block_s,
            adapters=pool.adapters.at_once if pool.adapters else 0,
            adapter_load_s=adapter / (HOST_LINK_BYTES_S * plan.devices),
            adapter_step_s=adapter / (device.bandwidth_gb_s * 1e9 * plan.devices),
        ),
        model=model,
        device=device,
        devices=plan.devices,
        kv_token_bytes=token_bytes,
        usd_per_hour=device.price_usd_per_hour * plan.devices if pool.usd_per_hour is None else pool.usd_per_hour,
        weight_bytes=weight_bytes(model, plan) * plan.devices,
        clock_costs=costs,
    )


def _cost(pool: PoolSpec, calibration: Calibration, clock: float) -> StepCost:
    plan = Plan(tp=pool.tp, pp=pool.pp, ep=pool.ep, dtype=pool.dtype, kv=pool.kv)
    factors = calibration.engine(pool.backend, pool.dtype)
    model, device = find_model(pool.model), find_hardware(pool.gpu)
    if clock < 1.0 and (pool.cost or pool.tables):
        raise InputError(
            "clocks", expected="1 where costs are measured", got=str(clock), fix="leave out `cost` and `tables`"
        )
    device = msgspec.structs.replace(device, flops={dtype: peak * clock for dtype, peak in device.flops.items()})
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
