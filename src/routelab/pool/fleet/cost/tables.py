"""Operator tables: seconds that were measured of each operator, boiled down to the arrays of a `StepCost`.

Reads folders of layer-wise profiles of vLLM (the layout of LLMServingSim: `dense.csv`, `attention.csv`,
`per_sequence.csv`; one layer was profiled). Between measured points time is linear. A table does not tell what bounds
an operator, so its time stands for compute and for memory alike. Knows no request.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from routelab.core.decisions import Floats
from routelab.core.errors import InputError
from routelab.pool.fleet.catalogue import Hardware, Model
from routelab.pool.fleet.cost.plan import Plan
from routelab.pool.fleet.cost.roofline import IDEAL, Factors, link_seconds
from routelab.pool.fleet.cost.step import StepCost

ONCE = {"embedding", "final_layernorm"}
TWICE = {"layernorm"}  # before attention and before the feed-forward block
AXES = ("prefill_chunk", "kv_prefill", "n_decode", "kv_decode")


def layerwise_cost(
    folder: Path,
    model: Model,
    device: Hardware | None = None,
    plan: Plan | None = None,
    *,
    factors: Factors = IDEAL,
    max_tokens: int = 2048,
    max_rows: int = 256,
) -> StepCost:
    """The step cost of the profiles in ``folder``, for all layers of ``model``.

    Profiles of one device of several lack communication; with ``device`` and a ``plan`` of ``tp`` it is added.
    ``factors`` gives the time of a step that no operator accounts for. Raises InputError.
    """
    tokens, rows = np.arange(max_tokens + 1), np.arange(max_rows + 1)
    dense, heads = (
        _read(folder / "dense.csv", "layer", "tokens"),
        _read(folder / "per_sequence.csv", "layer", "sequences"),
    )
    by_token = np.zeros(max_tokens + 1)
    for name, (at, seconds) in dense.items():
        times = 1 if name in ONCE else model.layers * (2 if name in TWICE else 1)
        by_token += times * _lines(tokens, at, seconds)
    by_row = sum((_lines(rows, at, seconds) for at, seconds in heads.values()), np.zeros(max_rows + 1))
    by_token[0] = by_row[0] = 0.0
    links = np.zeros(max_tokens + 1)
    if device and plan:
        links = link_seconds(model, device, plan, tokens.astype(float), factors)
        links[0] = 0.0
    axes, grid = _attention(folder / "attention.csv")
    return StepCost(
        tokens=np.stack([by_token, by_token, by_token, links], axis=1),
        rows=np.stack([by_row, by_row, by_row, np.zeros_like(by_row)], axis=1),
        fixed_s=factors.step_s,
        per_sequence_s=factors.sequence_s,
        attention_axes=axes,
        attention_s=grid * model.layers,
    )


def _table(path: Path, columns: tuple[str, ...]) -> pl.DataFrame:
    if not path.is_file():
        raise InputError(
            str(path), expected="a table of operator times", got="no file", fix="name the folder of a profile"
        )
    found = pl.read_csv(path)
    missing = [column for column in (*columns, "time_us") if column not in found.columns]
    if missing:
        raise InputError(
            str(path), expected=f"a column {missing[0]}", got=", ".join(found.columns), fix="profile again"
        )
    wrong = found.filter(~pl.col("time_us").is_finite() | (pl.col("time_us") < 0))
    if len(wrong):
        raise InputError(
            f"{path} time_us", expected="times of 0 or more", got=str(wrong["time_us"][0]), fix="profile again"
        )
    return found


def _read(path: Path, name: str, size: str) -> dict[str, tuple[Floats, Floats]]:
    """Sizes, ascending, and seconds of every operator of a table."""
    found = _table(path, (name, size)).group_by(name, size).agg(pl.col("time_us").mean()).sort(size)
    return {
        str(key[0]): (part[size].to_numpy().astype(float), part["time_us"].to_numpy() / 1e6)
        for key, part in found.partition_by(name, as_dict=True, maintain_order=True).items()
    }


def _lines(at: np.ndarray, known: Floats, seconds: Floats) -> Floats:
    """Linear between points, and beyond the last along the line of the last two."""
    found: Floats = np.interp(at, known, seconds)
    if len(known) > 1:
        slope = (seconds[-1] - seconds[-2]) / (known[-1] - known[-2])
        found = found + slope * np.maximum(at - known[-1], 0.0)
    return found


def _attention(path: Path) -> tuple[tuple[Floats, ...], Floats]:
    """Axes and seconds of one layer. Keys of nobody cost nothing: without a chunk, what is before it is moot."""
    table = _table(path, AXES)
    axes = tuple(np.unique(table[axis].to_numpy()).astype(float) for axis in AXES)
    if min(map(len, axes)) < 2:
        raise InputError(str(path), expected="two sizes or more along each axis", got="fewer", fix="profile more sizes")
    grid = np.full(tuple(map(len, axes)), np.nan)
    places = tuple(np.searchsorted(axis, table[name].to_numpy()) for axis, name in zip(axes, AXES))
    grid[places] = table["time_us"].to_numpy() / 1e6
    for what, keys in ((0, 1), (2, 3)):  # no chunk: any `before`; no decodes: any length
        view = np.moveaxis(grid, (what, keys), (0, 1))
        with np.errstate(invalid="ignore"):
            view[0] = np.where(np.isnan(view[0]), _present(view[0])[None], view[0])
    grid[0, :, 0, :] = 0.0
    for axis in (3, 1, 2, 0):  # sizes too large to be measured lie on the line of the last two
        grid = np.apply_along_axis(_filled, axis, grid, axes[axis])
    if np.isnan(grid).any():
        raise InputError(
            str(path), expected="a grid without holes", got="sizes that were never measured", fix="profile them"
        )
    return axes, grid


def _present(values: Floats) -> Floats:
    """The value of the first axis that was measured, or NaN."""
    first = np.argmax(~np.isnan(values), axis=0)
    found: Floats = np.take_along_axis(values, first[None], axis=0)[0]
    return found


def _filled(line: Floats, at: Floats) -> Floats:
    known = np.flatnonzero(~np.isnan(line))
    return line if len(known) in (0, len(line)) else np.maximum(_lines(at, at[known], line[known]), 0.0)
