"""How many requests a second the fleet simulates on one core, beside vLLM-SR's fleet simulator in the same process.

``python benchmarks/bench_fleet_speed.py [--competitor FOLDER] [--only PART] [--short] [--write]``. FOLDER is where
``pip install --target FOLDER --no-deps vllm-sr-sim`` put its package (Apache-2.0, numpy and scipy); without it our
figures stand alone. PART: ``requests``, ``growth`` or ``saturation``. Ours is iteration-level: every step of every
server is priced. Theirs freezes a request's times as it is admitted. Both simulate the same requests, at shares of the
capacity that each has for them; a figure is the median of three runs in turn, and how far they lie apart. Seconds are
the process's processor time on one core, so that others on the machine cost us little.
"""

from __future__ import annotations

import importlib
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fleet_page import machine, put, table
from routelab.core import stream
from routelab.core.arrivals import Arrivals
from routelab.pool.fleet.build import Fleet, Server, build
from routelab.pool.fleet.catalogue import find_hardware, find_model
from routelab.pool.fleet.cost.step import StepCost
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.engine.interface import DONE
from routelab.pool.fleet.policies.load import LeastLoaded, PowerOfTwo
from routelab.pool.fleet.policies.oblivious import RoundRobin
from routelab.pool.fleet.policy import Policy
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.simulator import Simulation
from routelab.pool.fleet.spec import FleetSpec, PoolSpec
from routelab.pool.fleet.tally import Tally

SEED, REPEATS = 0, 3
MODEL, GPU = "meta-llama/Llama-3.1-8B", "A100-80G"
PROMPT, ANSWER = 1000, 200  # mean tokens, drawn from exponential distributions
LOADS = {"low": 0.3, "medium": 0.7, "saturated": 1.3}
POLICIES: dict[type[Policy], str | None] = {RoundRobin: "round_robin", LeastLoaded: "least_loaded", PowerOfTwo: None}
REPLICAS = (1, 10, 100)
BLOCK = 100_000
CONTEXT, STEPS = 8192, (0.5, 0.9, 1.1, 2, 10, 50, 100, 130)


def drawn(n: int, rate: float, seed: int = SEED, start_s: float = 0.0) -> Arrivals:
    """Poisson arrivals, lengths of prompts and answers exponential around their means."""
    draw = stream(seed, "requests")
    return Arrivals(
        time_s=start_s + np.cumsum(draw.exponential(1 / rate, n)),
        input_tokens=1 + draw.exponential(PROMPT, n).astype(np.int64),
        output_tokens=1 + draw.exponential(ANSWER, n).astype(np.int64),
    )


def our_fleet(replicas: int) -> Fleet:
    return build(FleetSpec(pools=(PoolSpec(model=MODEL, gpu=GPU, replicas=replicas),)))


def ours(fleet: Fleet, policy: type[Policy], arrivals: Arrivals) -> tuple[Run, float]:
    """Our result, and the seconds that the run took."""
    simulation = Simulation(fleet, policy(), seed=SEED)
    started = time.process_time()
    run = simulation.run(arrivals)
    return run, time.process_time() - started


def our_capacity(fleet: Fleet) -> float:
    """Requests a second that are completed when far more come."""
    return float(ours(fleet, RoundRobin, drawn(20_000, 1000.0))[0].summary()["throughput_req_s"])


def theirs(sim: Any, gpu: Any, replicas: int, strategy: str, arrivals: Arrivals) -> tuple[Any, float]:
    """Their result, and the seconds that their own `run` took."""
    pool = sim.PoolConfig("p", gpu, replicas, CONTEXT, lb_strategy=strategy)
    fleet = sim.Fleet(sim.FleetConfig([pool], "LengthRouter", {"threshold": 10 * CONTEXT}))
    rows = zip(arrivals.time_s.tolist(), arrivals.input_tokens.tolist(), arrivals.output_tokens.tolist(), strict=True)
    requests = [(at, sim.Request(place, at, prompt, answer)) for place, (at, prompt, answer) in enumerate(rows)]
    started = time.process_time()
    result = fleet.run(requests)
    return result, time.process_time() - started


def spread(rates: list[float]) -> str:
    """Median and range of requests a second."""
    return f"{statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"


def speeds(sim: Any, n: int, replicas: tuple[int, ...]) -> str:
    """Requests a second by servers, policy and load."""
    capacity = our_capacity(our_fleet(1))
    gpu = sim.A100_80GB if sim else None
    their_capacity = gpu.throughput(CONTEXT, PROMPT, ANSWER) if sim else 0.0
    rows = []
    for count in replicas:
        fleet = our_fleet(count)
        for policy, strategy in POLICIES.items():
            for load, share in LOADS.items():
                mine, other = [], []
                events = 0.0
                for repeat in range(REPEATS):
                    run, seconds = ours(fleet, policy, drawn(n, share * capacity * count, repeat))
                    mine.append(n / seconds)
                    events = run.events / n
                    if sim and strategy:
                        fewer = max(n // (4 if count < 100 else 10), 1000)
                        arrivals = drawn(fewer, share * their_capacity * count, repeat)
                        other.append(fewer / theirs(sim, gpu, count, strategy, arrivals)[1])
                ratio = f"{statistics.median(mine) / statistics.median(other):,.1f}" if other else ""
                rows.append(
                    [
                        str(count),
                        policy.__name__,
                        load,
                        f"{events:.1f}",
                        spread(mine),
                        spread(other) if other else "",
                        ratio,
                    ]
                )
                print(*rows[-1], sep="\t", flush=True)
    head = ["replicas", "policy", "load", "events a request", "ours, requests/s", "vllm-sr-sim, requests/s", "ratio"]
    return (
        f"Capacity of one server for these requests: ours {capacity:.1f} requests/s"
        + (f", theirs {their_capacity:.1f} (its `throughput`)" if sim else "")
        + f"; loads are {', '.join(f'{name} {share:.0%}' for name, share in LOADS.items())} of it. {n:,} requests.\n\n"
        + table(head, rows)
    )


def streamed(n: int, rate: float) -> Iterator[Arrivals]:
    """So many requests, of which never more than one block and the next are in memory."""
    start = 0.0
    for place in range(0, n, BLOCK):
        block = drawn(min(BLOCK, n - place), rate, place, start)
        start = float(block.time_s[-1])
        yield block


def peak_mib() -> float:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def growth(sizes: tuple[int, ...]) -> str:
    """Time a request, and memory, as there are more requests."""
    fleet = our_fleet(1)
    rate = 0.7 * our_capacity(fleet)
    rows = []
    for size in (BLOCK, *sizes):  # the first one takes what any run takes, and is not told
        before, started = peak_mib(), time.process_time()
        tally = Tally(fleet.spec.slo)
        Simulation(fleet, RoundRobin(), seed=SEED).stream(streamed(size, rate), tally.add)
        seconds, kept = time.process_time() - started, size * DONE.itemsize / 2**20
        row = [f"{size:,}", f"{seconds:.1f}", f"{seconds / size * 1e6:.2f}"]
        rows.append([*row, f"{peak_mib() - before:,.0f}", f"{peak_mib():,.0f}", f"{kept:,.0f}"])
        print(*rows[-1], sep="\t", flush=True)
    head = ["requests", "s", "µs a request", "growth, MiB", "peak, MiB", "rows not kept, MiB"]
    return (
        "One server, round robin, 70 % load; arrivals come and rows go in blocks of 100,000 (`Simulation.stream`), and "
        "only figures stay. Growth is a run's peak above that of all before it in the same process, of which the first "
        f"had {BLOCK:,} requests.\n\n" + table(head, rows[1:])
    )


def slots_fleet(slots: int, service_s: float) -> Fleet:
    """One server of so many slots, in each of which a request of `ANSWER` tokens takes just so long."""
    tokens = slots * (PROMPT + 1)
    cost = StepCost(np.zeros((tokens + 1, 4)), np.zeros((slots + 1, 4)), fixed_s=service_s / ANSWER)
    room = slots * (PROMPT + ANSWER + 16) // 16
    spec = ServerSpec(cost=0, kv_blocks=room, max_seqs=slots, max_tokens=tokens, prefix_cache=False)
    pool = PoolSpec(model=MODEL, gpu=GPU)
    server = Server(pool, spec, find_model(MODEL), find_hardware(GPU), 1, 131072.0, 0.0)
    return Fleet(FleetSpec(pools=(pool,)), (server,), (cost,))


def saturation(sim: Any, n: int) -> str:
    """Equal requests at multiples of slots / service time: nobody can complete more than that."""
    gpu = sim.A100_80GB if sim else None
    slots = gpu.n_slots(CONTEXT) if sim else 128
    service_s = gpu.service_time(PROMPT, ANSWER, CONTEXT) if sim else 10.0
    capacity = slots / service_s
    fleet, rows = slots_fleet(slots, service_s), []
    for share in STEPS:
        draw = stream(SEED, "saturation")
        arrivals = Arrivals(
            np.cumsum(draw.exponential(1 / (share * capacity), n)), np.full(n, PROMPT), np.full(n, ANSWER)
        )
        run = ours(fleet, RoundRobin, arrivals)[0].summary()
        row = [f"{share:g}", f"{share * capacity:,.1f}", f"{run['throughput_req_s']:,.1f}"]
        row.append(f"{run['ttft_s']['p99'] * 1e3:,.0f}")
        if sim:
            result, _ = theirs(sim, gpu, 1, "least_queue", arrivals)
            row += [f"{result.throughput():,.1f}", f"{result.p99_ttft_ms():,.0f}", f"{len(result.completed):,}"]
        rows.append(row)
        print(*row, sep="\t", flush=True)
    head = ["× capacity", "offered/s", "ours, completed/s", "ours, P99 TTFT ms"]
    head += ["vllm-sr-sim, completed/s", "its P99 TTFT ms", "it completed"] if sim else []
    return (
        f"Requests of {PROMPT} and {ANSWER} tokens on one server of {slots} slots, {service_s:.2f} s each: nobody can "
        f"complete more than {slots} / {service_s:.2f} s = {capacity:.2f} requests/s. {n:,} requests, Poisson.\n\n"
        + table(head, rows)
    )


def competitor() -> Any:
    """Their package, where the command line says that it lies."""
    if "--competitor" not in sys.argv:
        return None
    sys.path.append(sys.argv[sys.argv.index("--competitor") + 1])
    return importlib.import_module("fleet_sim")


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    short = "--short" in sys.argv
    where = machine()
    print(where)
    sim = competitor()
    if sim:
        where += f"; vllm-sr-sim {sim.__version__}"
    ours(our_fleet(1), PowerOfTwo, drawn(1000, 10.0))  # compiled
    parts: dict[str, tuple[str, Callable[[], str]]] = {
        "requests": ("Requests a second", lambda: speeds(sim, 10_000 if short else 60_000, REPLICAS)),
        "growth": ("Cost in requests", lambda: growth((300_000,) if short else (1_000_000, 3_000_000, 10_000_000))),
        "saturation": ("Saturation", lambda: saturation(sim, 5_000 if short else 20_000)),
    }
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
    for name, (title, part) in parts.items():
        if only in ("", name):
            print(f"\n{title}", flush=True)
            found = part()
            if "--write" in sys.argv:
                put(name, f"### {title}\n\n{where}, one core, seed {SEED}.\n\n{found}")


if __name__ == "__main__":
    main()
