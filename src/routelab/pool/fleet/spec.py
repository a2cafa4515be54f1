"""FLEET.yaml: which servers there are. One pool of equal servers needs a model and a GPU; several are listed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from routelab.core.config import convert, load_yaml
from routelab.core.errors import InputError

Count = Annotated[int, msgspec.Meta(ge=1)]
Positive = Annotated[float, msgspec.Meta(gt=0.0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0.0)]
Share = Annotated[float, msgspec.Meta(gt=0.0, le=1.0)]


class Interconnect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Between the devices of one server, as reached by collectives: bandwidth, and time for each message."""

    gb_s: Positive
    latency_s: NotNegative


class Speculation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``drafted`` tokens are proposed for each decode and step, of which ``accepted`` hold on average."""

    drafted: Count
    accepted: NotNegative


class Adapters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Low-rank adapters (LoRA): so many are loaded at once, of this rank on every projection that all tokens pass."""

    at_once: Count
    rank: Count = 16


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A server breaks down after ``mtbf_s`` seconds on average and is back after ``repair_s``; both are exponential."""

    mtbf_s: Annotated[float, msgspec.Meta(ge=1.0)]
    repair_s: Positive


class PoolSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Equal servers. ``model`` and ``gpu`` are names of the catalogues; see `ServerSpec` for the limits of a batch.

    ``arms``: what of an outcome table these servers answer, where a router chooses among arms.

    ``kv_tokens``: room for keys and values, else what the memory leaves beside the weights. ``admission``: asks for the
    memory of the whole prompt, or of its first chunk. ``tables``: a folder of measured operator times; ``cost``: a file
    fitted on a live server; else the calibrated roofline of ``backend``. ``interconnect``: between the devices of a
    server, else the catalogue's. ``usd_per_hour``: of one server. ``async_scheduling``: a batch is formed when the step
    before it begins. ``host_kv_tokens``: room in the host for content that the memory lets go. ``shared``: pools with
    the same name have their servers on the same devices, the first on the first, and share memory and time there;
    ``loaded``: their weights are there from the start. ``clocks``: shares of the full clock that a policy may set.
    """

    model: str
    gpu: str
    name: str = ""
    arms: tuple[str, ...] = ()
    replicas: Count = 1
    tp: Count = 1
    pp: Count = 1
    ep: Count = 1
    dtype: str = "bf16"
    kv: str = "bf16"
    role: Literal["mixed", "prefill", "decode"] = "mixed"
    region: str = ""
    batching: Literal["chunked", "prefill-first"] = "chunked"
    preemption: Literal["recompute", "swap"] = "recompute"
    max_seqs: Count = 256
    max_batch_tokens: Count = 8192
    block_tokens: Count = 16
    memory_utilization: Share = 0.9
    kv_tokens: Count | None = None
    watermark: NotNegative = 0.0
    admission: Literal["whole-prompt", "chunk"] = "whole-prompt"
    prefix_cache: bool = True
    speculation: Speculation | None = None
    async_scheduling: bool = False
    host_kv_tokens: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] = 0
    adapters: Adapters | None = None
    faults: Faults | None = None
    shared: str = ""
    loaded: bool = True
    clocks: Annotated[tuple[Share, ...], msgspec.Meta(min_length=1)] = (1.0,)
    interconnect: Interconnect | None = None
    backend: str = "vllm"
    tables: str | None = None
    cost: str | None = None
    usd_per_hour: NotNegative | None = None


class Slo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a request must keep to count as served in time; what is left out is not asked for."""

    ttft_s: Positive | None = None
    tpot_s: Positive | None = None
    e2e_s: Positive | None = None


class Wan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Between two regions, both ways."""

    between: tuple[str, str]
    latency_s: NotNegative
    gb_s: Positive = 1.0
    usd_per_gb: NotNegative = 0.0


class FleetSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of a fleet. ``link_gb_s``: between the servers of one region, for keys and values that move."""

    pools: tuple[PoolSpec, ...]
    policy: str = "round-robin"
    slo: Slo = Slo()
    link_gb_s: Positive = 25.0
    wan: tuple[Wan, ...] = ()


def load_fleet(path: Path) -> FleetSpec:
    """Read FLEET.yaml; raises InputError that names the wrong field."""
    return read_fleet(load_yaml(path), str(path))


def read_fleet(value: object, where: str) -> FleetSpec:
    """The same from values. The fields of a pool may stand at the top where there is only one."""
    if not isinstance(value, dict):
        raise InputError(where, expected="a mapping with `model` and `gpu`", got=type(value).__name__, fix="see docs")
    if "pools" not in value:
        shared = {name for name in FleetSpec.__struct_fields__ if name != "pools"}
        pool = {key: each for key, each in value.items() if key not in shared}
        convert(pool, PoolSpec, where)  # errors name fields where the user wrote them
        value = {key: each for key, each in value.items() if key in shared} | {"pools": [pool]}
    spec = convert(value, FleetSpec, where)
    if not spec.pools:
        raise InputError(f"{where} pools", expected="at least one pool", got="none", fix="add model and gpu")
    regions = {pool.region for pool in spec.pools}
    for wan in spec.wan:
        for region in wan.between:
            if region not in regions:
                known = f"regions of pools ({', '.join(sorted(regions))})"
                raise InputError(f"{where} wan", expected=known, got=region, fix="name the region of a pool")
        if wan.between[0] == wan.between[1]:
            raise InputError(f"{where} wan", expected="two regions", got=f"{wan.between[0]} twice", fix="remove it")
    return spec
