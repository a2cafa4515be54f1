"""Which code a board is made by: the package's version, and a hash of its source, which differs from commit to commit.

Only Python files count: nothing else of the package has a say in what a board holds. Knows nothing of boards.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import routelab
from routelab import __version__


@cache
def code_hash() -> str:
    """SHA-256 over the sorted relative paths and the bytes of the package's Python files, read once per process."""
    root, found = Path(routelab.__file__).parent, hashlib.sha256()
    for name in sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py")):
        data = (root / name).read_bytes()
        found.update(f"{name}\0{len(data)}\0".encode() + data)
    return found.hexdigest()


def made_by() -> dict[str, str]:
    """What a row of the store says of the code that wrote it."""
    return {"code_version": __version__, "code_hash": code_hash()}
