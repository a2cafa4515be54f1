"""A service as the sum of its clients, each with a rate of its own that rises and falls, bursts and lengths of its own.

The model of ServeGen (Xiang et al., NSDI 2026) in a compact form: a client's rate follows levels that are held for a
while, with a gamma-distributed error in every window; within a window its requests are a renewal process. Lengths come
from quantile tables, input and output independently, alike over time. No content, no sessions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError, nearest
from routelab.core.files import atomic_path, usable
from routelab.core.seeds import stream
from routelab.workload.arrivals.combine import in_order
from routelab.workload.arrivals.lengths import from_quantiles
from routelab.workload.arrivals.part import bounded
from routelab.workload.arrivals.renewal import Family, Gaps, renewal, warped

WINDOW_S = 600.0
LEVEL_S = 3600.0
QUANTILES = np.array([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])
DEFAULT_GROUP = "m-large"
TABLES = ("input_mean", "input_q", "output_mean", "output_q")
FILE_COLUMNS = ("group", "rate", "cv", "family", "spread", "levels", *TABLES)


@dataclass(frozen=True)
class Lengths:
    """Of every client: the mean and the values at `QUANTILES`."""

    mean: Floats
    values: Floats


@dataclass(frozen=True)
class Clients:
    """Columns over clients. ``rate``: requests a second on average; ``levels``: rates of consecutive hours over it.

    ``spread``: coefficient of variation of a window's rate around its level; ``cv``, ``family``: of the gaps.
    """

    rate: Floats
    cv: Floats
    family: tuple[Family, ...]
    spread: Floats
    levels: Floats
    input: Lengths
    output: Lengths

    def __len__(self) -> int:
        return len(self.rate)

    def arrivals(
        self, rng: np.random.Generator, *, rate: float | None = None, horizon_s: float, start_s: float = 0.0
    ) -> Arrivals:
        """The requests of all clients over `horizon_s`, scaled so that `rate` a second are expected.

        Without `rate` the clients keep theirs. `start_s`: how far into the levels time 0 lies.
        """
        bounded("clients", None, horizon_s)
        starts = np.arange(0.0, horizon_s, WINDOW_S)
        edges = np.append(starts, horizon_s)
        level = ((start_s + starts) // LEVEL_S).astype(np.int64) % self.levels.shape[1]
        expected = self.rate[:, None] * self.levels[:, level] * _noise(rng, self.spread, len(starts)) * np.diff(edges)
        if rate is not None:
            if not expected.sum() > 0:
                raise InputError("clients", expected="a time at which one is active", got="none", fix="change start_s")
            expected *= rate * horizon_s / expected.sum()
        work = np.concatenate([np.zeros((len(self), 1)), np.cumsum(expected, axis=1)], axis=1)
        times: list[Floats] = []
        inputs: list[Ints] = []
        outputs: list[Ints] = []
        for row in range(len(self)):
            events = renewal(rng, Gaps(self.family[row], float(self.cv[row])), np.inf, float(work[row, -1]))
            times.append(warped(events, work[row], edges))
            for drawn, table in ((inputs, self.input), (outputs, self.output)):
                values = from_quantiles(rng, len(events), QUANTILES, table.values[row], float(table.mean[row]))
                drawn.append(np.maximum(np.rint(values).astype(np.int64), 1))
        return in_order(Arrivals(np.concatenate(times), np.concatenate(inputs), np.concatenate(outputs)))

    def frame(self) -> pl.DataFrame:
        """One row a client, as the package keeps them."""
        return pl.DataFrame(
            {
                "rate": self.rate.astype(np.float32),
                "cv": self.cv.astype(np.float32),
                "family": self.family,
                "spread": self.spread.astype(np.float32),
                "levels": np.rint(self.levels * 100).clip(0, 65535).astype(np.uint16).tolist(),
                "input_mean": self.input.mean.astype(np.float32),
                "input_q": self.input.values.astype(np.int32).tolist(),
                "output_mean": self.output.mean.astype(np.float32),
                "output_q": self.output.values.astype(np.int32).tolist(),
            },
            schema_overrides={"levels": pl.List(pl.UInt16)},
        )

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Clients:
        """The clients in a frame made by `frame`."""
        return cls(
            rate=frame["rate"].to_numpy().astype(np.float64),
            cv=frame["cv"].to_numpy().astype(np.float64),
            family=tuple(frame["family"]),
            spread=frame["spread"].to_numpy().astype(np.float64),
            levels=np.array(frame["levels"].to_list(), dtype=np.float64) / 100,
            input=_lengths(frame, "input"),
            output=_lengths(frame, "output"),
        )


def _lengths(frame: pl.DataFrame, which: str) -> Lengths:
    values = np.array(frame[f"{which}_q"].to_list(), dtype=np.float64)
    return Lengths(frame[f"{which}_mean"].to_numpy().astype(np.float64), np.maximum(values, 1.0))


def _noise(rng: np.random.Generator, spread: Floats, windows: int) -> NDArray[np.float64]:
    """Factors of mean 1 and this coefficient of variation."""
    shape = np.maximum(spread, 1e-3)[:, None] ** -2
    return np.asarray(rng.gamma(np.broadcast_to(shape, (len(spread), windows))) / shape)


def write_clients(path: Path, groups: dict[str, Clients], source: str) -> None:
    """Keep groups of clients in one Parquet file, with where they come from and under which licence."""
    frames = [
        clients.frame().with_columns(group=pl.lit(name), source=pl.lit(source)) for name, clients in groups.items()
    ]
    with atomic_path(path) as temporary:
        pl.concat(frames).write_parquet(temporary, compression="zstd", compression_level=19)


def read_clients(path: Path, group: str) -> Clients:
    """One group of a file written by `write_clients`."""
    with usable(path, "a Parquet file of clients"):
        try:
            frame = pl.read_parquet(path)
        except pl.exceptions.PolarsError as error:
            raise InputError(
                str(path), expected="a Parquet file of clients", got=str(error), fix="write it anew"
            ) from None
    missing = next((name for name in FILE_COLUMNS if name not in frame.columns), None)
    if missing is not None:
        raise InputError(f"{path} columns", expected=f"a column {missing!r}", got="none", fix="write it anew")
    groups = frame["group"].unique().to_list()
    if group not in groups:
        raise InputError(f"{path} group", expected="a group of clients", got=repr(group), fix=nearest(group, groups))
    return Clients.of(frame.filter(pl.col("group") == group))


@cache
def embedded_clients(group: str = DEFAULT_GROUP) -> Clients:
    """The clients that ship with the package: fitted on alibaba/ServeGen (Apache-2.0), see docs/workloads.md."""
    with as_file(files("routelab") / "data" / "arrivals" / "clients.parquet") as path:
        return read_clients(path, group)


def default_workload(seed: int, rate: float, horizon_s: float) -> Arrivals:
    """The embedded workload: the clients of a public LLM service, scaled to `rate` requests a second.

    >>> len(default_workload(0, rate=5.0, horizon_s=600.0)) > 1000
    True
    """
    return embedded_clients().arrivals(stream(seed, "arrivals", "clients"), rate=rate, horizon_s=horizon_s)
