"""Linear estimators: one weight vector for each arm. Kernels and networks lift the features and stay linear.

Arms are told apart by dot products of their own (``each``), never by one matrix product over all of them, whose
rounding would depend on how many there are. What only standard errors need is kept in single precision.
"""

from __future__ import annotations

from typing import Self

import msgspec
import numpy as np

from routelab.core.decisions import Floats
from routelab.encode.encoders import Matrix
from routelab.router.estimate import Newcomer, Training, column_means

RIDGE_GRID = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)


def each(rows: Floats, weights: Floats) -> Floats:
    """(n, d) rows and (K, d) weights → (n, K) dot products, whose bits depend on neither n nor K."""
    return np.asarray(np.vecdot(rows[:, None], weights))


class Ridge(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="ridge"):
    """Least squares with an L2 penalty chosen by generalised cross-validation (Golub, Heath, Wahba 1979).

    Missing cells are filled with their arm's mean. Standard errors are the Bayesian ones of the same model.
    ``clip`` keeps means in [0, 1]; without it the same model predicts costs.
    """

    clip: bool = True

    def _lift(self, features: Matrix) -> Floats:
        """What the weights act on: here the features themselves."""
        return np.asarray(features, float)

    def fit(self, training: Training) -> Self:
        x = self._lift(training.features)
        self.offset_, self.centre_ = x.mean(axis=0), column_means(training.score)
        target = np.where(np.isnan(training.score), self.centre_, training.score) - self.centre_
        weights, precision = _solve(x - self.offset_, target)
        self.precision_ = np.asarray(precision, np.float32)
        self.weights_ = np.ascontiguousarray(weights.T)
        residual = target - (x - self.offset_) @ weights
        self.noise_ = residual.std(axis=0)
        self.gap_noise_ = (residual - residual[:, [training.fallback]]).std(axis=0)
        self.rows_ = len(x)
        return self

    def add_arm(self, newcomer: Newcomer) -> Self:
        """The newcomer's own regression. Its noise is raised as its rows are fewer than those of the fit."""
        x, place = self._lift(newcomer.features), newcomer.place
        middle, level, n = x.mean(axis=0), newcomer.score.mean(), len(x)
        weights = _solve(x - middle, newcomer.score[:, None] - level)[0][:, 0]
        square = ((newcomer.score - level - (x - middle) @ weights) ** 2).sum()
        noise = np.sqrt((square + (self.noise_**2).mean()) / (n + 1) * max(self.rows_ / n, 1.0))
        self.centre_ = np.insert(self.centre_, place, level - (middle - self.offset_) @ weights)
        self.weights_ = np.insert(self.weights_, place, weights, axis=0)
        self.noise_ = np.insert(self.noise_, place, noise)
        self.gap_noise_ = np.insert(self.gap_noise_, place, np.hypot(noise, self.noise_[newcomer.fallback]))
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        x = self._lift(features) - self.offset_
        turned = np.asarray(x.astype(np.float32) @ self.precision_, float)
        leverage = np.sqrt(np.vecdot(turned, turned))[:, None]
        return self._mean(x), leverage * self.noise_, leverage * self.gap_noise_

    def mean(self, features: Matrix) -> Floats:
        """(n, K) predictions alone: all that a cost model is asked for."""
        return self._mean(self._lift(features) - self.offset_)

    def _mean(self, x: Floats) -> Floats:
        mean = self.centre_ + each(x, self.weights_)
        return np.minimum(np.maximum(mean, 0.0), 1.0) if self.clip else mean


def _solve(x: Floats, target: Floats) -> tuple[Floats, Floats]:
    """(d, K) weights under the best penalty of the grid, and (d, d) so that ‖x·precision‖ is the leverage."""
    scale = max(float((x**2).sum(axis=1).mean()), 1e-12)
    values, vectors = np.linalg.eigh(x.T @ x)
    values, rotated = np.maximum(values, 0.0), x @ vectors
    projected = rotated.T @ target
    best = min(RIDGE_GRID, key=lambda alpha: _gcv(rotated, projected, target, values, alpha * scale))
    shrunk = 1 / (values + best * scale)
    return vectors @ (shrunk[:, None] * projected), vectors * np.sqrt(shrunk)


def _gcv(rotated: Floats, projected: Floats, target: Floats, values: Floats, alpha: float) -> float:
    keep = values / (values + alpha)
    fitted = rotated @ (projected / (values + alpha)[:, None])
    freedom = 1 - (keep.sum() + 1) / len(rotated)
    return float(((target - fitted) ** 2).mean() / max(freedom, 1e-3) ** 2)


class Logistic(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="logistic"):
    """Logistic regression of the score on the features, one for each arm, by penalised Newton steps.

    Scores between 0 and 1 count as soft labels, which library classifiers do not take. ``penalty`` is the L2
    strength per row and unit of mean squared feature length. Standard errors come from the inverse Hessian, in
    which every row weighs the arm's mean p(1 − p): one rotation then makes it diagonal for all arms at once.
    """

    penalty: float = 0.02
    steps: int = 8

    def fit(self, training: Training) -> Self:
        x = np.asarray(training.features, float)
        self.offset_ = x.mean(axis=0)
        self.ridge_ = self.penalty * max(float((x**2).sum(axis=1).mean()), 1e-12) / x.shape[1]
        values, axes = np.linalg.eigh((x - self.offset_).T @ (x - self.offset_) / len(x))
        self.values_, self.axes_ = np.maximum(values, 0.0), np.asarray(axes, np.float32)
        known = ~np.isnan(training.score)
        arms = [self._arm(x[rows], score[rows]) for rows, score in zip(known.T, training.score.T)]
        self.weights_, self.spread_ = (np.stack(parts) for parts in zip(*arms))
        self.fallback_ = training.fallback
        return self

    def add_arm(self, newcomer: Newcomer) -> Self:
        weights, spread = self._arm(np.asarray(newcomer.features, float), newcomer.score)
        self.weights_ = np.insert(self.weights_, newcomer.place, weights, axis=0)
        self.spread_ = np.insert(self.spread_, newcomer.place, spread, axis=0)
        self.fallback_ = newcomer.fallback
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        x = np.asarray(features, float) - self.offset_
        mean = _sigmoid(each(x, self.weights_[:, 1:]) + self.weights_[:, 0])
        square = (x.astype(np.float32) @ self.axes_).astype(float) ** 2
        variance = each(square, self.spread_[:, 1:]) + self.spread_[:, 0]
        se = mean * (1 - mean) * np.sqrt(variance)
        gap_se = np.sqrt(se**2 + se[:, [self.fallback_]] ** 2)
        gap_se[:, self.fallback_] = 0.0
        return mean, se, gap_se

    def _arm(self, x: Floats, score: Floats) -> tuple[Floats, Floats]:
        """One arm's weights, intercept first, and their variances along the axes.

        One average query of which nothing is known is added, so that an arm seen once is not certain.
        """
        design = np.column_stack([np.ones(len(x)), x - self.offset_])
        design, score = np.vstack([design, np.eye(1, design.shape[1])]), np.append(score, 0.5)
        ridge = np.full(design.shape[1], self.ridge_ * len(design))
        ridge[0] = 1e-6 * len(design)
        weights = _newton(design, score, ridge, self.steps)
        p = _sigmoid(design @ weights)
        weight = float((p * (1 - p)).sum()) + 1e-9
        return weights, 1 / (weight * np.r_[1.0, self.values_] + ridge)


def _newton(design: Floats, score: Floats, ridge: Floats, steps: int) -> Floats:
    """Weights of one arm; soft labels in [0, 1]."""
    weights = np.zeros(design.shape[1])
    rate = np.clip(score.mean(), 0.01, 0.99)
    weights[0] = np.log(rate / (1 - rate))
    for _ in range(steps):
        p = _sigmoid(design @ weights)
        hessian = (design * (p * (1 - p) + 1e-9)[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(hessian, design.T @ (score - p) - ridge * np.r_[0.0, weights[1:]])
        weights = weights + step / max(1.0, float(np.abs(step).max()) / 5)
        if np.abs(step).max() < 1e-8:
            break
    return weights


def _sigmoid(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -30, 30))), float)
