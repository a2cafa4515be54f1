"""Small worlds for tests of the fleet: a step cost in round numbers, drawn requests, drawn servers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from routelab.core.arrivals import Arrivals
from routelab.core.seeds import stream
from routelab.pool.fleet.build import Fleet, Server
from routelab.pool.fleet.catalogue import find_hardware, find_model
from routelab.pool.fleet.cost.step import StepCost
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.spec import FleetSpec, PoolSpec


def flat_cost(step_s: float = 0.001, tokens: int = 8192, rows: int = 512) -> StepCost:
    """Every step takes the same time, whatever is in it."""
    return StepCost(np.zeros((tokens + 1, 4)), np.zeros((rows + 1, 4)), fixed_s=step_s)


def linear_cost(token_s: float, tokens: int = 8192, rows: int = 512) -> StepCost:
    """A step takes so long for each token in it."""
    return StepCost(token_s * np.arange(tokens + 1)[:, None] * [1.0, 1.0, 0.0, 0.0], np.zeros((rows + 1, 4)))


def gpu_cost(tokens: int = 8192, rows: int = 512) -> StepCost:
    """Bound by memory up to 250 tokens and by compute beyond, with attention on top, in figures of no real machine."""
    compute, memory = 2e-5 * np.arange(tokens + 1), np.full(tokens + 1, 5e-3)
    table = np.stack([np.maximum(compute, memory), compute, memory, 1e-6 * np.arange(tokens + 1)], axis=1)
    table[0] = 0.0
    head = 1e-6 * np.arange(rows + 1)[:, None] * [1.0, 1.0, 0.0, 0.0]
    return StepCost(table, head, pair_s=1e-9, context_s=1e-8, decode_compute_s=1e-9, decode_memory_s=2e-7, fixed_s=1e-3)


def requests(
    n: int, rate: float, seed: int = 0, *, prompt: int = 700, output: int = 300, shared: bool = False
) -> Arrivals:
    """Poisson arrivals with lengths drawn evenly up to a most; `shared` prompts begin as others do."""
    draw = stream(seed, "requests")
    arrivals = Arrivals(
        time_s=np.cumsum(draw.exponential(1 / rate, n)),
        input_tokens=draw.integers(1, prompt + 1, n),
        output_tokens=draw.integers(1, output + 1, n),
    )
    return _with_content(arrivals, draw) if shared else arrivals


def _with_content(arrivals: Arrivals, draw: np.random.Generator, unit: int = 32) -> Arrivals:
    contents, starts = [], [0]
    whole = (arrivals.input_tokens + arrivals.output_tokens) // unit
    for row, blocks in enumerate(whole.tolist()):
        same = int(draw.integers(0, blocks + 1))
        family = int(draw.integers(0, 12)) * 1000
        own = 1_000_000 + row * 1000
        contents += [family + block if block < same else own + block for block in range(blocks)]
        starts.append(len(contents))
    return replace(arrivals, hash_ids=np.array(contents), hash_starts=np.array(starts), hash_tokens=unit)


def drawn_servers(draw: np.random.Generator, costs: int = 1) -> list[ServerSpec]:
    """One to four servers of every kind that the engine knows, with little memory."""
    servers = [_drawn_server(draw, costs) for _ in range(int(draw.integers(1, 5)))]
    if draw.integers(3) == 0:  # some of them on one device, with less memory than they would use together
        most = max(spec.kv_blocks * spec.block_tokens for spec in servers)
        servers = [
            replace(spec, device=0, device_bytes=int(1.3 * most), block_bytes=spec.block_tokens)
            if draw.integers(3)
            else spec
            for spec in servers
        ]
    return servers


def _drawn_server(draw: np.random.Generator, costs: int) -> ServerSpec:
    drafted = int(draw.integers(0, 3))
    prefill_first = bool(draw.integers(4) == 0)
    most = int(draw.choice([64, 256, 1024]))
    return ServerSpec(
        cost=int(draw.integers(costs)),
        kv_blocks=int(draw.integers(46, 200)),
        block_tokens=int(draw.choice([16, 32])),
        max_seqs=min(int(draw.integers(1, 40)), most // (1 + drafted)),
        max_tokens=most,
        watermark=int(draw.integers(0, 3)),
        prefix_cache=bool(draw.integers(2)),
        whole_prompt=bool(draw.integers(2)),
        prefill_first=prefill_first,
        swap_s=float(draw.choice([0, 0, 1e-4])),
        tokens_per_step=float(draw.choice([1, 1, 1.7, 2.0])),
        drafted=drafted,
        overlapped=bool(draw.integers(2)),
        host_blocks=int(draw.choice([0, 20, 100])),
        load_s=1e-4,
        adapters=int(draw.choice([0, 0, 1, 3])),
        adapter_load_s=0.02,
        adapter_step_s=1e-4,
    )


def fleet_of(specs: list[ServerSpec], costs: list[StepCost], **spec: object) -> Fleet:
    """Servers of a model and a device that do not matter, with step costs that do."""
    pool = PoolSpec(model="meta-llama/Llama-3.1-8B", gpu="A100-80G")
    model, device = find_model(pool.model), find_hardware(pool.gpu)
    servers = [Server(pool, each, model, device, 1, 131072.0, 2.0) for each in specs]
    return Fleet(FleetSpec(pools=(pool,), **spec), tuple(servers), tuple(costs), (0,) * len(costs))
