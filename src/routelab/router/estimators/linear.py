"""Linear estimators: one weight vector for each arm, all arms solved at once."""

from __future__ import annotations

import msgspec
import numpy as np

from routelab.core.decisions import Floats
from routelab.encode.encoders import Matrix
from routelab.router.estimate import Training, column_means

RIDGE_GRID = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)


class Ridge(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="ridge"):
    """Least squares with an L2 penalty chosen by generalised cross-validation (Golub, Heath, Wahba 1979).

    Missing cells are filled with their arm's mean. Standard errors are the Bayesian ones of the same model.
    ``clip`` keeps means in [0, 1]; without it the same model predicts costs.
    """

    clip: bool = True

    def fit(self, training: Training) -> Ridge:
        x = np.asarray(training.features, float)
        self.offset_ = x.mean(axis=0)
        self.centre_ = column_means(training.score)
        target = np.where(np.isnan(training.score), self.centre_, training.score) - self.centre_
        x = x - self.offset_
        scale = max(float((x**2).sum(axis=1).mean()), 1e-12)
        values, vectors = np.linalg.eigh(x.T @ x)
        rotated = x @ vectors
        projected = rotated.T @ target
        best = min(RIDGE_GRID, key=lambda alpha: _gcv(rotated, projected, target, values, alpha * scale))
        shrunk = 1 / (np.maximum(values, 0) + best * scale)
        self.weights_ = vectors @ (shrunk[:, None] * projected)
        self.precision_ = vectors * np.sqrt(shrunk)
        residual = target - x @ self.weights_
        self.noise_ = residual.std(axis=0)
        self.gap_noise_ = (residual - residual[:, [training.fallback]]).std(axis=0)
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        x = np.asarray(features, float) - self.offset_
        leverage = np.sqrt(((x @ self.precision_) ** 2).sum(axis=1))[:, None]
        mean = self.centre_ + x @ self.weights_
        mean = np.clip(mean, 0.0, 1.0) if self.clip else mean
        return mean, leverage * self.noise_, leverage * self.gap_noise_


def _gcv(rotated: Floats, projected: Floats, target: Floats, values: Floats, alpha: float) -> float:
    keep = np.maximum(values, 0) / (np.maximum(values, 0) + alpha)
    fitted = rotated @ (projected / (np.maximum(values, 0) + alpha)[:, None])
    freedom = 1 - (keep.sum() + 1) / len(rotated)
    return float(((target - fitted) ** 2).mean() / max(freedom, 1e-3) ** 2)


class Logistic(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="logistic"):
    """Logistic regression of the score on the features, one for each arm, by penalised Newton steps.

    Scores between 0 and 1 count as soft labels, which library classifiers do not take. ``penalty`` is the L2
    strength per unit of mean squared feature length. Standard errors come from the inverse Hessian.
    """

    penalty: float = 0.02
    steps: int = 8

    def fit(self, training: Training) -> Logistic:
        x = np.asarray(training.features, float)
        self.offset_ = x.mean(axis=0)
        design = np.column_stack([np.ones(len(x)), x - self.offset_])
        known = ~np.isnan(training.score)
        ridge = np.full(
            design.shape[1], self.penalty * max(float((x**2).sum(axis=1).mean()), 1e-12) * len(x) / x.shape[1]
        )
        ridge[0] = 1e-6 * len(x)
        fits = [
            _newton(design[known[:, j]], training.score[known[:, j], j], ridge, self.steps)
            for j in range(training.score.shape[1])
        ]
        self.weights_ = np.stack([weights for weights, _ in fits], axis=1)
        self.covariance_ = np.stack([covariance for _, covariance in fits])
        self.fallback_ = training.fallback
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        design = np.column_stack([np.ones(len(features)), np.asarray(features, float) - self.offset_])
        mean = 1 / (1 + np.exp(-np.clip(design @ self.weights_, -30, 30)))
        variance = np.stack(
            [np.einsum("nd,de,ne->n", design, cov, design, optimize=True) for cov in self.covariance_], 1
        )
        se = mean * (1 - mean) * np.sqrt(variance)
        gap_se = np.sqrt(se**2 + se[:, [self.fallback_]] ** 2)
        gap_se[:, self.fallback_] = 0.0
        return mean, se, gap_se


def _newton(design: Floats, score: Floats, ridge: Floats, steps: int) -> tuple[Floats, Floats]:
    """Weights and their covariance for one arm; soft labels in [0, 1]."""
    weights = np.zeros(design.shape[1])
    rate = np.clip(score.mean() if len(score) else 0.5, 0.01, 0.99)
    weights[0] = np.log(rate / (1 - rate))
    hessian = np.diag(ridge)
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        hessian = (design * (p * (1 - p) + 1e-9)[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(hessian, design.T @ (score - p) - ridge * np.r_[0.0, weights[1:]])
        weights = weights + step / max(1.0, float(np.abs(step).max()) / 5)
        if np.abs(step).max() < 1e-8:
            break
    return weights, np.asarray(np.linalg.inv(hessian))
