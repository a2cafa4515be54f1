"""The simulated fleet beside a live server on this machine: llama.cpp, calibrated by probing, under an open-loop trace.

``python benchmarks/bench_fleet_live.py [--requests N] [--write]`` needs the extra ``local`` and the weights of the
smallest local model (see ``routelab.pool.live.local_models``). The server runs in a process of its own with one thread
and four slots. Probes and parts of the trace take turns, so that both see the machine as it is: whoever else uses it
slows either; a part is simulated with the probes before and after it. Nothing of the trace is used for the calibration.
A second row takes into account how much of its time the server waited for a processor, as the kernel counted it
(``schedstat``): probes are fitted on the seconds that it ran, and every part of the trace stretched by its own share.
The simulation is told when requests were sent and how long they were, and what the server is: its slots are
``max_seqs``, its ``n_batch`` is ``max_tokens``.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fleet_page import machine, put, table
from routelab.core import Sampling, Turn, stream
from routelab.core.arrivals import Arrivals
from routelab.pool.fleet.build import Fleet, Server
from routelab.pool.fleet.catalogue import find_hardware, find_model
from routelab.pool.fleet.cost.fitted import FittedCost, Stretch, fit_steps
from routelab.pool.fleet.cost.probe import WORDS, Grid, probe
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.policies.oblivious import RoundRobin
from routelab.pool.fleet.simulator import Simulation
from routelab.pool.fleet.spec import FleetSpec, PoolSpec
from routelab.pool.live.openai import OpenAIChat

SEED, MODEL = 0, "local/smollm2-135m"
SLOTS, CONTEXT, BATCH = 4, 2048, 2048  # tokens of context each slot, and of a step
PROMPT, ANSWER = (8, 120), (12, 56)  # words and tokens, drawn evenly
LOAD, PARTS = 0.6, 6
FLOOR = 0.15
Figures = dict[str, np.ndarray]


@dataclass(frozen=True)
class Answered:
    """One request of the trace, as its client saw it."""

    sent_s: float
    prompt: int
    answer: int
    ttft_s: float
    e2e_s: float


def serve() -> None:
    """The server's process: print the address, stay until the pipe closes."""
    import xllamacpp

    from routelab.pool.live.local_models import model_file

    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(model_file(MODEL))
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 1
    wanted.n_parallel, wanted.n_ctx, wanted.n_batch = SLOTS, SLOTS * CONTEXT, BATCH
    wanted.n_gpu_layers, wanted.cache_prompt, wanted.cache_ram_mib, wanted.verbosity, wanted.port = 0, False, 0, -1, 0
    server = xllamacpp.Server(wanted)
    print(f"address {server.listening_address}", flush=True)
    sys.stdin.read()


class Processor:
    """The share of its time that a process ran, of the time that it ran or could have."""

    def __init__(self, process: int) -> None:
        self._tasks = Path(f"/proc/{process}/task")
        self._seen = self._count()

    def share(self) -> float:
        """Since it was asked last."""
        now = self._count()
        ran, waited = now - self._seen
        self._seen = now
        return float(ran / max(ran + waited, 1.0))

    def _count(self) -> np.ndarray:
        counts = [each.read_text().split()[:2] for each in self._tasks.glob("*/schedstat")]
        return np.array(counts, dtype=float).sum(axis=0)


def send(
    client: OpenAIChat, due_s: float, started: float, words: int, answer: int, draw: np.random.Generator
) -> Answered:
    text = " ".join(WORDS[place] for place in draw.integers(len(WORDS), size=words))
    time.sleep(max(0.0, due_s - (time.perf_counter() - started)))
    sent = time.perf_counter() - started
    found = client([Turn("user", text)], Sampling(max_tokens=answer, temperature=0.0))
    assert found.input_tokens and found.output_tokens and found.ttft_s and found.latency_s
    return Answered(sent, found.input_tokens, found.output_tokens, found.ttft_s, found.latency_s)


def trace(client: OpenAIChat, n: int, rate: float, part: int) -> list[Answered]:
    """Poisson arrivals, sent when they are due, whatever the server does."""
    draw = stream(SEED, "live", part)
    due = np.cumsum(draw.exponential(1 / rate, n))
    words, answers = draw.integers(*PROMPT, size=n), draw.integers(*ANSWER, size=n)
    streams = draw.spawn(n)
    started = time.perf_counter()
    with ThreadPoolExecutor(n) as pool:
        jobs = [
            pool.submit(send, client, float(due[k]), started, int(words[k]), int(answers[k]), streams[k])
            for k in range(n)
        ]
        return sorted((job.result() for job in jobs), key=lambda each: each.sent_s)


def simulated(cost: FittedCost, part: list[Answered], slower: float = 1.0) -> Figures:
    """The same requests on a server of that cost, or of so many times that cost."""
    spec = ServerSpec(0, SLOTS * CONTEXT // 16, max_seqs=SLOTS, max_tokens=BATCH, prefix_cache=False)
    pool = PoolSpec(model="meta-llama/Llama-3.1-8B", gpu="L4")  # names alone: the cost was measured
    server = Server(pool, spec, find_model(pool.model), find_hardware(pool.gpu), 1, 0.0, 0.0)
    fleet = Fleet(FleetSpec(pools=(pool,)), (server,), (cost.step_cost(BATCH, SLOTS).times(slower),))
    sent = np.array([each.sent_s for each in part])
    lengths = (np.array([getattr(each, name) for each in part]) for name in ("prompt", "answer"))
    run = Simulation(fleet, RoundRobin()).run(Arrivals(sent, *lengths))
    return {"E2E": run.e2e_s, "TTFT": run.ttft_s, "TPOT": run.tpot_s}


def measured(part: list[Answered]) -> Figures:
    ttft, e2e = (np.array([getattr(each, name) for each in part]) for name in ("ttft_s", "e2e_s"))
    return {"E2E": e2e, "TTFT": ttft, "TPOT": (e2e - ttft) / np.array([each.answer - 1 for each in part])}


def capacity(cost: FittedCost) -> float:
    """Requests a second that the probed server would complete with all slots in use."""
    prompt, answer = sum(PROMPT) / 2 + 31, sum(ANSWER) / 2  # its template adds tokens
    step = cost.fixed_s + SLOTS * (cost.token_s + cost.sequence_s + cost.key_s * (prompt + answer / 2))
    return 1 / (answer * step / SLOTS + prompt * cost.token_s + prompt**2 / 2 * cost.pair_s + cost.fixed_s)


def run(address: str, processor: Processor, n: int) -> str:
    client = OpenAIChat(address + "/v1", MODEL, key_env=None, body={"ignore_eos": True, "cache_prompt": False})
    probe(client, Grid(prompts=(8,), clients=(SLOTS,)), seed=-1)  # warm
    probes: list[list[Stretch]] = []
    parts: list[list[Answered]] = []
    shares: list[float] = []  # of probes and parts in turn
    for k in range(PARTS + 1):
        processor.share()
        probes.append(probe(client, Grid(), seed=k))
        shares.append(processor.share())
        if k < PARTS:
            rate = LOAD * capacity(fit_steps(probes[k], measured_on="before the part"))
            parts.append(trace(client, n // PARTS, rate, k))
            shares.append(processor.share())
    real = [measured(part) for part in parts]
    ran = [
        [each._replace(seconds=each.seconds * share) for each in one]
        for one, share in zip(probes, shares[::2], strict=True)
    ]
    around = [before + after for before, after in itertools.pairwise(probes)]
    ran_around = [before + after for before, after in itertools.pairwise(ran)]
    every = [each for one in ran for each in one]
    return report(
        real,
        {
            "seconds as they are": [simulated(fit(each), part) for each, part in zip(around, parts, strict=True)],
            "by processor share": [
                simulated(fit(each), part, 1 / share)
                for each, part, share in zip(ran_around, parts, shares[1::2], strict=True)
            ],
            "by processor share, one fit": [
                simulated(fit(every), part, 1 / share) for part, share in zip(parts, shares[1::2], strict=True)
            ],
        },
        fit(every),
        shares,
    )


def fit(stretches: list[Stretch]) -> FittedCost:
    return fit_steps(stretches, measured_on=MODEL)


def report(
    real: list[dict[str, np.ndarray]],
    ours: dict[str, list[dict[str, np.ndarray]]],
    cost: FittedCost,
    shares: list[float],
) -> str:
    rows = []
    for metric, (how, found) in itertools.product(("E2E", "TTFT", "TPOT"), ours.items()):
        ratios = [mine[metric] / theirs[metric] - 1 for mine, theirs in zip(found, real, strict=True)]
        every = np.concatenate(ratios)
        rows.append(
            [
                f"{metric}, {how}",
                f"{np.median(np.abs(every)):.1%}",
                f"{np.quantile(np.abs(every), 0.9):.1%}",
                f"{np.median(every):+.1%}",
                ", ".join(f"{np.median(np.abs(ratio)):.0%}" for ratio in ratios),
                f"{np.median(np.concatenate([each[metric] for each in real])):.3g}",
                f"{np.median(np.concatenate([each[metric] for each in found])):.3g}",
            ]
        )
    off = np.abs(np.expm1(cost.errors))
    fitted = ", ".join(f"{name[:-2]} {getattr(cost, name):.3g} s" for name in cost.__struct_fields__[2:7])
    told = ", ".join(f"{share:.0%}" for share in shares)
    requests = sum(len(each["E2E"]) for each in real)
    return (
        f"{requests} requests in {PARTS} parts to llama.cpp ({MODEL}, one thread, {SLOTS} slots), Poisson at "
        f"{LOAD:.0%} of what the probed cost can do. Probes ({Grid().requests} requests each) before, between and "
        "after the parts; a part is simulated with the fit of the two probes next to it, or (*one fit*) of all. The "
        "server had a processor for these shares of the time that it could have used one, probes and parts in turn: "
        f"{told}. One fit of all is off by {np.median(off):.1%} (median) of its own {cost.points} points, p90 "
        f"{np.quantile(off, 0.9):.1%}: {fitted}. Floor: median error of E2E at most {FLOOR:.0%}.\n\n"
        + table(["", "median error", "p90", "bias", "median by part", "measured median s", "simulated"], rows)
    )


def main() -> None:
    if "--serve" in sys.argv:
        return serve()
    n = int(sys.argv[sys.argv.index("--requests") + 1]) if "--requests" in sys.argv else 60
    where = machine()
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout and server.stdin
        address = next(line.split()[1] for line in server.stdout if line.startswith("address "))
        try:
            text = f"{where}.\n\n{run(address, Processor(server.pid), n)}"
        finally:
            server.stdin.close()
    print(text)
    if "--write" in sys.argv:
        put("live", text)


if __name__ == "__main__":
    main()
