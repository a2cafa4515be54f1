"""Eight models on two devices: the requests, their limits, and how many of them a system serves in time.

Times and lengths are slices of the Azure conversation trace, which names no models: popularity, idle gaps and bursts
are drawn here. Knows no system.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Floats
from routelab.core.seeds import stream
from routelab.pool.fleet.build import Fleet, build
from routelab.pool.fleet.policies.oblivious import RoundRobin
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.simulator import Simulation
from routelab.pool.fleet.spec import FleetSpec, PoolSpec
from routelab.workload.arrivals import merged, read
from routelab.workload.arrivals.combine import rows as chosen

SHARED = Path(os.environ.get("ROUTELAB_SHARED", Path(__file__).resolve().parents[3] / "shared"))
TRACE = SHARED / "data" / "traces" / "azure_llm_2023_conv.parquet"
SLICE_S, NVLINK_GB_S, ATTAINED = 300.0, 450.0, 0.99
MODELS = (
    "Qwen/Qwen3-14B",
    "google/gemma-2-9b",
    "Qwen/Qwen3-8B",
    "meta-llama/Llama-3.1-8B",
    "mistralai/Mistral-7B-v0.3",
    "Qwen/Qwen3-4B",
    "meta-llama/Llama-3.2-3B",
    "meta-llama/Llama-3.2-1B",
)


class Traffic(NamedTuple):
    """``on_s``, ``off_s``: for how long a model is asked for and is not, on average. The models of each of ``groups``
    burst together: ``burst`` times as often for ``burst_s`` on average, a ``burst_share`` of the time. ``slo``: limits
    are so many times what a model takes alone."""

    exponent: float = 1.1
    on_s: float = 60.0
    off_s: float = 60.0
    burst: float = 4.0
    burst_s: float = 20.0
    burst_share: float = 0.2
    groups: int = 4
    slo: float = 10.0
    seconds: float = SLICE_S


@cache
def slice_of(seed: int, seconds: float) -> Arrivals:
    """A part of the trace."""
    trace = read(TRACE)
    start = stream(seed, "prism", "slice").uniform(0, trace.time_s[-1] - seconds)
    first, last = np.searchsorted(trace.time_s, [start, start + seconds]).tolist()
    part = trace.part(first, last)
    return replace(part, time_s=part.time_s - start)


def popularity(seed: int, traffic: Traffic) -> dict[str, float]:
    """The share of each model in the long run; who is popular has nothing to do with size."""
    shares = np.arange(1, len(MODELS) + 1) ** -traffic.exponent
    return dict(
        zip(stream(seed, "prism", "popularity").permutation(MODELS).tolist(), shares / shares.sum(), strict=True)
    )


def requests(seed: int, scale: float, traffic: Traffic) -> Arrivals:
    """``scale`` times as many as in the trace; what is there at one scale is there at every larger one.

    A further copy of a request falls between it and the next, and has the length of another.
    """
    base, shares = slice_of(seed, traffic.seconds), popularity(seed, traffic)
    draw = stream(seed, "prism", "activity")
    active = [_states(draw, traffic.on_s, traffic.off_s, traffic.seconds) for _ in MODELS]
    length, share = traffic.burst_s, traffic.burst_share
    bursts = [_states(draw, length, length * (1 - share) / share, traffic.seconds) for _ in range(traffic.groups)]
    gap = np.diff(base.time_s, append=traffic.seconds)
    copies = []
    for copy in range(int(np.ceil(scale))):
        draw = stream(seed, "prism", copy)
        moved, place, kept = draw.uniform(size=(3, len(base)))
        time_s = base.time_s + gap * (moved if copy else 0.0)
        boosts = [np.where(_on(each, time_s), traffic.burst, 1) for each in bursts]
        weights = [shares[name] * _on(active[k], time_s) * boosts[k % len(boosts)] for k, name in enumerate(MODELS)]
        weight = np.stack(weights, axis=1)
        weight[weight.sum(axis=1) == 0] = 1.0
        reached = np.cumsum(weight, axis=1)
        model = (reached <= place[:, None] * reached[:, -1:]).sum(axis=1)
        order = draw.permutation(len(base)) if copy else np.arange(len(base))
        made = Arrivals(time_s, base.input_tokens[order], base.output_tokens[order], model=model, models=MODELS)
        copies.append(chosen(made, np.flatnonzero(kept < scale - copy)))
    return merged(copies)


def _states(draw: np.random.Generator, on_s: float, off_s: float, end: float) -> Floats:
    """Times at which something that comes and goes is switched, on and off in turn."""
    spent = draw.exponential(size=(int(20 + 4 * end / (on_s + off_s)), 2)) * [on_s, off_s]
    begins = 0.0 if draw.uniform() < on_s / (on_s + off_s) else draw.exponential(off_s)
    return begins + np.append(0.0, np.cumsum(spent))


def _on(switches: Floats, time_s: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.searchsorted(switches, time_s, side="right") % 2 == 1)


def fleet_of(models: Sequence[str] = MODELS, gpu: str = "H100-SXM", devices: int = 2) -> Fleet:
    """Every model may be on every device, with the keys of others beside it; a batch is at most 2,048 tokens."""
    pools = [
        PoolSpec(
            model=model,
            gpu=gpu,
            replicas=devices,
            shared="gpus",
            loaded=False,
            prefix_cache=False,
            max_batch_tokens=2048,
        )
        for model in models
    ]
    return build(FleetSpec(pools=tuple(pools), link_gb_s=NVLINK_GB_S))


@cache
def alone(model: str, gpu: str = "H100-SXM") -> tuple[float, float]:
    """P95 of the times to the first and for each further token of a model with a device for itself, at 1 request/s."""
    trace = read(TRACE).part(0, 3000)
    run = Simulation(build(FleetSpec(pools=(PoolSpec(model=model, gpu=gpu, max_batch_tokens=2048),))), RoundRobin())
    done = run.run(replace(trace, time_s=np.cumsum(stream(0, "prism", "alone").exponential(1.0, len(trace)))))
    return float(np.percentile(done.ttft_s, 95)), float(np.nanpercentile(done.tpot_s, 95))


class Limits(NamedTuple):
    """Seconds by model."""

    ttft_s: Mapping[str, float]
    tpot_s: Mapping[str, float]


def poisson(models: Sequence[str], rate: float, n: int, seed: int) -> Arrivals:
    """Requests for any of the models alike, with lengths of the trace."""
    trace, draw = read(TRACE), stream(seed, "prism", "poisson")
    rows = draw.integers(len(trace), size=n)
    times = np.cumsum(draw.exponential(size=n)) / rate
    model = draw.integers(len(models), size=n)
    return Arrivals(times, trace.input_tokens[rows], trace.output_tokens[rows], model=model, models=tuple(models))


def limits(factor: float, models: Sequence[str] = MODELS, gpu: str = "H100-SXM") -> Limits:
    """So many times what each model takes alone."""
    p95 = {model: alone(model, gpu) for model in models}
    return Limits(*({model: factor * each[place] for model, each in p95.items()} for place in (0, 1)))


def attained(run: Run, arrivals: Arrivals, limit: Mapping[str, float]) -> float:
    """The share of all requests whose first token came in time."""
    most = np.array([limit[model] for model in arrivals.models])[arrivals.model]
    return float((run.ok & (run.ttft_s <= most)).mean())


def capacity(serve: Callable[[float], float], *, steps: int, least: float = 0.5, most: float = 8.0) -> float:
    """The largest scale with 99 % in time, by bisection of its logarithm; the least where none is."""
    low, high = np.log(least), np.log(most)
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if serve(float(np.exp(middle))) >= ATTAINED else (low, middle)
    return float(np.exp(low))
