"""Arms described by the queries that they answered well: two rounds of messages over the query × arm graph."""

from __future__ import annotations

import msgspec
import numpy as np

from routelab.core.decisions import Floats, Ints
from routelab.core.seeds import stream
from routelab.encode.encoders import Matrix
from routelab.router.estimate import Newcomer, Training, column_means
from routelab.router.estimators.losses import logistic, sigmoid

CELLS = 60_000
"""The head learns from at most so many cells."""


class Graph(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="graph"):
    """GraphRouter's inductive form (arXiv 2410.03834) without a trained network.

    Round one: an arm is the mean of its queries, weighted by how far each score lies above the arm's own mean.
    Round two: a query is the mean of those arms, weighted by its affinity to each, and an arm again the weighted
    mean of its queries, so that arms that are good at the same queries lend each other strength. A logistic head,
    one for all arms, weighs each dimension of the first round, the second round, and the arm's mean. It is
    trained on queries whose own edges are masked: their arms hear from the other ``folds`` only.
    """

    prior: float = 10.0
    folds: int = 5
    penalty: float = 0.001

    def fit(self, training: Training) -> Graph:
        x, score = np.asarray(training.features, float), training.score
        self.offset_ = x.mean(axis=0)
        self.scale_ = 1 / max(float(np.sqrt(((x - self.offset_) ** 2).sum(axis=1).mean())), 1e-9)
        x = self._design(x)
        self.level_ = float(np.clip(column_means(score).mean(), 0.01, 0.99))
        order = stream(training.seed, "graph").permutation(len(x))
        folds = np.array_split(order[: max(CELLS // score.shape[1], 1)], min(self.folds, len(x)))
        shown = [self._shown(x, score, fold) for fold in folds]
        design, target = (np.concatenate(half) for half in zip(*shown))
        sums = (design**2).sum(axis=0)
        sums[:-3] = sums[:-3].mean()
        self.head_ = logistic(design, target, self.penalty * sums + 1e-6)
        heard = self._arms(x, score)
        self.pool_ = heard[0]
        described = [self._describe(*one) for one in zip(*heard)]
        self.weights_, self.bias_, self.noise_ = (np.array(part) for part in zip(*described))
        self.reach_ = self.head_[:-3] ** 2 * (x**2).mean(axis=0)
        self.fallback_ = training.fallback
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        x = self._design(features)
        mean = sigmoid(np.stack([x @ weights + bias for weights, bias in zip(self.weights_, self.bias_)], axis=1))
        se = mean * (1 - mean) * np.sqrt(1 + x**2 @ self.reach_)[:, None] * self.noise_
        gap_se = np.hypot(se, se[:, [self.fallback_]])
        gap_se[:, self.fallback_] = 0.0
        return mean, se, gap_se

    def add_arm(self, newcomer: Newcomer) -> Graph:
        """A newcomer hears from its own edges; the head and what the others have said stay as they are."""
        ((vector,), (mean,), (noise,)) = self._arms(self._design(newcomer.features), newcomer.score[:, None])
        weights, bias, noise = self._describe(vector, mean, noise)
        self.weights_ = np.insert(self.weights_, newcomer.place, weights, axis=0)
        self.bias_ = np.insert(self.bias_, newcomer.place, bias)
        self.noise_ = np.insert(self.noise_, newcomer.place, noise)
        self.fallback_ = newcomer.fallback
        return self

    def _design(self, features: Matrix) -> Floats:
        return np.asarray((np.asarray(features, float) - self.offset_) * self.scale_, float)

    def _arms(self, x: Floats, score: Floats) -> tuple[Floats, Floats, Floats]:
        """Round one: (K, d) vectors, (K,) mean scores and their errors, shrunk by ``prior`` edges of a usual arm."""
        known = ~np.isnan(score)
        count = known.sum(axis=0) + self.prior
        mean = (np.where(known, score, 0.0).sum(axis=0) + self.prior * self.level_) / count
        surplus = np.where(known, score - mean, 0.0)
        return surplus.T @ x / count[:, None], mean, 1 / np.sqrt(count)

    def _shown(self, x: Floats, score: Floats, fold: Ints) -> tuple[Floats, Floats]:
        """The head's rows: the known cells of ``fold``, with arms that heard from no query in it."""
        others = np.setdiff1d(np.arange(len(x)), fold)
        vectors, means, _ = self._arms(x[others], score[others])
        second = _second_round(vectors, vectors)
        blocks = [
            np.column_stack([x[fold] * vectors[j], x[fold] @ second[j], np.full((len(fold), 2), [_logit(means[j]), 1])])
            for j in range(len(means))
        ]
        known = ~np.isnan(score[fold])
        return np.concatenate([block[known[:, j]] for j, block in enumerate(blocks)]), score[fold].T[known.T]

    def _describe(self, vector: Floats, mean: float, noise: float) -> tuple[Floats, float, float]:
        """An arm's linear weights, its intercept and its error, as the head reads them off its messages."""
        second = _second_round(vector[None], self.pool_)[0]
        weights = self.head_[:-3] * vector + self.head_[-3] * second
        return weights, float(self.head_[-2] * _logit(mean) + self.head_[-1]), noise


def _second_round(vectors: Floats, pool: Floats) -> Floats:
    """Messages back through the queries: (j, d) vectors seen through the arms of the pool."""
    return np.asarray(vectors @ pool.T @ pool / max(float((pool**2).sum()), 1e-12), float)


def _logit(mean: float) -> float:
    p = min(max(float(mean), 0.01), 0.99)
    return float(np.log(p / (1 - p)))
