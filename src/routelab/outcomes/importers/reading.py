"""The one door for foreign files: bounded, UTF-8, typed and never unpickled. Knows syntax, nothing of routing.

``records`` yields the rows of JSONL, JSON, CSV, TSV and Parquet alike, each with the place it came from, so
that every complaint names file, line, field and value. Nothing is read further than it has to be: a line
that never ends costs ``LINE_LIMIT`` bytes of memory, not its length.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from routelab.core.errors import InputError, shorten
from routelab.core.files import read_text, usable
from routelab.outcomes.importers.record import Record, decoded, not_utf8
from routelab.outcomes.store import read_parquet

LINE_LIMIT = 16 << 20
"""Bytes that one line of JSONL or CSV may have."""

DATA_SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")

_PICKLE_SUFFIXES = (".pkl", ".pickle", ".pt", ".joblib")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def records(path: Path) -> Iterator[Record]:
    """Every row of a file, or of all data files below a folder in the order of their names."""
    for file in data_files(path):
        match syntax(file):
            case "parquet":
                for number, row in enumerate(read_parquet(file).iter_rows(named=True), 1):
                    yield Record(f"{file} row {number}", row)
            case "csv":
                yield from _csv(file, "\t" if file.suffix == ".tsv" else ",")
            case "jsonl":
                for number, line in lines(file):
                    place = f"{file} line {number}"
                    yield Record(place, _object(decoded(line, place), place))
            case _:
                content = document(file)
                items = content if isinstance(content, list) else [content]
                for number, item in enumerate(items, 1):
                    place = f"{file} item {number}" if isinstance(content, list) else str(file)
                    yield Record(place, _object(item, place))


def data_files(path: Path) -> list[Path]:
    """The file itself, or the data files below a folder; what is hidden in it is left out."""
    if path.is_dir():
        found = sorted(
            file
            for file in path.rglob("*")
            if file.suffix in DATA_SUFFIXES
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
            and file.is_file()
        )
        if found:
            return found
        raise InputError(
            str(path),
            expected=f"a folder with data files ({', '.join(DATA_SUFFIXES)})",
            got="none",
            fix="check the path",
        )
    return [path]


def syntax(path: Path) -> str:
    """``parquet``, ``csv``, ``jsonl`` or ``json``, by content, then by suffix; refuses what is unsafe."""
    with usable(path, "a readable file"), path.open("rb") as stream:
        head = stream.read(8192)
    _refuse_pickle(path, head)
    if not head.strip():
        raise InputError(
            str(path), expected="at least one row", got="an empty file", fix="check that it was written whole"
        )
    if head.startswith(b"PAR1") or path.suffix == ".parquet":
        return "parquet"
    if head.startswith(_UTF16) or b"\0" in head:
        raise InputError(
            str(path),
            expected="UTF-8 text or Parquet",
            got="UTF-16 text" if head.startswith(_UTF16) else "binary data",
            fix="save it as UTF-8, or convert it to Parquet",
        )
    if path.suffix in (".csv", ".tsv"):
        return "csv"
    if path.suffix in (".jsonl", ".ndjson"):
        return "jsonl"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"[" or path.suffix == ".json" or start == b"{":
        return "jsonl" if start == b"{" and _is_line_wise(path) else "json"
    raise InputError(
        str(path),
        expected="JSONL, JSON, CSV or Parquet",
        got=f"a file that starts with {shorten(head[:20])}",
        fix=f"convert it, and end its name in one of {', '.join(DATA_SUFFIXES)}",
    )


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Numbered lines that are not blank, without a byte-order mark; one beyond LINE_LIMIT is refused unread."""
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(LINE_LIMIT + 1):
            number += 1
            if len(line) > LINE_LIMIT:
                raise InputError(
                    f"{path} line {number}",
                    expected=f"a line of at most {LINE_LIMIT >> 20} MiB",
                    got="a longer one",
                    fix="check that the file holds one record a line",
                )
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.strip():
                yield number, line


def document(path: Path) -> Any:
    """A whole JSON file."""
    return decoded(read_text(path, what="UTF-8 JSON").removeprefix("\ufeff").encode(), str(path))


def _csv(path: Path, delimiter: str) -> Iterator[Record]:
    csv.field_size_limit(LINE_LIMIT)
    reader = csv.reader(_text(path), delimiter=delimiter, strict=True)
    header: list[str] = []
    try:
        for cells in reader:
            place = f"{path} line {reader.line_num}"
            if not header:
                header = _header(cells, place)
            elif len(cells) != len(header):
                raise InputError(
                    place,
                    expected=f"{len(header)} cells",
                    got=str(len(cells)),
                    fix="quote cells that hold the separator or a line break",
                )
            else:
                row = {name: cell or None for name, cell in zip(header, cells)}
                yield Record(place, row, text=True)
    except csv.Error as error:
        raise InputError(
            f"{path} line {reader.line_num}", expected="well-formed CSV", got=str(error), fix="mend its quotes"
        ) from None


def _header(cells: list[str], place: str) -> list[str]:
    twice = next((name for name in cells if cells.count(name) > 1), None)
    if twice is not None:
        raise InputError(place, expected="each column once", got=f"{twice!r} twice", fix="rename one of the columns")
    return cells


def _text(path: Path) -> Iterator[str]:
    for number, line in lines(path):
        try:
            yield line.decode()
        except UnicodeDecodeError:
            raise not_utf8(f"{path} line {number}") from None


def _is_line_wise(path: Path) -> bool:
    """Whether a file that starts with an object holds one object a line."""
    with path.open("rb") as stream:
        first = stream.readline(LINE_LIMIT)
        try:
            return isinstance(msgspec.json.decode(first.removeprefix(b"\xef\xbb\xbf")), dict)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(place, expected="a JSON object", got=shorten(value), fix="write one object for each record")
    return value


def _refuse_pickle(path: Path, head: bytes) -> None:
    if path.suffix in _PICKLE_SUFFIXES or (head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5")):
        raise InputError(
            str(path),
            expected="data, not code",
            got="a pickle, which can run anything when it is opened",
            fix="in a container without network run `pandas.read_pickle(a).to_parquet(b)`, then import b",
        )
