"""Estimators that average the outcomes of similar training queries."""

from __future__ import annotations

import msgspec
import numpy as np

from routelab.core.decisions import Floats, Ints
from routelab.encode.encoders import Matrix, unit_rows
from routelab.router.estimate import Training, column_means

BLOCK = 256
SAME = 1e-6
"""Cosines closer than this are one: well above the rounding of float32, well below a real difference."""


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
        blocks = [self._block(rows[start : start + BLOCK]) for start in range(0, max(len(rows), 1), BLOCK)]
        mean, se, gap_se = (np.concatenate(column) for column in zip(*blocks))
        return mean, se, gap_se

    def _block(self, rows: Matrix) -> tuple[Floats, Floats, Floats]:
        """Shrunken mean, its standard error and the paired gap's, over each row's neighbours.

        All training queries as near as the k-th are neighbours, so that neither copies of one prompt nor
        rounding that depends on the size of the batch can change who votes.
        """
        similarity = rows @ self.features_.T
        n = similarity.shape[1]
        kth = np.partition(similarity, n - min(self.k, n), axis=1)[:, [n - min(self.k, n)]]
        row, near = np.nonzero(similarity >= kth - SAME)
        starts = np.searchsorted(row, np.arange(len(rows)))
        scores = self.score_[near]
        mean, spread, count = _moments(scores, row, starts, self.prior * self.centre_, self.prior)
        _, gap_spread, pairs = _moments(scores - scores[:, [self.fallback_]], row, starts, 0.0, 0.0)
        return mean, np.sqrt(spread / count), np.sqrt(gap_spread / pairs)


def _moments(
    values: Floats, row: Ints, starts: Ints, pseudo_sum: Floats | float, pseudo_count: float
) -> tuple[Floats, Floats, Floats]:
    """Mean, mean square around it and count (at least 1) of the known values of each row's segment."""
    known = ~np.isnan(values)
    count = np.add.reduceat(known, starts, axis=0, dtype=float)
    total = np.add.reduceat(np.where(known, values, 0.0), starts, axis=0) + pseudo_sum
    mean = total / np.maximum(count + pseudo_count, 1e-12)
    square = np.where(known, values - mean[row], 0.0) ** 2
    count = np.maximum(count, 1.0)
    return mean, np.add.reduceat(square, starts, axis=0) / count, count


class GroupMean(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="group-mean"):
    """Mean score within the query's k-means cluster, shrunk towards the overall mean (empirical Bayes).

    Avengers (arXiv 2505.19797) without its per-cluster min–max, which makes tiny gaps look large.
    """

    clusters: int = 16
    prior: float = 10.0

    def fit(self, training: Training) -> GroupMean:
        from sklearn.cluster import KMeans

        rows = unit_rows(training.features)
        k = max(1, min(self.clusters, len(rows) // 5, len(np.unique(rows, axis=0))))
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
