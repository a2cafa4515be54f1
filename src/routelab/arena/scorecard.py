"""From joint draws to the rows of the scorecard: each router with all its metrics, ranked and tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from routelab.arena.below import below_others
from routelab.arena.crossfit import DIALS
from routelab.arena.folds import Schedule
from routelab.arena.metrics import (
    Cut,
    aiq,
    apgr,
    arena_score,
    calibration,
    cpt,
    cuts,
    losses,
    pick_entropy,
    recall_at_pick,
    recovered_gap,
    slices,
)
from routelab.arena.problem import Problem
from routelab.arena.statistics import (
    LEVEL,
    UNIT,
    Draws,
    Metric,
    number,
    rank_intervals,
    share,
    step_down,
    undefined,
)
from routelab.arena.subjects import Subject, fixed_policy
from routelab.core.decisions import Floats
from routelab.core.seeds import stream

NO_COST = "costs are unknown in this table"
NOT_A_PICK = "it picks no single arm"
NO_DIAL = "it has no dial"
PER_1K = 1000.0


def rows(
    problem: Problem, plan: Schedule, judged: Sequence[Subject], draws: Draws, *, margins: Sequence[float], seed: int
) -> list[dict[str, Any]]:
    """One dictionary a subject, best first, baselines after the routers."""
    money = problem.priced
    common = Common(cuts(problem, plan.judged), fixed_policy(problem, plan, "best-single").score.mean(axis=0))
    table = [_row(problem, plan, subject, draws, money, margins, common, seed) for subject in judged]
    by_name = {row["name"]: row for row in table}
    ranked = [subject for subject in judged if not subject.baseline]
    _test_families(ranked, draws, by_name, money)
    _distance_to_front(ranked, draws, by_name, money)
    for name, found in below_others(problem, [subject.name for subject in judged], draws).items():
        by_name[name]["below_others"] = found
    if ranked:
        values = np.stack([ranking_value(draws, subject.name, money) for subject in ranked], axis=1)
        low, high = rank_intervals(values, draws)
        for subject, first, last in zip(ranked, low, high):
            by_name[subject.name]["rank"] = {"low": int(first), "high": int(last)}
        place = {subject.name: value for subject, value in zip(ranked, values[0])}
        table.sort(key=lambda row: (row["baseline"], -place.get(row["name"], 0.0) if not row["baseline"] else 0))
    return table


def ranking_value(draws: Draws, name: str, money: bool) -> Floats:
    """What routers are ranked by: the arena score, or accuracy where costs are unknown."""
    score = draws.of(name, "score")
    return arena_score(score, PER_1K * draws.of(name, "cost")) if money else score


@dataclass(frozen=True)
class Common:
    """What every row is held against: how rows are sliced, and (m,) the best single arm's mean score over repeats."""

    by: list[Cut]
    single: Floats


def _row(
    problem: Problem,
    plan: Schedule,
    subject: Subject,
    draws: Draws,
    money: bool,
    margins: Sequence[float],
    common: Common,
    seed: int,
) -> dict[str, Any]:
    name = subject.name
    score, cost = draws.of(name, "score"), draws.of(name, "cost")
    single, single_cost = draws.of("best-single", "score"), draws.of("best-single", "cost")
    candidate = subject.trace.candidate if subject.trace else None
    row: dict[str, Any] = {
        "name": name,
        "baseline": subject.baseline,
        "description": subject.description,
        "recipe_hash": candidate.recipe_hash if candidate else None,
        "artifact_hash": candidate.artifact_hash if candidate else None,
        "fit": candidate.fit if candidate else "cross",
        "rank": None,
        "accuracy": draws.interval(score, bounds=UNIT),
        "cost_per_1k_usd": _money(draws, PER_1K * cost, money),
        "arena_score": _money(draws, arena_score(score, PER_1K * cost), money),
        "delta_vs_best_single": draws.interval(score - single),
        "delta_vs_hull": draws.interval(score - draws.of(name, "matched"))
        if (name, "matched") in draws
        else undefined("it is the hull" if money else NO_COST),
        "regret_vs_best_single": draws.interval(single - score),
        "regret_vs_oracle": draws.interval(draws.of("oracle", "score") - score),
        "regret_vs_oracle_transferable": draws.interval(draws.of("oracle-transferable", "score") - score),
        "regret_vs_oracle_small_pool": draws.interval(draws.of("oracle-small-pool", "score") - score),
        "pgr": _pgr(draws, score, money),
    }
    row |= _operating_points(draws, name, single, single_cost, money, margins)
    row |= _pick_metrics(problem, subject, draws, money)
    row |= _curve_metrics(problem, draws, subject)
    row |= _details(problem, plan, subject, draws, common, seed)
    return row


def _money(draws: Draws, values: Floats, money: bool) -> Metric:
    return draws.interval(values) if money else undefined(NO_COST)


def _pgr(draws: Draws, score: Floats, money: bool) -> Metric:
    weak, strong = draws.of("cheapest", "score"), draws.of("best-single", "score")
    gap = strong - weak
    if gap[0] <= 1e-9:
        return undefined("the cheapest arm is as good as the best single one" if money else NO_COST)
    return draws.interval(np.where(gap > 1e-9, (score - weak) / np.where(gap > 1e-9, gap, 1), np.nan))


def _operating_points(
    draws: Draws, name: str, single: Floats, single_cost: Floats, money: bool, margins: Sequence[float]
) -> dict[str, Any]:
    """Cost at equal quality and quality at equal cost, at dials that were chosen on training rows.

    ``savings`` holds the first of these for every margin, the rest of the row for the first margin.
    """
    if (name, "equal_cost_score") not in draws or not money or not margins:
        none = undefined(NO_COST if not money else NO_DIAL if margins else "no dial was chosen on inner folds")
        keys = ("cost_saving_at_equal_quality", "delta_at_equal_quality", "reach_probability", "quality_at_equal_cost")
        return {**dict.fromkeys(keys, none), "savings": []}
    savings = []
    for q, margin in enumerate(margins):
        reached = draws.of(name, f"equal_quality_{q}_score") - single
        hits = draws.complete(reached)[1:] >= -margin
        probability = float(hits.mean())
        saving = draws.interval(1 - draws.of(name, f"equal_quality_{q}_cost") / np.maximum(single_cost, 1e-30))
        if probability < 0.5:
            saving = undefined(f"best single − {margin * 100:g} pt is reached in {probability:.0%} of the draws only")
        savings.append(
            {
                "margin": margin,
                "cost_saving_at_equal_quality": saving,
                "delta_at_equal_quality": draws.interval(reached),
                "reach_probability": share(int(hits.sum()), len(hits)),
            }
        )
    first = {key: value for key, value in savings[0].items() if key != "margin"}
    equal_cost = draws.interval(draws.of(name, "equal_cost_score") - single)
    return {**first, "quality_at_equal_cost": equal_cost, "savings": savings}


def _pick_metrics(problem: Problem, subject: Subject, draws: Draws, money: bool) -> dict[str, Any]:
    name = subject.name
    if subject.pick is None:
        none = undefined(NOT_A_PICK)
        return {
            "optimality": {"selection": none, "cost": none, "accuracy": none},
            "collapse": none,
            "pick_entropy": none,
            "picks": [],
        }
    solvable = draws.of(name, "solvable")
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = {
            "selection": draws.of(name, "selected") / solvable,
            "cost": draws.of(name, "right_best_cost") / draws.of(name, "right_cost"),
            "accuracy": draws.of(name, "solvable_score") / solvable,
        }
    why = "no query has a perfect answer"
    optimality = {
        key: undefined(NO_COST) if key == "cost" and not money else draws.interval(value, why=why, bounds=UNIT)
        for key, value in parts.items()
    }
    shares = np.bincount(subject.pick.ravel(), minlength=len(problem.arms)) / subject.pick.size
    order = np.argsort(-shares, kind="stable")
    return {
        "optimality": optimality,
        "collapse": draws.interval(draws.of(name, "favourite") - draws.of(name, "oracle_favourite")),
        "pick_entropy": pick_entropy(subject.pick, len(problem.arms)),
        "picks": [{"arm": problem.arms[j], "share": number(shares[j])} for j in order if shares[j] > 0],
    }


def _curve_metrics(problem: Problem, draws: Draws, subject: Subject) -> dict[str, Any]:
    """AIQ, APGR, CPT and the curve itself; cost is in calls to the strong arm for a pair without prices."""
    name = subject.name
    if (name, "curve_score:0") not in draws:
        none = undefined(NO_DIAL)
        return {"aiq": none, "apgr": none, "cpt": {"50": none, "80": none, "95": none}, "curve": []}
    score, cost = draws.stack(name, "curve_score", len(DIALS)), draws.stack(name, "curve_cost", len(DIALS))
    if not problem.cost.any():
        none = undefined(NO_COST)
        return {"aiq": none, "apgr": none, "cpt": {"50": none, "80": none, "95": none}, "curve": []}
    arm_cost = problem.cost.mean(axis=0)
    low, high = (np.full(len(score), float(value)) for value in (arm_cost.min(), arm_cost.max()))
    weak = draws.of("cheapest", "cost"), draws.of("cheapest", "score")
    strong = draws.of("best-single", "cost"), draws.of("best-single", "score")
    part, recovered = recovered_gap(cost, score, weak, strong)
    no_gap = "the cheapest arm is as good as the best single one, or not cheaper"
    return {
        "aiq": draws.interval(aiq(cost, score, low, high), why="all arms cost the same"),
        "apgr": draws.interval(apgr(recovered), why=no_gap),
        "cpt": {
            str(percent): draws.interval(
                cpt(part, recovered, percent / 100),
                why=no_gap if np.isnan(recovered[0]).all() else f"{percent} % of the gap is never recovered",
            )
            for percent in (50, 80, 95)
        },
        "curve": [
            {
                "dial": number(dial),
                "accuracy": draws.interval(score[:, g], bounds=UNIT),
                "cost_per_1k_usd": _money(draws, PER_1K * cost[:, g], problem.priced),
            }
            for g, dial in enumerate(DIALS if subject.trace else ())
        ],
    }


def _details(
    problem: Problem, plan: Schedule, subject: Subject, draws: Draws, common: Common, seed: int
) -> dict[str, Any]:
    name = subject.name
    found: dict[str, Any] = {}
    trace = subject.trace
    if trace is not None and (name, "brier") in draws:
        found["calibration"] = {"brier": draws.interval(draws.of(name, "brier"))} | calibration(
            trace.predicted[0], subject.score[0], draws.weights
        )
    single_rows = problem.score[plan.judged]
    found["recall_at_pick"] = recall_at_pick(single_rows, subject.score[0])
    mean = subject.score.mean(axis=0)
    score = draws.of(name, "score")
    widen = (_widening(draws, score), _widening(draws, score - draws.of("best-single", "score")))
    cost = subject.cost.mean(axis=0) if problem.priced else None
    found["slices"] = slices(common.by, mean, common.single, cost, widen)
    if subject.pick is not None:
        order = stream(seed, "losses").permutation(len(plan.judged))
        found["losses"] = losses(problem, plan.judged, subject.pick[0], order)
    return found


def _widening(draws: Draws, values: Floats) -> float:
    """Total standard error over the row-only one, at least 1."""
    rows_only = float(np.std(values[1 : len(draws.weights)]))
    return max(1.0, float(draws.complete(values)[1:].std()) / rows_only) if rows_only > 1e-12 else 1.0


def _test_families(ranked: Sequence[Subject], draws: Draws, by_name: dict[str, Any], money: bool) -> None:
    """Beats best single? The shuffled control? kNN? Lies above the hull? Each claim is one family over all routers."""
    families: list[tuple[str, Any]] = [("beats_best_single", partial(_surplus, draws, "best-single"))]
    controls = [control for control in ("shuffled", "knn") if (control, "score") in draws]
    families += [(f"beats_{control}", partial(_surplus, draws, control)) for control in controls]
    if money:
        families.append(("above_hull", lambda n: draws.of(n, "score") - draws.of(n, "matched")))
    for key, difference in families:
        if ranked:
            p = step_down(draws.complete(np.stack([difference(subject.name) for subject in ranked], axis=1)))
            for subject, value in zip(ranked, p):
                by_name[subject.name][key] = {"p_adjusted": number(value), "significant": bool(value < LEVEL)}


def _surplus(draws: Draws, control: str, name: str) -> Floats:
    return draws.of(name, "score") - draws.of(control, "score")


def _distance_to_front(ranked: Sequence[Subject], draws: Draws, by_name: dict[str, Any], money: bool) -> None:
    """How far below the best judged router of no higher cost each one lies, in points of score."""
    if not ranked or not money:
        return
    score = np.stack([draws.of(subject.name, "score") for subject in ranked], axis=1)
    cost = np.stack([draws.of(subject.name, "cost") for subject in ranked], axis=1)
    for k, subject in enumerate(ranked):
        affordable = cost <= cost[:, [k]] * (1 + 1e-12)
        front = np.where(affordable, score, -np.inf).max(axis=1)
        by_name[subject.name]["distance_to_front"] = draws.interval(front - score[:, k])
