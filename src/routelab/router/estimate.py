"""``Estimate``: what an estimator says of every arm for every query, and the contract estimators keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from routelab.core.decisions import Floats, Ints
from routelab.encode import QueryBatch
from routelab.encode.encoders import Matrix


@dataclass(frozen=True)
class Estimate:
    """(n, K) arrays. ``gap_se`` is the standard error of ``mean − mean[:, fallback]``, paired where possible.

    ``fallback`` is the best single arm of the training queries; ``cost`` is in USD, all zero where unknown;
    ``cost_scale`` is the mean cost of the dearest arm, which makes dials comparable across pools. ``luck`` (n,) in
    [0, 1) decides who explores; None where nobody does.
    """

    mean: Floats
    se: Floats
    gap_se: Floats
    cost: Floats
    fallback: int
    cost_scale: float
    luck: Floats | None = None

    def __len__(self) -> int:
        return len(self.mean)

    def take(self, rows: Ints) -> Estimate:
        """The estimates of some queries."""
        luck = None if self.luck is None else self.luck[rows]
        mean, se, gap_se, cost = self.mean[rows], self.se[rows], self.gap_se[rows], self.cost[rows]
        return Estimate(mean, se, gap_se, cost, self.fallback, self.cost_scale, luck)


@dataclass(frozen=True)
class Training:
    """What an estimator is fitted on. ``score`` and ``cost`` are (n, K), NaN where unknown.

    ``edges`` are the columns at which each view of the text begins, and the end: (views + 1,).
    """

    features: Matrix
    batch: QueryBatch
    arms: tuple[str, ...]
    score: Floats
    cost: Floats
    fallback: int
    seed: int
    edges: tuple[int, ...]


@dataclass(frozen=True)
class Newcomer:
    """An arm that joins a fitted estimator: its scores (m,) on some queries, and the column that it takes.

    ``fallback`` is the fallback's column once the newcomer stands in its place.
    """

    features: Matrix
    batch: QueryBatch
    score: Floats
    place: int
    fallback: int
    seed: int


class Estimator(Protocol):
    """scikit-learn manners: parameters in the constructor, ``fit`` returns self, learned attributes end in _.

    ``predict`` returns mean, standard error and gap standard error, each (n, K). It never picks an arm.
    ``add_arm`` learns one more arm and nothing else: what was predicted of the others stays bit for bit.
    """

    def fit(self, training: Training) -> Self: ...

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]: ...

    def add_arm(self, newcomer: Newcomer) -> Self: ...


def column_means(values: Floats) -> Floats:
    """Mean of each column over its known cells; zero for a column nobody knows."""
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    return np.asarray(np.where(known, values, 0.0).sum(axis=0) / np.maximum(counts, 1), float)


def best_single(score: Floats, cost: Floats, arms: tuple[str, ...]) -> int:
    """The arm with the highest mean score; ties go to the cheaper, then to the first by name."""
    means, costs = column_means(score), column_means(cost)
    order = sorted(range(len(arms)), key=lambda j: (-round(float(means[j]), 12), float(costs[j]), arms[j]))
    return order[0]
