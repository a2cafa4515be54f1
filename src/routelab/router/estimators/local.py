"""The estimator that averages the outcomes of the nearest training queries."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np

from routelab.core.decisions import Floats, Ints
from routelab.core.seeds import stream
from routelab.encode.encoders import Matrix, unit_rows
from routelab.router.estimate import Newcomer, Training, column_means
from routelab.router.estimators.constant import spread, variance

BLOCK = 64
SAME = 1e-6
"""Cosines closer than this are one: well above the rounding of float32, well below a real difference."""
TRIED_ON = 1_000
"""Training queries on which ``ks`` are compared."""


class LocalMean(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="local-mean"):
    """Mean *score* over the k nearest training queries by cosine (never a vote on best-arm labels).

    RouterBench (arXiv 2403.12031) and CARROT (2502.03261) use this form. ``near`` widens the neighbourhood to all
    within that share of the k-th similarity, ``weighted`` lets neighbours weigh by similarity, and of several
    ``ks`` the one that predicts left-out training queries best is taken. Means are shrunk towards the arm's
    overall mean by ``prior`` pseudo-neighbours; its overall spread counts as one more neighbour, so that few
    neighbours are never certain. ``gap_se`` is paired over the neighbours that know both arms, if two do.

    The rows of the fit are home to all its arms. A newcomer that was not asked all of those queries brings its
    rows along as a home of its own: its neighbours are looked for there, and those of other arms never are.
    """

    k: int = 40
    prior: float = 2.0
    near: float = 1.0
    weighted: bool = False
    ks: tuple[int, ...] = ()

    def fit(self, training: Training) -> LocalMean:
        self.features_, self.score_ = unit_rows(training.features), training.score
        self.edges_ = np.array([0, len(self.score_)])
        self.home_ = np.zeros(self.score_.shape[1], np.int64)
        self.fallback_ = training.fallback
        self.centre_, self.spread_ = column_means(self.score_), spread(self.score_)
        self.gap_spread_ = variance(self.score_ - self.score_[:, [self.fallback_]])
        self.k_ = self._best_k(training.seed) if self.ks else self.k
        return self

    def add_arm(self, newcomer: Newcomer) -> LocalMean:
        rows, place = unit_rows(newcomer.features), newcomer.place
        twin = np.concatenate([self._twins(rows[start : start + BLOCK]) for start in range(0, len(rows), BLOCK)])
        column = np.full(len(self.score_), np.nan)
        at_home = np.array_equal(np.sort(twin), np.arange(self.edges_[1]))
        if at_home:
            column[twin] = newcomer.score
        else:
            brought = np.where(twin[:, None] >= 0, self.score_[twin], np.nan)
            self.features_ = np.concatenate([self.features_, rows])
            self.score_ = np.concatenate([self.score_, brought])
            self.edges_ = np.append(self.edges_, len(self.score_))
            column = np.append(column, newcomer.score)
        self.fallback_ = newcomer.fallback
        self.score_ = np.insert(self.score_, place, column, axis=1)
        self.home_ = np.insert(self.home_, place, 0 if at_home else len(self.edges_) - 2)
        self.centre_ = np.insert(self.centre_, place, column_means(column[:, None]))
        self.spread_ = np.insert(self.spread_, place, spread(column[:, None]))
        gap = self.score_[:, [place]] - self.score_[:, [self.fallback_]]
        unpaired = self.spread_[place] + self.spread_[self.fallback_]
        paired = np.count_nonzero(~np.isnan(gap)) > 1
        self.gap_spread_ = np.insert(self.gap_spread_, place, variance(gap) if paired else unpaired)
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        rows = unit_rows(features)
        found = np.empty((3, len(rows), len(self.home_)))
        for home, (first, last) in enumerate(pairwise(self.edges_.tolist())):
            arms = np.flatnonzero(self.home_ == home)
            for start in range(0, len(rows), BLOCK):
                block = slice(start, start + BLOCK)
                found[:, block, arms] = self._around(rows[block], slice(first, last), arms)
        mean, se, gap_se = found
        gap_se = np.where(np.isnan(gap_se), np.hypot(se, se[:, [self.fallback_]]), gap_se)
        gap_se[:, self.fallback_] = 0.0
        return mean, se, gap_se

    def _around(self, rows: Matrix, home: slice, arms: Ints) -> Floats:
        """(3, n, arms): shrunken mean, its standard error and the paired gap's (NaN below two pairs).

        All queries of the home as near as the k-th are neighbours, so that neither copies of one prompt nor
        rounding that depends on the size of the batch can change who votes.
        """
        similarity = rows @ self.features_[home].T
        n = similarity.shape[1]
        kth = np.partition(similarity, n - min(self.k_, n), axis=1)[:, [n - min(self.k_, n)]]
        row, near = np.nonzero(similarity >= kth - (1 - self.near) * np.abs(kth) - SAME)
        starts = np.searchsorted(row, np.arange(len(rows)))
        score = self.score_[home][near]
        weight = np.maximum(similarity[row, near], SAME).astype(float) if self.weighted else np.ones(len(row))
        mean, se, _ = _moments(score[:, arms], weight, row, starts, self.prior, self.centre_[arms], self.spread_[arms])
        gaps = score[:, arms] - score[:, [self.fallback_]]
        _, gap_se, pairs = _moments(gaps, weight, row, starts, 0.0, 0.0, self.gap_spread_[arms])
        return np.stack([mean, se, np.where(pairs > 1, gap_se, np.nan)])

    def _twins(self, rows: Matrix) -> Ints:
        """The row of the fit that each of ``rows`` equals, −1 where none does."""
        similarity = rows @ self.features_[: self.edges_[1]].T
        best = similarity.argmax(axis=1)
        return np.where(similarity[np.arange(len(rows)), best] >= 1 - SAME, best, -1)

    def _best_k(self, seed: int) -> int:
        """Least squared error on training queries predicted from the others, copies of them left out."""
        n = len(self.features_)
        ks = np.minimum(np.sort(self.ks), max(n - 1, 1))
        error = np.zeros(len(ks))
        tried = stream(seed, "best k").permutation(n)[:TRIED_ON]
        for rows in np.split(tried, np.arange(BLOCK, len(tried), BLOCK)):
            similarity = self.features_[rows] @ self.features_.T
            similarity = np.where(similarity >= 1 - SAME, -np.inf, similarity)
            similarity[np.arange(len(rows)), rows] = -np.inf
            near = np.argsort(-similarity, axis=1, kind="stable")[:, : ks[-1]]
            score = np.where(np.isneginf(np.take_along_axis(similarity, near, 1))[..., None], np.nan, self.score_[near])
            known = ~np.isnan(score)
            total = np.where(known, score, 0.0).cumsum(axis=1)[:, ks - 1] + self.prior * self.centre_
            mean = total / np.maximum(known.cumsum(axis=1)[:, ks - 1] + self.prior, 1e-12)
            error += np.nansum((mean - self.score_[rows][:, None]) ** 2, axis=(0, 2))
        return int(ks[len(ks) - 1 - error[::-1].argmin()])


def _moments(
    values: Floats, weight: Floats, row: Ints, starts: Ints, prior: float, centre: Floats | float, overall: Floats
) -> tuple[Floats, Floats, Ints]:
    """Weighted mean, its standard error and the count of the known values of each row's segment."""
    known = ~np.isnan(values)
    weights = np.where(known, weight[:, None], 0.0)
    total = np.add.reduceat(weights, starts, axis=0)
    mean = np.add.reduceat(np.where(known, values, 0.0) * weights, starts, axis=0) + prior * centre
    mean = mean / np.maximum(total + prior, 1e-12)
    square = np.add.reduceat((weights * np.where(known, values - mean[row], 0.0)) ** 2, starts, axis=0)
    se = np.sqrt((square + overall) / np.where(total > 0, total**2 + total, 1.0))
    return mean, se, np.add.reduceat(known, starts, axis=0, dtype=np.int64)
