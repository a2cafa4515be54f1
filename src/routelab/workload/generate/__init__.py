"""Atlas-Fresh: procedural tasks with exact references over all ten Dewey classes, new every season.

Families register when ``routelab.workload.generate.families`` is imported, which ``generate`` does.
"""

from __future__ import annotations

from collections.abc import Callable

from routelab.core import Query
from routelab.workload.generate.drawing import Phrasing, draw
from routelab.workload.generate.family import FAMILIES, Draft, Family, Form, Level, family
from routelab.workload.generate.seasons import Season, hidden_season, open_season

__all__ = [
    "FAMILIES",
    "Draft",
    "Family",
    "Form",
    "Level",
    "Season",
    "default_suite",
    "family",
    "generate",
    "hidden_season",
    "open_season",
]
DEFAULT_ITEMS = 2100


def generate(
    season: Season,
    items: int | None = None,
    *,
    phrasing: Phrasing = "open",
    progress: Callable[[int, int], None] | None = None,
) -> list[Query]:
    """The queries of a season; see ``draw``. Needs the extra ``atlas``."""
    from routelab.workload.generate import families  # noqa: F401  (registers the built-in families)

    return draw(season, FAMILIES, items, phrasing=phrasing, progress=progress)


def default_suite() -> list[Query]:
    """The items that the embedded default was drawn from: 2,100 of the first open season."""
    return generate(open_season(1), DEFAULT_ITEMS)
