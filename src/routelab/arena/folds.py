"""Which queries a router is fitted on and which it is judged on. No query is ever in both.

Four protocols: ``cross-fit`` (repeated k folds), ``leave-task-out`` (the same with whole tasks: every query is of a
task that the router never saw), ``split`` (the table's own train and test rows; every repeat trains on a random part
of the train rows, so that training variance can be seen), ``in-sample`` (a diagnostic).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from routelab.arena.problem import Problem
from routelab.core.decisions import Ints
from routelab.core.errors import InputError
from routelab.core.seeds import stream

Protocol = Literal["cross-fit", "leave-task-out", "split", "in-sample"]
TRAIN_PART = 0.8


@dataclass(frozen=True)
class Fit:
    """One training set and the rows it is judged on (indices into the problem)."""

    repeat: int
    fold: int
    train: Ints
    test: Ints


@dataclass(frozen=True)
class Schedule:
    """All fits of a run.

    Attributes:
        judged: (m,) rows that are judged; equal for every repeat.
        fold_of: (repeats, m) which fit of the repeat judged the row.
        overlap: the expected share of one training set that another repeat's has too, None where there is
            but one repeat, so that training variance cannot be estimated.
        averaging: Var(estimate) / Var(one training) of the part of the variance that comes from training.
        prior: Nadeau and Bengio's guess of that part, as a share of the row variance.
    """

    protocol: Protocol
    fits: tuple[Fit, ...]
    judged: Ints
    fold_of: Ints
    overlap: float | None
    averaging: float
    prior: float

    @property
    def repeats(self) -> int:
        return len(self.fold_of)


def default_repeats(n: int) -> int:
    """Five repeats where they are cheap, two on large tables."""
    return 5 if n <= 3_000 else 3 if n <= 8_000 else 2


def schedule(problem: Problem, protocol: Protocol, *, folds: int, repeats: int, seed: int) -> Schedule:
    """Plan the fits. Raises InputError for folds or splits that would leave a side empty."""
    n = len(problem)
    if protocol == "in-sample":
        rows = np.arange(n)
        return Schedule(protocol, (Fit(0, 0, rows, rows),), rows, np.zeros((1, n), np.int64), None, 0.0, 0.0)
    if protocol == "split":
        return _split(problem, repeats, seed)
    whole_tasks = protocol == "leave-task-out"
    dealt, what = (_tasks(problem), "tasks") if whole_tasks else (problem.groups, "distinct prompts")
    most = int(dealt.max()) + 1
    if not 2 <= folds <= most:
        raise InputError("folds", expected=f"2 to {most} (the number of {what})", got=str(folds), fix="use --folds 5")
    deal = _deal_tasks if whole_tasks else _deal
    fold_of = np.stack([deal(problem, folds, stream(seed, "folds", repeat)) for repeat in range(repeats)])
    fits = tuple(
        Fit(repeat, fold, _unseen(problem, fold_of[repeat], fold), np.flatnonzero(fold_of[repeat] == fold))
        for repeat in range(repeats)
        for fold in range(folds)
    )
    share = (folds - 1) / folds
    return Schedule(
        protocol, fits, np.arange(n), fold_of, share if repeats > 1 else None, share, 1 / repeats + 1 / (folds - 1)
    )


def _deal(problem: Problem, folds: int, rng: np.random.Generator) -> Ints:
    """Deal prompt groups to folds like cards, stratum by stratum, in random order."""
    groups, first = np.unique(problem.groups, return_index=True)
    order = np.lexsort((rng.random(len(groups)), problem.strata[first]))
    fold = np.empty(len(groups), np.int64)
    fold[order] = (np.arange(len(groups)) + rng.integers(folds)) % folds
    return fold[problem.groups]


def _deal_tasks(problem: Problem, folds: int, rng: np.random.Generator) -> Ints:
    """Deal whole tasks to folds, the largest first, each to the fold that is smallest so far; equals at random."""
    task_of = _tasks(problem)
    sizes = np.bincount(task_of)
    fold, filled = np.empty(len(sizes), np.int64), np.zeros(folds)
    for task in np.lexsort((rng.random(len(sizes)), -sizes)):
        fold[task] = filled.argmin()
        filled[fold[task]] += sizes[task] * (1 + rng.random() / 10)
    return fold[task_of]


def _tasks(problem: Problem) -> Ints:
    return np.asarray(np.unique([task or "" for task in problem.batch.tasks], return_inverse=True)[1], np.int64)


def _unseen(problem: Problem, fold_of: Ints, fold: int) -> Ints:
    """Training rows of a fold: the rows of the others, but for copies of its prompts."""
    train, held = np.flatnonzero(fold_of != fold), problem.groups[fold_of == fold]
    return train[~np.isin(problem.groups[train], held)]


def _split(problem: Problem, repeats: int, seed: int) -> Schedule:
    sides = problem.labels["split"].fill_null("").to_numpy()
    train = np.flatnonzero(sides == "train")
    test = np.flatnonzero(sides == "test")
    if not len(train) or not len(test):
        values = ", ".join(sorted({str(side) for side in sides if side})) or "none"
        raise InputError(
            "protocol split",
            expected="queries whose split is train and others whose split is test",
            got=f"splits: {values}",
            fix="use --protocol cross-fit",
        )
    train = train[~np.isin(problem.groups[train], problem.groups[test])]
    if not len(train):
        raise InputError(
            "protocol split",
            expected="train prompts that are not test prompts too",
            got="only copies of test prompts",
            fix="use --protocol cross-fit",
        )
    fits = []
    for repeat in range(repeats):
        order = stream(seed, "split", repeat).permutation(len(train))
        part = train[np.sort(order[: max(1, int(TRAIN_PART * len(train)))])] if repeats > 1 else train
        fits.append(Fit(repeat, 0, part, test))
    averaging = TRAIN_PART + (1 - TRAIN_PART) / repeats
    overlap = TRAIN_PART if repeats > 1 else None
    prior = 1 / repeats + len(test) / len(fits[0].train)
    return Schedule("split", tuple(fits), test, np.zeros((repeats, len(test)), np.int64), overlap, averaging, prior)


def inner_folds(problem: Problem, train: Ints, *, seed: int, folds: int = 3) -> Iterator[tuple[Ints, Ints]]:
    """(fit rows, held-out rows) within one training set, for choosing the dial; prompt groups stay together."""
    groups = problem.groups[train]
    names = np.unique(groups)
    folds = min(folds, len(names))
    dealt = np.empty(len(names), np.int64)
    dealt[stream(seed, "inner").permutation(len(names))] = np.arange(len(names)) % folds
    fold = dealt[np.searchsorted(names, groups)]
    for k in range(folds):
        yield train[fold != k], train[fold == k]
