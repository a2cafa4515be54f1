"""Quality and load in one row a router: every figure a mean over seeds with its interval, differences paired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from routelab.arena.joint.run import Joint
from routelab.pool.fleet.spec import Slo

REFERENCE = "best-single"
CONFIDENCE = 0.95


def figures(joint: Joint, slo: Slo) -> dict[str, float]:
    """The figures of one run. ``good_in_time``: the mean score where a late answer counts nothing."""
    fleet, in_time = joint.fleet.summary(slo), joint.fleet.in_time(slo)
    n = max(len(joint.query), 1)
    found = {
        "quality": float(joint.score.mean()),
        "good_in_time": float((joint.score * in_time).mean()),
        "slo_attainment": float(in_time.mean()),
        "usd_per_1k": float(1000 * joint.usd.mean()),
        "fleet_usd_per_1k": 1000 * fleet["usd"] / n,
        "energy_j_per_request": fleet["energy_j"] / n,
        "throughput_req_s": fleet["throughput_req_s"] or 0.0,
        "utilisation": fleet["utilisation"],
    }
    for name in ("ttft_s", "tpot_s", "e2e_s"):
        found |= {f"{name}_{key}": value for key, value in fleet[name].items() if value is not None}
    return found


def scorecard(runs: Mapping[str, Sequence[Joint]], slo: Slo) -> list[dict[str, Any]]:
    """One row for each router: its runs in the order of seeds, equal for all. Best by ``good_in_time`` first."""
    by_name = {name: [figures(joint, slo) for joint in joints] for name, joints in runs.items()}
    reference = by_name.get(REFERENCE)
    rows = []
    for name, found in by_name.items():
        row: dict[str, Any] = {"name": name, "seeds": len(found)}
        row |= {
            key: over_seeds([each[key] for each in found]) for key in found[0] if all(key in each for each in found)
        }
        if reference is not None and name != REFERENCE:
            row["delta_vs_best_single"] = {
                key: over_seeds([one[key] - other[key] for one, other in zip(found, reference, strict=True)])
                for key in ("quality", "good_in_time", "slo_attainment", "usd_per_1k", "e2e_s_p99")
                if all(key in each for each in (*found, *reference))
            }
        rows.append(row)
    return sorted(rows, key=lambda row: -row["good_in_time"]["value"])


def over_seeds(values: Sequence[float]) -> dict[str, float | None]:
    """Mean and 95 % interval by Student's t over seeds; no interval for one seed."""
    mean, n = float(np.mean(values)), len(values)
    if n < 2:
        return {"value": mean, "low": None, "high": None}
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * np.std(values, ddof=1) / np.sqrt(n))
    return {"value": mean, "low": mean - half, "high": mean + half}
