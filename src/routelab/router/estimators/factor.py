"""Estimators that place queries and arms in one small space."""

from __future__ import annotations

import msgspec
import numpy as np

from routelab.core.decisions import Floats
from routelab.core.seeds import stream
from routelab.encode.encoders import Matrix, unit_rows
from routelab.router.estimate import Training, column_means


class Bilinear(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="bilinear"):
    """P(right) = σ(⟨xW, v_arm⟩ + b_arm): matrix factorisation with query features.

    RouteLLM's and EmbedLLM's form (arXiv 2406.18665, 2410.02223), trained on every arm's score by binary
    cross-entropy with Adam, full batch, with weight decay.
    """

    rank: int = 16
    steps: int = 150
    rate: float = 0.05
    decay: float = 0.01

    def fit(self, training: Training) -> Bilinear:
        x = np.asarray(training.features, float)
        self.offset_ = x.mean(axis=0)
        self.scale_ = 1 / max(float(np.sqrt(((x - self.offset_) ** 2).sum(axis=1).mean())), 1e-9)
        x = (x - self.offset_) * self.scale_
        known = ~np.isnan(training.score)
        target = np.where(known, training.score, 0.0)
        rate = np.clip(column_means(training.score), 0.01, 0.99)
        draw = stream(training.seed, "bilinear")
        parameters = [
            draw.normal(0, 0.3, (x.shape[1], self.rank)),
            draw.normal(0, 0.3, (target.shape[1], self.rank)),
            np.log(rate / (1 - rate)),
        ]
        first = [np.zeros_like(p) for p in parameters]
        second = [np.zeros_like(p) for p in parameters]
        for step in range(1, self.steps + 1):
            for p, m, v, g in zip(parameters, first, second, self._gradient(x, target, known, parameters)):
                m += 0.1 * (g - m)
                v += 0.01 * (g**2 - v)
                p -= self.rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.99**step)) + 1e-8)
        self.queries_, self.arms_, self.bias_ = parameters
        residual = np.where(known, target - self._probability(x), np.nan)
        freedom = np.sqrt(self.rank / max(len(x), 1))
        self.se_ = np.nanstd(residual, axis=0) * freedom
        self.gap_se_ = np.nanstd(residual - residual[:, [training.fallback]], axis=0) * freedom
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        mean = self._probability((np.asarray(features, float) - self.offset_) * self.scale_)
        return mean, np.broadcast_to(self.se_, mean.shape), np.broadcast_to(self.gap_se_, mean.shape)

    def _probability(self, x: Floats) -> Floats:
        return _sigmoid(x @ self.queries_ @ self.arms_.T + self.bias_)

    def _gradient(self, x: Floats, target: Floats, known: Floats, parameters: list[Floats]) -> list[Floats]:
        queries, arms, bias = parameters
        hidden = x @ queries
        error = np.where(known, _sigmoid(hidden @ arms.T + bias) - target, 0.0) / len(x)
        return [
            x.T @ (error @ arms) + self.decay * queries / len(queries),
            error.T @ hidden + self.decay * arms / len(arms),
            error.sum(axis=0),
        ]


class WeightedBradleyTerry(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="weighted-bradley-terry"):
    """Bradley–Terry strengths from the duels of similar training queries (RouteLLM's ``sw_ranking``).

    A query weighs 10^(1 + similarity / largest); a duel between two arms is their score difference, ties half
    to each. The win rate against the pool is mapped to the score scale by a line through the arms' means.
    """

    steps: int = 30
    prior: float = 1.0

    def fit(self, training: Training) -> WeightedBradleyTerry:
        self.features_ = unit_rows(training.features)
        score = np.where(np.isnan(training.score), column_means(training.score), training.score)
        n, k = score.shape
        self.duels_ = (0.5 + 0.5 * (score[:, :, None] - score[:, None, :])).reshape(n, k * k)
        overall = self._win_rate(np.ones((1, n)))[0]
        means = score.mean(axis=0)
        slope = float(np.cov(overall, means)[0, 1] / max(overall.var(ddof=1), 1e-9)) if k > 1 else 0.0
        self.line_ = np.array([slope, means.mean() - slope * overall.mean()])
        self.se_ = score.std(axis=0) / np.sqrt(max(n / 10, 1))
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        similarity = unit_rows(features) @ self.features_.T
        top = np.maximum(similarity.max(axis=1, keepdims=True), 1e-6)
        rates = self._win_rate(10.0 ** (1 + np.clip(similarity / top, -1, 1)))
        mean = np.clip(self.line_[0] * rates + self.line_[1], 0.0, 1.0)
        return mean, np.broadcast_to(self.se_, mean.shape), np.broadcast_to(self.se_ * np.sqrt(2), mean.shape)

    def _win_rate(self, weights: Floats) -> Floats:
        """(m, n) query weights → (m, K) mean probability of beating another arm (MM steps, Hunter 2004)."""
        k = int(np.sqrt(self.duels_.shape[1]))
        share = weights / weights.sum(axis=1, keepdims=True) * weights.shape[1]
        wins = (share @ self.duels_).reshape(-1, k, k) + self.prior / 2
        wins[:, np.arange(k), np.arange(k)] = 0.0
        games = wins + wins.transpose(0, 2, 1)
        strength = np.ones((len(wins), k))
        for _ in range(self.steps):
            pace = (games / (strength[:, :, None] + strength[:, None, :])).sum(axis=2)
            strength = np.maximum(wins.sum(axis=2) / np.maximum(pace, 1e-12), 1e-12)
            strength /= np.exp(np.log(strength).mean(axis=1, keepdims=True))
        beats = strength[:, :, None] / (strength[:, :, None] + strength[:, None, :])
        return np.asarray((beats.sum(axis=2) - 0.5) / max(k - 1, 1), float)


def _sigmoid(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -30, 30))), float)
