"""Estimators that put a query in a group and look the arms' means up in a table: clusters, categories, tiers."""

from __future__ import annotations

from typing import Self

import msgspec
import numpy as np

from routelab.core.decisions import Floats, Ints
from routelab.core.threads import single_threaded
from routelab.encode.encoders import Matrix, unit_rows
from routelab.router.estimate import Newcomer, Training, column_means
from routelab.router.estimators.constant import spread, variance
from routelab.router.estimators.linear import each


class Grouped(msgspec.Struct, dict=True, forbid_unknown_fields=True):
    """Mean score within groups, shrunk towards the overall mean by ``prior`` pseudo-queries (empirical Bayes).

    Tables are (K, groups + 1); the last column is everybody. An arm's overall spread counts as one more query.
    """

    prior: float = 10.0

    def _nearness(self, features: Matrix) -> Floats:
        """(n, groups) how near each group is; a query belongs to the nearest. Here everybody is one group."""
        return np.zeros((len(features), 1))

    def _shares(self, nearness: Floats) -> Floats:
        """(n, groups + 1) how much each column of the table says about a query; rows sum to one."""
        return np.asarray(np.eye(nearness.shape[1] + 1)[nearness.argmax(axis=1)])

    def _fill(self, training: Training, group: Ints, groups: int) -> None:
        gap = training.score - training.score[:, [training.fallback]]
        self.mean_, self.se_ = _table(training.score, spread(training.score), group, groups, self.prior)
        self.gap_se_ = _table(gap, variance(gap), group, groups, self.prior)[1]

    def add_arm(self, newcomer: Newcomer) -> Self:
        nearness, place = self._nearness(newcomer.features), newcomer.place
        score, groups = newcomer.score[:, None], nearness.shape[1]
        mean, se = _table(score, spread(score), nearness.argmax(axis=1), groups, self.prior)
        self.mean_ = np.insert(self.mean_, place, mean, axis=0)
        self.se_ = np.insert(self.se_, place, se, axis=0)
        self.gap_se_ = np.insert(self.gap_se_, place, np.hypot(se, self.se_[newcomer.fallback]), axis=0)
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        shares = self._shares(self._nearness(features))
        se, gap_se = (np.sqrt(each(shares**2, each_se**2)) for each_se in (self.se_, self.gap_se_))
        return each(shares, self.mean_), se, gap_se


def _table(values: Floats, overall: Floats, group: Ints, groups: int, prior: float) -> tuple[Floats, Floats]:
    """(K, groups + 1) shrunken means and their standard errors."""
    member = np.column_stack([np.eye(groups)[group], np.ones(len(group))])
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    count, total, square = (part.T @ member for part in (known.astype(float), filled, filled**2))
    mean = (total + prior * column_means(values)[:, None]) / np.maximum(count + prior, 1e-12)
    around = np.maximum(square - 2 * mean * total + count * mean**2, 0.0) + overall[:, None]
    return mean, np.sqrt(around / np.maximum(count**2 + count, 1.0))


class GroupMean(Grouped, tag="group-mean"):
    """Groups are k-means clusters: Avengers (arXiv 2505.19797) without its per-cluster min–max.

    The ``top`` nearest centroids share a query by a softmax of −``sharpness`` · distance, all vectors of length
    one. Clusters hold at least ``smallest`` training queries on average.
    """

    clusters: int = 16
    smallest: int = 5
    top: int = 1
    sharpness: float = 9.0

    @single_threaded
    def fit(self, training: Training) -> Self:
        from sklearn.cluster import KMeans

        rows = unit_rows(training.features)
        k = max(1, min(self.clusters, len(rows) // self.smallest, len(np.unique(rows, axis=0))))
        model = KMeans(k, n_init=3, random_state=training.seed % 2**32).fit(rows)
        self.centres_ = np.asarray(model.cluster_centers_, float)
        self._fill(training, self._nearness(training.features).argmax(axis=1), k)
        return self

    def _nearness(self, features: Matrix) -> Floats:
        rows = unit_rows(features).astype(float)
        square = (rows**2).sum(axis=1)[:, None] - 2 * rows @ self.centres_.T + (self.centres_**2).sum(axis=1)
        return np.asarray(-np.sqrt(np.maximum(square, 0.0)))

    def _shares(self, nearness: Floats) -> Floats:
        k = nearness.shape[1]
        kth = np.partition(nearness, k - min(self.top, k), axis=1)[:, [k - min(self.top, k)]]
        near = np.exp(self.sharpness * (nearness - nearness.max(axis=1, keepdims=True))) * (nearness >= kth)
        return np.column_stack([near / near.sum(axis=1, keepdims=True), np.zeros(len(near))])


RARE = 3
"""Labels of fewer training queries are one group with the unlabelled."""


class Category(Grouped, tag="category"):
    """Groups are the task labels of the training queries, told by multinomial logistic regression.

    Composition of Experts (arXiv 2412.01868). Below ``confidence`` a query gets the overall means, as all do
    where nothing is labelled.
    """

    confidence: float = 0.5
    penalty: float = 1.0

    @single_threaded
    def fit(self, training: Training) -> Self:
        from sklearn.linear_model import LogisticRegression

        tasks = np.array([task or "" for task in training.batch.tasks])
        _, group, counts = np.unique(tasks, return_inverse=True, return_counts=True)
        labels, group = np.unique(np.where(counts[group] < RARE, "", tasks), return_inverse=True)
        x = np.asarray(training.features, float)
        self.weights_, self.bias_ = np.zeros((len(labels), x.shape[1])), np.zeros(len(labels))
        if len(labels) > 1:
            length = max(float((x**2).sum(axis=1).mean()), 1e-12)
            model = LogisticRegression(C=10 / self.penalty / length, max_iter=300).fit(x, group)
            signs = np.array([[-1.0], [1.0]]) / 2 if len(labels) == 2 else 1.0
            self.weights_, self.bias_ = model.coef_ * signs, model.intercept_ * np.ravel(signs)
        self._fill(training, group, len(labels))
        return self

    def _nearness(self, features: Matrix) -> Floats:
        logit = each(np.asarray(features, float), self.weights_) + self.bias_
        odds = np.exp(logit - logit.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def _shares(self, nearness: Floats) -> Floats:
        groups = nearness.shape[1]
        told = np.where(nearness.max(axis=1) >= self.confidence, nearness.argmax(axis=1), groups)
        return np.asarray(np.eye(groups + 1)[told])


COMPLEXITY = np.array([0.1, 0.0, 0.05, 0.0, 0.1, 0.1, 0.0, 0.4, 0.05, 0.0, 0.3, 0.0])
"""A hand-written weight for each text signal: length, lines, digits, capitals, symbols, other scripts, code."""


class Tiers(Grouped, tag="tiers"):
    """Groups are tiers of a hand-written complexity score over ``TextSignals``, as many as the pool has arms.

    Each tier holds the same share of the training queries. What a tier's arm is, its means say, not a person.
    """

    def fit(self, training: Training) -> Self:
        tiers = len(training.arms)
        self.cuts_ = np.quantile(self._complexity(training.features), np.arange(1, tiers) / tiers)
        self._fill(training, self._nearness(training.features).argmax(axis=1), tiers)
        return self

    def _complexity(self, features: Matrix) -> Floats:
        return each(np.asarray(features, float), COMPLEXITY[None])[:, 0]

    def _nearness(self, features: Matrix) -> Floats:
        tier = np.searchsorted(self.cuts_, self._complexity(features), side="right")
        return np.asarray(np.eye(len(self.cuts_) + 1)[tier])
