"""``calibrate``: turn the dial until a target is kept, check that on rows nobody chose by, freeze the result.

Within each calibration part the router (where several are offered) and its dial are chosen on cross-fitted
predictions; the held-out part then shows what that choice is worth. Parts are stratified by task, keep copies
of a prompt together, and each is held out once per repeat, so that every row checks a choice it had no part in.
What is shipped is chosen by the same rule on all rows and fitted on all rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from routelab.arena.baselines import cost_matched_mix, hull_vertices
from routelab.arena.candidates import Candidate, resolve
from routelab.arena.crossfit import DIALS, Progress
from routelab.arena.dial import PER_1K, ROUNDING, Pair, Target, fitted, picks, unseen_picks
from routelab.arena.folds import Fit, Schedule, inner_folds, schedule
from routelab.arena.problem import Problem, prepare, refuse_evaluation_only
from routelab.arena.statistics import CONFIDENCE, Draws, interval, joint_draws, number
from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError, nearest
from routelab.core.seeds import derive, stream
from routelab.core.threads import single_threaded
from routelab.outcomes import OutcomeTable
from routelab.router import Router, artifact_hash, best_single

Z95 = 1.959963985
FIELDS = ("score", "cost", "reference_score", "reference_cost", "mixed_score")


@dataclass(frozen=True)
class Calibration:
    """``router`` is fitted and stands at its dial, ready for ``save_artifact``; ``data`` is the JSON report."""

    router: Router
    data: dict[str, Any]


@dataclass(frozen=True)
class _Choice:
    """A candidate and a position of its dial, with what the calibration rows promise of it."""

    candidate: Candidate
    dial: float
    reached: bool
    score: Floats
    cost: Floats
    reference_score: Floats
    reference_cost: Floats


@single_threaded
def calibrate(
    routers: Any | Sequence[Any],
    table: OutcomeTable,
    target: str | Target,
    *,
    current: str | None = None,
    seed: int = 0,
    folds: int = 5,
    repeats: int = 3,
    draws: int = 1000,
    doubt: dict[str, float] | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """Calibrate one router, or the best of several, to ``target`` (see ``arena.dial``).

    ``current`` is the arm that ``current`` stands for in a target. ``doubt`` is a standard error of each arm's
    mean score beyond these rows (of a judge's correction); it widens the quality difference. Raises InputError
    for a table without costs, a target that is none and a router without a dial.
    """
    wanted = target if isinstance(target, Target) else Target.parse(target)
    given = [routers] if isinstance(routers, str) or not isinstance(routers, Sequence) else list(routers)
    candidates = [resolve(router) for router in given]
    refuse_evaluation_only(table)
    problem = prepare(table)
    _refuse_unfit(problem, wanted, current)
    plan = schedule(problem, "cross-fit", folds=folds, repeats=repeats, seed=seed)
    values, picked = np.zeros((plan.repeats, len(problem), len(FIELDS))), np.zeros_like(plan.fold_of)
    choices: list[_Choice] = []
    covered = 0
    for done, fit in enumerate(plan.fits):
        if progress is not None:
            progress(done, len(plan.fits), f"repeat {fit.repeat + 1}, part {fit.fold + 1}")
        choice = _choose(problem, candidates, fit.train, wanted, current, derive(seed, fit.repeat, fit.fold))
        picked[fit.repeat, fit.test], values[fit.repeat, fit.test] = _applied(problem, fit, choice, current, seed)
        covered += _kept_promise(choice, values[fit.repeat, fit.test])
        choices.append(choice)
    final = _choose(problem, candidates, np.arange(len(problem)), wanted, current, seed)
    router = _frozen(problem, final, seed)
    joint = _draws(problem, plan, values, draws, seed)
    extra = _judge_noise(problem, picked, current, doubt or {}, draws, seed)
    data = {
        "table": {"name": problem.name, "hash": problem.table_hash, "queries": len(problem)},
        "target": wanted.text,
        "reference": wanted.reference if current is None or wanted.reference == "best" else current,
        "router": final.candidate.name,
        "dial": number(final.dial),
        "dial_interval": _steadiness(choices, final),
        "reached": final.reached,
        "expected": {
            "delta": number(final.score.mean() - final.reference_score.mean()),
            "saving": number(1 - final.cost.mean() / max(final.reference_cost.mean(), 1e-30)),
        },
        "held_out": _held_out(wanted, joint, extra),
        "parts": len(plan.fits),
        "coverage": number(covered / len(plan.fits)),
        "choices": _tally(choices),
        "artifact_hash": artifact_hash(router),
        "recipe_hash": router.recipe.hash,
        "confidence": CONFIDENCE,
        "seed": seed,
        "notes": list(problem.notes),
    }  # fmt: skip
    return Calibration(router, data)


def _refuse_unfit(problem: Problem, target: Target, current: str | None) -> None:
    if not problem.priced:
        raise InputError(
            f"table {problem.name!r}",
            expected="a cost for every call, to trade quality against",
            got="unknown costs",
            fix="re-price the table, or collect with prices",
        )
    if target.reference == "current" and current is None:
        raise InputError(
            f"target {target.text}", expected="a current arm", got="none", fix="name it with --current ARM"
        )
    if current is not None and current not in problem.arms:
        raise InputError(
            "current", expected="an arm of the table", got=repr(current), fix=nearest(current, problem.arms)
        )


def _reference(problem: Problem, rows: Ints, current: str | None) -> int:
    if current is not None:
        return problem.arms.index(current)
    return best_single(problem.score[rows], problem.cost[rows], problem.arms)


def _choose(
    problem: Problem, candidates: list[Candidate], rows: Ints, target: Target, current: str | None, seed: int
) -> _Choice:
    """Choose by what candidates do on rows of the calibration part that they were not fitted on."""
    pairs: list[Pair] = list(inner_folds(problem, rows, seed=seed))
    chosen = unseen_picks(problem, candidates, pairs, DIALS, seed)[:, :, rows]
    reference = np.zeros(len(problem), np.int64)
    named = current if target.reference == "current" else None
    for inside, held in pairs:
        reference[held] = _reference(problem, inside, named)
    score, cost = problem.score[rows, chosen], problem.cost[rows, chosen]
    beside = problem.score[rows, reference[rows]], problem.cost[rows, reference[rows]]
    c, g, reached = target.choose(score, cost, beside[0])
    return _Choice(candidates[c], float(DIALS[g]), reached, score[c, g], cost[c, g], *beside)


def _applied(problem: Problem, fit: Fit, choice: _Choice, current: str | None, seed: int) -> tuple[Ints, Floats]:
    """Picks (m,) and row values (m, FIELDS) of a choice on the held-out part."""
    train, test = problem.batch.take(fit.train), problem.batch.take(fit.test)
    router = fitted(problem, choice.candidate, fit.train, train, derive(seed, "fit", fit.repeat, fit.fold))
    pick = picks(router, test, [choice.dial])[0]
    beside = _reference(problem, fit.train, current)
    cost = problem.cost[fit.test, pick]
    hull = hull_vertices(problem.score[fit.train], problem.cost[fit.train])
    columns = (
        problem.score[fit.test, pick],
        cost,
        problem.score[fit.test, beside],
        problem.cost[fit.test, beside],
        cost_matched_mix(problem, fit, hull, float(cost.mean()))[0],
    )
    return pick, np.stack(columns, axis=1)


def _kept_promise(choice: _Choice, held: Floats) -> bool:
    """Whether the held-out quality difference lies in the 95 % prediction interval of the calibration part."""
    promised, seen = choice.score - choice.reference_score, held[:, 0] - held[:, 2]
    error = np.sqrt(promised.var() / len(promised) + seen.var() / len(seen))
    return bool(abs(promised.mean() - seen.mean()) <= Z95 * error + 1e-12)


def _frozen(problem: Problem, choice: _Choice, seed: int) -> Router:
    recipe = msgspec.structs.replace(choice.candidate.make(seed).recipe, dial=choice.dial)
    return Router(recipe, seed=seed).fit(problem.batch, problem.outcomes)


def _draws(problem: Problem, plan: Schedule, values: Floats, draws: int, seed: int) -> Draws:
    return joint_draws(
        [("held", field) for field in FIELDS],
        values,
        problem.strata,
        problem.groups,
        plan.fold_of,
        overlap=plan.overlap,
        averaging=plan.averaging,
        prior=plan.prior,
        draws=draws,
        seed=seed,
    )


def _judge_noise(
    problem: Problem, picked: Ints, current: str | None, doubt: dict[str, float], draws: int, seed: int
) -> Floats:
    """(1 + B,) draws of what the doubt about arms' means adds to the difference; arms are independent."""
    share = np.bincount(picked.ravel(), minlength=len(problem.arms)) / picked.size
    share[_reference(problem, np.arange(len(problem)), current)] -= 1.0
    errors = np.array([doubt.get(arm, 0.0) for arm in problem.arms])
    noise = stream(seed, "judge").standard_normal((draws, len(problem.arms))) @ (share * errors)
    return np.concatenate([[0.0], noise])


def _held_out(target: Target, joint: Draws, extra: Floats) -> dict[str, Any]:
    score, cost, reference, reference_cost, mixed = (joint.of("held", field) for field in FIELDS)
    surplus = joint.complete(target.surplus(score, cost, reference)) + (extra if target.max_cost_usd is None else 0.0)
    shown = {
        "accuracy": score,
        "cost_per_1k_usd": PER_1K * cost,
        "reference_accuracy": reference,
        "saving": 1 - cost / np.maximum(reference_cost, 1e-30),
        "delta_vs_mixing": score - mixed,
    }
    return {name: interval(joint.complete(values)) for name, values in shown.items()} | {
        "delta": interval(joint.complete(score - reference) + extra),
        "reach_probability": number((surplus[1:] >= -ROUNDING).mean()),
    }


def _steadiness(choices: list[_Choice], final: _Choice) -> dict[str, float | None]:
    """Between which dials the parts chose for the router that is shipped: the middle 95 % of them."""
    dials = [choice.dial for choice in choices if choice.candidate is final.candidate] or [final.dial]
    low, high = np.quantile(dials, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return {"value": number(final.dial), "low": number(low), "high": number(high)}


def _tally(choices: list[_Choice]) -> list[dict[str, Any]]:
    counts = Counter((choice.candidate.name, choice.dial) for choice in choices)
    return [
        {"router": name, "dial": number(dial), "parts": parts}
        for (name, dial), parts in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
