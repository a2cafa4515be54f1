"""Do the levels hold? A one-sided trend test per domain × form on outcomes that took no part in choosing them.

The score of an item is its mean over the test arms, so an item counts once however many arms answered it. Levels are
compared within each task only: tasks are strata. Under the hypothesis that levels mean nothing every assignment of
them within a task is equally likely; the statistic's exact variance under those permutations makes it a z. Holm's
step-down (1979) bounds the chance of any false claim. A group of fewer than 20 items, or too small to show the least
effect that the levels promise with 80 % power at Holm's strictest level, is listed as such and makes no claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import numpy as np
import polars as pl
from scipy.stats import norm

from routelab.arena.statistics import Metric, from_error
from routelab.core import InputError
from routelab.core.decisions import Floats, Ints
from routelab.outcomes import OutcomeTable

LEVELS = {"easy": 0, "medium": 1, "hard": 2}
ALPHA = 0.05
POWER = 0.8
FEWEST_ITEMS = 20
LEAST_DROP = 0.25
"""From the bands: the lower end of easy (60 %) minus the upper end of hard (35 %)."""

Verdict = Literal["holds", "fails", "too few outcomes"]


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One domain × form: mean score of each level, the drop from easy to hard, and what the test says."""

    domain: str
    form: str
    items: int
    easy: float | None
    medium: float | None
    hard: float | None
    drop: Metric
    p: float
    p_holm: float
    power: float
    verdict: Verdict


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """All groups, and how many of those with enough outcomes hold."""

    arms: tuple[str, ...]
    items: int
    groups: tuple[Group, ...]
    powered: int
    hold: int

    @property
    def share(self) -> float | None:
        """Share of the groups with enough outcomes whose levels hold."""
        return self.hold / self.powered if self.powered else None


def trend(table: OutcomeTable, arms: Sequence[str] = ()) -> Trend:
    """Test the levels of a table's items on ``arms`` (all by default); items need at least one of their scores."""
    known = sorted(set(table.calls["arm"]))
    strange = [arm for arm in arms if arm not in known]
    if strange:
        raise InputError(
            "--arm", expected="an arm of the table", got=repr(strange[0]), fix=f"one of {', '.join(known)}"
        )
    chosen = tuple(arms) or tuple(known)
    items = _items(table, chosen)
    if not len(items):
        raise InputError("table", expected="scored items with easy, medium, hard", got="none", fix="record a suite")
    tested = [_tested(part) for part in items.partition_by("domain", "form", maintain_order=True)]
    holm = _holm(np.array([test.p for test in tested]))
    strictest = ALPHA / len(tested)
    groups = tuple(_group(test, float(p), strictest) for test, p in zip(tested, holm))
    powered = [group for group in groups if group.verdict != "too few outcomes"]
    hold = sum(group.verdict == "holds" for group in powered)
    return Trend(arms=chosen, items=len(items), groups=groups, powered=len(powered), hold=hold)


class _Tested(msgspec.Struct, frozen=True):
    labels: dict[str, Any]
    means: list[float | None]
    drop: float
    se: float
    p: float


def _items(table: OutcomeTable, arms: tuple[str, ...]) -> pl.DataFrame:
    """One row an item: its labels and its mean score over the arms (over samples first)."""
    calls = table.calls.filter(pl.col("arm").is_in(arms) & pl.col("score").is_not_null() & (pl.col("turn") == 0))
    per_arm = calls.group_by("query_id", "arm").agg(pl.col("score").mean())
    scores = per_arm.group_by("query_id").agg(pl.col("score").mean())
    labels = table.queries.select("query_id", "domain", "form", "task", "difficulty")
    named = labels.filter(pl.col("difficulty").is_in(list(LEVELS)))
    return (
        named.join(scores, on="query_id")
        .with_columns(pl.col("domain", "form", "task").fill_null("none"))
        .sort("domain", "form", "query_id")
    )


def _tested(part: pl.DataFrame) -> _Tested:
    score = part["score"].to_numpy()
    level = part["difficulty"].replace_strict(LEVELS, return_dtype=pl.Int64).to_numpy()
    task = np.unique(part["task"].to_numpy().astype(str), return_inverse=True)[1]
    means = [float(score[level == k].mean()) if (level == k).any() else None for k in range(3)]
    z, drop, se = within_task_trend(score, level, task)
    labels = {"domain": part["domain"][0], "form": part["form"][0], "items": len(part)}
    return _Tested(labels, means, drop, se, float(norm.sf(z)))


def within_task_trend(score: Floats, level: Ints, task: Ints) -> tuple[float, float, float]:
    """z of a falling trend over levels 0, 1, 2 within tasks, the drop from level 0 to 2, and its standard error.

    All inputs are (n,). z is 0 where levels or scores do not vary within any task.
    """
    x = _centred(level.astype(float), task)
    y = _centred(score, task)
    size = np.bincount(task).astype(float)
    slack = np.maximum(size - 1, 1)
    variance = float((np.bincount(task, x**2) * np.bincount(task, y**2) / slack).sum())
    weight = float((x**2).sum())
    if variance <= 0 or weight <= 0:
        return 0.0, 0.0, float("inf")
    slope = float((x * y).sum()) / weight
    residual = y - slope * x
    se = float(np.sqrt((x**2 * residual**2).sum())) / weight
    return -float((x * y).sum()) / float(np.sqrt(variance)), -2 * slope, 2 * se


def _centred(values: Floats, task: Ints) -> Floats:
    centred: Floats = values - (np.bincount(task, values) / np.maximum(np.bincount(task), 1))[task]
    return centred


def _holm(p: Floats) -> Floats:
    """Holm's adjusted p-values (1979).

    >>> _holm(np.array([0.01, 0.04])).tolist()
    [0.02, 0.04]
    """
    order = np.argsort(p)
    steps = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def _group(test: _Tested, p_holm: float, strictest: float) -> Group:
    enough = test.se > 0 and test.labels["items"] >= FEWEST_ITEMS
    power = float(norm.cdf(LEAST_DROP / test.se - norm.isf(strictest))) if enough else 0.0
    claims = p_holm < ALPHA
    verdict: Verdict = "too few outcomes" if power < POWER else "holds" if claims else "fails"
    easy, medium, hard = (None if mean is None else round(mean, 4) for mean in test.means)
    return Group(
        **test.labels,
        easy=easy,
        medium=medium,
        hard=hard,
        drop=from_error(test.drop, test.se if np.isfinite(test.se) else 0.0),
        p=round(test.p, 6),
        p_holm=round(p_holm, 6),
        power=round(power, 4),
        verdict=verdict,
    )
