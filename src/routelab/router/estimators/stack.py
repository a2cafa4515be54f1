"""Several estimators weighed by how well each foretells queries that it was not fitted on (Wolpert 1992)."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import msgspec
import numpy as np
from scipy.optimize import nnls

from routelab.core.decisions import Floats, Ints
from routelab.core.seeds import stream
from routelab.encode.encoders import Matrix
from routelab.router.estimate import Estimator, Newcomer, Training, column_means
from routelab.router.estimators.plain import Plain


class Stack(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="stack"):
    """Arm means plus what the members see in a query, each member with a weight that is never negative.

    Two weight vectors are fitted on held-out predictions: one for how hard a query is (the same for all arms) and
    one for which arm gains on the others, since only the second decides. A member that foretells nothing gets no
    weight, so that on a pool with one best arm the stack falls back to arm means. ``views`` names for each member
    the view of the text that it reads, −1 for all of them side by side.
    """

    members: tuple[Plain, ...]
    views: tuple[int, ...]
    folds: int = 4

    def fit(self, training: Training) -> Stack:
        self.edges_ = np.array(training.edges)
        score = np.where(np.isnan(training.score), column_means(training.score), training.score)
        fold = _deal(training, self.folds)
        held, centre = np.zeros((len(self.members), *score.shape)), np.zeros(score.shape)
        for number in range(fold.max() + 1) if fold.any() else ():  # one prompt foretells nothing: weights stay zero
            inside, out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            part = _rows(training, inside)
            centre[out] = column_means(part.score)
            for place, member in enumerate(self._fitted(part)):
                held[place, out] = member.predict(self._columns(training.features[out], place))[0]
        self.members_ = self._fitted(training)
        self.centre_ = column_means(training.score)
        self.founders_ = np.ones(len(self.centre_), bool)
        common, gaps = self._split(held - centre)
        shared, own = self._split((score - centre)[None])
        self.common_ = nnls(common[..., 0].T, shared[0, :, 0])[0]
        self.gap_ = nnls(gaps.reshape(len(gaps), -1).T, own.ravel())[0]
        gap = training.score - training.score[:, [training.fallback]]
        self.base_ = np.sqrt(column_means((gap - column_means(gap)) ** 2) / np.maximum((~np.isnan(gap)).sum(axis=0), 1))
        self.fallback_ = training.fallback
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        seen = np.stack(
            [one.predict(self._columns(features, place))[0] - self.centre_ for place, one in enumerate(self.members_)]
        )
        common, gaps = self._split(seen)
        mean = self.centre_ + _weighed(self.common_, common) + _weighed(self.gap_, gaps)
        against, total = gaps - gaps[:, :, [self.fallback_]], float(self.gap_.sum())
        share = self.gap_ / max(total, 1e-12)
        quarrel = _weighed(share, (against - _weighed(share, against)) ** 2)
        gap_se = np.sqrt(total**2 * quarrel + self.base_**2)
        gap_se[:, self.fallback_] = 0.0
        return np.clip(mean, 0.0, 1.0), gap_se / np.sqrt(2), gap_se

    def add_arm(self, newcomer: Newcomer) -> Stack:
        """Every member learns the arm; their weights stay."""
        for place, member in enumerate(self.members_):
            member.add_arm(replace(newcomer, features=self._columns(newcomer.features, place)))
        self.fallback_ = newcomer.fallback
        self.centre_ = np.insert(self.centre_, newcomer.place, newcomer.score.mean())
        self.founders_ = np.insert(self.founders_, newcomer.place, False)
        error = np.sqrt(newcomer.score.var() / len(newcomer.score))
        self.base_ = np.insert(self.base_, newcomer.place, np.hypot(error, self.base_.max()))
        return self

    def _fitted(self, training: Training) -> tuple[Estimator, ...]:
        return tuple(
            deepcopy(member).fit(replace(training, features=self._columns(training.features, place)))
            for place, member in enumerate(self.members)
        )

    def _split(self, seen: Floats) -> tuple[Floats, Floats]:
        """(M, n, K) → what the arms of the fit share (M, n, 1), and what each arm has beyond it (M, n, K)."""
        common = np.ascontiguousarray(seen[..., self.founders_]).mean(axis=2, keepdims=True)
        return common, seen - common

    def _columns(self, features: Matrix, place: int) -> Matrix:
        view = self.views[place]
        return features if view < 0 else features[:, self.edges_[view] : self.edges_[view + 1]]


def _deal(training: Training, folds: int) -> Ints:
    """(n,) fold of each row; copies of a prompt share one."""
    prints, group = np.unique(training.batch.fingerprints(), return_inverse=True)
    order = stream(training.seed, "stack").permutation(len(prints))
    return (np.argsort(order) % min(folds, len(prints)))[group]


def _rows(training: Training, rows: Ints) -> Training:
    return replace(
        training,
        features=training.features[rows],
        batch=training.batch.take(rows),
        score=training.score[rows],
        cost=training.cost[rows],
    )


def _weighed(weights: Floats, seen: Floats) -> Floats:
    """Σ weight × member, member by member, so that no bit depends on how many queries and arms there are."""
    total = np.zeros(seen.shape[1:])
    for weight, one in zip(weights, seen):
        total += weight * one
    return total
