"""Files written whole or not at all, canonical JSON, and content hashes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from routelab.core.errors import InputError

MAX_TEXT_BYTES = 512 * 1024 * 1024
WRITABLE = "a path that can be written", "choose another path"


@contextmanager
def usable(path: Path, expected: str, fix: str = "check the path") -> Iterator[None]:
    """What the system has against ``path`` while the block uses it, as one InputError."""
    if "\0" in str(path):
        raise InputError(repr(str(path)), expected=expected, got="a path with a NUL character", fix=fix)
    try:
        yield
    except OSError as error:
        raise InputError(str(path), expected=expected, got=error.strerror or "an unusable path", fix=fix) from None


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``target`` that replaces it on success and vanishes on failure.

    Raises InputError where the system lets nothing be written there.
    """
    with usable(target, *WRITABLE):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with usable(target, *WRITABLE):
            temporary.chmod(0o644)
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(target: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_text(path: Path, *, what: str = "a UTF-8 text file", limit: int = MAX_TEXT_BYTES) -> str:
    """Read a UTF-8 file, with one clear error for absent, oversized or wrongly encoded ones."""
    with usable(path, what):
        size = path.stat().st_size
        if size > limit:
            raise InputError(
                str(path),
                expected=f"{what} of at most {limit >> 20} MiB",
                got=f"{size >> 20} MiB",
                fix="split it",
            )
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path} byte {error.start}",
                expected=what,
                got="bytes that are not UTF-8",
                fix="save it as UTF-8",
            ) from None


def cache_folder() -> Path:
    """Where derived things lie: ``$ROUTELAB_CACHE``, else ``~/.cache/routelab``."""
    return Path(os.environ.get("ROUTELAB_CACHE", Path.home() / ".cache" / "routelab"))


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal values give equal bytes."""
    return msgspec.json.encode(value, order="sorted")


def digest(value: Any) -> str:
    """The short content hash (16 hex digits of SHA-256) of any JSON-able value or bytes."""
    data = value if isinstance(value, bytes) else canonical_json(value)
    return hashlib.sha256(data).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Full SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
