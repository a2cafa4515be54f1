"""Traces read in parts, so that a file larger than the memory can be replayed; `readers` says what is read.

What only a whole file can tell is refused: times out of order, sessions by name, threads, content whose size of blocks
is not given. Models and regions get their numbers in a first pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import polars as pl

from routelab.core.arrivals import Arrivals
from routelab.core.errors import InputError
from routelab.workload.arrivals.columns import made_from, some, text_of
from routelab.workload.arrivals.formats import NAMES
from routelab.workload.arrivals.readers import collected, opened, source_of

ROWS = 100_000
CHUNK_BYTES = 1 << 23


def read_parts(
    path: Path | str,
    format: str = "auto",
    *,
    columns: Mapping[str, str] | None = None,
    hash_tokens: int | None = None,
) -> Iterator[Arrivals]:
    """The requests of a file as `read` has them, some 100,000 at a time. Raises InputError."""
    path = Path(path)
    opened(path)  # or the error that says why not
    beginning = next(_frames(path), pl.DataFrame())
    some(path, beginning.height)
    source = source_of(path, beginning.columns, format, columns or {}, hash_tokens)
    source.in_parts = True
    if source.kind.threads:
        got = f"the format {source.kind.name}, whose requests name the one before"
        raise InputError(str(path), expected="requests that stand alone", got=got, fix="read the file whole")
    for name in (each for each in NAMES if each in source.used):
        column = source.used[name]
        parts = [text_of(path, frame, column).drop_nulls().unique() for frame in _frames(path, [column])]
        source.names[name] = pl.concat(parts).unique().sort()
    first = 1
    for frame in _frames(path, source.wanted):
        made = made_from(source, frame, first)
        first += frame.height
        if len(made):
            yield made.checked(str(path))


def _frames(path: Path, wanted: Sequence[str] = ()) -> Iterator[pl.DataFrame]:
    """The wanted columns, or all, some rows at a time; null where a line of JSON does not have them."""
    if path.suffix.lower() == ".parquet":
        whole = opened(path)
        for start in range(0, collected(path, whole.select(pl.len())).item(), ROWS):
            yield collected(path, whole.select(wanted or pl.all()).slice(start, ROWS))
        return
    heading = b""
    for chunk in _lines(path):
        if path.suffix.lower() == ".jsonl":
            frame = collected(path, pl.scan_ndjson(BytesIO(chunk), infer_schema_length=None))
        else:
            frame = collected(path, pl.scan_csv(BytesIO(heading + chunk), infer_schema=False))
            heading = heading or chunk[: chunk.find(b"\n") + 1]
        absent = [pl.lit(None).alias(name) for name in wanted if name not in frame.columns]
        yield from frame.with_columns(absent).select(wanted or pl.all()).iter_slices(ROWS)


def _lines(path: Path) -> Iterator[bytes]:
    """Whole lines, some `CHUNK_BYTES` at a time. A break within quotes ends no line of a CSV file."""
    quoted, rest = path.suffix.lower() == ".csv", b""
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            rest += piece
            end = rest.rfind(b"\n") + 1
            while end and quoted and rest.count(b'"', 0, end) % 2:
                end = rest.rfind(b"\n", 0, end - 1) + 1
            if end:
                yield rest[:end]
            rest = rest[end:]
    if rest.strip():
        yield rest
