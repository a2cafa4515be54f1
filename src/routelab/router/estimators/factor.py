"""A factor model: queries and arms in one small space, trained by any of the literature's losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np

from routelab.core.decisions import Floats, Ints
from routelab.core.seeds import stream
from routelab.encode.encoders import Matrix, unit_rows
from routelab.router.estimate import Newcomer, Training, column_means
from routelab.router.estimators import losses

HELD_OUT = 0.1
ENOUGH = 50
"""From so many queries on, a tenth is held out to say when to stop."""
LEAST_SLOPE = 1e-3
"""Of the map from utilities to scores: above 0, so that the order of arms stays."""
LEAST_SPREAD = 0.25
"""Squared logits by which a new arm is thought to differ from the pool, where the pool's arms hardly do."""
CLUSTERS = 8


@dataclass(frozen=True)
class _Rows:
    """Queries with what is known of them; ``group`` are their clusters."""

    x: Floats
    score: Floats
    cost: Floats
    group: Ints

    def take(self, rows: Ints) -> _Rows:
        return _Rows(self.x[rows], self.score[rows], self.cost[rows], self.group[rows])


class Bilinear(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="bilinear"):
    """P(right) = σ(⟨[x, 1]Q, v_arm⟩): one bilinear form, six ways to train it with Adam and early stopping.

    ``score``: cross-entropy of every score (EmbedLLM, arXiv 2410.02223). ``irt``: the same less a difficulty that
    is linear in the query (MIRT of IRT-Router, 2506.01048). ``win``: pairs won, arm vectors of unit length
    (RouteLLM's mf, 2406.18665). ``rank``: the same without the unit length. ``rank-cost``: of two arms that tie the
    cheaper won, ``tie`` of a win (EquiRouter, 2602.03478). ``contrast``: best arms against worst and clusters of
    queries (RouterDC with a frozen encoder, 2409.19886). ``noise`` is added to x at every step.

    The last hidden coordinate is the query's difficulty, and every arm's is −1 or 0. Losses that compare arms learn
    none: afterwards one pooled, monotone logistic map (slope, difficulty) turns their utilities into scores, which
    keeps each query's order of arms.
    """

    loss: Literal["score", "win", "irt", "rank", "rank-cost", "contrast"] = "score"
    rank: int = 16
    steps: int = 300
    rate: float = 0.03
    decay: float = 0.03
    noise: float = 0.0
    tie: float = 0.03
    batch: int = 1024
    patience: int = 40

    def fit(self, training: Training) -> Bilinear:
        scored = np.flatnonzero((~np.isnan(training.score)).any(axis=1))
        features = np.asarray(training.features, float)[scored]
        self.offset_ = features.mean(axis=0)
        self.scale_ = 1 / max(float(np.sqrt(((features - self.offset_) ** 2).sum(axis=1).mean())), 1e-9)
        group = clusters(features, training.seed) if self.loss == "contrast" else np.zeros(len(scored), np.int64)
        known = _Rows(self._design(features), training.score[scored], training.cost[scored], group)
        draw, n = stream(training.seed, "bilinear", self.loss), len(scored)
        held, kept = np.split(draw.permutation(n), [int(HELD_OUT * n) if n >= ENOUGH else 0])
        shown, judged = known.take(kept), known.take(held)
        self.queries_, self.arms_ = self._trained(shown, judged, draw)
        if self.loss not in ("score", "irt"):
            self._become_scores(shown, judged if len(held) else shown)
        residual = known.score - self._probability(known.x)
        freedom = np.sqrt(self.rank / n)
        self.se_ = _spread(residual) * freedom
        self.gap_se_ = _spread(residual - residual[:, [training.fallback]]) * freedom
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        mean = self._probability(self._design(features))
        return mean, np.broadcast_to(self.se_, mean.shape), np.broadcast_to(self.gap_se_, mean.shape)

    def add_arm(self, newcomer: Newcomer) -> Bilinear:
        """Only the newcomer's vector is learned: the mean of the others' and a step from it, as likely to be long,
        measured in logits, as theirs are."""
        hidden = self._design(newcomer.features) @ self.queries_
        usual, free = self.arms_.mean(axis=0), hidden[:, :-1]
        spread = max(float(((free @ (self.arms_ - usual)[:, :-1].T) ** 2).mean()), LEAST_SPREAD)
        ridge = np.full(self.rank, float((free**2).sum(axis=1).mean()) / spread)
        vector = usual + np.r_[losses.logistic(free, newcomer.score, ridge, hidden @ usual), 0.0]
        self.arms_ = np.insert(self.arms_, newcomer.place, vector, axis=0)
        residual = newcomer.score - losses.sigmoid(hidden @ vector)
        se = float(residual.std()) * np.sqrt(self.rank / len(hidden))
        self.se_ = np.insert(self.se_, newcomer.place, se)
        self.gap_se_ = np.insert(self.gap_se_, newcomer.place, np.hypot(se, self.se_[newcomer.fallback]))
        return self

    def _design(self, features: Matrix) -> Floats:
        x = (np.asarray(features, float) - self.offset_) * self.scale_
        return np.column_stack([x, np.ones(len(x))])

    def _probability(self, x: Floats) -> Floats:
        """Arm by arm, so that no arm's last bit depends on how many there are."""
        hidden = x @ self.queries_
        return losses.sigmoid(np.stack([hidden @ arm for arm in self.arms_], axis=1))

    def _trained(self, shown: _Rows, judged: _Rows, draw: np.random.Generator) -> tuple[Floats, Floats]:
        """Q and the arms' vectors where the loss on ``judged`` was lowest. Arms begin alike: twins stay twins."""
        queries = draw.normal(0, 0.3, (shown.x.shape[1], self.rank + 1))
        queries[:, -1] = 0.0
        arms = np.zeros((shown.score.shape[1], self.rank + 1))
        arms[:, -1] = -float(self.loss == "irt")
        first, second = ([np.zeros_like(p) for p in (queries, arms)] for _ in range(2))
        lowest, at, best, n = np.inf, 0, (queries, arms), len(shown.x)
        for step in range(1, self.steps + 1):
            some = shown if n <= self.batch else shown.take(draw.choice(n, self.batch, replace=False))
            _, *slopes = self._gradient(some, queries, arms, draw)
            for p, m, v, g in zip((queries, arms), first, second, slopes):
                m += 0.1 * (g - m)
                v += 0.01 * (g**2 - v)
                p -= self.rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.99**step)) + 1e-8)
            if self.loss in ("win", "contrast"):
                arms /= np.maximum(np.linalg.norm(arms, axis=1, keepdims=True), 1e-12)
            if len(judged.x):
                value, _ = self._loss(judged.x @ queries @ arms.T, judged)
                if value < lowest - 1e-6:
                    lowest, at, best = value, step, (queries.copy(), arms.copy())
                elif step - at >= self.patience:
                    break
        return best

    def _loss(self, logits: Floats, rows: _Rows) -> tuple[float, Floats]:
        match self.loss:
            case "score" | "irt":
                return losses.cross_entropy(logits, rows.score)
            case "contrast":
                return losses.contrast(logits, *losses.extremes(rows.score))
            case "rank-cost":
                return losses.pairwise(logits, losses.preferences(rows.score, rows.cost, self.tie))
            case _:
                return losses.pairwise(logits, losses.preferences(rows.score))

    def _gradient(
        self, rows: _Rows, queries: Floats, arms: Floats, draw: np.random.Generator
    ) -> tuple[float, Floats, Floats]:
        """The loss with weight decay, and its slope in queries and arms; arms' last coordinate is not theirs."""
        x = rows.x
        if self.noise:
            x = x + self.noise * draw.normal(0, x.shape[1] ** -0.5, x.shape)
        hidden = x @ queries
        value, slope = self._loss(hidden @ arms.T, rows)
        back = slope @ arms
        if self.loss == "contrast":
            kin, pull = losses.kinship(hidden[:, :-1], rows.group, draw)
            value += kin
            back[:, :-1] += pull
        shrink = self.decay / len(queries), self.decay / len(arms)
        value += 0.5 * float(shrink[0] * (queries**2).sum() + shrink[1] * (arms[:, :-1] ** 2).sum())
        towards = slope.T @ hidden + shrink[1] * arms
        towards[:, -1] = 0.0
        return value, x.T @ back + shrink[0] * queries, towards

    def _become_scores(self, shown: _Rows, judged: _Rows) -> None:
        """One slope for all arms and one difficulty a query: every query keeps its order of arms.

        The ease of a query is learned where the model was; how far to trust it and the utilities, on ``judged``.
        """
        self.arms_ = self.arms_ - self.arms_.mean(axis=0)
        size = shown.x.shape[1] - 1
        ridge = np.r_[np.full(size, 0.02 * len(shown.x) / size), 1e-6]
        ease = losses.logistic(shown.x, column_means(shown.score.T), ridge)
        cells = ~np.isnan(judged.score)
        level = np.broadcast_to((judged.x @ ease)[:, None], cells.shape)[cells]
        utility = (judged.x @ self.queries_ @ self.arms_.T)[cells]
        both = np.column_stack([utility, level, np.ones(len(level))])
        slope, trust, shift = losses.logistic(both, judged.score[cells], np.full(3, 0.1))
        self.arms_ *= max(float(slope), LEAST_SLOPE)
        self.arms_[:, -1], self.queries_[:, -1] = -1.0, -trust * ease
        self.queries_[-1, -1] -= shift


def _spread(residual: Floats) -> Floats:
    return np.asarray(np.sqrt(column_means((residual - column_means(residual)) ** 2)), float)


def clusters(features: Floats, seed: int) -> Ints:
    """(n,) cluster of each row by k-means on unit rows; at least five rows a cluster on average."""
    from sklearn.cluster import KMeans

    rows = unit_rows(np.asarray(features, np.float32))
    k = max(1, min(CLUSTERS, len(rows) // 5, len(np.unique(rows, axis=0))))
    return np.asarray(KMeans(k, n_init=3, random_state=seed % 2**32).fit(rows).labels_, np.int64)
