"""``routelab diff``: what changed between two results, router by router, with an interval of the change."""

from __future__ import annotations

import math
from typing import Any

from routelab.arena.result import Result
from routelab.arena.statistics import number

SHOWN = ("accuracy", "cost_per_1k_usd", "arena_score", "delta_vs_best_single", "robustness", "selectivity", "collapse")


def difference(before: Result, after: Result) -> dict[str, Any]:
    """Changes of shared routers, those added and removed, and whether the two runs judged the same thing.

    The interval of a change takes the two runs as independent, which is too wide where they share queries: the
    paired comparison is to judge both routers in one run.
    """
    old = {row["name"]: row for row in before.data["routers"]}
    new = {row["name"]: row for row in after.data["routers"]}
    same = {
        key: before.data.get(key) == after.data.get(key) for key in ("protocol", "folds", "repeats", "seed", "profile")
    }
    same["table"] = before.data["table"]["hash"] == after.data["table"]["hash"]
    return {
        "same": same,
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changes": [
            {"name": name, "recipe_changed": old[name].get("recipe_hash") != row.get("recipe_hash")}
            | {key: _change(old[name].get(key), row.get(key)) for key in SHOWN}
            | {"rank": {"before": old[name].get("rank"), "after": row.get("rank")}}
            for name, row in new.items()
            if name in old
        ],
    }


def _change(old: Any, new: Any) -> dict[str, Any] | None:
    if not isinstance(old, dict) or not isinstance(new, dict) or old.get("value") is None or new.get("value") is None:
        return None
    change = new["value"] - old["value"]
    bounds = [old.get("low"), old.get("high"), new.get("low"), new.get("high")]
    if any(bound is None for bound in bounds):
        return {"value": number(change), "low": None, "high": None, "why": "an interval is missing"}
    low = math.hypot(new["value"] - new["low"], old["high"] - old["value"])
    high = math.hypot(new["high"] - new["value"], old["value"] - old["low"])
    return {"value": number(change), "low": number(change - low), "high": number(change + high)}
