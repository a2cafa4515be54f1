"""Traces of public services and tables of anybody into `Arrivals`; the format is found from the columns.

Times that are dates, or can only be Unix time, count from the first request; other numbers stay as they are. Rows are
put in the order of their times. A bad value is an error that names file, row (from 1, without the heading) and column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import polars as pl

from routelab.core.arrivals import Arrivals
from routelab.core.errors import InputError, nearest, shorten
from routelab.core.files import usable
from routelab.workload.arrivals.columns import Source, made_from, some
from routelab.workload.arrivals.combine import in_order
from routelab.workload.arrivals.formats import BY_NAME, FORMATS, INPUT, OUTPUT, TIME, Format


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
    lazy = opened(path)
    source = source_of(path, collected(path, lazy.head(0)).columns, format, columns or {}, hash_tokens)
    made = made_from(source, collected(path, lazy.select(source.wanted)))
    some(path, len(made))
    return in_order(made).checked(str(path))


def source_of(
    path: Path, present: Sequence[str], format: str, columns: Mapping[str, str], hash_tokens: int | None
) -> Source:
    """What a file with these columns is. Raises InputError."""
    kind = _format(path, present, format, columns)
    optional = {ours: theirs for ours, theirs in kind.optional.items() if theirs in present}
    return Source(path, kind, {**kind.columns, **optional}, hash_tokens or kind.hash_tokens)


def opened(path: Path) -> pl.LazyFrame:
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


def collected(path: Path, lazy: pl.LazyFrame) -> pl.DataFrame:
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
