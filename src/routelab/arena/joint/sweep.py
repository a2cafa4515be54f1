"""The same run at several loads: figures by load, where each router's knee lies, and what seeing the pool is worth.

Knows figures of runs by router, load and seed; differences are paired, since a seed is the same for every router.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from routelab.arena.joint.scorecard import over_seeds

Sweep = dict[str, dict[float, list[dict[str, float]]]]
"""By router and load the figures of each seed."""
KNEE = 0.95
"""The knee is the highest load of the sweep up to which at least this share of requests is answered in time."""
SHOWN = (
    "quality",
    "good_in_time",
    "slo_attainment",
    "e2e_s_p50",
    "e2e_s_p99",
    "ttft_s_p99",
    "throughput_req_s",
    "energy_j_per_request",
)
PAIRED = ("good_in_time", "slo_attainment", "e2e_s_p99")


def swept(name: str, by_load: Mapping[float, Sequence[Mapping[str, float]]]) -> dict[str, Any]:
    """The figures of one router over loads, and its knee: None where even the lowest load is too much."""
    points, knee, kept = [], None, True
    for load, found in sorted(by_load.items()):
        point = {"load": load} | _over_seeds(SHOWN, found)
        kept = kept and point["slo_attainment"]["value"] >= KNEE
        knee = load if kept else knee
        points.append(point)
    return {"name": name, "knee": knee, "points": points}


def state_worth(sweep: Sweep, views: Mapping[str, Mapping[str, str | None]]) -> list[dict[str, Any]]:
    """For each router that looks at the pool, with a fresh and an aged view: its figures less those without a view."""
    blind = {view["router"]: name for name, view in views.items() if view["view"] == "none"}
    found = []
    for name, view in views.items():
        if view["view"] not in ("fresh", "aged"):
            continue
        points = []
        for load, figures in sorted(sweep[name].items()):
            pairs = zip(figures, sweep[blind[view["router"]]][load], strict=True)
            differences = [
                {key: one[key] - other[key] for key in PAIRED if key in one and key in other} for one, other in pairs
            ]
            points.append({"load": load} | _over_seeds(PAIRED, differences))
        found.append({"name": name, **view, "points": points})
    return found


def _over_seeds(keys: Sequence[str], found: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    return {key: over_seeds([each[key] for each in found]) for key in keys if all(key in each for each in found)}
