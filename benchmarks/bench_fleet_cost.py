"""How far the calibrated roofline is off where it was not fitted: every model, then every device, left out in turn.

``python benchmarks/bench_fleet_cost.py [SHARED] [--write]`` reads ``perf/measured_ttft_tpot.parquet`` and
``perf/ml_energy_v3.parquet`` below SHARED (by default ``../shared/data``), prints the tables, and with ``--write`` fits
the factors that ship. The points are aiconfigurator's (Apache-2.0), the settings of their engines those that
`fleet_recipes` knows; what cannot be placed or is not told is left out.
"""

from __future__ import annotations

import platform
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl

from fleet_recipes import settings, speculates
from routelab import __version__
from routelab.core.errors import InputError
from routelab.core.threads import single_threaded
from routelab.pool.fleet.catalogue import Hardware, find_hardware, find_model
from routelab.pool.fleet.cost import Load, fit_power, power_w, step_seconds
from routelab.pool.fleet.cost.calibrated import SHIPPED, fit, held_out
from routelab.pool.fleet.cost.plan import Plan, check_placement
from routelab.pool.fleet.cost.points import Point

DTYPES = {"nvfp4": "fp4", "fp8": "fp8", "fp8_block": "fp8", "int4_wo": "int4", None: "bf16"}
FITTED_ON = (
    "measured_ttft_tpot of ai-dynamo/aiconfigurator (Apache-2.0), aggregated serving: TensorRT-LLM, vLLM and SGLang on "
    "H100, B200 and GB200"
)


def measured(path: Path) -> tuple[list[Point], Counter[str]]:
    """Points of the table that say where and under which load they were taken, each once; and why others are out."""
    out: Counter[str] = Counter()
    points: dict[tuple[object, ...], Point] = {}
    for row in pl.read_parquet(path).to_dicts():
        found = _point(row)
        if isinstance(found, str):
            out[found] += 1
            continue
        seconds = (f"{found.ttft_ms:.3g}", f"{found.tpot_ms:.3g}")  # editions of the table round differently
        key = (found.configuration, found.batch, found.isl, found.osl, seconds)
        out["the same measurement twice"] += key in points
        points.setdefault(key, found)
    return list(points.values()), out


def _point(row: dict[str, object]) -> Point | str:
    if row["mode"] != "agg":
        return "disaggregated: most rows do not tell their workers"
    if row["attention_dp_size"] not in (None, 0, 1):
        return "data-parallel attention"
    if speculates(row):
        return "tokens were speculated"
    concurrency = str(row["silicon_data_source"]).partition("silicon_concurrency=")[2].partition(";")[0]
    if concurrency and int(concurrency) != row["batch_size"]:
        return "several engines behind one concurrency"
    model, device = find_model(str(row["model_path"])), find_hardware(str(row["system"]))
    dtype = DTYPES[row["gemm_quant_mode"]]  # type: ignore[index]
    told = {"kv": "bf16", **settings(row)}
    experts = row["moe_ep_size"] if model.experts else 1
    plan = Plan(tp=row["tp_size"], ep=experts or 1, dtype=dtype, kv=told["kv"])  # type: ignore[arg-type]
    try:
        check_placement(model, device, plan)
    except InputError as error:
        return f"cannot be placed: {error.where}"
    return Point(
        model=model.name,
        gpu=device.name,
        tp=plan.tp,
        ep=plan.ep,
        dtype=plan.dtype,
        backend=str(row["backend"]),
        batch=row["batch_size"],  # type: ignore[arg-type]
        ttft_ms=row["silicon_ttft_ms"],  # type: ignore[arg-type]
        tpot_ms=row["silicon_tpot_ms"],  # type: ignore[arg-type]
        **told,
    )


def line(name: str, ttft: np.ndarray, tpot: np.ndarray, covered: np.ndarray) -> str:
    """Median and 90th percentile of the absolute error, in percent, and the share inside a 90 % interval."""
    parts = []
    for logs, inside in zip((tpot, ttft), (covered[1], covered[0])):
        off = np.abs(np.expm1(-logs)) * 100
        parts.append(f"{np.median(off):7.1f} {np.quantile(off, 0.9):7.1f} {inside.mean() * 100:6.0f}")
    return f"{name:34} {len(ttft):5} {' '.join(parts)}"


def covered(errors: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """(2, N) whether a 90 % interval from the errors of all other groups, held out as well, holds the measurement."""
    inside = np.zeros(errors.shape, dtype=bool)
    for name in set(groups):
        mine = groups == name
        for which in range(2):
            low, high = np.quantile(errors[which, ~mine], (0.05, 0.95))
            inside[which, mine] = (errors[which, mine] >= low) & (errors[which, mine] <= high)
    return inside


def powered(path: Path) -> tuple[list[Hardware], np.ndarray, np.ndarray]:
    """Devices, (3, N) busy shares of arithmetic and memory with watts of one device, and models of the power table.

    Rows do not tell their prompts: 300 tokens are assumed, and what the prompts cost is left out.
    """
    found, names = [], []
    for row in pl.read_parquet(path).filter(pl.col("task") != "image-chat").to_dicts():
        try:
            model = find_model(row["model_id"])
        except InputError:
            continue
        device, copies = find_hardware(row["gpu_model"]), max(row["num_gpus"] // row["tensor_parallel"], 1)
        dtype = {"bfloat16": "bf16", "fp8": "fp8", "mxfp4": "fp4"}[row["weight_precision"]]
        running, keys = row["avg_batch_size"] / copies, 300 + row["avg_output_len"] / 2
        load = Load(*(np.array(value) for value in (0.0, 0.0, running, keys)))
        roof = step_seconds(model, device, Plan(tp=row["tensor_parallel"], dtype=dtype), load)
        step = row["avg_batch_size"] / row["output_throughput_tokens_per_sec"]
        watts = row["avg_power_watts"] / row["num_gpus"]
        found.append((device, float(roof[1]) / step, float(roof[2]) / step, watts))
        names.append(model.name)
    devices = [each[0] for each in found]
    return devices, np.array([each[1:] for each in found]).T, np.array(names)


def print_power(path: Path) -> None:
    """Errors of the power model, fitted on all rows and with every model left out."""
    devices, (compute, memory, watts), names = powered(path)
    shares = fit_power(devices, compute, memory, watts)
    off = np.zeros(len(watts))
    for name in sorted(set(names)):
        mine, others = np.flatnonzero(names == name), np.flatnonzero(names != name)
        held = fit_power([devices[row] for row in others], compute[others], memory[others], watts[others])
        off[mine] = [float(power_w(devices[row], compute[row], memory[row], held) / watts[row]) - 1 for row in mine]
    off = np.abs(off) * 100
    print(f"\nwatts: {len(watts)} rows, {shares}")
    print(f"one model left out: median error {np.median(off):.1f} %, p90 {np.quantile(off, 0.9):.1f} %")


@single_threaded
def main() -> None:
    """Print both tables; write the shipped factors when asked."""
    arguments = [each for each in sys.argv[1:] if not each.startswith("--")]
    shared = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[2] / "shared" / "data"
    print(
        f"{platform.machine()} Python {platform.python_version()} numpy {np.__version__} routelab {__version__}, seed 0"
    )
    points, out = measured(shared / "perf" / "measured_ttft_tpot.parquet")
    print(
        f"{len(points)} points; left out: " + "; ".join(f"{count} {why}" for why, count in out.most_common() if count)
    )
    for by in ("model", "gpu"):
        started = time.perf_counter()
        groups = np.array([getattr(point, by) for point in points])
        ttft, tpot = held_out(points, groups)
        inside = covered(np.array([ttft, tpot]), groups)
        print(
            f"\nleft out: one {by:29} {'n':>5} {'TPOT median, p90 %, in 90 %':>22} {'TTFT median, p90 %, in 90 %':>22}"
        )
        for name in sorted(set(groups)):
            mine = groups == name
            print(line(name, ttft[mine], tpot[mine], inside[:, mine]))
        print(line("all", ttft, tpot, inside))
        print(f"({time.perf_counter() - started:.0f} s)")
    print_power(shared / "perf" / "ml_energy_v3.parquet")
    if "--write" in sys.argv:
        fit(points, fitted_on=FITTED_ON).save(SHIPPED)
        print(f"\nwrote {SHIPPED}")


if __name__ == "__main__":
    main()
