"""Score one RouterArena prediction file: from the file's path to the scorecard row of the JSON contract.

What a prediction file cannot tell (outcomes of the arms not chosen, decision latency) is null with the reason.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from routelab.arena.metrics.steadiness import steadiness
from routelab.arena.profiles.native import ModelPrice, Prediction, read_predictions, read_prices
from routelab.arena.profiles.references import Judge, find_pool, find_prices, find_robustness, judge_for
from routelab.arena.profiles.routerarena import (
    Floats,
    Profile,
    call_cost_usd,
    find_price,
    profile_named,
    task_of,
)
from routelab.arena.profiles.score import CONFIDENCE, Rows, Scores, score_rows
from routelab.core.files import file_digest

SCHEMA_VERSION = 1
_NOT_IN_FILE = "a prediction file holds the outcomes of the chosen models only"
_UNKNOWN = {
    "delta_vs_best_single": _NOT_IN_FILE,
    "delta_vs_hull": _NOT_IN_FILE,
    "cost_saving_at_equal_quality": _NOT_IN_FILE,
    "reach_probability": _NOT_IN_FILE,
    "collapse": _NOT_IN_FILE,
}


def score_predictions(
    file: Path,
    *,
    references: Path | None = None,
    prices: Path | None = None,
    robustness: Path | None = None,
    profile: str = "routerarena",
    draws: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """The report of one prediction file; what is not given is looked for beside it. Raises InputError."""
    rules = profile_named(profile)
    predictions = read_predictions(file)
    routed = [row for row in predictions if not row.for_optimality]
    judge = judge_for(file, references)
    costs = _Costs(rules, read_prices(prices) if prices else find_prices(file), given=prices is not None)
    rewritten = read_predictions(robustness) if robustness else find_robustness(file)
    tasks = sorted({task_of(row.query_id) for row in routed})
    rows = _rows(predictions, routed, rewritten, tasks, judge, costs)
    scores = score_rows(rows, rules, draws=draws, seed=seed)
    pool = find_pool(file) or sorted({row.prediction for row in predictions})
    return {
        "table": {"queries": len(routed), "arms": len(pool), "hash": file_digest(file)[:16]},
        "protocol": "predictions",
        "profile": rules.name,
        "seed": seed,
        "confidence": CONFIDENCE,
        "schema_version": SCHEMA_VERSION,
        "routers": [
            {
                "name": file.stem,
                "recipe_hash": None,
                "artifact_hash": None,
                "fit": "unknown",
                **_scorecard(scores, rows, rules, judge, costs),
                **_steadiness(scores, rows, routed, rules, seed),
                "picks": dict(sorted(Counter(row.prediction for row in routed).items())),
                "slices": {"task": _slices(scores, rows, tasks)},
            }
        ],
    }


class _Costs:
    """The bill of every row: by given prices, else the row's own cost, else by the prices beside the file."""

    def __init__(self, rules: Profile, prices: dict[str, ModelPrice] | None, *, given: bool) -> None:
        self.rules, self.prices, self.given = rules, prices, given
        self.unpriced: Counter[str] = Counter()

    def of(self, rows: list[Prediction]) -> Floats:
        """USD per row; NaN where nobody says what the call cost."""
        tokens, rates = np.zeros((len(rows), 3)), np.zeros((len(rows), 3))
        for place, row in enumerate(rows):
            generation = row.generated_result
            if generation is not None and generation.token_usage is not None:
                tokens[place] = generation.token_usage.billed
                rates[place] = self._rates(row)
        bill = call_cost_usd(tokens, rates)
        if self.given:
            return bill
        own = np.array([np.nan if row.cost is None else row.cost for row in rows])
        return np.where(np.isnan(own), bill, own)

    def _rates(self, row: Prediction) -> tuple[float, float, float]:
        """The model that really answered is billed where it has a price, else the one that was asked."""
        used = row.generated_result.model_used if row.generated_result else None
        if self.prices is None:
            return (np.nan,) * 3
        price = self.prices.get(used) if used else None
        price = price or find_price(row.prediction, self.prices, loose=self.rules.loose_prices)
        if price is None:
            if row.cost is None or self.given:
                self.unpriced[row.prediction] += 1
            return (0.0,) * 3 if self.rules.loose_prices else (np.nan,) * 3
        return price.rates


def _rows(
    predictions: list[Prediction],
    routed: list[Prediction],
    rewritten: list[Prediction] | None,
    tasks: list[str],
    judge: Judge,
    costs: _Costs,
) -> Rows:
    number = {task: place for place, task in enumerate(tasks)}
    place_of = {row.query_id: place for place, row in enumerate(routed)}
    flip = np.full(len(routed), np.nan)
    for row in rewritten or []:
        if row.query_id in place_of:
            flip[place_of[row.query_id]] = row.prediction != routed[place_of[row.query_id]].prediction
    pool, pool_score, pool_cost = _pool(predictions, place_of, judge, costs)
    return Rows(
        strata=np.array([number[task_of(row.query_id)] for row in routed]),
        score=_scores(routed, judge),
        cost_usd=costs.of(routed),
        valid=np.array([row.valid for row in routed]),
        similar=np.array([judge.metric(row.query_id) == "meteor_score" for row in routed]),
        flip=flip,
        pool=pool,
        pool_score=pool_score,
        pool_cost_usd=pool_cost,
    )


def _scores(rows: list[Prediction], judge: Judge) -> Floats:
    return np.array([np.nan if score is None else score for score in map(judge.score, rows)])


def _pool(
    predictions: list[Prediction], place_of: dict[str, int], judge: Judge, costs: _Costs
) -> tuple[np.ndarray[Any, np.dtype[np.int64]], Floats, Floats]:
    """The other models' rows as (queries × models) matrices; failed calls stay NaN: they cannot be optimal."""
    others = [row for row in predictions if row.for_optimality and row.query_id in place_of]
    queries = sorted({place_of[row.query_id] for row in others})
    models = {model: column for column, model in enumerate(sorted({row.prediction for row in others}))}
    line = {place: number for number, place in enumerate(queries)}
    score, cost = (np.full((len(queries), len(models)), np.nan) for _ in range(2))
    valid = [row for row in others if row.valid]
    at = tuple(
        np.array([(line[place_of[row.query_id]], models[row.prediction]) for row in valid], int).reshape(-1, 2).T
    )
    score[at], cost[at] = _scores(valid, judge), costs.of(valid)
    return np.array(queries, dtype=np.int64), score, cost


def _scorecard(scores: Scores, rows: Rows, rules: Profile, judge: Judge, costs: _Costs) -> dict[str, Any]:
    why_cost = _why_no_cost(costs)
    why_pool = "no rows of the other models (for_optimality) in the file"
    ungraded = int(np.isnan(rows.score).sum())

    def shown(name: str, why: str) -> dict[str, Any]:
        return _metric(scores.overall[name], why)

    card: dict[str, Any] = {
        "accuracy": shown("accuracy", "no row could be graded"),
        "similarity": shown("similarity", "no free-text rows are kept apart"),
        "cost_per_1k_usd": shown("cost_per_1k_usd", why_cost),
        "arena_score": shown("arena_score", why_cost),
        **{name: _metric(np.full(3, np.nan), why) for name, why in _UNKNOWN.items()},
        "optimality": {
            "selection": shown("selection", why_pool),
            "cost": shown("optimal_cost", why_pool),
            "accuracy": shown("optimal_accuracy", why_pool),
        },
        "decision_latency_ms": {"p50": None, "p99": None, "why": "a prediction file holds no timings"},
        "rank": {"low": None, "high": None, "why": "one router has no rank"},
        "abnormal": int((~rows.valid).sum()),
        "scored_by": dict(sorted(judge.sources.items())),
        "ungraded": {"rows": ungraded, "why": dict(sorted(judge.why.items()))},
        "unpriced": dict(sorted(costs.unpriced.items())),
    }
    if rules.similarity_counts:
        card["similarity"]["why"] = "this profile averages it into the accuracy"
    return card


def _steadiness(scores: Scores, rows: Rows, routed: list[Prediction], rules: Profile, seed: int) -> dict[str, Any]:
    """Robustness by the profile's definition, always beside the selectivity."""
    pick = np.unique([row.prediction for row in routed], return_inverse=True)[1]
    fields = steadiness(pick, {"kept": rows.flip}, seed)
    if rules.raw_robustness:
        fields["robustness"] = _metric(scores.overall["robustness"], "no robustness file")
    return fields


def _why_no_cost(costs: _Costs) -> str:
    if costs.prices is None:
        return "no costs in the file and no prices"
    if costs.unpriced:
        return f"no price for {', '.join(sorted(costs.unpriced))}"
    return "the cost is zero"


def _slices(scores: Scores, rows: Rows, tasks: list[str]) -> dict[str, Any]:
    sizes = np.bincount(rows.strata)
    return {
        task: {"queries": int(sizes[place])}
        | {
            name: _metric(scores.by_stratum[name][:, place], "nothing graded or priced here", sizes[place] > 1)
            for name in ("accuracy", "similarity", "cost_per_1k_usd")
        }
        for place, task in enumerate(tasks)
    }


def _metric(band: Floats, why: str, spread: bool = True) -> dict[str, Any]:
    value, low, high = (None if np.isnan(edge) else float(edge) for edge in band)
    if value is None:
        return {"value": None, "low": None, "high": None, "why": why}
    if not spread:
        return {"value": value, "low": None, "high": None, "why": "one row has no spread"}
    return {"value": value, "low": low, "high": high}
