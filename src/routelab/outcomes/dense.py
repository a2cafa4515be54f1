"""The dense query × arm view: means over samples, NaN where nobody asked. Everything vectorised works on it.

Derived, never stored with the table: arrays are memory-mapped from the user's cache when the table is on disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from routelab.core.decisions import Floats
from routelab.core.errors import InputError, nearest
from routelab.core.files import atomic_path, cache_folder
from routelab.outcomes.table import OutcomeTable

ARRAYS = ("score", "cost_usd", "latency_s", "input_tokens", "output_tokens")
CACHE_FROM_CELLS = 200_000


@dataclass(frozen=True)
class Dense:
    """n queries × K arms. ``score``, ``cost_usd`` … are (n, K) float64; NaN marks a missing cell.

    A call that failed (an ``error`` and no score) counts as score 0: the user got nothing. It costs what was
    billed, and nothing where no bill is known.
    """

    query_ids: tuple[str, ...]
    arms: tuple[str, ...]
    score: Floats
    cost_usd: Floats
    latency_s: Floats
    input_tokens: Floats
    output_tokens: Floats

    @cached_property
    def has_cost(self) -> bool:
        """True when the cost of every known cell is known too."""
        known = ~np.isnan(self.score)
        return bool(known.any()) and not np.isnan(self.cost_usd[known]).any()

    def rows(self, index: np.ndarray) -> Dense:
        """The same arms for some queries."""
        ids = np.asarray(self.query_ids, object)[index]
        return Dense(tuple(ids), self.arms, *(getattr(self, name)[index] for name in ARRAYS))

    def columns(self, arms: tuple[str, ...]) -> Dense:
        """The same queries for some arms, in the given order."""
        for arm in arms:
            if arm not in self.arms:
                raise InputError("arms", expected="an arm of the table", got=repr(arm), fix=nearest(arm, self.arms))
        index = [self.arms.index(arm) for arm in arms]
        return Dense(self.query_ids, arms, *(getattr(self, name)[:, index] for name in ARRAYS))


def dense(table: OutcomeTable) -> Dense:
    """The dense view of a table's single calls (turn 0), queries in table order, arms sorted."""
    ids, arms = tuple(table.queries["query_id"]), table.arms
    if table.folder is None or len(ids) * len(arms) < CACHE_FROM_CELLS:
        return Dense(ids, arms, *_fill(table))
    place = cache_folder() / "dense" / table.hash
    if not all((place / f"{name}.npy").is_file() for name in ARRAYS):
        place.mkdir(parents=True, exist_ok=True)
        for name, array in zip(ARRAYS, _fill(table)):
            with atomic_path(place / f"{name}.npy") as temporary, temporary.open("wb") as stream:
                np.save(stream, array)
    return Dense(ids, arms, *(np.load(place / f"{name}.npy", mmap_mode="r") for name in ARRAYS))


def _fill(table: OutcomeTable) -> list[Floats]:
    failed = pl.col("score").is_null() & pl.col("error").is_not_null()
    calls = table.calls.filter(pl.col("turn") == 0).with_columns(
        score=pl.when(failed).then(0.0).otherwise("score"),
        cost_usd=pl.when(failed & pl.col("cost_usd").is_null()).then(0.0).otherwise("cost_usd"),
    )
    rows = table.queries.select("query_id").with_row_index("_row")
    columns = pl.DataFrame({"arm": table.arms}, schema={"arm": pl.String}).with_row_index("_column")
    cells = calls.join(rows, on="query_id", maintain_order="left").join(columns, on="arm", maintain_order="left")
    if calls["sample"].max():
        cells = cells.group_by("_row", "_column").agg(pl.col(name).cast(pl.Float64).mean() for name in ARRAYS)
    place = cells["_row"].to_numpy(), cells["_column"].to_numpy()
    filled = []
    for name in ARRAYS:
        array = np.full((rows.height, columns.height), np.nan)
        array[place] = cells[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        filled.append(array)
    return filled
