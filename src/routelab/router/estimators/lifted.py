"""Ridge regression on lifted features: a kernel's landmarks, a network's hidden units.

What is lifted is learned once; heads, standard errors and newcomers are those of ridge regression.
"""

from __future__ import annotations

import warnings
from typing import Self

import numpy as np

from routelab.core.decisions import Floats
from routelab.core.seeds import stream
from routelab.encode.encoders import Matrix
from routelab.router.estimate import Training, column_means
from routelab.router.estimators.linear import Ridge

FEW = 100
"""Training queries below which none can be spared to stop a network early."""


class Kernel(Ridge, tag="kernel"):
    """Least-squares support vector machine with an RBF kernel (Suykens, Vandewalle 1999), a head for each arm.

    The kernel is that of at most ``landmarks`` training queries (Nyström: Williams, Seeger 2001); its width is
    their median distance.
    """

    landmarks: int = 256

    def fit(self, training: Training) -> Self:
        drawn = stream(training.seed, "landmarks").permutation(len(training.features))[: self.landmarks]
        self.landmarks_ = np.asarray(training.features, float)[np.sort(drawn)]
        between = self._square(self.landmarks_)
        apart = between[between > 1e-9]
        self.sharpness_ = 1 / float(np.median(apart)) if len(apart) else 1.0
        values, vectors = np.linalg.eigh(np.exp(-self.sharpness_ * between))
        self.whiten_ = vectors / np.sqrt(np.maximum(values, 1e-6 * values.max()))
        return super().fit(training)

    def _square(self, x: Floats) -> Floats:
        """(n, landmarks) squared distances."""
        square = (x**2).sum(axis=1)[:, None] - 2 * x @ self.landmarks_.T + (self.landmarks_**2).sum(axis=1)
        return np.asarray(np.maximum(square, 0.0))

    def _lift(self, features: Matrix) -> Floats:
        return np.asarray(np.exp(-self.sharpness_ * self._square(np.asarray(features, float))) @ self.whiten_)


class Network(Ridge, tag="network"):
    """One hidden layer of rectified units learned on all arms' scores at once, with early stopping.

    The last layer is solved anew as a Bayesian linear model on the hidden units (Snoek et al. 2015), which gives
    standard errors and lets an arm join. They hold for units that are given; these were fitted to the same
    queries, for which errors are doubled. Features enter with mean length one.
    """

    units: int = 100
    penalty: float = 1.0

    def fit(self, training: Training) -> Self:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPRegressor

        x = np.asarray(training.features, float)
        target = np.where(np.isnan(training.score), column_means(training.score), training.score)
        scale = 1 / max(float(np.sqrt((x**2).sum(axis=1).mean())), 1e-9)
        model = MLPRegressor(
            hidden_layer_sizes=(self.units,),
            alpha=self.penalty,
            early_stopping=len(x) >= FEW,
            max_iter=200,
            random_state=training.seed % 2**32,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x * scale, target if target.shape[1] > 1 else target[:, 0])
        self.hidden_, self.shift_ = model.coefs_[0] * scale, model.intercepts_[0]
        super().fit(training)
        self.noise_, self.gap_noise_ = 2 * self.noise_, 2 * self.gap_noise_
        return self

    def _lift(self, features: Matrix) -> Floats:
        return np.asarray(np.maximum(np.asarray(features, float) @ self.hidden_ + self.shift_, 0.0))
