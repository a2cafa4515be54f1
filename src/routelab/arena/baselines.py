"""The policies that stand beside every router. Oracles look at the truth and say so in their names.

Each takes the problem and one fit, and gives row values of score and cost, and a pick where there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from routelab.arena.candidates import Candidate, resolve
from routelab.arena.folds import Fit
from routelab.arena.problem import Problem
from routelab.core.decisions import Floats, Ints
from routelab.router import best_single, catalogue

LEARNED = ("length-only", "knn", "shuffled")
PLAIN = {
    "random": "an arm drawn at random for every query (its expectation)",
    "cheapest": "the arm with the lowest mean training cost",
    "best-single": "the arm with the best mean training score; price ties go to the better",
    "task-best": "the best arm of the query's task on training rows (reads the task label)",
    "oracle": "hindsight: the cheapest arm among those with the query's top score",
    "oracle-transferable": "best arm per cell of task × length, estimated on the other folds",
    "oracle-small-pool": "hindsight over three arms chosen greedily on training rows",
}
ORDER = (
    *("random", "cheapest", "best-single", "task-best", *LEARNED),
    *("oracle", "oracle-transferable", "oracle-small-pool"),
)
CELL_MINIMUM = 5
Labels = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Fixed:
    """Row values of one policy on one fit's test rows."""

    score: Floats
    cost: Floats
    pick: Ints | None


def learned_baselines() -> list[Candidate]:
    """length-only and kNN, and kNN on shuffled labels."""
    length, knn = resolve(catalogue.length_only), resolve(catalogue.knn)
    shuffled = replace(
        knn,
        name="shuffled",
        shuffled=True,
        description="kNN fitted on outcomes permuted within each task",
        source="",
    )
    return [replace(candidate, baseline=True) for candidate in (length, knn, shuffled)]


def fixed(name: str, problem: Problem, fit: Fit) -> Fixed:
    """Row values of one of ``PLAIN``."""
    test = fit.test
    if name == "random":
        return Fixed(problem.score[test].mean(axis=1), problem.cost[test].mean(axis=1), None)
    pick = _PICKS[name](problem, fit)
    rows = np.arange(len(test))
    return Fixed(problem.score[test][rows, pick], problem.cost[test][rows, pick], pick)


def _best_single(problem: Problem, fit: Fit) -> Ints:
    best = best_single(problem.score[fit.train], problem.cost[fit.train], problem.arms)
    return np.full(len(fit.test), best, np.int64)


def _cheapest(problem: Problem, fit: Fit) -> Ints:
    cost, score = problem.cost[fit.train].mean(axis=0), problem.score[fit.train].mean(axis=0)
    if problem.costs == "unknown" and not cost.any():
        return _best_single(problem, fit)
    order = sorted(
        range(len(problem.arms)), key=lambda j: (round(float(cost[j]), 15), -float(score[j]), problem.arms[j])
    )
    return np.full(len(fit.test), order[0], np.int64)


def _task_best(problem: Problem, fit: Fit) -> Ints:
    return _by_cell(problem, fit, [np.array([task or "" for task in problem.batch.tasks], object)])


def _transferable(problem: Problem, fit: Fit) -> Ints:
    tasks = np.array([task or "" for task in problem.batch.tasks], object)
    if problem.batch.texts is None:
        return _by_cell(problem, fit, [tasks])
    length = np.array([len(text) for text in problem.batch.texts])
    third = np.searchsorted(np.quantile(length[fit.train], [1 / 3, 2 / 3]), length)
    return _by_cell(problem, fit, [np.array([f"{t}\x1f{q}" for t, q in zip(tasks, third)], object), tasks])


def _by_cell(problem: Problem, fit: Fit, levels: list[Labels]) -> Ints:
    """Best arm of the finest level that has enough training rows, else the best single arm."""
    pick = _best_single(problem, fit)
    for cells in reversed(levels):
        for cell in np.unique(cells[fit.test]):
            inside = fit.train[cells[fit.train] == cell]
            if len(inside) >= CELL_MINIMUM:
                best = best_single(problem.score[inside], problem.cost[inside], problem.arms)
                pick[cells[fit.test] == cell] = best
    return pick


def hindsight(score: Floats, cost: Floats) -> Ints:
    """The cheapest arm among those with each row's top score."""
    top = score >= score.max(axis=1, keepdims=True) - 1e-12
    return np.asarray(np.where(top, cost, np.inf).argmin(axis=1), np.int64)


def _oracle(problem: Problem, fit: Fit) -> Ints:
    return hindsight(problem.score[fit.test], problem.cost[fit.test])


def small_pool(score: Floats, cost: Floats, arms: tuple[str, ...], size: int = 3) -> list[int]:
    """Greedy pool: starts from the best single arm, adds the arm that lifts the hindsight score most."""
    pool = [best_single(score, cost, arms)]
    while len(pool) < min(size, len(arms)):
        reached = score[:, pool].max(axis=1)
        gains = [-1.0 if j in pool else float(np.maximum(reached, score[:, j]).mean()) for j in range(len(arms))]
        pool.append(int(np.argmax(gains)))
    return pool


def _small_pool(problem: Problem, fit: Fit) -> Ints:
    pool = np.array(small_pool(problem.score[fit.train], problem.cost[fit.train], problem.arms))
    return np.asarray(pool[hindsight(problem.score[fit.test][:, pool], problem.cost[fit.test][:, pool])], np.int64)


_PICKS = {
    "cheapest": _cheapest,
    "best-single": _best_single,
    "task-best": _task_best,
    "oracle": _oracle,
    "oracle-transferable": _transferable,
    "oracle-small-pool": _small_pool,
}


def hull_vertices(score: Floats, cost: Floats) -> list[int]:
    """Arms on the non-decreasing upper convex hull of (mean cost, mean score), by rising cost."""
    x, y = cost.mean(axis=0), score.mean(axis=0)
    order = sorted(range(len(x)), key=lambda j: (x[j], -y[j]))
    hull: list[int] = []
    for j in order:
        if hull and y[j] <= y[hull[-1]]:
            continue
        while len(hull) >= 2 and _below(x, y, hull[-2], hull[-1], j):
            hull.pop()
        hull.append(j)
    return hull


def _below(x: Floats, y: Floats, a: int, b: int, c: int) -> bool:
    """Whether b lies on or below the line from a to c."""
    return bool((y[b] - y[a]) * (x[c] - x[a]) <= (y[c] - y[a]) * (x[b] - x[a]))


def cost_matched_mix(problem: Problem, fit: Fit, hull: list[int], target_cost: float) -> tuple[Floats, Floats]:
    """Row scores and costs of random mixing at a given mean cost (RouterBench's hull, arXiv 2403.12031).

    ``hull`` are the arms mixed, chosen on training rows; the weights match ``target_cost`` on the test rows, as far
    as the hull reaches.
    """
    score, cost = problem.score[fit.test][:, hull], problem.cost[fit.test][:, hull]
    means = cost.mean(axis=0)
    if len(hull) == 1 or target_cost <= means[0]:
        return score[:, 0], cost[:, 0]
    upper = min(int(np.searchsorted(means, target_cost)), len(hull) - 1)
    span = means[upper] - means[upper - 1]
    weight = float(np.clip((target_cost - means[upper - 1]) / span, 0, 1)) if span > 0 else 1.0
    mixed = (1 - weight) * score[:, upper - 1] + weight * score[:, upper]
    return mixed, (1 - weight) * cost[:, upper - 1] + weight * cost[:, upper]
