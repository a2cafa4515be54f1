"""Zip and gzip files, unpacked into a temporary folder within stated limits. Knows nothing of what they hold.

Member names that point outside, members that grow beyond the limits (zip bombs) and pickles are refused;
sizes are counted while unpacking, never believed.
"""

from __future__ import annotations

import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Protocol

from routelab.core.errors import InputError, RoutelabError, shorten

EXPANDED_LIMIT = 4 << 30
"""Bytes that an archive may hold."""

RATIO_LIMIT = 100
"""Times its own size that an archive may hold once it holds more than RATIO_FREE bytes."""

RATIO_FREE = 16 << 20
MEMBER_LIMIT = 100_000
_CHUNK = 1 << 20


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Yield what to read: the path itself, or a temporary folder with an archive's content.

    An error that is raised inside names the archive, not the temporary folder.
    """
    kind = _kind(path)
    if kind is None:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="routelab-") as name:
        folder = Path(name)
        try:
            (_unzip if kind == "zip" else _gunzip)(path, folder)
            files = [file for file in folder.rglob("*") if file.is_file()]
            yield files[0] if len(files) == 1 else folder
        except RoutelabError as error:
            where = error.where.replace(f"{folder}/", f"{path}:").replace(str(folder), str(path))
            raise type(error)(where, expected=error.expected, got=error.got, fix=error.fix) from None
        except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise InputError(
                str(path), expected=f"a whole {kind} file", got=str(error), fix="download it again"
            ) from None


def _kind(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        head = stream.read(4)
    return "zip" if head == b"PK\3\4" else "gzip" if head[:2] == b"\x1f\x8b" else None


def _unzip(path: Path, folder: Path) -> None:
    budget = _Budget(path)
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > MEMBER_LIMIT:
            raise InputError(
                str(path), expected=f"at most {MEMBER_LIMIT} members", got=str(len(members)), fix="split it"
            )
        for member in members:
            target = folder / _safe(member.filename, path)
            if member.is_dir():
                continue
            if member.flag_bits & 1:
                raise InputError(
                    f"{path}:{member.filename}", expected="a readable member", got="an encrypted one",
                    fix="unpack it yourself",
                )  # fmt: skip
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as stream:
                _copy(stream, target, budget)


def _gunzip(path: Path, folder: Path) -> None:
    name = path.name.removesuffix(".gz") or "data"
    with gzip.open(path) as stream:
        _copy(stream, folder / name, _Budget(path))


def _safe(name: str, path: Path) -> PurePosixPath:
    inner = PurePosixPath(name.replace("\\", "/"))
    if inner.is_absolute() or ".." in inner.parts or ":" in inner.parts[:1][0] or "\0" in name:
        raise InputError(
            str(path),
            expected="member names inside the archive",
            got=shorten(name),
            fix="do not trust this archive",
        )
    return inner


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Budget:
    """Counts unpacked bytes against both limits."""

    def __init__(self, path: Path) -> None:
        self.path, self.spent = path, 0
        self.limit = min(EXPANDED_LIMIT, max(RATIO_FREE, RATIO_LIMIT * path.stat().st_size))

    def spend(self, size: int) -> None:
        self.spent += size
        if self.spent > self.limit:
            raise InputError(
                str(self.path),
                expected=f"an archive of at most {self.limit >> 20} MiB unpacked "
                f"({RATIO_LIMIT} times its size, {EXPANDED_LIMIT >> 30} GiB)",
                got="more than that",
                fix="unpack it yourself if you trust it, and import the files",
            )


def _copy(stream: _Readable, target: Path, budget: _Budget) -> None:
    with target.open("wb") as out:
        while chunk := stream.read(_CHUNK):
            budget.spend(len(chunk))
            out.write(chunk)
