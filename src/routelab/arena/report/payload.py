"""What the charts of the page draw: plain numbers, and every hover text already written.

Keeps formatting in one language. Prompts never come here, so nothing has to be redacted.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from routelab.arena.report.format import (
    DOLLARS,
    PERCENT,
    POINTS,
    interval,
    number,
    plain,
    plural,
)
from routelab.arena.report.schema import ArmScore, Bin, Metric, Result, Scorecard

ORACLES = frozenset({"oracle", "oracle-transferable", "oracle-small-pool"})
HULL_STEPS = 24


def chart_data(result: Result) -> dict[str, Any]:
    """The JSON embedded in the page."""
    rows = [row for row in [*result.baselines, *result.ranked] if row.name != "hull"]
    points = [_point(arm, arm.id, "arm", ["single arm"]) for arm in result.arms]
    points += [_point(row, row.name, _kind(row), _claims(row)) for row in rows]
    return {
        "costs": any(point["x"][0] is not None for point in points),
        "points": points,
        "hull": hull_line(result),
        "curves": [_curve(row) for row in result.ranked if row.curve and len(row.curve) > 1],
        "calibration": {
            row.name: _bins(row.calibration.bins) for row in result.routers if row.calibration and row.calibration.bins
        },
    }


def hull_line(result: Result) -> list[tuple[float, float]]:
    """(cost, accuracy) along the hull; mixing is linear in dollars, hence curved on a logarithmic axis."""
    corners = [
        (point.cost_per_1k_usd, point.accuracy)
        for point in result.hull
        if point.cost_per_1k_usd is not None and point.accuracy is not None
    ]
    corners.sort()
    line = [
        (left[0] + (right[0] - left[0]) * step / HULL_STEPS, left[1] + (right[1] - left[1]) * step / HULL_STEPS)
        for left, right in pairwise(corners)
        for step in range(HULL_STEPS)
    ]
    return line + corners[-1:]


def _kind(row: Scorecard) -> str:
    if not row.baseline:
        return "router"
    return "oracle" if row.name in ORACLES else "baseline"


def _point(row: Scorecard | ArmScore, name: str, kind: str, more: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "x": _ends(row.cost_per_1k_usd),
        "y": _ends(row.accuracy),
        "tip": [
            f"accuracy {interval(row.accuracy, PERCENT)}",
            f"cost {interval(row.cost_per_1k_usd, DOLLARS)} per 1,000 queries",
            *more,
        ],
    }


def _claims(row: Scorecard) -> list[str]:
    if row.baseline:
        return [row.description or "yardstick, not ranked"]
    return [
        f"Δ best single {interval(row.delta_vs_best_single, POINTS)}",
        f"Δ hull {interval(row.delta_vs_hull, POINTS)}",
    ]


def _curve(row: Scorecard) -> dict[str, Any]:
    return {
        "name": row.name,
        "points": [
            {
                "dial": point.dial,
                "x": _ends(point.cost_per_1k_usd),
                "y": _ends(point.accuracy),
                "tip": [
                    f"dial {point.dial:g}",
                    f"accuracy {interval(point.accuracy, PERCENT)}",
                    f"cost {plain(point.cost_per_1k_usd, DOLLARS)} per 1,000 queries",
                ],
            }
            for point in row.curve or ()
        ],
    }


def _bins(bins: tuple[Bin, ...]) -> list[dict[str, Any]]:
    return [
        {
            "x": [bin.predicted, None, None],
            "y": [bin.observed, bin.low, bin.high],
            "count": bin.count or 1,
            "tip": [
                f"predicted {number(bin.predicted, PERCENT)}",
                f"observed {interval(Metric(bin.observed, bin.low, bin.high), PERCENT)}",
                plural(bin.count, "prediction") if bin.count is not None else "count unknown",
            ],
        }
        for bin in bins
    ]


def _ends(metric: Metric | None) -> list[float | None]:
    if metric is None or metric.known is None:
        return [None, None, None]
    return [metric.known, metric.low, metric.high]
