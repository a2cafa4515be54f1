"""A table's folder: immutable Parquet parts and one manifest that names them. Knows files, not meaning.

Appending writes new parts and then replaces the manifest; a crash between the two leaves the old table whole.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec
import polars as pl

from routelab.core.errors import InputError
from routelab.core.files import WRITABLE, file_digest, read_text, usable, write_text
from routelab.core.types import ModelCard
from routelab.outcomes.schema import SCHEMA_VERSION, conform, migrate

Kind = Literal["queries", "calls", "answers"]
KINDS: tuple[Kind, ...] = ("queries", "calls", "answers")
MANIFEST = "manifest.json"


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One Parquet file of the table."""

    file: str
    rows: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the folder holds. Readers trust nothing else in it."""

    name: str
    schema_version: int = SCHEMA_VERSION
    models: tuple[ModelCard, ...] = ()
    notes: tuple[str, ...] = ()
    queries: tuple[Part, ...] = ()
    calls: tuple[Part, ...] = ()
    answers: tuple[Part, ...] = ()


def read_manifest(folder: Path) -> Manifest:
    """Read and check a manifest; one clear error where the folder holds no table."""
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(
            str(folder),
            expected=f"an outcome table (a folder with {MANIFEST})",
            got="no manifest" if folder.is_dir() else "no such folder",
            fix="check the path, or import the data with `routelab import`",
        )
    try:
        manifest = msgspec.json.decode(read_text(path, what="a manifest"), type=Manifest)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InputError(str(path), expected="a table manifest", got=str(error), fix="restore it from a copy") from None
    for kind in KINDS:
        for part in getattr(manifest, kind):
            if Path(part.file).name != part.file:
                raise InputError(
                    str(path), expected="plain file names", got=repr(part.file), fix="do not trust this table"
                )
    return manifest


def read_parquet(path: Path) -> pl.DataFrame:
    """Read one Parquet file; a damaged one is a clear error."""
    try:
        return pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError, pl.exceptions.PanicException) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise InputError(
            str(path), expected="a readable Parquet file", got=reason, fix="restore or download the file again"
        ) from None


def read_parts(folder: Path, manifest: Manifest, kind: Kind, columns: dict[str, pl.DataType]) -> pl.DataFrame:
    """All rows of a kind, in the current schema. Each part must have the rows that the manifest says."""
    frames = []
    for part in getattr(manifest, kind):
        frame = read_parquet(folder / part.file)
        if frame.height != part.rows:
            raise InputError(
                str(folder / part.file),
                expected=f"{part.rows} rows",
                got=f"{frame.height}",
                fix="restore the file",
            )
        frames.append(conform(migrate(frame, manifest.schema_version, part.file), columns, part.file))
    return pl.concat(frames) if frames else pl.DataFrame(schema=columns)


def verify(folder: Path) -> list[str]:
    """Names of parts whose bytes are not those that the manifest recorded."""
    manifest = read_manifest(folder)
    parts = [part for kind in KINDS for part in getattr(manifest, kind)]
    return [part.file for part in parts if file_digest(folder / part.file) != part.sha256]


def create(folder: Path, manifest: Manifest, frames: Mapping[Kind, pl.DataFrame]) -> None:
    """Write a new table; refuses a folder that already holds one."""
    if (folder / MANIFEST).exists():
        raise InputError(
            str(folder),
            expected="a folder without a table",
            got="one that has a manifest",
            fix="choose another folder",
        )
    with usable(folder, *WRITABLE):
        folder.mkdir(parents=True, exist_ok=True)
    _write(folder, manifest, frames)


def add_parts(folder: Path, frames: Mapping[Kind, pl.DataFrame]) -> None:
    """Add parts to a table. The caller holds the lock and has checked that they fit."""
    _write(folder, read_manifest(folder), frames)


def replace_part(folder: Path, kind: Kind, frame: pl.DataFrame) -> None:
    """One part in place of all of a kind. The caller holds the lock."""
    manifest = read_manifest(folder)
    old = {part.file for part in getattr(manifest, kind)}
    _write(folder, msgspec.structs.replace(manifest, **{kind: ()}), {kind: frame})
    for name in old - {part.file for part in getattr(read_manifest(folder), kind)}:
        (folder / name).unlink(missing_ok=True)


def _write(folder: Path, manifest: Manifest, frames: Mapping[Kind, pl.DataFrame]) -> None:
    grown = {}
    for kind, frame in frames.items():
        if frame.height:
            grown[kind] = (*getattr(manifest, kind), _write_part(folder, kind, frame))
    manifest = msgspec.structs.replace(manifest, **grown)
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2).decode()
    write_text(folder / MANIFEST, text + "\n")


def _write_part(folder: Path, kind: Kind, frame: pl.DataFrame) -> Part:
    temporary = folder / f".{kind}.{os.getpid()}.tmp"
    try:
        frame.write_parquet(temporary, compression="zstd", statistics=False)
        sha256 = file_digest(temporary)
        name = f"{kind}-{sha256[:16]}.parquet"
        temporary.replace(folder / name)
    finally:
        temporary.unlink(missing_ok=True)
    return Part(name, frame.height, sha256)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's writer lock; other processes wait."""
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
