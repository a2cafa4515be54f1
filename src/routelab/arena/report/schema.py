"""The result of one run, as typed values: the contract between judging and everything people see.

It knows the shape of the JSON and nothing of how a number was computed or how it will be drawn. Unknown
keys are ignored, because later versions may only add fields; absent ones mean "not measured in this run".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from routelab.core.config import convert
from routelab.core.errors import InputError
from routelab.core.files import read_text

SCHEMA_VERSION = 1
REMEDY = "make one with `routelab evaluate … --json > result.json`"


class Metric(msgspec.Struct, frozen=True):
    """A value with its interval, or no value and the reason why."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str | None = None

    @property
    def known(self) -> float | None:
        """The value where it is a finite number, else None."""
        return self.value if self.value is not None and math.isfinite(self.value) else None


class Table(msgspec.Struct, frozen=True):
    queries: int
    arms: int
    name: str = "outcome table"
    hash: str | None = None
    arm_ids: tuple[str, ...] = ()
    costs: str = "unknown"


class Skipped(msgspec.Struct, frozen=True):
    name: str
    why: str = ""


class ArmScore(msgspec.Struct, frozen=True):
    id: str
    accuracy: Metric | None = None
    cost_per_1k_usd: Metric | None = None


class HullPoint(msgspec.Struct, frozen=True):
    arm: str
    cost_per_1k_usd: float | None = None
    accuracy: float | None = None


class Claim(msgspec.Struct, frozen=True):
    """A one-sided test, corrected for the family of routers."""

    p_adjusted: float | None = None
    significant: bool | None = None


class Optimality(msgspec.Struct, frozen=True):
    selection: Metric | None = None
    cost: Metric | None = None
    accuracy: Metric | None = None


class Latency(msgspec.Struct, frozen=True):
    p50: float | Metric | None = None
    p99: float | Metric | None = None


class Rank(msgspec.Struct, frozen=True):
    low: int
    high: int


class Bin(msgspec.Struct, frozen=True):
    predicted: float
    observed: float
    low: float | None = None
    high: float | None = None
    count: int | None = None


class Calibration(msgspec.Struct, frozen=True):
    brier: Metric | None = None
    ece: Metric | None = None
    bins: tuple[Bin, ...] = ()


class Recall(msgspec.Struct, frozen=True):
    correct_arms: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    count: int | None = None


class CurvePoint(msgspec.Struct, frozen=True):
    dial: float
    accuracy: Metric | None = None
    cost_per_1k_usd: Metric | None = None


class Pick(msgspec.Struct, frozen=True):
    arm: str
    share: float


class Slice(msgspec.Struct, frozen=True):
    """Accuracy on part of the queries, named by ``name`` or by ``domain`` and ``difficulty``."""

    name: str = ""
    domain: str = ""
    difficulty: str = ""
    queries: int | None = None
    accuracy: Metric | None = None
    delta_vs_best_single: Metric | None = None


class Slices(msgspec.Struct, frozen=True):
    domain: tuple[Slice, ...] = ()
    difficulty: tuple[Slice, ...] = ()
    category: tuple[Slice, ...] = ()
    form: tuple[Slice, ...] = ()
    domain_difficulty: tuple[Slice, ...] = ()


class Loss(msgspec.Struct, frozen=True):
    """A query on which another arm would have scored more than the picked one."""

    query_id: str
    prompt: str | None = None
    task: str | None = None
    picked: str | None = None
    picked_score: float | None = None
    best_arm: str | None = None
    best_score: float | None = None


class Flips(msgspec.Struct, frozen=True):
    """How often a pick changed with an edit: of the same meaning, of it by what it touches, of another meaning."""

    kept: Metric | None = None
    template: Metric | None = None
    content: Metric | None = None
    changed: Metric | None = None


class Scorecard(msgspec.Struct, frozen=True):
    """Everything measured about one router or baseline."""

    name: str
    baseline: bool = False
    description: str | None = None
    recipe_hash: str | None = None
    artifact_hash: str | None = None
    fit: str | None = None
    accuracy: Metric | None = None
    cost_per_1k_usd: Metric | None = None
    arena_score: Metric | None = None
    delta_vs_best_single: Metric | None = None
    delta_vs_hull: Metric | None = None
    beats_best_single: Claim | None = None
    beats_shuffled: Claim | None = None
    beats_knn: Claim | None = None
    above_hull: Claim | None = None
    cost_saving_at_equal_quality: Metric | None = None
    reach_probability: Metric | None = None
    quality_at_equal_cost: Metric | None = None
    regret_vs_oracle: Metric | None = None
    optimality: Optimality = Optimality()
    robustness: Metric | None = None
    selectivity: Metric | None = None
    flips: Flips = Flips()
    collapse: Metric | None = None
    pick_entropy: Metric | None = None
    aiq: Metric | None = None
    apgr: Metric | None = None
    cpt: dict[str, Metric | None] | None = None
    decision_latency_ms: Latency | None = None
    rank: Rank | None = None
    calibration: Calibration | None = None
    recall_at_pick: tuple[Recall, ...] | None = None
    curve: tuple[CurvePoint, ...] | None = None
    picks: tuple[Pick, ...] | None = None
    slices: Slices | None = None
    losses: tuple[Loss, ...] | None = None


class Result(msgspec.Struct, frozen=True):
    """One run: what was judged, how, and every scorecard."""

    table: Table
    routers: tuple[Scorecard, ...]
    protocol: str
    schema_version: int
    routelab_version: str = ""
    folds: int | None = None
    repeats: int | None = None
    profile: str = "default"
    seed: int | None = None
    confidence: float = 0.95
    draws: int | None = None
    estimand: str = ""
    minimum_detectable_difference: dict[str, float | None] | None = None
    rank_metric: str = "arena_score"
    notes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    arms: tuple[ArmScore, ...] = ()
    hull: tuple[HullPoint, ...] = ()

    @property
    def ranked(self) -> list[Scorecard]:
        """The routers, best rank metric first; those without a value come last."""
        return sorted((row for row in self.routers if not row.baseline), key=self._order)

    @property
    def baselines(self) -> list[Scorecard]:
        """The yardsticks, in the order in which they were handed in."""
        return [row for row in self.routers if row.baseline]

    def _order(self, row: Scorecard) -> tuple[float, float]:
        leading = getattr(row, self.rank_metric, None)
        keys = [metric.known if isinstance(metric, Metric) else None for metric in (leading, row.accuracy)]
        first, second = (math.inf if key is None else -key for key in keys)
        return first, second


def as_result(value: Mapping[str, Any] | Result, where: str = "result") -> Result:
    """Check a plain dictionary; raises InputError with the path of the first wrong field."""
    if isinstance(value, Result):
        return value
    version = value.get("schema_version") if isinstance(value, Mapping) else None
    if version != SCHEMA_VERSION:
        raise InputError(
            where,
            expected=f"a routelab result with schema_version {SCHEMA_VERSION}",
            got=f"schema_version {version!r}" if isinstance(value, Mapping) else type(value).__name__,
            fix=REMEDY,
        )
    return convert(value, Result, where)


def read_result(path: Path) -> Result:
    """Read a result file; raises InputError where it is not one."""
    return as_result(read_json(path), str(path))


def read_json(path: Path) -> Any:
    """The plain values of a result file of any kind; raises InputError where it holds none."""
    text = read_text(path, what="a result file", limit=256 << 20)
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(str(path), expected="JSON", got=str(error), fix=REMEDY) from None
