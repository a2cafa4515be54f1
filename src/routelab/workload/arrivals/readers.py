"""Traces of public services and tables of anybody into `Arrivals`; the format is found from the columns.

Times that are dates, or can only be Unix time, count from the first request; other numbers stay as they are. Rows are
put in the order of their times. A bad value is an error that names file, row (from 1, without the heading) and column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from routelab.core.arrivals import NO_SESSION, Arrivals
from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError, nearest, shorten
from routelab.core.files import usable
from routelab.workload.arrivals.combine import in_order, rows
from routelab.workload.arrivals.formats import BY_NAME, FORMATS, HASHES, INPUT, NUMBERS, OUTPUT, SESSION, TIME, Format

UNIX_TIME_S = 1e8
LARGEST_ID = 1 << 40
BLOCK_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)


def read(
    path: Path | str,
    format: str = "auto",
    *,
    columns: Mapping[str, str] | None = None,
    hash_tokens: int | None = None,
) -> Arrivals:
    """Read a trace from ``.csv``, ``.jsonl`` or ``.parquet``.

    ``columns``: ours to the file's (``{"time_s": "arrived", …}``) for a table of another kind; ``hash_tokens``: tokens
    in a block of ``hash_ids`` where the format does not say and the lengths do not tell. Raises InputError.
    """
    path = Path(path)
    lazy = _opened(path)
    present = _collected(path, lazy.head(0)).columns
    kind = _format(path, present, format, columns or {})
    used = {**kind.columns, **{ours: theirs for ours, theirs in kind.optional.items() if theirs in present}}
    frame = _collected(path, lazy.select(sorted({*used.values(), *(kind.threads or ())})))
    _some(path, frame.height)
    made: dict[str, Any] = {TIME: _times(path, frame, used[TIME], kind.seconds)}
    for name in (INPUT, OUTPUT):
        made[name] = _number(path, frame, used[name], pl.Int64).to_numpy()
    failed = (made[OUTPUT] == 0) & kind.failed_without_answer
    for name in (INPUT, OUTPUT):
        _require(path, frame, used[name], (made[name] >= 1) | failed, "at least 1 token")
    for name in NUMBERS:
        if name in used:
            made[name] = _number(path, frame, used[name], pl.Int64).to_numpy()
    for name in ("model", "region"):
        if name in used:
            made[name], made[f"{name}s"] = _named(path, frame, used[name])
    if SESSION in used:
        made[SESSION] = _sessions(_text(path, frame, used[SESSION]))
    if kind.threads:
        made[SESSION] = _threads(*(_text(path, frame, column) for column in kind.threads))
    arrivals = Arrivals(**made)
    if HASHES in used:
        arrivals = _with_content(path, frame[used[HASHES]], arrivals, hash_tokens or kind.hash_tokens)
    if failed.any():
        _some(path, int((~failed).sum()))
        arrivals = rows(arrivals, np.flatnonzero(~failed))
    return in_order(arrivals).checked(str(path))


def _opened(path: Path) -> pl.LazyFrame:
    """The file, nothing of it read yet; all values of a CSV file are text."""
    readers = {
        ".csv": lambda: pl.scan_csv(path, infer_schema=False),
        ".jsonl": lambda: pl.scan_ndjson(path, infer_schema_length=None),
        ".parquet": lambda: pl.scan_parquet(path),
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        got = path.suffix or "no suffix"
        raise InputError(str(path), expected="a .csv, .jsonl or .parquet file", got=got, fix="rename it")
    with usable(path, "a trace that can be read"):
        path.open("rb").close()
    return reader()


def _collected(path: Path, lazy: pl.LazyFrame) -> pl.DataFrame:
    try:
        return lazy.collect()
    except pl.exceptions.PolarsError as error:
        where, problem = str(path), shorten(str(error).partition("\n")[0], 120)
    if path.suffix.lower() == ".jsonl":
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            try:
                msgspec.json.decode(line)
            except msgspec.DecodeError as error:
                where, problem = f"{path} row {number}", str(error)
                break
    raise InputError(where, expected=f"valid {path.suffix[1:].upper()}", got=problem, fix="mend or remove it")


def _format(path: Path, present: Sequence[str], name: str, columns: Mapping[str, str]) -> Format:
    if columns:
        unknown = next(
            (ours for ours in columns if ours not in {TIME, INPUT, OUTPUT, *BY_NAME["seconds"].optional}), None
        )
        if unknown is not None:
            known = (TIME, INPUT, OUTPUT, *BY_NAME["seconds"].optional)
            raise InputError("columns", expected="a known column", got=repr(unknown), fix=nearest(unknown, known))
        needed = {ours: columns.get(ours, ours) for ours in (TIME, INPUT, OUTPUT)}
        rest = {ours: columns.get(ours, ours) for ours in BY_NAME["seconds"].optional}
        kind = Format("named", "columns given by name", needed, rest)
    elif name == "auto":
        found = next((each for each in FORMATS if each.fits(set(present))), None)
        if found is None:
            raise InputError(
                f"{path} columns",
                expected="those of a known trace format",
                got=", ".join(sorted(present)),
                fix=f"name a format ({', '.join(BY_NAME)}) or map its columns to time_s, input_tokens, output_tokens",
            )
        return found
    elif name in BY_NAME:
        kind = BY_NAME[name]
    else:
        raise InputError(
            "format", expected="a known trace format", got=repr(name), fix=nearest(name, ["auto", *BY_NAME])
        )
    missing = next((each for each in (*kind.columns.values(), *(kind.threads or ())) if each not in present), None)
    if missing is not None:
        raise InputError(f"{path} columns", expected=f"a column {missing!r}", got="none", fix=nearest(missing, present))
    return kind


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
    _require(path, frame, column, good.to_numpy(), "a whole number" if kind == pl.Int64 else "a finite number")
    return values.cast(kind)


def _times(path: Path, frame: pl.DataFrame, column: str, unit_s: float) -> Floats:
    given = frame[column]
    if given.dtype == pl.String and given.str.contains(r"^\s*\d{4}-\d\d-\d\d").any():
        plain = given.str.strip_chars().str.replace(r"(?:\+00:00|Z)$", "").str.replace("T", " ", literal=True)
        given = plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="ns", strict=False)
    if isinstance(given.dtype, pl.Datetime):
        _require(path, frame, column, given.is_not_null().to_numpy(), "a date and time in UTC")
        return np.asarray((given - given.min()).dt.total_nanoseconds().to_numpy() / 1e9)
    times = _number(path, frame, column, pl.Float64).to_numpy() * unit_s
    _require(path, frame, column, times >= 0, "a time from 0 on")
    return times - times.min() if times.min() >= UNIX_TIME_S else times


def _named(path: Path, frame: pl.DataFrame, column: str) -> tuple[Ints, tuple[str, ...]]:
    names = _text(path, frame, column)
    _require(path, frame, column, names.is_not_null().to_numpy(), "a name")
    known = names.unique().sort()
    return np.asarray(known.search_sorted(names).to_numpy(), dtype=np.int64), tuple(known)


def _text(path: Path, frame: pl.DataFrame, column: str) -> pl.Series:
    if frame[column].dtype.is_nested():
        raise InputError(
            f"{path} {column}", expected="names", got=str(frame[column].dtype), fix="choose another column"
        )
    return frame[column].cast(pl.String)


def _sessions(names: pl.Series) -> Ints:
    """Numbers from 0 in the order of the names, -1 for none."""
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


def _with_content(path: Path, blocks: pl.Series, arrivals: Arrivals, size: int) -> Arrivals:
    """Ids are kept as they are, but hashes of 64 bits are numbered anew."""
    kind = blocks.dtype
    if not isinstance(kind, pl.List) or not (kind.inner == pl.Null or kind.inner.is_integer()):
        raise InputError(f"{path} {blocks.name}", expected="lists of integers", got=str(kind), fix="check it")
    lengths = blocks.list.len().fill_null(0).to_numpy().astype(np.int64)
    fitting = (b for b in BLOCK_SIZES if bool((lengths == -(-arrivals.input_tokens // b)).all()))
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
        ids = np.unique(ids, return_inverse=True)[1]
    return replace(arrivals, hash_ids=ids.astype(np.int64), hash_starts=starts, hash_tokens=size)


def _some(path: Path, requests: int) -> None:
    if not requests:
        raise InputError(str(path), expected="at least one request", got="none", fix="choose another file")


def _require(path: Path, frame: pl.DataFrame, column: str, good: NDArray[np.bool_], expected: str) -> None:
    if not good.all():
        row = int(np.argmin(good))
        raise InputError(
            f"{path} row {row + 1} {column}",
            expected=expected,
            got=shorten(frame[column][row]),
            fix="correct or remove the row",
        )
