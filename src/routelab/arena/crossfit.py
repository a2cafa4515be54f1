"""Fit every candidate on every training set and record what it does on the rows held out. Grades nothing.

The dial of the equal-quality and equal-cost points is chosen inside each training set, on inner folds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from routelab.arena.candidates import Candidate, arm_indices
from routelab.arena.dial import Target, unseen_picks
from routelab.arena.folds import Fit, Schedule, inner_folds
from routelab.arena.problem import Problem
from routelab.core.decisions import Decisions, Floats, Ints
from routelab.core.errors import InputError
from routelab.core.seeds import derive, stream
from routelab.encode import QueryBatch
from routelab.outcomes import Dense
from routelab.router import Router, best_single

_ODDS = np.geomspace(1e-2, 1e3, 21)
DIALS = np.concatenate([[0.0], _ODDS / (1 + _ODDS), [1.0]])
"""Positions of the dial at which curves are drawn: as fine near lowest cost as near best quality, since an arm's price
may be a thousandth of another's."""
EQUAL_QUALITY_MARGIN = 0.005
MARGINS = (EQUAL_QUALITY_MARGIN, 0.01, 0.015)
WORKERS = 8

Progress = Callable[[int, int, str], None]


@dataclass
class Trace:
    """What one candidate did, over R repeats and m judged rows. Arm indices are the problem's.

    ``equal_quality`` (Q, R, m), one for each margin of quality, and ``equal_cost`` are picks at the dial chosen on
    the training side; ``curve`` is (R, G, m) picks over ``DIALS``; ``predicted`` is the predicted score of the picked
    arm, NaN where none; ``fit_s`` are the seconds of each fit; ``first`` is the router as fitted on the first
    training set, ``answers`` the (picks, overhead) on all rows of one that cannot be fitted and is therefore asked
    only once.
    """

    candidate: Candidate
    pick: Ints
    equal_quality: Ints
    equal_cost: Ints
    predicted: Floats
    overhead_usd: Floats
    curve: Ints | None = None
    fit_s: list[float] = field(default_factory=list)
    first: Any = None
    answers: tuple[Ints, Floats] | None = None

    @classmethod
    def empty(cls, candidate: Candidate, repeats: int, rows: int, dials: int, margins: int) -> Trace:
        shape = (repeats, rows)
        return cls(
            candidate,
            np.zeros(shape, np.int64),
            np.zeros((margins, *shape), np.int64),
            np.zeros(shape, np.int64),
            np.full(shape, np.nan),
            np.zeros(shape),
            np.zeros((repeats, dials, rows), np.int64) if dials else None,
        )


def run(
    problem: Problem,
    plan: Schedule,
    candidates: Sequence[Candidate],
    *,
    seed: int,
    margins: Sequence[float] = (EQUAL_QUALITY_MARGIN,),
    choose_dials: bool = True,
    progress: Progress | None = None,
) -> list[Trace]:
    """Fit and route everything; one trace a candidate, in their order. Fits run side by side; each has its own seed.

    Without ``choose_dials`` the equal-quality and equal-cost points stay at the router's own dial.
    """
    nested = choose_dials and plan.protocol != "in-sample"
    m = len(plan.judged)
    dials = {c.name: len(DIALS) if isinstance(c.make(seed), Router) else 0 for c in candidates}
    traces = [Trace.empty(candidate, plan.repeats, m, dials[candidate.name], len(margins)) for candidate in candidates]
    place = np.full(len(problem), -1, np.int64)
    place[plan.judged] = np.arange(m)

    def judge(fit: Fit) -> Fit:
        _judge(problem, fit, traces, place[fit.test], seed=seed, margins=margins, nested=nested)
        return fit

    def tell(done: int, fit: Fit) -> None:
        if progress is not None:
            progress(done, len(plan.fits), f"repeat {fit.repeat + 1}, fold {fit.fold + 1}")

    tell(1, judge(plan.fits[0]))  # alone: it fills the caches and keeps what is kept of the first fit only
    with ThreadPoolExecutor(min(WORKERS, len(os.sched_getaffinity(0)))) as pool:
        waiting = [pool.submit(judge, fit) for fit in plan.fits[1:]]
        try:
            for done, finished in enumerate(as_completed(waiting), start=2):
                tell(done, finished.result())
        finally:
            pool.shutdown(cancel_futures=True)
    return traces


def _judge(
    problem: Problem, fit: Fit, traces: list[Trace], rows: Ints, *, seed: int, margins: Sequence[float], nested: bool
) -> None:
    fold_seed = derive(seed, "fit", fit.repeat, fit.fold)
    train, test = problem.batch.take(fit.train), problem.batch.take(fit.test)
    known = problem.outcomes.rows(fit.train)
    chosen = _chosen_dials(problem, fit, traces, fold_seed, margins) if nested else {}
    for trace in traces:
        candidate = trace.candidate
        router = candidate.make(fold_seed)
        if candidate.fit == "cross":
            started = time.perf_counter()
            router.fit(train, _shuffle(problem, fit.train, fold_seed) if candidate.shuffled else known)
            trace.fit_s.append(time.perf_counter() - started)
        trace.first = trace.first or router
        r = fit.repeat
        if not isinstance(router, Router):
            if candidate.fit == "cross":
                picks, overhead = _ask(router, candidate, problem, test)
            else:
                trace.answers = trace.answers or _ask(router, candidate, problem, problem.batch)
                picks, overhead = trace.answers[0][fit.test], trace.answers[1][fit.test]
            trace.pick[r, rows] = trace.equal_quality[:, r, rows] = trace.equal_cost[r, rows] = picks
            trace.overhead_usd[r, rows] = overhead
            continue
        arms = _arm_map(router, problem)
        estimate = router.estimate(test)
        pick = router.decide(estimate, router.recipe.dial).pick
        curve = np.stack([router.decide(estimate, dial).pick for dial in DIALS])
        trace.pick[r, rows] = arms[pick]
        trace.predicted[r, rows] = estimate.mean[np.arange(len(pick)), pick]
        assert trace.curve is not None
        trace.curve[r][:, rows] = arms[curve]
        points = chosen.get(candidate.name)
        trace.equal_quality[:, r, rows] = arms[curve[points[1:]] if points else pick]
        trace.equal_cost[r, rows] = arms[curve[points[0]] if points else pick]


def _ask(router: Any, candidate: Candidate, problem: Problem, batch: QueryBatch) -> tuple[Ints, Floats]:
    answer = router.route(batch)
    picks = np.array(arm_indices(answer, problem.arms, batch, candidate.name), np.int64)
    overhead = answer.overhead_usd if isinstance(answer, Decisions) else np.zeros(len(picks))
    return picks, overhead


def _arm_map(router: Router, problem: Problem) -> Ints:
    """The router's arm order (sorted by name) in the problem's indices; an artifact of another pool is refused."""
    strange = sorted(set(router.arms_) - set(problem.arms))
    if strange:
        raise InputError(
            f"router {router.name!r}",
            expected="a router fitted on arms of this table",
            got=f"arms it does not have: {', '.join(strange[:3])}",
            fix="judge it on a table of its own pool",
        )
    return np.array([problem.arms.index(arm) for arm in router.arms_], np.int64)


def _shuffle(problem: Problem, train: Ints, seed: int) -> Dense:
    """Outcome rows permuted across queries of one task: what is left is what the task alone tells."""
    permuted = train.copy()
    rng = stream(seed, "shuffle")
    for stratum in np.unique(problem.strata[train]):
        inside = np.flatnonzero(problem.strata[train] == stratum)
        permuted[inside] = train[rng.permutation(inside)]
    return problem.outcomes.rows(permuted)


def _chosen_dials(
    problem: Problem, fit: Fit, traces: list[Trace], seed: int, margins: Sequence[float]
) -> dict[str, list[int]]:
    """Every learner's positions on the dial, chosen on inner folds of the training set: what does best at no more
    than best single's cost, then what keeps best single minus each margin at low cost."""
    learners = [t.candidate for t in traces if t.curve is not None and t.candidate.fit == "cross"]
    learners = [candidate for candidate in learners if not candidate.shuffled]
    rows, pairs = fit.train, list(inner_folds(problem, fit.train, seed=seed))
    picks = unseen_picks(problem, learners, pairs, DIALS, seed)[:, :, rows]
    score, cost = problem.score[rows, picks], problem.cost[rows, picks]
    single = np.zeros(len(problem), np.int64)
    for inside, held in pairs:
        single[held] = best_single(problem.score[inside], problem.cost[inside], problem.arms)
    reference = problem.score[rows, single[rows]]
    cap = Target(text="cost<=best", max_cost_usd=float(problem.cost[rows, single[rows]].mean()))
    targets = [cap, *(Target(text="quality>=best", margin=margin) for margin in margins)]
    return {
        candidate.name: [target.choose(score[[c]], cost[[c]], reference)[1] for target in targets]
        for c, candidate in enumerate(learners)
    }
