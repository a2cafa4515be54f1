"""What the charts of the joint page draw: plain numbers, and every hover text already written."""

from __future__ import annotations

from typing import Any

from routelab.arena.report.format import DOLLARS, PERCENT, POINTS, Unit, interval
from routelab.arena.report.joint.schema import Figures, JointResult, Line, Point, Row
from routelab.arena.report.joint.words import JOULES, SECONDS
from routelab.arena.report.schema import Metric

FIGURES: dict[str, tuple[str, Unit]] = {
    "good_in_time": ("right in time", PERCENT),
    "quality": ("quality", PERCENT),
    "slo_attainment": ("in time", PERCENT),
    "e2e_s_p99": ("E2E p99", SECONDS),
    "ttft_s_p99": ("TTFT p99", SECONDS),
    "usd_per_1k": ("per 1,000 requests", DOLLARS),
    "energy_j_per_request": ("a request", JOULES),
}
SWEPT = ("good_in_time", "slo_attainment", "e2e_s_p99", "energy_j_per_request")


def chart_data(run: JointResult) -> dict[str, Any]:
    """The JSON embedded in the page."""
    rate = run.workload.rate_req_s
    return {
        "rate": rate,
        "attainment": run.protocol.knee_attainment,
        "rows": [_row(row) for row in run.routers],
        "sweep": [
            {"name": line.name, "knee": line.knee, "points": [_swept(each, rate) for each in line.points]}
            for line in run.sweep
        ],
        "state": [_worth(line) for line in run.state],
        "shown": [
            {
                "router": shown.router,
                "time": shown.timeline.time_s,
                "servers": [
                    {"name": each.name, "waiting": each.waiting, "running": each.running, "kv": each.kv_used}
                    for each in shown.timeline.servers
                ],
                "gantt": shown.gantt.requests,
            }
            for shown in run.shown
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    kind = "router" if not row.yardstick else "oracle" if row.name == "oracle" else "baseline"
    return {
        "name": row.name,
        "router": row.router,
        "kind": kind,
        "at": {key: _ends(getattr(row, key)) for key in FIGURES},
        "tip": [_told(row, key) for key in FIGURES if getattr(row, key)],
    }


def _swept(point: Point, rate: float) -> dict[str, Any]:
    tip = [
        f"×{point.load:g}, {point.load * rate:.3g} requests a second",
        *(_told(point, key) for key in SWEPT if getattr(point, key)),
    ]
    return {"load": point.load, "at": {key: _ends(getattr(point, key)) for key in SWEPT}, "tip": tip}


def _worth(line: Line) -> dict[str, Any]:
    points = [
        {
            "load": point.load,
            "y": _ends(point.good_in_time),
            "tip": [
                f"×{point.load:g}, {line.view} view minus none",
                f"right in time {interval(point.good_in_time, POINTS)}",
            ],
        }
        for point in line.points
    ]
    return {"name": line.name, "router": line.router, "view": line.view, "points": points}


def _told(figures: Figures, key: str) -> str:
    name, unit = FIGURES[key]
    text = interval(getattr(figures, key), unit)
    return f"{text} {name}" if unit in (DOLLARS, JOULES) else f"{name} {text}"


def _ends(metric: Metric | None) -> list[float | None]:
    if metric is None or metric.known is None:
        return [None, None, None]
    return [metric.known, metric.low, metric.high]
