"""The estimator that looks at nothing."""

from __future__ import annotations

import msgspec
import numpy as np

from routelab.core.decisions import Floats
from routelab.encode.encoders import Matrix
from routelab.router.estimate import Training, column_means


class Constant(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="constant"):
    """Every query gets each arm's training mean."""

    def fit(self, training: Training) -> Constant:
        gap = training.score - training.score[:, [training.fallback]]
        self.mean_ = column_means(training.score)
        self.se_ = _standard_error(training.score)
        self.gap_se_ = _standard_error(gap)
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        shape = (len(features), len(self.mean_))
        return tuple(np.broadcast_to(row, shape) for row in (self.mean_, self.se_, self.gap_se_))  # type: ignore[return-value]


def _standard_error(values: Floats) -> Floats:
    count = np.maximum((~np.isnan(values)).sum(axis=0), 1)
    centred = np.where(np.isnan(values), 0.0, values - column_means(values))
    return np.asarray(np.sqrt((centred**2).sum(axis=0) / count / count), float)
