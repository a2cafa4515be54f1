"""``evaluate``: judge some routers on one table, beside every mandatory baseline, with intervals throughout.

Walks the data flow once: table → problem → folds → fit(train) → route(test) → row values → joint draws →
scorecard. No step goes back.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from routelab import __version__
from routelab.arena import baselines
from routelab.arena.candidates import Candidate, resolve
from routelab.arena.crossfit import EQUAL_QUALITY_MARGIN, MARGINS, Progress, run
from routelab.arena.folds import Protocol, Schedule, default_repeats, schedule
from routelab.arena.problem import ATTACKS, MIN_COVERAGE, Problem, prepare
from routelab.arena.result import SCHEMA_VERSION, Result
from routelab.arena.scorecard import ranking_value, rows
from routelab.arena.statistics import CONFIDENCE, Draws, joint_draws, number
from routelab.arena.subjects import Subject, columns, subjects
from routelab.arena.timing import add_timing, robustness
from routelab.arena.transfer import Ranking
from routelab.core.decisions import Ints
from routelab.core.errors import InputError, nearest
from routelab.core.threads import single_threaded
from routelab.outcomes import OutcomeTable

ESTIMANDS = {
    "cross-fit": "mean outcome of the recipe trained on a fresh training set of this size and asked fresh "
    "queries of these tasks in these proportions; test rows and training both vary",
    "leave-task-out": "mean outcome of the recipe trained on other tasks of this table and asked fresh queries of "
    "these, which it never saw; tasks are fixed, test rows and training both vary",
    "split": "mean outcome of the recipe trained on a random 80 % of the table's train rows and asked fresh "
    "queries like its test rows; test rows and training both vary",
    "in-sample": "mean outcome on these very rows, on which the routers were fitted too: no claim",
}
FEWEST_CLUSTERS = 20
NEEDS_POWER = 1.959963985 + 0.841621234


@single_threaded
def evaluate(
    routers: Any | Sequence[Any],
    table: OutcomeTable,
    *,
    protocol: Protocol = "cross-fit",
    folds: int = 5,
    repeats: int | None = None,
    seed: int = 0,
    draws: int = 1000,
    margin: float = EQUAL_QUALITY_MARGIN,
    profile: Literal["default", "routerarena"] = "default",
    min_coverage: float = MIN_COVERAGE,
    exclude: Sequence[str] = ATTACKS,
    cluster: str | None = None,
    timing: bool = True,
    choose_dials: bool = True,
    progress: Progress | None = None,
) -> Result:
    """Judge ``routers`` (names, recipes, files, functions, objects; one or many) on ``table``.

    ``cluster`` names a query column whose values are drawn anew too (wild cluster bootstrap, 20 or more).
    Without ``choose_dials`` nothing is fitted on inner folds, which takes a sixth of the time, and what needs a dial
    chosen there (equal quality, equal cost) is undefined.
    The ``routerarena`` profile leaves the router's own cost out, as RouterArena does; the default bills it.
    Returns a ``Result`` whose ``data`` is the documented JSON contract. Raises RoutelabError for what the
    caller can mend. Same seed, same bytes, measured timings aside.
    """
    given = [routers] if isinstance(routers, str) or not isinstance(routers, Sequence) else list(routers)
    if not 0 <= margin <= 1:
        raise InputError("margin", expected="0 to 100 points", got=f"{100 * margin:g}", fix="use --margin 0.5")
    if not 0 < min_coverage <= 1:
        raise InputError("min-coverage", expected="a share in (0, 1]", got=f"{min_coverage:g}", fix="use 0.985")
    if draws < 100:
        raise InputError("draws", expected="at least 100", got=str(draws), fix="use --draws 1000")
    problem = prepare(table, exclude=tuple(exclude), min_coverage=min_coverage)
    wanted = _unique([resolve(router) for router in given])
    candidates = wanted + [c for c in baselines.learned_baselines() if c.name not in {w.name for w in wanted}]
    skipped = [{"name": c.name, "why": why} for c in candidates if (why := unfit(c, problem))]
    candidates = [c for c in candidates if c.name not in {entry["name"] for entry in skipped}]
    times = repeats if repeats is not None else default_repeats(len(problem))
    if times < 1:
        raise InputError("repeats", expected="at least 1", got=str(times), fix="use --repeats 5")
    plan = schedule(problem, protocol, folds=folds, repeats=times, seed=seed)
    started = time.perf_counter()
    margins = (margin, *(wider for wider in MARGINS if wider != margin)) if choose_dials else ()
    traces = run(problem, plan, candidates, seed=seed, margins=margins, choose_dials=choose_dials, progress=progress)
    judged = subjects(problem, plan, traces, bill_overhead=profile == "default")
    names, values = columns(problem, plan, judged)
    strata, groups = problem.strata[plan.judged], problem.groups[plan.judged]
    joint = joint_draws(
        names,
        values,
        strata,
        groups,
        plan.fold_of,
        overlap=plan.overlap,
        averaging=plan.averaging,
        prior=plan.prior,
        clusters=None if cluster is None else _clusters(problem, plan, cluster),
        draws=draws,
        seed=seed,
    )
    table_rows = rows(problem, plan, judged, joint, margins=margins, seed=seed)
    steady = robustness(problem, plan, judged, seed=seed)
    for row in table_rows:
        row |= steady[row["name"]]
    data = {
        "schema_version": SCHEMA_VERSION,
        "routelab_version": __version__,
        "table": {
            "name": problem.name,
            "queries": len(plan.judged),
            "arms": len(problem.arms),
            "hash": problem.table_hash,
            "arm_ids": list(problem.arms),
            "costs": problem.costs,
        },
        "protocol": protocol,
        "folds": folds if protocol in ("cross-fit", "leave-task-out") else None,
        "repeats": plan.repeats,
        "profile": profile,
        "seed": seed,
        "draws": draws,
        "confidence": CONFIDENCE,
        "estimand": ESTIMANDS[protocol] if cluster is None else f"{ESTIMANDS[protocol]}; {cluster}s are drawn anew too",
        "cluster": cluster,
        "equal_quality_margin": margin,
        "rank_metric": "arena_score" if problem.priced else "accuracy",
        "minimum_detectable_difference": _detectable(judged, joint),
        "notes": _notes(problem, plan),
        "skipped": skipped,
        "arms": arm_rows(problem, plan),
        "hull": hull_rows(problem, plan),
        "routers": table_rows,
    }
    if timing:
        add_timing(data, problem, plan, traces, seconds=time.perf_counter() - started, seed=seed)
    return Result(data, _ranking(problem, judged, joint))


def _ranking(problem: Problem, judged: Sequence[Subject], joint: Draws) -> Ranking | None:
    """The draws behind the ranking of the routers, baselines left out."""
    names = tuple(subject.name for subject in judged if not subject.baseline)
    if not names:
        return None
    money = problem.priced
    values = np.stack([ranking_value(joint, name, money) for name in names], axis=1)
    return Ranking(problem.name, names, joint.complete(values))


def _clusters(problem: Problem, plan: Schedule, column: str) -> Ints:
    """(m,) cluster of each judged row; too few clusters to draw from are refused."""
    if column not in problem.labels.columns:
        fix = nearest(column, problem.labels.columns)
        raise InputError("cluster", expected="a column of the queries", got=repr(column), fix=fix)
    values = problem.labels[column].fill_null("").to_numpy()[plan.judged]
    found, index = np.unique(values.astype(str), return_inverse=True)
    if len(found) < FEWEST_CLUSTERS:
        raise InputError(
            f"cluster {column}",
            expected=f"at least {FEWEST_CLUSTERS} clusters",
            got=str(len(found)),
            fix="leave --cluster out: tasks are fixed strata then",
        )
    return np.asarray(index, np.int64)


def unfit(candidate: Candidate, problem: Problem) -> str | None:
    """Why a candidate cannot be judged on this table, if so."""
    if candidate.fit == "cross" and problem.evaluation_only:
        return "the table is for evaluation only: nothing may be fitted on it; bring a frozen artifact or a function"
    if candidate.fit == "frozen":
        seen = int(np.isin(problem.batch.fingerprints(), candidate.make(0).fitted_on_).sum())
        if seen:
            return f"it was fitted on {seen} of these queries: judge it on others, or judge its recipe"
    if candidate.reads_text and problem.batch.texts is None:
        return "the table has no public prompts"
    return None


def _unique(candidates: list[Candidate]) -> list[Candidate]:
    names = [candidate.name for candidate in candidates]
    reserved = (*baselines.PLAIN, "hull", "shuffled")
    for name in names:
        if names.count(name) > 1:
            raise InputError("routers", expected="distinct names", got=f"{name!r} twice", fix="rename one of them")
        if name in reserved:
            raise InputError(
                "routers",
                expected="a name of its own",
                got=repr(name),
                fix="it is always judged: leave it out or rename",
            )
    return candidates


def _detectable(judged: Sequence[Subject], joint: Any) -> dict[str, float | None]:
    """The smallest true difference to best single that a two-sided 5 % test finds with 80 % power (median router)."""
    found = {}
    for key, difference in (
        ("accuracy", lambda name: joint.of(name, "score") - joint.of("best-single", "score")),
        (
            "rank_metric",
            lambda name: ranking_value(joint, name, True) - ranking_value(joint, "best-single", True),
        ),
    ):
        errors = [
            float(joint.complete(difference(s.name))[1:].std()) for s in judged if not s.baseline or s.name == "knn"
        ]
        errors = [error for error in errors if np.isfinite(error) and error > 0]
        found[key] = number(NEEDS_POWER * float(np.median(errors))) if errors else None
    return found


def _notes(problem: Problem, plan: Schedule) -> list[str]:
    notes = list(problem.notes)
    if plan.overlap is None and plan.protocol != "in-sample":
        notes.append("one repeat: intervals cover test rows only, not training; use --repeats 2 or more")
    if plan.protocol == "in-sample":
        notes.append("in-sample: routers were fitted on the rows they are judged on")
    return notes


def arm_rows(problem: Problem, plan: Schedule) -> list[dict[str, Any]]:
    from routelab.arena.statistics import from_error, undefined

    score, cost = problem.score[plan.judged], problem.cost[plan.judged] * 1000
    root = np.sqrt(max(len(score) - 1, 1))
    money = problem.priced
    return [
        {
            "id": arm,
            "accuracy": from_error(score[:, j].mean(), score[:, j].std() / root),
            "cost_per_1k_usd": from_error(cost[:, j].mean(), cost[:, j].std() / root)
            if money
            else undefined("costs are unknown in this table"),
        }
        for j, arm in enumerate(problem.arms)
    ]


def hull_rows(problem: Problem, plan: Schedule) -> list[dict[str, Any]]:
    if not problem.priced:
        return []
    score, cost = problem.score[plan.judged], problem.cost[plan.judged]
    return [
        {
            "arm": problem.arms[j],
            "cost_per_1k_usd": number(1000 * cost[:, j].mean()),
            "accuracy": number(score[:, j].mean()),
        }
        for j in baselines.hull_vertices(score, cost)
    ]
