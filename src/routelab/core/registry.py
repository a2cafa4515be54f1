"""Plug-ins by entry point. Built-ins register through the same groups as anybody else's."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
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
