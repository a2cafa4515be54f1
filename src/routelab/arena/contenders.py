"""Which routers are judged when nobody names any."""

from __future__ import annotations

from importlib.util import find_spec

from routelab.arena import baselines
from routelab.core import registry
from routelab.router import Recipe
from routelab.router.catalogue import HEADLINE, recipes


def contenders(*, whole: bool = False) -> list[str]:
    """The headline routers of the catalogue, or all of it, and every plug-in.

    Those whose optional parts are absent are left out, and those that are always judged.
    """
    own = {recipe.name for recipe in recipes()}
    names = []
    for name in registry.names("routelab.routers"):
        found = registry.load("routelab.routers", name)
        absent = isinstance(found, Recipe) and found.extra == "dense" and find_spec("wordllama") is None
        wanted = whole or name in HEADLINE or name not in own
        if wanted and not absent and name not in (*baselines.PLAIN, *baselines.LEARNED):
            names.append(name)
    return names
