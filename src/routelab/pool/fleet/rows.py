"""Rows of requests that ended: gathered into blocks on their way, put into order, shown as a frame, kept in a file."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from numpy.typing import NDArray

from routelab.core.files import WRITABLE, atomic_path, usable
from routelab.pool.fleet.engine.interface import DONE
from routelab.pool.fleet.tally import STATUS

BLOCK = 100_000
Sink = Callable[[NDArray[np.void]], object]


class Gathered:
    """Hands rows on to a sink, some `BLOCK` at a time, however few end at once; knows when the first one arrived."""

    def __init__(self, sink: Sink) -> None:
        self.sink, self.first_s = sink, math.inf
        self._rows: list[NDArray[np.void]] = []
        self._count = 0

    def add(self, rows: NDArray[np.void]) -> None:
        self._rows.append(rows)
        self._count += len(rows)
        if self._count >= BLOCK:
            self.flush()

    def flush(self) -> None:
        """Hand on what is left."""
        rows = np.concatenate([np.zeros(0, dtype=DONE), *self._rows])
        self.first_s = min(self.first_s, float(rows["arrival_s"].min(initial=math.inf)))
        self._rows, self._count = [], 0
        self.sink(rows)


def in_order(blocks: list[NDArray[np.void]]) -> NDArray[np.void]:
    """All rows in the order of their ids, each put into its place; ids are about as many as rows. Blocks are taken out
    of the list as they are placed, so that hardly a row is in memory twice."""
    most = max((int(rows["id"].max()) for rows in blocks if len(rows)), default=-1)
    placed, there = np.zeros(most + 1, dtype=DONE), np.zeros(most + 1, dtype=bool)
    while blocks:
        rows = blocks.pop(0)
        placed[rows["id"]] = rows
        there[rows["id"]] = True
    whole: NDArray[np.void] = placed if there.all() else placed[there]
    return whole


def frame(rows: NDArray[np.void]) -> pl.DataFrame:
    """A column for each field, with the status in words."""
    columns = {name: np.ascontiguousarray(rows[name]) for name in rows.dtype.names or ()}
    return pl.DataFrame(columns).with_columns(
        pl.col("status").replace_strict(dict(enumerate(STATUS)), return_dtype=pl.String)
    )


@contextmanager
def rows_file(path: Path) -> Iterator[Sink]:
    """A sink that writes what it is given into one file, Parquet or CSV as its path says; whole or not at all.

    Blocks lie beside it as parts until the end, so that never more than one is in memory. Raises InputError.
    """
    with atomic_path(path) as target, TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        parts: list[Path] = []

        def add(rows: NDArray[np.void]) -> None:
            parts.append(Path(folder, f"{len(parts):06}.parquet"))
            with usable(path, *WRITABLE):
                frame(rows).write_parquet(parts[-1])

        yield add
        whole = pl.scan_parquet(parts)
        with usable(path, *WRITABLE):
            (whole.sink_csv if path.suffix == ".csv" else whole.sink_parquet)(target)
