"""Serving policies, one mechanism a file. Registered as entry points of the group ``routelab.policies``."""

from __future__ import annotations

from routelab.core import registry
from routelab.core.errors import InputError, shorten
from routelab.pool.fleet.policy import Policy


def load_policy(name: str) -> Policy:
    """A new policy: a registered name, or ``file.py:Class``. Raises InputError."""
    found = registry.imported(name, "policy") if ":" in name else registry.load("routelab.policies", name)
    if isinstance(found, type) and issubclass(found, Policy):
        return found()
    raise InputError(
        f"policy {name!r}", expected="a class derived from Policy", got=shorten(found), fix="see docs/fleet.md"
    )


__all__ = ["load_policy"]
