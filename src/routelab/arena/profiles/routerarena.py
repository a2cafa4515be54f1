"""RouterArena's formulas on arrays, and the two profiles that use them.

The ``routerarena`` profile follows its code of July 2026 constant for constant; ``default`` mends what
``docs/profiles.md`` lists. Knows of no files and draws nothing at random. Scores are fractions of 1, money USD.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from routelab.core.errors import InputError, nearest

Floats = NDArray[np.float64]
P = TypeVar("P")

BETA = 0.1
COST_CEILING_USD = 200.0
COST_FLOOR_USD = 0.0044


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The rules on which the two profiles differ."""

    name: str
    loose_prices: bool
    """A model without a price takes that of one whose name contains its own or lies in it; else it is free."""
    bills_failures: bool
    """Tokens of a failed call cost money."""
    similarity_counts: bool
    """METEOR of free text, which can fall below zero, is averaged into the accuracy."""
    optimal_is_perfect: bool
    """Only a score of 1 can be optimal; queries without one leave the optimality metrics."""
    raw_robustness: bool
    """Robustness is 1 − flips / n, by which a router that always picks the same arm is perfect."""


PROFILES = {
    "routerarena": Profile(
        name="routerarena",
        loose_prices=True,
        bills_failures=False,
        similarity_counts=True,
        optimal_is_perfect=True,
        raw_robustness=True,
    ),
    "default": Profile(
        name="default",
        loose_prices=False,
        bills_failures=True,
        similarity_counts=False,
        optimal_is_perfect=False,
        raw_robustness=False,
    ),
}

_TASKS_OF_METRIC = {
    "mcq_accuracy": "ArcMMLU Ethics GPQA GeoBench MMLU MMLUPro MathQA MedMCQA MusicTheoryBench OpenTDB "
    "PubMedQA SocialiQA SuperGLUE-CausalReasoning",
    "math_metric": "AIME AsDiv FinQA GSM8K MATH",
    "exact_match": "GeoGraphyData QANTA",
    "meteor_score": "NarrativeQA WMT19 WMT19-cs-en WMT19-de-en WMT19-fi-en WMT19-gu-en WMT19-kk-en WMT19-lt-en "
    "WMT19-ru-en WMT19-zh-en",
    "superglue_exact_match": "SuperGLUE SuperGLUE-Entailment SuperGLUE-QA SuperGLUE-RC SuperGLUE-Wic SuperGLUE-Wsc",
    "superglue_clozetest": "SuperGLUE-ClozeTest",
    "chess_accuracy": "ChessInstruct",
    "code_accuracy": "LiveCodeBench",
}
METRIC_OF_TASK = {task: metric for metric, tasks in _TASKS_OF_METRIC.items() for task in tasks.split()}


def profile_named(name: str) -> Profile:
    """The profile of that name; raises InputError with the nearest one where there is none."""
    if name not in PROFILES:
        raise InputError("profile", expected="a known profile", got=repr(name), fix=nearest(name, PROFILES))
    return PROFILES[name]


def task_of(query_id: str) -> str:
    """The data set a query id names: what stands before its first underscore.

    >>> task_of("MMLUPro_physics_7")
    'MMLUPro'
    """
    return query_id.partition("_")[0]


def arena_score(
    accuracy: ArrayLike,
    cost_per_1k: ArrayLike,
    *,
    beta: float = BETA,
    c_max: float = COST_CEILING_USD,
    c_min: float = COST_FLOOR_USD,
    clamped: bool = True,
) -> Floats:
    """Weighted harmonic mean of accuracy and log cost (arXiv 2510.00202); NaN where the cost is not above zero.

    ``clamped`` holds the cost within [c_min, c_max], as the evaluator does; the site's scripts do not.

    >>> round(100 * float(arena_score(0.6721, 2.06)), 2)
    63.87
    """
    quality = np.asarray(accuracy, dtype=float)
    cost = np.asarray(cost_per_1k, dtype=float)
    cost = np.where(cost > 0, np.clip(cost, c_min, c_max) if clamped else cost, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        thrift = (np.log2(c_max) - np.log2(cost)) / (np.log2(c_max) - np.log2(c_min))
        score = (1 + beta) * quality * thrift / (beta * quality + thrift)
    return np.asarray(np.where((quality == 0) & (thrift == 0), 0.0, score))


def call_cost_usd(tokens: Floats, price: Floats) -> Floats:
    """The bill of each call; rows of ``tokens`` are (input, output, total), of ``price`` USD per million.

    What the total holds beyond input and output is reasoning, billed at the third price.
    """
    reasoning = np.maximum(0.0, tokens[:, 2] - tokens[:, 0] - tokens[:, 1])
    return np.asarray(
        tokens[:, 0] / 1e6 * price[:, 0] + tokens[:, 1] / 1e6 * price[:, 1] + reasoning / 1e6 * price[:, 2]
    )


def find_price(model: str, prices: Mapping[str, P], *, loose: bool) -> P | None:
    """The price under exactly this name; ``loose`` falls back to the first name that contains it or lies in it.

    >>> find_price("gpt-4o-mini", {"gpt-4o": 1.0}, loose=True)
    1.0
    """
    if loose:
        model = model.removesuffix("_batch")
    if model in prices or not loose:
        return prices.get(model)
    return next((price for name, price in prices.items() if name in model or model in name), None)


def optimality_columns(
    score: Floats, cost: Floats, pool_score: Floats, pool_cost: Floats, *, optimal_is_perfect: bool
) -> Floats:
    """Per query: kept, hit, optimal cost, router cost, router score, optimal score, the sums behind the ratios.

    ``pool_score`` and ``pool_cost`` are queries × other models, NaN where absent. The optimal model is the
    cheapest of the best; a tie in cost goes to the router. The two costs are zero unless the router's score is
    the optimal one, so that cheap wrong answers earn nothing.
    """
    scores = np.column_stack([score, pool_score])
    costs = np.column_stack([cost, pool_cost])
    known = ~(np.isnan(scores) | np.isnan(costs))
    scores = np.where(known, scores, -np.inf)
    best = np.ones(len(score)) if optimal_is_perfect else scores.max(axis=1)
    reach = known & (scores >= best[:, None])
    optimal = np.argmin(np.where(reach, costs, np.inf), axis=1)
    rows = np.arange(len(score))
    kept = known[:, 0] & reach[rows, optimal]
    if optimal_is_perfect:
        kept &= ~((score == 0) & (cost == 0))
    else:
        kept &= known.sum(axis=1) > 1
    right = kept & reach[:, 0]
    columns = [
        kept,
        right & (optimal == 0),
        np.where(right, costs[rows, optimal], 0.0),
        np.where(right, cost, 0.0),
        np.where(kept, score, 0.0),
        np.where(kept, scores[rows, optimal], 0.0),
    ]
    return np.column_stack(columns).astype(float)


def robustness(flips: Any) -> float:
    """1 − flips/n: the share of rewritten prompts that got the model of the original.

    >>> robustness([0, 1, 0, 0])
    0.75
    """
    labels = np.asarray(flips, dtype=float)
    return float(1 - labels.sum() / labels.size) if labels.size else float("nan")
