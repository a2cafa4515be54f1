"""The estimator that looks at nothing."""

from __future__ import annotations

import msgspec
import numpy as np

from routelab.core.decisions import Floats
from routelab.encode.encoders import Matrix
from routelab.router.estimate import Newcomer, Training, column_means


class Constant(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="constant"):
    """Every query gets each arm's training mean."""

    def fit(self, training: Training) -> Constant:
        gap = training.score - training.score[:, [training.fallback]]
        self.mean_ = column_means(training.score)
        self.se_ = standard_error(spread(training.score), training.score)
        self.gap_se_ = standard_error(variance(gap), gap)
        return self

    def add_arm(self, newcomer: Newcomer) -> Constant:
        score = newcomer.score[:, None]
        self.mean_ = np.insert(self.mean_, newcomer.place, column_means(score))
        self.se_ = np.insert(self.se_, newcomer.place, standard_error(spread(score), score))
        unpaired = np.hypot(self.se_[newcomer.place], self.se_[newcomer.fallback])
        self.gap_se_ = np.insert(self.gap_se_, newcomer.place, unpaired)
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        shape = (len(features), len(self.mean_))
        return tuple(np.broadcast_to(row, shape) for row in (self.mean_, self.se_, self.gap_se_))  # type: ignore[return-value]


def variance(values: Floats) -> Floats:
    """Variance of each column over its known cells; zero for a column nobody knows."""
    return column_means((values - column_means(values)) ** 2)


def spread(score: Floats) -> Floats:
    """``variance`` with one more query of which nothing is known, so that an arm seen once is not certain."""
    count = (~np.isnan(score)).sum(axis=0)
    return np.asarray((count * variance(score) + 0.25) / (count + 1), float)


def standard_error(spread: Floats, values: Floats) -> Floats:
    """Standard error of each column's mean over its known cells."""
    return np.asarray(np.sqrt(spread / np.maximum((~np.isnan(values)).sum(axis=0), 1)), float)
