"""From the columns of a file to those of `Arrivals`, for all of its rows or for some after others.

A bad value is an error that names file, row (from 1, without the heading) and column. No file is opened here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from routelab.core.arrivals import NO_SESSION, Arrivals
from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError, shorten
from routelab.workload.arrivals.combine import rows
from routelab.workload.arrivals.formats import HASHES, INPUT, NUMBERS, OUTPUT, SESSION, TIME, Format

UNIX_TIME_S = 1e8
ROW = " row"  # a column that no file has, with the numbers of rows
LARGEST_ID = 1 << 40
BLOCK_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)


@dataclass
class Source:
    """A file of a format: ``used`` are our columns and the file's. The time that counts as 0 and the names of models
    and regions are found in its rows where they are not known. ``in_parts``: the rows are made some at a time."""

    path: Path
    kind: Format
    used: dict[str, str]
    hash_tokens: int
    start: Any = None
    last_s: float = 0.0
    names: dict[str, pl.Series] = field(default_factory=dict)
    in_parts: bool = False

    @property
    def wanted(self) -> list[str]:
        """The file's columns that are read."""
        return sorted({*self.used.values(), *(self.kind.threads or ())})


def made_from(source: Source, frame: pl.DataFrame, first: int = 1) -> Arrivals:
    """The requests in rows of a file, of which the one on top is number `first`; failed ones are left out."""
    path, kind, used, frame = source.path, source.kind, source.used, frame.with_row_index(ROW, offset=first)
    some(path, frame.height)
    made: dict[str, Any] = {TIME: _times(source, frame)}
    if source.in_parts:
        later = np.diff(made[TIME], prepend=source.last_s) >= 0
        require(path, frame, used[TIME], later, "times in order, where a file is read in parts")
        source.last_s = made[TIME][-1]
    for name in (INPUT, OUTPUT):
        made[name] = _number(path, frame, used[name], pl.Int64).to_numpy()
    failed = (made[OUTPUT] == 0) & kind.failed_without_answer
    for name in (INPUT, OUTPUT):
        require(path, frame, used[name], (made[name] >= 1) | failed, "at least 1 token")
    for name in NUMBERS:
        if name in used:
            made[name] = _number(path, frame, used[name], pl.Int64).to_numpy()
    for name in ("model", "region"):
        if name in used:
            made[name], made[f"{name}s"] = _named(source, frame, name)
    if SESSION in used:
        made[SESSION] = _sessions(source, frame)
    if kind.threads:
        made[SESSION] = _threads(*(text_of(path, frame, column) for column in kind.threads))
    arrivals = Arrivals(**made)
    if HASHES in used:
        arrivals = _with_content(source, frame[used[HASHES]], arrivals)
    return rows(arrivals, np.flatnonzero(~failed)) if failed.any() else arrivals


def _number(path: Path, frame: pl.DataFrame, column: str, kind: type[pl.DataType]) -> pl.Series:
    """A column of numbers without gaps; whole ones where the kind says so."""
    given = frame[column]
    if not (given.dtype.is_numeric() or given.dtype in (pl.String, pl.Null)):
        raise InputError(f"{path} {column}", expected="numbers", got=str(given.dtype), fix="choose another column")
    text = given.str.strip_chars() if given.dtype == pl.String else given
    values = text.cast(pl.Float64, strict=False)
    good = values.is_not_null() & values.is_finite().fill_null(False)
    if kind == pl.Int64:
        good = good & (values == values.round()).fill_null(False) & (values.abs() < 2**53).fill_null(False)
    require(path, frame, column, good.to_numpy(), "a whole number" if kind == pl.Int64 else "a finite number")
    return values.cast(kind)


def _times(source: Source, frame: pl.DataFrame) -> Floats:
    path, column = source.path, source.used[TIME]
    given = frame[column]
    if given.dtype == pl.String and given.str.contains(r"^\s*\d{4}-\d\d-\d\d").any():
        plain = given.str.strip_chars().str.replace(r"(?:\+00:00|Z)$", "").str.replace("T", " ", literal=True)
        given = plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="ns", strict=False)
    if isinstance(given.dtype, pl.Datetime):
        require(path, frame, column, given.is_not_null().to_numpy(), "a date and time in UTC")
        source.start = given.min() if source.start is None else source.start
        return np.asarray((given - source.start).dt.total_nanoseconds().to_numpy() / 1e9)
    times = _number(path, frame, column, pl.Float64).to_numpy() * source.kind.seconds
    require(path, frame, column, times >= 0, "a time from 0 on")
    if source.start is None:
        source.start = times.min() if times.min() >= UNIX_TIME_S else 0.0
    return np.asarray(times - source.start)


def _named(source: Source, frame: pl.DataFrame, name: str) -> tuple[Ints, tuple[str, ...]]:
    column = source.used[name]
    names = text_of(source.path, frame, column)
    require(source.path, frame, column, names.is_not_null().to_numpy(), "a name")
    known = source.names.setdefault(name, names.unique().sort())
    return np.asarray(known.search_sorted(names).to_numpy(), dtype=np.int64), tuple(known)


def text_of(path: Path, frame: pl.DataFrame, column: str) -> pl.Series:
    if frame[column].dtype.is_nested():
        raise InputError(
            f"{path} {column}", expected="names", got=str(frame[column].dtype), fix="choose another column"
        )
    return frame[column].cast(pl.String)


def _sessions(source: Source, frame: pl.DataFrame) -> Ints:
    """Numbers from 0 in the order of the names, -1 for none; of a file in parts, the numbers that are its names."""
    column = source.used[SESSION]
    names = text_of(source.path, frame, column)
    if source.in_parts:
        codes = names.cast(pl.Int64, strict=False)
        good = names.is_null() | (codes >= 0).fill_null(False)
        require(source.path, frame, column, good.to_numpy(), "a number from 0 on, where a file is read in parts")
    else:
        codes = names.rank("dense").cast(pl.Int64) - 1
    return np.asarray(codes.fill_null(NO_SESSION).to_numpy())


def _threads(own: pl.Series, parent: pl.Series) -> Ints:
    """The same number for all requests that go back to one root; a parent outside the file begins a thread."""
    places = own.alias("key").to_frame().with_row_index("place").unique("key", keep="first")
    found = parent.alias("key").to_frame().join(places, on="key", how="left", maintain_order="left")["place"]
    root = np.asarray(found.cast(pl.Int64).fill_null(-1).to_numpy())
    root = np.where(root < 0, np.arange(len(root)), root)
    for _ in range(max(len(root), 2).bit_length()):
        root = root[root]
    return np.asarray(np.unique(root, return_inverse=True)[1], dtype=np.int64)


def _with_content(source: Source, blocks: pl.Series, arrivals: Arrivals) -> Arrivals:
    """Ids are kept as they are, but hashes of 64 bits are numbered anew."""
    path, kind, size = source.path, blocks.dtype, source.hash_tokens
    if not isinstance(kind, pl.List) or not (kind.inner == pl.Null or kind.inner.is_integer()):
        raise InputError(f"{path} {blocks.name}", expected="lists of integers", got=str(kind), fix="check it")
    lengths = blocks.list.len().fill_null(0).to_numpy().astype(np.int64)
    sizes = () if source.in_parts else BLOCK_SIZES
    fitting = (b for b in sizes if bool((lengths == -(-arrivals.input_tokens // b)).all()))
    size = size or next(fitting, 0)
    if not size:
        raise InputError(
            f"{path} {blocks.name}",
            expected="one id for each block of a prompt",
            got="other counts",
            fix="give hash_tokens",
        )
    ids = blocks.explode().drop_nulls().to_numpy()
    starts = np.concatenate([[0], np.cumsum(lengths)])
    if len(ids) != starts[-1]:
        raise InputError(f"{path} {blocks.name}", expected="ids without gaps", got="a null", fix="remove it")
    if len(ids) and not 0 <= ids.min() <= ids.max() < LARGEST_ID:
        if source.in_parts:
            got = f"{ids.min()} to {ids.max()}"
            expected = f"ids from 0 to {LARGEST_ID - 1}"
            raise InputError(f"{path} {blocks.name}", expected=expected, got=got, fix="read the file whole")
        ids = np.unique(ids, return_inverse=True)[1]
    return replace(arrivals, hash_ids=ids.astype(np.int64), hash_starts=starts, hash_tokens=size)


def some(path: Path, requests: int) -> None:
    if not requests:
        raise InputError(str(path), expected="at least one request", got="none", fix="choose another file")


def require(path: Path, frame: pl.DataFrame, column: str, good: NDArray[np.bool_], expected: str) -> None:
    if not good.all():
        row = int(np.argmin(good))
        raise InputError(
            f"{path} row {frame[ROW][row]} {column}",
            expected=expected,
            got=shorten(frame[column][row]),
            fix="correct or remove the row",
        )
