"""Plug-ins by entry point. Built-ins register through the same groups as anybody else's."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal

from routelab.core.errors import ContractError, InputError, nearest

Group = Literal[
    "routelab.routers",
    "routelab.graders",
    "routelab.backends",
    "routelab.policies",
    "routelab.suites",
    "routelab.importers",
]


@cache
def _found(group: Group) -> dict[str, EntryPoint]:
    return {point.name: point for point in sorted(entry_points(group=group), key=lambda point: point.name)}


def names(group: Group) -> list[str]:
    """Every registered name of a group, sorted."""
    return list(_found(group))


def load(group: Group, name: str) -> Any:
    """Import what ``name`` stands for; raises InputError with the nearest name where there is none."""
    points = _found(group)
    if name not in points:
        raise InputError(
            group.removeprefix("routelab."),
            expected="a registered name",
            got=repr(name),
            fix=nearest(name, points),
        )
    try:
        return points[name].load()
    except ImportError as error:
        raise ContractError(
            f"{group} {name!r}", expected="an importable object", got=str(error), fix="reinstall the plug-in"
        ) from error


def imported(spec: str, what: str) -> Any:
    """The object that ``file.py:object`` or ``module:object`` names; running the file is what its user asks for.

    Raises InputError, in which ``what`` says what it is to be.
    """
    module_name, _, attribute = spec.rpartition(":")
    try:
        if module_name.endswith(".py"):
            location = Path(module_name)
            if not location.is_file():
                raise InputError(f"{what} {spec!r}", expected="an existing file", got="none", fix="check the path")
            loaded = importlib.util.spec_from_file_location(location.stem, location)
            assert loaded is not None and loaded.loader is not None
            module = importlib.util.module_from_spec(loaded)
            sys.modules[location.stem] = module
            loaded.loader.exec_module(module)
        else:
            module = importlib.import_module(module_name)
    except (ImportError, SyntaxError) as error:
        raise InputError(f"{what} {spec!r}", expected="importable code", got=str(error), fix="mend it") from error
    if not hasattr(module, attribute):
        fix = nearest(attribute, [name for name in vars(module) if not name.startswith("_")])
        raise InputError(f"{what} {spec!r}", expected="a name the module defines", got=repr(attribute), fix=fix)
    return getattr(module, attribute)
