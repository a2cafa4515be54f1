"""A suite on disk: ``queries.jsonl``, ``suite.json`` (the manifest), ``composition.json`` and ``datasheet.md``.

The hash is that of the queries, references included, and does not depend on when or where they were written. A folder
appears whole or not at all. Knows no generators and no sources.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from routelab.core import InputError, Query
from routelab.core.config import convert
from routelab.core.files import WRITABLE, read_text, usable, write_text
from routelab.workload.suites.composition import composition
from routelab.workload.suites.datasheet import datasheet

SCHEMA = 1
MANIFEST, QUERIES, COMPOSITION, DATASHEET = "suite.json", "queries.jsonl", "composition.json", "datasheet.md"


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a suite says of itself.

    Attributes:
        made_by: the recipe or the season it was drawn from, whole.
        gates: what the quality gates found, by gate.
        software: versions of the libraries whose facts the items rest on.
        notes: sentences for the datasheet.
    """

    name: str
    hash: str
    items: int
    schema: int = SCHEMA
    made_by: dict[str, Any] = {}
    gates: dict[str, Any] = {}
    software: dict[str, str] = {}
    notes: tuple[str, ...] = ()


class Suite(msgspec.Struct, frozen=True):
    """The queries of a suite, in their order, and its manifest."""

    manifest: Manifest
    queries: tuple[Query, ...]

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def hash(self) -> str:
        return self.manifest.hash


def suite_hash(queries: Iterable[Query]) -> str:
    """16 hex digits of the SHA-256 of the queries as they are written.

    >>> suite_hash([Query.ask("a", "2 + 2?")]) == suite_hash([Query.ask("a", "2 + 3?")])
    False
    """
    hashed = hashlib.sha256()
    for query in queries:
        hashed.update(_line(query))
    return hashed.hexdigest()[:16]


def freeze(
    folder: Path,
    name: str,
    queries: Iterable[Query],
    *,
    made_by: dict[str, Any] | None = None,
    gates: dict[str, Any] | None = None,
    software: dict[str, str] | None = None,
    notes: tuple[str, ...] = (),
) -> Suite:
    """Write a new suite; raises InputError where the folder holds anything but an equal one or ids repeat.

    An equal suite is written again in place: what else lies in its folder stays.
    """
    kept = tuple(queries)
    repeated = len(kept) - len({query.id for query in kept})
    if repeated or not kept:
        got = f"{repeated} repeated ids" if repeated else "no queries"
        raise InputError(f"suite {name!r}", expected="queries with ids of their own", got=got, fix="change the recipe")
    manifest = Manifest(
        name=name,
        hash=suite_hash(kept),
        items=len(kept),
        made_by=made_by or {},
        gates=gates or {},
        software=software or {},
        notes=notes,
    )
    suite = Suite(manifest, kept)
    check_free(folder, manifest.hash)
    with usable(folder, *WRITABLE):
        _write(folder.resolve(), suite)
    return suite


def _write(folder: Path, suite: Suite) -> None:
    """The four files beside the target first; a new folder then appears at once, in an old one the manifest is last."""
    home = folder if folder.exists() else folder.parent
    home.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=home, prefix=".suite."))
    try:
        (fresh / QUERIES).write_bytes(b"".join(map(_line, suite.queries)))
        write_text(fresh / COMPOSITION, _pretty(composition(suite.queries)))
        write_text(fresh / DATASHEET, datasheet(suite.manifest, suite.queries))
        write_text(fresh / MANIFEST, _pretty(suite.manifest))
        fresh.chmod(0o755)
        if home == folder:
            for name in (QUERIES, COMPOSITION, DATASHEET, MANIFEST):
                (fresh / name).replace(folder / name)
        else:
            fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def check_free(folder: Path, hash: str | None = None) -> None:
    """Raise InputError where ``folder`` holds something that is not the suite of this hash (None: any suite)."""
    with usable(folder, *WRITABLE):
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return
    manifest = folder / MANIFEST
    known = _manifest(manifest).hash if manifest.is_file() else None
    if known is None or (hash is not None and known != hash):
        got = "other files" if known is None else f"the suite {known}"
        raise InputError(str(folder), expected="a new or empty folder", got=got, fix="choose another folder")


def open_suite(folder: Path) -> Suite:
    """Read a suite and check that its queries are the ones that were frozen."""
    manifest = _manifest(folder / MANIFEST)
    text = read_text(folder / QUERIES, what="the queries of a suite")
    try:
        queries = tuple(msgspec.json.decode(line, type=Query) for line in text.split("\n") if line.strip())
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(str(folder / QUERIES), expected="one query a line", got=str(error), fix="restore it") from None
    found = suite_hash(queries)
    if found != manifest.hash:
        raise InputError(str(folder), expected=f"queries of hash {manifest.hash}", got=found, fix="restore the folder")
    if manifest.items != len(queries):
        got = f"{len(queries)} queries"
        raise InputError(str(folder), expected=f"{manifest.items} queries", got=got, fix="restore the folder")
    return Suite(manifest, queries)


def _manifest(path: Path) -> Manifest:
    text = read_text(path, what="a suite's manifest")
    try:
        plain = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(str(path), expected="JSON", got=str(error), fix="restore the file") from None
    schema = plain.get("schema", SCHEMA) if isinstance(plain, dict) else SCHEMA
    if schema != SCHEMA:
        raise InputError(
            str(path), expected=f"schema {SCHEMA}", got=f"schema {schema!r}", fix="use the version that made it"
        )
    return convert(plain, Manifest, str(path))


def _line(query: Query) -> bytes:
    return msgspec.json.encode(query, order="deterministic") + b"\n"


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=1).decode() + "\n"
