"""How the fleet's functions are compiled, and where the result is kept.

numba compiles a function anew when its own file changed, not when a function that it calls did. So the folder of the
cache is named by the content of all files that hold compiled functions: no stale code is ever run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core.compiler_lock import global_compiler_lock

from routelab.core.files import cache_folder

Compiled = TypeVar("Compiled", bound=Callable[..., Any])
_HERE = Path(__file__).parent
_FILES = sorted([Path(__file__), _HERE / "cost" / "step.py", *(_HERE / "engine").glob("*.py")])
_FOLDER = cache_folder() / "numba" / hashlib.sha256(b"".join(path.read_bytes() for path in _FILES)).hexdigest()[:16]


def entry(function: Compiled) -> Compiled:
    """A compiled function that is called from Python, too."""
    return _compiled(function)


def kernel(function: Compiled) -> Compiled:
    """A compiled function that is called from compiled ones alone."""
    return _compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def direct(function: Callable[..., Any], *like: object) -> Callable[..., Any]:
    """A compiled function for arguments of the same types as these, which are not looked at again with every call."""
    types = tuple(numba.typeof(each) for each in like)
    function.compile(types)  # type: ignore[attr-defined]
    found: Callable[..., Any] = function.overloads[types].entry_point  # type: ignore[attr-defined]
    return found


def compiling() -> bool:
    """Whether a function is compiled right now."""
    return bool(global_compiler_lock.is_locked())


def plain(function: Compiled) -> Compiled:
    """The same function as Python runs it."""
    made: Compiled = function.py_func  # type: ignore[attr-defined]
    return made


def _compiled(function: Compiled, **options: bool) -> Compiled:
    before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(_FOLDER)
    try:
        made: Compiled = numba.njit(cache=True, error_model="numpy", **options)(function)
    finally:
        numba.config.CACHE_DIR = before
    return made
