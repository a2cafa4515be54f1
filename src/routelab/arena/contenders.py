"""Which routers are judged when nobody names any."""

from __future__ import annotations

from importlib.util import find_spec

from routelab.arena import baselines
from routelab.core import registry
from routelab.core.errors import PrerequisiteError, need_extra
from routelab.router import Recipe
from routelab.router.catalogue import HEADLINE, recipes
from routelab.router.estimators import FineTuned
from routelab.router.estimators.reader import folder_of


def contenders(*, whole: bool = False) -> list[str]:
    """The headline routers of the catalogue, or all of it, and every plug-in.

    Those whose optional parts are absent are left out, and those that are always judged.
    """
    own = {recipe.name for recipe in recipes()}
    names = []
    for name in registry.names("routelab.routers"):
        wanted = whole or name in HEADLINE or name not in own
        judged = name in (*baselines.PLAIN, *baselines.LEARNED)
        if wanted and not judged and obstacle(registry.load("routelab.routers", name)) is None:
            names.append(name)
    return names


def obstacle(router: object) -> PrerequisiteError | None:
    """Why a catalogue entry cannot run here: the optional dependency or the pretrained model that is absent."""
    if not isinstance(router, Recipe):
        return None
    if router.extra == "dense" and find_spec("wordllama") is None:
        return need_extra("wordllama", "dense", router.name)
    if isinstance(router.estimator, FineTuned):
        try:
            folder_of(router.estimator.model)
        except PrerequisiteError as error:
            return error
    return None
