"""Metrics that look at rows rather than at means: entropy, calibration, recall, slices, losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from routelab.arena.problem import Problem
from routelab.arena.statistics import Metric, from_error, interval, number, share, undefined
from routelab.arena.statistics.draws import Weights
from routelab.core.decisions import Floats, Ints

BINS = 10
LOSSES_SHOWN = 12
SLICES = ("domain", "category", "task", "difficulty", "form")
MOST_SLICES = 80


def pick_entropy(pick: Ints, arms: int) -> Metric:
    """Entropy of the arms picked, relative to its largest value log K; 0 is one arm for all queries."""
    if arms < 2:
        return undefined("a pool of one arm")
    p = np.bincount(pick.ravel(), minlength=arms) / pick.size
    used = p > 0
    surprise = -np.log(p[used]) / np.log(arms)
    value = float((p[used] * surprise).sum())
    spread = float((p[used] * (surprise - value) ** 2).sum())
    metric = from_error(value, float(np.sqrt(spread / pick.shape[1])))
    return metric | {"low": max(0.0, metric["low"]), "high": min(1.0, metric["high"])}


def calibration(predicted: Floats, score: Floats, weights: Weights) -> dict[str, Any]:
    """Expected calibration error over ten equally filled bins, and the bins themselves.

    ``predicted`` and ``score`` are (m,) of one repeat; ``weights`` (1 + B, m) are the bootstrap's.
    """
    order = np.argsort(predicted, kind="stable")
    parts = np.array_split(order, min(BINS, len(order)))
    mass = np.stack([weights[:, part].sum(axis=1) for part in parts], axis=1)
    gap = np.stack([weights[:, part] @ (predicted[part] - score[part]) for part in parts], axis=1)
    shown = []
    for part in parts:
        observed = score[part]
        error = 1.96 * float(observed.std() / np.sqrt(max(len(part), 1)))
        middle = float(observed.mean())
        shown.append(
            {
                "predicted": number(float(predicted[part].mean())),
                "observed": number(middle),
                "low": number(max(0.0, middle - error)),
                "high": number(min(1.0, middle + error)),
                "count": len(part),
            }
        )
    ece = np.abs(gap).sum(axis=1) / np.maximum(mass.sum(axis=1), 1e-12)
    return {"ece": interval(ece), "bins": shown}


def recall_at_pick(score: Floats, picked: Floats) -> list[dict[str, Any]]:
    """How often the pick is right, by the number of arms that are. ``score`` (m, K), ``picked`` (m,)."""
    right = (score >= 0.5).sum(axis=1)
    rows = []
    for label, chosen in (("1", right == 1), ("2", right == 2), ("3+", right >= 3)):
        count = int(chosen.sum())
        rows.append({"correct_arms": label, "count": count} | share(int((picked[chosen] >= 0.5).sum()), count))
    return rows


@dataclass(frozen=True)
class Cut:
    """Judged rows by one field: the labels, each as the values of ``names``, and (m,) which label a row has."""

    field: str
    names: tuple[str, ...]
    labels: list[tuple[str, ...]]
    of: Ints


def cuts(problem: Problem, rows: Ints) -> list[Cut]:
    """Every field that slices the judged rows into 2 to ``MOST_SLICES`` parts, and domain × difficulty."""
    known, found = problem.labels[rows], []
    for field in SLICES:
        values = known[field]
        if 2 <= values.n_unique() <= MOST_SLICES and values.null_count() < len(values):
            found.append(_cut(field, ("name",), values.fill_null("?")))
    if {"domain", "difficulty"} <= {cut.field for cut in found}:
        both = known["domain"].fill_null("?") + "\x1f" + known["difficulty"].fill_null("?")
        found.append(_cut("domain_difficulty", ("domain", "difficulty"), both))
    return found


def _cut(field: str, names: tuple[str, ...], values: pl.Series) -> Cut:
    labels, of = np.unique(values.to_numpy().astype(str), return_inverse=True)
    return Cut(field, names, [tuple(label.split("\x1f")) for label in labels.tolist()], of)


def slices(
    by: Sequence[Cut], score: Floats, single: Floats, cost: Floats | None, widen: tuple[float, float]
) -> dict[str, Any]:
    """Accuracy, difference to best single and cost per label; ``score`` and the others are (m,) means over repeats.

    Row errors are widened by the factor that training variance adds to the same router overall.
    """
    return {cut.field: _slice(cut, score, score - single, cost, widen) for cut in by}


def _slice(
    cut: Cut, score: Floats, gap: Floats, cost: Floats | None, widen: tuple[float, float]
) -> list[dict[str, Any]]:
    n = np.bincount(cut.of, minlength=len(cut.labels))
    (level, level_se), (lead, lead_se) = (_mean_and_error(cut, n, values) for values in (score, gap))
    spent = None if cost is None else 1000 * np.bincount(cut.of, cost) / n
    return [
        dict(zip(cut.names, label))
        | {
            "queries": int(n[k]),
            "accuracy": from_error(level[k], level_se[k] * widen[0]),
            "delta_vs_best_single": from_error(lead[k], lead_se[k] * widen[1]),
            "cost_per_1k_usd": None if spent is None else number(spent[k]),
        }
        for k, label in enumerate(cut.labels)
    ]


def _mean_and_error(cut: Cut, n: Ints, values: Floats) -> tuple[Floats, Floats]:
    mean = np.bincount(cut.of, values) / n
    square = np.bincount(cut.of, (values - mean[cut.of]) ** 2)
    return mean, np.sqrt(square / n / np.maximum(n - 1, 1))


def losses(problem: Problem, rows: Ints, pick: Ints, seed_order: Ints) -> list[dict[str, Any]]:
    """Queries where the pick cost most against the best arm, ties in a fixed random order."""
    score = problem.score[rows]
    picked = score[np.arange(len(rows)), pick]
    best = score.argmax(axis=1)
    regret = score.max(axis=1) - picked
    order = np.lexsort((seed_order, -regret))[:LOSSES_SHOWN]
    labels = problem.labels
    return [
        {
            "query_id": problem.outcomes.query_ids[rows[i]],
            "prompt": _prompt(labels, int(rows[i])),
            "task": problem.batch.tasks[rows[i]],
            "picked": problem.arms[pick[i]],
            "picked_score": number(picked[i]),
            "best_arm": problem.arms[best[i]],
            "best_score": number(score[i].max()),
        }
        for i in order
        if regret[i] > 0
    ]


def _prompt(labels: pl.DataFrame, row: int) -> str | None:
    text = labels["prompt"][row]
    return None if text is None else str(text)[:600]
