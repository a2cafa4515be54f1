"""Tables of single operators (the layout of aiconfigurator's measured data) composed into the arrays of a `StepCost`.

Matrices are interpolated in the logarithms of their three sizes; attention, experts and all-reduces must have been
measured in the model's shape. Norms and activations are not in the tables: they are counted at the roof. Knows no
requests; latent, windowed and linear attention are not in the layout.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from scipy.interpolate import RegularGridInterpolator

from routelab.core.decisions import Floats
from routelab.core.errors import InputError
from routelab.pool.fleet.catalogue import Hardware, Model
from routelab.pool.fleet.catalogue.models import Matrix
from routelab.pool.fleet.cost.plan import Plan
from routelab.pool.fleet.cost.roofline import IDEAL, Factors, roof_seconds, token_operators
from routelab.pool.fleet.cost.step import StepCost

GEMM = {"bf16": "bfloat16", "fp8": "fp8", "int4": "bfloat16", "fp4": "bfloat16"}
EXPERTS = {"bf16": "bfloat16", "fp8": "fp8", "int4": "int4_wo", "fp4": "w4a16_mxfp4"}
CACHE = {"bf16": "bfloat16", "fp8": "fp8"}
BEFORE = np.array([0.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0])


def operators_cost(
    folder: Path,
    model: Model,
    device: Hardware,
    plan: Plan,
    *,
    factors: Factors = IDEAL,
    distribution: str = "power_law_1.2",
    max_tokens: int = 8192,
    max_rows: int = 256,
) -> StepCost:
    """The step cost from the tables in ``folder`` (`gemm`, `attention`, `moe`, `comm`); raises InputError.

    ``distribution``: how tokens spread over experts. ``factors``: what no table holds, the time of a step and of a row.
    """
    if model.mla or model.window or model.linear:
        _refuse(folder, "plain grouped-query attention", f"{model.name}", "use the calibrated roofline for it")
    tokens, rows = np.unique(np.geomspace(1, max_tokens, 96).round()), np.arange(1.0, max_rows + 1)
    seconds = _Gemm(folder, GEMM[plan.attention_dtype(model)])
    by_token = np.zeros_like(tokens)
    for layers, matrices in (
        (model.layers, model.attention_matrices),
        (model.layers - model.moe_layers, model.mlp_matrices(model.intermediate)),
        (model.moe_layers, model.shared_matrices),
    ):
        if layers:
            by_token += layers * sum(seconds.of(each, plan.tp, tokens) for each in _fused(matrices))
    if model.experts:
        by_token += model.moe_layers * _experts(folder, model, plan, distribution, tokens)
    streams = [each for each in token_operators(model, device, plan, tokens) if each.kind == "stream"]
    by_token += roof_seconds(streams, device)[0]
    links = _reduces(folder, plan.tp, model.hidden * tokens) * 2 * model.layers if plan.tp > 1 else 0 * tokens
    head = _Gemm(folder, "bfloat16").of(Matrix("head", model.hidden, model.vocab), plan.tp, rows)
    axes, grid = _attention(folder, model, plan)
    every = np.arange(1.0, max_tokens + 1)
    time, sent = np.interp(every, tokens, by_token), np.interp(every, tokens, links)
    return StepCost(
        tokens=np.vstack([np.zeros(4), np.stack([time, time, time, sent], axis=1)]),
        rows=np.vstack([np.zeros(4), np.stack([head, head, head, 0 * head], axis=1)]),
        fixed_s=factors.step_s,
        per_sequence_s=factors.sequence_s,
        attention_axes=axes,
        attention_s=grid * model.layers,
    )


def _fused(matrices: tuple[Matrix, ...]) -> list[Matrix]:
    """Matrices of the same input are multiplied as one, as engines do."""
    joined: dict[tuple[object, ...], Matrix] = {}
    for each in matrices:
        key = (each.inputs, each.split, each.name == "router")
        known = joined.get(key)
        joined[key] = (
            each if known is None else Matrix(known.name, each.inputs, known.outputs + each.outputs, each.split)
        )
    return list(joined.values())


class _Gemm:
    """Seconds of a matrix product by its three sizes."""

    def __init__(self, folder: Path, dtype: str) -> None:
        table = _table(folder / "gemm" / "gemm_perf.parquet", gemm_dtype=dtype)
        self.axes = [np.unique(table[name].to_numpy()).astype(float) for name in ("m", "n", "k")]
        grid = np.full([len(axis) for axis in self.axes], np.nan)
        grid[tuple(np.searchsorted(axis, table[name].to_numpy()) for axis, name in zip(self.axes, "mnk"))] = np.log(
            table["latency"].to_numpy() / 1e3
        )
        for missing in np.argwhere(np.isnan(grid)):
            grid[tuple(missing)] = np.nanmean(grid[missing[0], max(missing[1] - 1, 0) : missing[1] + 2, missing[2]])
        self.known = RegularGridInterpolator(
            [np.log(axis) for axis in self.axes], grid, bounds_error=False, fill_value=None
        )

    def of(self, matrix: Matrix, tp: int, tokens: Floats) -> Floats:
        outputs = matrix.outputs / (tp if matrix.split == "outputs" else 1)
        inputs = matrix.inputs / (tp if matrix.split == "inputs" else 1)
        sizes = np.stack([np.log(tokens), np.full_like(tokens, np.log(outputs)), np.full_like(tokens, np.log(inputs))])
        found: Floats = np.exp(self.known(sizes.T))
        return found


def _experts(folder: Path, model: Model, plan: Plan, distribution: str, tokens: Floats) -> Floats:
    assert model.experts is not None
    table = _table(
        folder / "moe" / "moe_perf.parquet",
        moe_dtype=EXPERTS[plan.dtype],
        hidden_size=model.hidden,
        inter_size=model.experts.intermediate,
        topk=model.experts.active,
        num_experts=model.experts.total,
        moe_tp_size=plan.tp // plan.ep,
        moe_ep_size=plan.ep,
        distribution=distribution,
    )
    return _curve(table, "num_tokens", tokens)


def _reduces(folder: Path, tp: int, elements: Floats) -> Floats:
    path = folder / "comm" / "custom_allreduce_perf.parquet"
    return _curve(_table(path, num_gpus=tp, backend="vllm_graph"), "message_size", elements)


def _attention(folder: Path, model: Model, plan: Plan) -> tuple[tuple[Floats, ...], Floats]:
    """Axes and seconds of one layer. A chunk after some keys costs what the whole prompt costs beyond these keys."""
    shape = {
        "num_heads": model.heads // plan.tp,
        "num_key_value_heads": max(model.kv_heads // plan.tp, 1),
        "head_dim": model.head_dim,
        "kv_cache_dtype": CACHE.get(plan.kv, plan.kv),
        "window_size": 0,
    }
    prompts = _table(folder / "attention" / "context_attention_perf.parquet", batch_size=1, **shape)
    decodes = _table(folder / "attention" / "generation_attention_perf.parquet", **shape)
    chunks = np.unique(prompts["isl"].to_numpy()).astype(float)
    whole, start = (
        _curve(prompts, "isl", at)
        for at in (chunks[:, None] + BEFORE[None], np.broadcast_to(BEFORE, (len(chunks), len(BEFORE))))
    )
    alone = _curve(prompts, "isl", chunks)[:, None]
    ahead = np.maximum(whole - np.where(BEFORE > 0, start, 0.0), alone)
    batches, keys = (np.unique(decodes[name].to_numpy()).astype(float) for name in ("batch_size", "step"))
    grid = np.stack([_curve(decodes.filter(pl.col("batch_size") == size), "step", keys) for size in batches])
    chunk = np.pad(ahead, ((1, 0), (0, 0)))
    decode = np.pad(grid, ((1, 0), (0, 0)))
    axes = (np.append(0.0, chunks), BEFORE, np.append(0.0, batches), keys + 1)
    return axes, chunk[:, :, None, None] + decode[None, None]


def _curve(table: pl.DataFrame, size: str, at: Floats) -> Floats:
    """Seconds along one size, linear between measurements and along the last two beyond them."""
    found = table.group_by(size).agg(pl.col("latency").mean()).sort(size)
    known, seconds = found[size].to_numpy().astype(float), found["latency"].to_numpy() / 1e3
    slope = (seconds[-1] - seconds[-2]) / (known[-1] - known[-2]) if len(known) > 1 else 0.0
    line: Floats = np.interp(at, known, seconds) + slope * np.maximum(at - known[-1], 0.0)
    return line


def _table(path: Path, **wanted: object) -> pl.DataFrame:
    if not path.is_file():
        _refuse(path, "a table of operator times", "no file", "name the folder of a device")
    found = pl.read_parquet(path)
    for column, value in wanted.items():
        if column not in found.columns:  # older tables were not measured along it
            continue
        left = found.filter(pl.col(column) == value)
        if left.is_empty():
            known = ", ".join(map(str, sorted(found[column].unique().to_list())[:12]))
            _refuse(
                path, f"measurements with {column} = {value}", f"only {known}", "use the calibrated roofline for it"
            )
        found = left
    return found


def _refuse(where: Path, expected: str, got: str, fix: str) -> None:
    raise InputError(str(where), expected=expected, got=got, fix=fix)
