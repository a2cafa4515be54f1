"""The result of a joint run as typed values: what ``joint.json`` must hold for the page.

Knows nothing of how a figure was simulated or how it will be drawn. Unknown keys are ignored; absent ones mean "not
measured in this run".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from routelab.arena.report.schema import Metric
from routelab.core.config import convert
from routelab.core.errors import InputError

SCHEMA_VERSION = 1
YARDSTICKS = ("random", "cheapest", "best-single", "oracle")


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Means over seeds. ``good_in_time``: the mean score where a late answer counts nothing."""

    quality: Metric | None = None
    good_in_time: Metric | None = None
    slo_attainment: Metric | None = None
    usd_per_1k: Metric | None = None
    fleet_usd_per_1k: Metric | None = None
    energy_j_per_request: Metric | None = None
    ttft_s_p99: Metric | None = None
    e2e_s_p50: Metric | None = None
    e2e_s_p99: Metric | None = None


class Row(Figures, frozen=True, kw_only=True):
    """One line of the scorecard; ``view``: how old the state was that the router saw, None for one that never looks."""

    name: str
    router: str
    view: Literal["fresh", "aged", "none"] | None = None
    delta_vs_best_single: Figures = Figures()

    @property
    def yardstick(self) -> bool:
        return self.name in YARDSTICKS


class Point(Figures, frozen=True, kw_only=True):
    """Figures, or differences of them, at a multiple of the workload's rate."""

    load: float


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A router over loads; its knee is the highest load that it still serves in time."""

    name: str
    points: tuple[Point, ...]
    router: str = ""
    view: str | None = None
    knee: float | None = None

    def at(self, load: float | None) -> Point | None:
        return next((point for point in self.points if point.load == load), None)


class ServerTrace(msgspec.Struct, frozen=True):
    name: str
    waiting: tuple[int, ...]
    running: tuple[int, ...]
    kv_used: tuple[float, ...]


class Timeline(msgspec.Struct, frozen=True):
    time_s: tuple[float, ...]
    servers: tuple[ServerTrace, ...]


class Gantt(msgspec.Struct, frozen=True):
    """``requests``: arrival, start, first token and last token of each, in seconds."""

    server: str
    requests: tuple[tuple[float, float, float, float], ...]


class Shown(msgspec.Struct, frozen=True):
    router: str
    timeline: Timeline
    gantt: Gantt


class Table(msgspec.Struct, frozen=True):
    name: str
    hash: str
    queries: int
    arms: tuple[str, ...]


class Pool(msgspec.Struct, frozen=True):
    model: str
    gpu: str
    replicas: int
    tp: int
    dtype: str
    arms: tuple[str, ...]


class Fleet(msgspec.Struct, frozen=True):
    pools: tuple[Pool, ...]
    servers: int
    usd_per_hour: float
    slo: dict[str, float]


class Workload(msgspec.Struct, frozen=True):
    requests: int
    rate_req_s: float
    assumption: str


class Protocol(msgspec.Struct, frozen=True):
    seeds: int
    seed: int
    folds: int
    view_age_s: float
    knee_attainment: float


class JointResult(msgspec.Struct, frozen=True):
    """One joint run; ``routers`` come best first."""

    schema_version: int
    routelab_version: str
    table: Table
    fleet: Fleet
    workload: Workload
    protocol: Protocol
    routers: tuple[Row, ...]
    sweep: tuple[Line, ...] = ()
    state: tuple[Line, ...] = ()
    shown: tuple[Shown, ...] = ()

    @property
    def ranked(self) -> list[Row]:
        return [row for row in self.routers if not row.yardstick]

    @property
    def yardsticks(self) -> list[Row]:
        return [row for row in self.routers if row.yardstick]


def is_joint(value: object) -> bool:
    """Whether plain values say that they are a joint run."""
    return isinstance(value, Mapping) and value.get("kind") == "joint"


def as_joint(value: Mapping[str, Any] | JointResult, where: str = "joint.json") -> JointResult:
    """Check plain values; raises InputError with the path of the first wrong field."""
    if isinstance(value, JointResult):
        return value
    if not is_joint(value) or value.get("schema_version") != SCHEMA_VERSION:
        raise InputError(
            where,
            expected=f"a joint run with schema_version {SCHEMA_VERSION}",
            got=f"kind {value.get('kind')!r}, schema_version {value.get('schema_version')!r}",
            fix="make one with `routelab arena --pool FLEET.yaml`",
        )
    return convert(value, JointResult, where)
