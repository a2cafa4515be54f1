"""Estimators that average the outcomes of similar training queries."""

from __future__ import annotations

import msgspec
import numpy as np

from routelab.core.decisions import Floats
from routelab.encode.encoders import Matrix, unit_rows
from routelab.router.estimate import Training, column_means

BLOCK = 256


class LocalMean(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="local-mean"):
    """Mean *score* over the k nearest training queries by cosine (never a vote on best-arm labels).

    RouterBench (arXiv 2403.12031) and CARROT (2502.03261) use this form. Means are shrunk towards the arm's
    overall mean by ``prior`` pseudo-neighbours. ``gap_se`` is paired over the neighbours.
    """

    k: int = 40
    prior: float = 2.0

    def fit(self, training: Training) -> LocalMean:
        self.features_ = unit_rows(training.features)
        self.score_ = training.score
        self.centre_ = column_means(training.score)
        self.fallback_ = training.fallback
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        rows = unit_rows(features)
        k = min(self.k, len(self.features_))
        parts = []
        for start in range(0, len(rows), BLOCK):
            similarity = rows[start : start + BLOCK] @ self.features_.T
            near = np.argpartition(-similarity, k - 1, axis=1)[:, :k] if k < similarity.shape[1] else None
            scores = (
                self.score_[near]
                if near is not None
                else np.broadcast_to(self.score_, (len(similarity), *self.score_.shape))
            )
            parts.append(self._summary(scores))
        if not parts:
            empty = np.zeros((0, len(self.centre_)))
            return empty, empty, empty
        mean, se, gap_se = (np.concatenate(column) for column in zip(*parts))
        return mean, se, gap_se

    def _summary(self, scores: Floats) -> tuple[Floats, Floats, Floats]:
        """(b, k, K) neighbour scores → shrunken mean, its standard error, and the paired gap's."""
        known = ~np.isnan(scores)
        count = known.sum(axis=1)
        filled = np.where(known, scores, 0.0)
        mean = (filled.sum(axis=1) + self.prior * self.centre_) / (count + self.prior)
        spread = (np.where(known, scores - mean[:, None, :], 0.0) ** 2).sum(axis=1) / np.maximum(count, 1)
        gap = scores - scores[:, :, [self.fallback_]]
        paired = ~np.isnan(gap)
        pairs = np.maximum(paired.sum(axis=1), 1)
        gap_mean = np.where(paired, gap, 0.0).sum(axis=1) / pairs
        gap_spread = (np.where(paired, gap - gap_mean[:, None, :], 0.0) ** 2).sum(axis=1) / pairs
        return mean, np.sqrt(spread / np.maximum(count, 1)), np.sqrt(gap_spread / pairs)


class GroupMean(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="group-mean"):
    """Mean score within the query's k-means cluster, shrunk towards the overall mean (empirical Bayes).

    Avengers (arXiv 2505.19797) without its per-cluster min–max, which makes tiny gaps look large.
    """

    clusters: int = 16
    prior: float = 10.0

    def fit(self, training: Training) -> GroupMean:
        from sklearn.cluster import KMeans

        rows = unit_rows(training.features)
        k = max(1, min(self.clusters, len(rows) // 5))
        model = KMeans(k, n_init=3, random_state=training.seed % 2**32).fit(rows)
        self.centres_ = np.asarray(model.cluster_centers_, np.float32)
        centre = column_means(training.score)
        gap = training.score - training.score[:, [training.fallback]]
        summaries = [_group(training.score[model.labels_ == g], centre, self.prior) for g in range(k)]
        gaps = [_group(gap[model.labels_ == g], column_means(gap), self.prior) for g in range(k)]
        self.mean_ = np.array([mean for mean, _ in summaries])
        self.se_ = np.array([se for _, se in summaries])
        self.gap_se_ = np.array([se for _, se in gaps])
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        distance = (self.centres_**2).sum(axis=1) - 2 * unit_rows(features) @ self.centres_.T
        group = distance.argmin(axis=1)
        return self.mean_[group], self.se_[group], self.gap_se_[group]


def _group(values: Floats, centre: Floats, prior: float) -> tuple[Floats, Floats]:
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    mean = (np.where(known, values, 0.0).sum(axis=0) + prior * centre) / (count + prior)
    spread = (np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / np.maximum(count - 1, 1)
    return mean, np.sqrt(spread / np.maximum(count, 1))
