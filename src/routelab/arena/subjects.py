"""Row values of everything that is judged, and the named columns whose means all metrics are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from routelab.arena import baselines
from routelab.arena.crossfit import DIALS, Trace
from routelab.arena.folds import Fit, Schedule
from routelab.arena.problem import Problem
from routelab.core.decisions import Floats, Ints

PERFECT = 1.0 - 1e-9


@dataclass
class Subject:
    """One router or baseline over R repeats and m judged rows; every array is (R, m) unless said.

    ``matched`` is the score of random mixing at this subject's cost, ``mixes`` the scores and costs (G, R, m) of
    random mixing at falling costs, for the hull itself.
    """

    name: str
    description: str
    baseline: bool
    score: Floats
    cost: Floats
    pick: Ints | None
    matched: Floats | None = None
    mixes: tuple[Floats, Floats] | None = None
    trace: Trace | None = None


def subjects(problem: Problem, plan: Schedule, traces: Sequence[Trace], *, bill_overhead: bool = True) -> list[Subject]:
    """Routers first, then the baselines in the order of the documentation, the hull last.

    ``bill_overhead`` adds what a router says its own decisions cost.
    """
    for trace in traces:
        trace.overhead_usd = trace.overhead_usd * bill_overhead
    routers = [_of_trace(problem, plan, trace) for trace in traces if not trace.candidate.baseline]
    learned = {t.candidate.name: _of_trace(problem, plan, t) for t in traces if t.candidate.baseline}
    return beside_baselines(problem, plan, routers, learned)


def beside_baselines(
    problem: Problem, plan: Schedule, routers: list[Subject], learned: dict[str, Subject]
) -> list[Subject]:
    """The routers, then every baseline, the hull last; each with random mixing at its cost where there are costs."""
    plain = {name: fixed_policy(problem, plan, name) for name in baselines.PLAIN}
    everything = routers + [(plain | learned)[name] for name in baselines.ORDER if name in plain or name in learned]
    if problem.priced:
        mixing = Mixing(problem, plan)
        for subject in everything:
            subject.matched = mixing.at(subject.cost)[0]
        target = routers[0] if routers else (plain | learned).get("knn", plain["best-single"])
        score, cost = mixing.at(target.cost)
        description = f"random mixing of single arms at the cost of {target.name}"
        everything.append(Subject("hull", description, True, score, cost, None, mixes=mixing.everywhere()))
    return everything


def _of_trace(problem: Problem, plan: Schedule, trace: Trace) -> Subject:
    rows = plan.judged[None, :]
    candidate = trace.candidate
    return Subject(
        candidate.name,
        candidate.description,
        candidate.baseline,
        problem.score[rows, trace.pick],
        problem.cost[rows, trace.pick] + trace.overhead_usd,
        trace.pick,
        trace=trace,
    )


def fixed_policy(problem: Problem, plan: Schedule, name: str) -> Subject:
    shape = (plan.repeats, len(plan.judged))
    score, cost, pick = np.zeros(shape), np.zeros(shape), np.zeros(shape, np.int64)
    picks = True
    for fit, rows in _places(problem, plan):
        values = baselines.fixed(name, problem, fit)
        score[fit.repeat, rows], cost[fit.repeat, rows] = values.score, values.cost
        picks = values.pick is not None
        pick[fit.repeat, rows] = values.pick if values.pick is not None else 0
    return Subject(name, baselines.PLAIN[name], True, score, cost, pick if picks else None)


class Mixing:
    """Random mixing of single arms, fold by fold; the arms of each fold's hull are found once, on its training rows."""

    def __init__(self, problem: Problem, plan: Schedule) -> None:
        self.problem, self.plan = problem, plan
        self.folds = [
            (fit, rows, baselines.hull_vertices(problem.score[fit.train], problem.cost[fit.train]))
            for fit, rows in _places(problem, plan)
        ]

    def at(self, target: Floats) -> tuple[Floats, Floats]:
        """(R, m) scores and costs of mixing at the mean cost of ``target`` in each fold."""
        score, cost = np.zeros(target.shape), np.zeros(target.shape)
        for fit, rows, hull in self.folds:
            mixed = baselines.cost_matched_mix(self.problem, fit, hull, float(target[fit.repeat, rows].mean()))
            score[fit.repeat, rows], cost[fit.repeat, rows] = mixed
        return score, cost

    def everywhere(self) -> tuple[Floats, Floats]:
        """Scores and costs (G, R, m), from the dearest arm's mean cost down to the cheapest's."""
        means = self.problem.cost[self.plan.judged].mean(axis=0)
        budgets = np.geomspace(max(means.max(), 1e-12), max(means.min(), 1e-12), len(DIALS))
        shape = (self.plan.repeats, len(self.plan.judged))
        score, cost = zip(*(self.at(np.full(shape, budget)) for budget in budgets))
        return np.stack(score), np.stack(cost)


def _places(problem: Problem, plan: Schedule) -> Iterator[tuple[Fit, Ints]]:
    place = np.full(len(problem), -1, np.int64)
    place[plan.judged] = np.arange(len(plan.judged))
    for fit in plan.fits:
        yield fit, place[fit.test]


def columns(problem: Problem, plan: Schedule, judged: Sequence[Subject]) -> tuple[list[tuple[str, str]], Floats]:
    """Names and (R, m, M) float32 row values of every column."""
    rows = plan.judged
    score, cost = problem.score[rows], problem.cost[rows]
    best = baselines.hindsight(score, cost)
    top_score, top_cost = score[np.arange(len(rows)), best], cost[np.arange(len(rows)), best]
    perfect = top_score >= PERFECT
    names: list[tuple[str, str]] = []
    values: list[Floats] = []

    def add(subject: Subject, field: str, array: Any) -> None:
        names.append((subject.name, field))
        values.append(np.broadcast_to(np.asarray(array, np.float32), subject.score.shape))

    for subject in judged:
        add(subject, "score", subject.score)
        add(subject, "cost", subject.cost)
        if subject.matched is not None:
            add(subject, "matched", subject.matched)
        if subject.pick is not None:
            right = perfect & (subject.score >= PERFECT)
            add(subject, "solvable", perfect)
            add(subject, "selected", right & (subject.pick == best))
            add(subject, "right_best_cost", np.where(right, top_cost, 0.0))
            add(subject, "right_cost", np.where(right, subject.cost, 0.0))
            add(subject, "solvable_score", np.where(perfect, subject.score, 0.0))
            favourite = int(np.bincount(subject.pick.ravel(), minlength=len(problem.arms)).argmax())
            add(subject, "favourite", subject.pick == favourite)
            add(subject, "oracle_favourite", np.asarray(best == favourite))
        if subject.trace is not None and subject.trace.curve is not None:
            _add_trace(problem, rows, subject, subject.trace, add)
        if subject.mixes is not None:
            _add_curve(subject, *subject.mixes, add)
    return names, np.stack(values, axis=2)


Add = Callable[[Subject, str, Any], None]


def _add_trace(problem: Problem, rows: Ints, subject: Subject, trace: Trace, add: Add) -> None:
    assert trace.curve is not None
    index = rows[None, :]
    points = {f"equal_quality_{q}": pick for q, pick in enumerate(trace.equal_quality)}
    for field, pick in {**points, "equal_cost": trace.equal_cost}.items():
        add(subject, f"{field}_score", problem.score[index, pick])
        add(subject, f"{field}_cost", problem.cost[index, pick] + trace.overhead_usd)
    if not np.isnan(trace.predicted).any():
        add(subject, "brier", (trace.predicted - subject.score) ** 2)
    picks = trace.curve.swapaxes(0, 1)
    _add_curve(subject, problem.score[index, picks], problem.cost[index, picks] + trace.overhead_usd, add)


def _add_curve(subject: Subject, score: Floats, cost: Floats, add: Add) -> None:
    for field, values in (("curve_score", score), ("curve_cost", cost)):
        for g, each in enumerate(values):
            add(subject, f"{field}:{g}", each)
