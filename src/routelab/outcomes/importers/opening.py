"""From a path to a table: recognise what lies there, unpack it, hand it to its importer. Decides no content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from routelab.core import registry
from routelab.core.errors import InputError
from routelab.outcomes.importers import archives, reading
from routelab.outcomes.importers.base import Imported, Importer, Report, checked_id, checked_options
from routelab.outcomes.store import MANIFEST
from routelab.outcomes.table import OutcomeTable

NATIVE = "table"
HUB_PREFIX = "hf:"
BY_SYNTAX = ("csv", "json", "jsonl", "parquet")
"""Names of the one importer of plain rows; asked last, and named after the file that it reads."""


def formats() -> list[str]:
    """Every format that can be named, the native one first."""
    return [NATIVE, *registry.names("routelab.importers")]


def open_table(
    path: Path | str, *, format: str | None = None, options: Mapping[str, str] | None = None
) -> OutcomeTable:
    """The table at ``path``: a native one, or anything an importer recognises. See ``import_table``."""
    return import_table(path, format=format, options=options).table


def import_table(
    path: Path | str,
    *,
    format: str | None = None,
    options: Mapping[str, str] | None = None,
    name: str | None = None,
) -> Imported:
    """Read ``path`` (a file, a folder, a zip or gzip of one, or ``hf:owner/name``) into a table and a report.

    Without ``format`` it is recognised: a native table (``manifest.json``), a long-format folder
    (``queries.parquet`` and ``outcomes.parquet``), then by the keys of the first record.
    Raises InputError naming file, line, field and value of the first thing that is wrong.
    """
    if str(path).startswith(HUB_PREFIX) and format is None:
        format, path = "hf", str(path).removeprefix(HUB_PREFIX)
    if name is not None:
        checked_id(name, "name", "a table name")
    if format == "hf":
        return _renamed(_read(format, Path(path), options or {}), name)
    source = Path(path)
    if not source.exists():
        raise InputError(str(path), expected="a file or folder", got="nothing there", fix="check the path")
    with archives.unpacked(source) as place:
        imported = _read(format or recognise(place), place, options or {})
    imported.report.source = str(source)
    own_name = name or (source.name.partition(".")[0] if place != source else None)
    return _renamed(imported, own_name)


def recognise(path: Path) -> str:
    """The format of what lies at ``path``; raises InputError that lists all formats where none fits."""
    if path.is_dir():
        if (path / MANIFEST).is_file():
            return NATIVE
        if (path / "queries.parquet").is_file() or (path / "outcomes.parquet").is_file():
            return "long"
    first = next(reading.records(path), None)
    if first is None:
        raise InputError(str(path), expected="at least one row", got="none", fix="check that it is whole")
    row = first.row
    for name in registry.names("routelab.importers"):
        if name not in BY_SYNTAX and _importer(name).recognises(row):
            return name
    if _importer("jsonl").recognises(row):
        return reading.syntax(reading.data_files(path)[0])
    keys = ", ".join(list(row)[:10])
    raise InputError(
        str(path),
        expected=f"a known format ({', '.join(formats())})",
        got=f"records with the keys {keys}" if keys else "records without keys",
        fix="name it with --format, or map its columns: --format jsonl --map prompt=… --map arm=…",
    )


def _read(format: str, path: Path, options: Mapping[str, str]) -> Imported:
    if format == NATIVE:
        checked_options(options, {}, NATIVE)
        table = OutcomeTable.open(path)
        rows, answers = table.calls.height, table.answers()
        report = Report(source=str(path), read=rows, queries=table.queries.height, calls=rows)
        report.answers = answers.height
        imported = Imported(replace(table, folder=None, _answers=answers), report)
    else:
        importer = _importer(format)
        checked_options(options, importer.OPTIONS, format)
        imported = importer.read(path, options=options)
    imported.report.format = format
    return imported


def _importer(name: str) -> Importer:
    importer: Any = registry.load("routelab.importers", name)
    return importer  # type: ignore[no-any-return]


def _renamed(imported: Imported, name: str | None) -> Imported:
    return imported if name is None else Imported(replace(imported.table, name=name), imported.report)
