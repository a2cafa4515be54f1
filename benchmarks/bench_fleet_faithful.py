"""The simulated fleet beside three recorded runs of vLLM, request by request; nothing is fitted on any of them.

``python benchmarks/bench_fleet_faithful.py [SHARED] [--write]`` reads ``traces/vllm_measured_requests.parquet`` and
``perf/operators/vllm_layerwise`` below SHARED (by default ``../shared/data``): runs and operator profiles of
casys-kaist/LLMServingSim (MIT). Intervals of a run are calibrated on the two others.

Where every setting comes from (files below ``bench/examples`` of that repository at commit 5daddb2):

- batch of 2,048 tokens, 128 or 256 requests at once: each run's ``vllm/meta.json``, ``engine_kwargs`` and
  ``resolved_config``. The prefix cache is on in that of the RTX 4090; the others do not tell, it is vLLM's default.
  In the runs of 128 the stamps also show 128 requests and never more at once.
- 41,408 tokens of keys on the RTX 4090: ``kv_cache`` of its ``meta.json``, 2,588 blocks of 16 (its default 0.9 of the
  memory less what the engine took for itself, which no simulator knows). On the RTX PRO 6000 the catalogue's memory
  times 0.9 less the weights; less than half of it is ever used.
- interconnect of 16 GB/s and 20 µs for each message: ``link_bw`` and ``link_latency`` of that run's ``config.json``.
- ``async_scheduling``: on in the ``resolved_config`` of the RTX 4090, though nobody asked for it; the others do not
  tell, and ran the same version.
- prompts share nothing (the trace holds no content), but a preempted request finds its own blocks in the cache.

A request arrives at its ``queued_ts``, the first stamp on the clock of the others, as upstream reads its runs, too.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from fleet_page import machine, put, table
from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Floats
from routelab.pool.fleet.build import build
from routelab.pool.fleet.policies.oblivious import RoundRobin
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.simulator import Simulation
from routelab.pool.fleet.spec import FleetSpec, Interconnect, PoolSpec
from routelab.pool.fleet.uncertainty import METRICS, errors_of, predict

SEED, DRAWS, BLOCK = 0, 40, 16
FLOORS = {"ttft_s": 0.15, "tpot_s": 0.04, "e2e_s": 0.06}


@dataclass(frozen=True)
class Recorded:
    """A run of vLLM 0.19.0: what was deployed, and where its rows and its operators are found."""

    hardware: str
    name: str
    pool: PoolSpec
    note: str = ""

    @property
    def label(self) -> str:
        return f"{self.name}, {self.pool.gpu} × {self.pool.tp}"


RUNS = (
    Recorded(
        "RTXPRO6000",
        "Llama-3.1-8B",
        PoolSpec(
            model="meta-llama/Llama-3.1-8B",
            gpu="RTX PRO 6000",
            async_scheduling=True,
            max_batch_tokens=2048,
            max_seqs=128,
        ),
    ),
    Recorded(
        "RTXPRO6000",
        "Qwen3-32B",
        PoolSpec(
            model="Qwen/Qwen3-32B",
            gpu="RTX PRO 6000",
            tp=2,
            async_scheduling=True,
            max_batch_tokens=2048,
            max_seqs=128,
            interconnect=Interconnect(gb_s=16, latency_s=20e-6),
        ),
    ),
    Recorded(
        "RTX4090",
        "Llama-3.1-8B",
        PoolSpec(
            model="meta-llama/Llama-3.1-8B",
            gpu="RTX 4090",
            async_scheduling=True,
            max_batch_tokens=2048,
            max_seqs=256,
            kv_tokens=41_408,
        ),
    ),
)


@dataclass(frozen=True)
class Beside:
    """A recorded run and its simulation."""

    recorded: Recorded
    arrivals: Arrivals
    measured: dict[str, Floats]
    run: Run
    noise: float


def beside(recorded: Recorded, shared: Path) -> Beside:
    """Read one run and simulate it."""
    here = (pl.col("hardware") == recorded.hardware) & (pl.col("bench_model") == recorded.name)
    rows = pl.read_parquet(shared / "traces" / "vllm_measured_requests.parquet").filter(here).sort("queued_ts")
    stamps = {name: rows[f"{name}_ts"].to_numpy() for name in ("queued", "first_token", "last_token")}
    prompt, answer = (rows[name].to_numpy().astype(np.int64) for name in ("input_toks", "output_toks"))
    blocks = np.append(0, np.cumsum((prompt + answer) // BLOCK))
    arrivals = Arrivals(
        time_s=stamps["queued"] - stamps["queued"][0],
        input_tokens=prompt,
        output_tokens=answer,
        hash_ids=np.arange(blocks[-1]),
        hash_starts=blocks,
        hash_tokens=BLOCK,
    ).checked("the run")
    measured = {
        "ttft_s": stamps["first_token"] - stamps["queued"],
        "tpot_s": np.where(
            answer > 1, (stamps["last_token"] - stamps["first_token"]) / np.maximum(answer - 1, 1), np.nan
        ),
        "e2e_s": stamps["last_token"] - stamps["queued"],
    }
    tables = shared / "perf/operators/vllm_layerwise" / recorded.hardware / recorded.name / "bf16"
    folder = tables / f"tp{recorded.pool.tp}"
    fleet = build(FleetSpec(pools=(msgspec.structs.replace(recorded.pool, tables=str(folder)),)))
    return Beside(recorded, arrivals, measured, Simulation(fleet, RoundRobin()).run(arrivals), noise(folder))


def noise(folder: Path) -> float:
    """How far a measured size lies off the line between its neighbours: the deviation of the logarithm, all dense
    operators together."""
    found = pl.read_csv(folder / "dense.csv").group_by("layer", "tokens").agg(pl.col("time_us").mean())
    summed = found.group_by("tokens").agg(pl.col("time_us").sum()).sort("tokens")
    at, times = summed["tokens"].to_numpy().astype(float), summed["time_us"].to_numpy()
    share = (at[1:-1] - at[:-2]) / (at[2:] - at[:-2])
    between = times[:-2] * (1 - share) + times[2:] * share
    return float(np.std(np.log(times[1:-1] / between)))


def errors(found: list[Beside]) -> list[list[str]]:
    rows = []
    for each in found:
        row = [each.recorded.label]
        for metric in METRICS:
            ratio = getattr(each.run, metric) / each.measured[metric] - 1
            known = ratio[np.isfinite(ratio)]
            row += [
                f"{np.median(np.abs(known)):.1%}",
                f"{np.quantile(np.abs(known), 0.9):.1%}",
                f"{np.median(known):+.1%}",
            ]
        rows.append([*row, f"{each.run.requests['preemptions'].sum()}"])
    return rows


def unqueued(found: list[Beside]) -> str:
    """Requests that were answered at once, where a step more or less shows."""
    told = []
    for each in found:
        real, ours = each.measured["ttft_s"], each.run.ttft_s
        at_once = real < 1.0
        ratio = np.median(ours[at_once] / real[at_once]) - 1
        told.append(f"{each.recorded.label}: {at_once.sum()} requests, median {ratio:+.0%}")
    return "; ".join(told)


def coverage(found: list[Beside]) -> list[list[str]]:
    """Share of requests in their 90 % intervals, and how wide those are, with the errors of the other runs alone."""
    rows = []
    inside: dict[str, list[float]] = {metric: [] for metric in METRICS}
    for each in found:
        seen = [errors_of(other.run, other.measured) for other in found if other is not each]
        bands = predict(each.run.fleet, RoundRobin, each.arrivals, draws=DRAWS, seed=SEED, seen=seen)
        row = [each.recorded.label]
        for metric, band in bands.items():
            real = each.measured[metric]
            known = np.isfinite(real)
            covered = ((real >= band.low) & (real <= band.high))[known].mean()
            inside[metric].append(float(covered))
            row += [f"{covered:.0%}", f"{np.mean((band.high - band.low)[known] / band.value[known]):.0%}"]
        rows.append(row)
    return [
        *rows,
        ["mean of the runs", *(cell for metric in METRICS for cell in (f"{np.mean(inside[metric]):.0%}", ""))],
    ]


def main() -> None:
    arguments = [each for each in sys.argv[1:] if not each.startswith("--")]
    shared = Path(arguments[0]) if arguments else Path(__file__).parents[2] / "shared" / "data"
    where = machine()
    found = [beside(recorded, shared) for recorded in RUNS]
    heads = [f"{metric[:-2].upper()} {what}" for metric in METRICS for what in ("median", "p90", "bias")]
    floors = ", ".join(f"{metric[:-2].upper()} {floor:.0%}" for metric, floor in FLOORS.items())
    width = [f"{metric[:-2].upper()} {what}" for metric in METRICS for what in ("in 90 %", "width")]
    spread = ", ".join(f"{each.noise:.1%}" for each in found)
    text = "\n\n".join(
        (
            f"Three runs of vLLM 0.19.0, 300 requests of ShareGPT each, about 10 a second; absolute errors by request. "
            f"Floors of the medians: {floors}.",
            table(["run", *heads, "preemptions"], errors(found)),
            f"Answered within a second (where nobody waits, and a step more or less shows): {unqueued(found)}.",
            f"Prediction intervals of 90 %, from {DRAWS} draws of the speed (3 %, as if two runs had told it: a "
            f"size of these tables lies {spread} off the line of its neighbours) and the errors of the two other runs. "
            "Width: as a share of the predicted figure, mean over requests. Asked: 85 to 95 % of the requests inside; "
            "one run may be easier or harder than what the two others tell.",
            table(["run", *width], coverage(found)),
        )
    )
    print(where, text, sep="\n\n")
    if "--write" in sys.argv:
        put("faithful", text)


if __name__ == "__main__":
    main()
