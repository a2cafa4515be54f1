"""Arms ranked by the duels that they fought on similar queries."""

from __future__ import annotations

import msgspec
import numpy as np

from routelab.core.decisions import Floats
from routelab.encode.encoders import Matrix, unit_rows
from routelab.router.estimate import Newcomer, Training, column_means

SAME = 1e-6
"""Cosines closer to 1 than this belong to one prompt."""
BLOCK = 256


class WeightedBradleyTerry(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="weighted-bradley-terry"):
    """Bradley–Terry strengths from the duels of similar training queries (RouteLLM's ``sw_ranking``).

    A query weighs 10^(1 + similarity / largest); a duel between two arms that both know the query is their score
    difference, ties half to each. The win rate against the pool is mapped to scores by a line through the arms'
    means. On a complete table every pair fights equally often and the win rates are those of the weighted means.
    """

    steps: int = 30
    prior: float = 1.0

    def fit(self, training: Training) -> WeightedBradleyTerry:
        self.features_, self.score_ = unit_rows(training.features), training.score
        n, k = self.score_.shape
        self.duels_ = _duels(self.score_[:, :, None], self.score_[:, None, :]).reshape(n, k * k)
        self.entered_, self.order_ = np.zeros((0, n, 2 * k)), np.arange(k)
        strength = self._strengths(np.ones((1, n)))
        overall, means = _win_rates(strength, strength)[0], column_means(self.score_)
        slope = float(np.cov(overall, means)[0, 1] / max(overall.var(ddof=1), 1e-9)) if k > 1 else 2.0
        self.line_ = np.array([slope, means.mean() - slope * overall.mean()])
        spread = np.sqrt(column_means((self.score_ - means) ** 2))
        self.se_ = spread / np.sqrt(np.maximum((~np.isnan(self.score_)).sum(axis=0) / 10, 1))
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        similarity = unit_rows(features) @ self.features_.T
        top = np.maximum(similarity.max(axis=1, keepdims=True), 1e-6)
        weights = 10.0 ** (1 + np.clip(similarity / top, -1, 1))
        share = weights / weights.sum(axis=1, keepdims=True) * weights.shape[1]
        pool = self._strengths(share)
        rates = [_win_rates(pool, pool), *(_win_rates(self._entrant(share @ one, pool), pool) for one in self.entered_)]
        mean = np.clip(self.line_[0] * np.hstack(rates)[:, self.order_] + self.line_[1], 0.0, 1.0)
        return mean, np.broadcast_to(self.se_, mean.shape), np.broadcast_to(self.se_ * np.sqrt(2), mean.shape)

    def add_arm(self, newcomer: Newcomer) -> WeightedBradleyTerry:
        """Its strength is solved against the fixed strengths of the first pool, against which all rates are.

        It duels where a prompt of its own is one of the fit's; elsewhere nobody's score is there to meet.
        """
        own = self._scores_here(newcomer)[:, None]
        fought = np.hstack([_duels(own, self.score_), _duels(self.score_, own)])
        self.entered_ = np.concatenate([self.entered_, fought[None]])
        self.order_ = np.insert(self.order_, newcomer.place, self.score_.shape[1] + len(self.entered_) - 1)
        se = float(newcomer.score.std()) / np.sqrt(max(len(newcomer.score) / 10, 1))
        self.se_ = np.insert(self.se_, newcomer.place, se)
        return self

    def _scores_here(self, newcomer: Newcomer) -> Floats:
        """(n,) the newcomer's score on each query of the fit, NaN where it has none."""
        rows = unit_rows(newcomer.features)
        starts = range(0, len(self.features_), BLOCK)
        same = [self.features_[start : start + BLOCK] @ rows.T >= 1 - SAME for start in starts]
        met = np.concatenate([one.sum(axis=1) for one in same])
        total = np.concatenate([one @ newcomer.score for one in same])
        return np.asarray(np.where(met > 0, total / np.maximum(met, 1), np.nan), float)

    def _strengths(self, share: Floats) -> Floats:
        """(m, n) query weights → (m, k) strengths of the fit's arms (MM steps, Hunter 2004)."""
        k = self.score_.shape[1]
        wins = (share @ self.duels_).reshape(-1, k, k) + self.prior / 2
        wins[:, np.arange(k), np.arange(k)] = 0.0
        games = wins + wins.transpose(0, 2, 1)
        strength = np.ones((len(wins), k))
        for _ in range(self.steps):
            pace = (games / (strength[:, :, None] + strength[:, None, :])).sum(axis=2)
            strength = np.maximum(wins.sum(axis=2) / np.maximum(pace, 1e-12), 1e-12)
            strength /= np.exp(np.log(strength).mean(axis=1, keepdims=True))
        return strength

    def _entrant(self, fought: Floats, pool: Floats) -> Floats:
        """(m, 1) the strength that explains an entrant's (m, 2k) wins and losses against the pool's strengths."""
        wins, losses = np.hsplit(fought + self.prior / 2, 2)
        strength = np.ones((len(pool), 1))
        for _ in range(self.steps):
            pace = ((wins + losses) / (strength + pool)).sum(axis=1, keepdims=True)
            strength = np.maximum(wins.sum(axis=1, keepdims=True) / pace, 1e-12)
        return strength


def _duels(own: Floats, other: Floats) -> Floats:
    """What is won, 0 to 1; nothing where either score is unknown."""
    return np.nan_to_num(0.5 + 0.5 * (own - other), nan=0.0)


def _win_rates(strength: Floats, pool: Floats) -> Floats:
    """(m, j) mean probability of beating an arm of the pool."""
    return np.asarray((strength[:, :, None] / (strength[:, :, None] + pool[:, None, :])).mean(axis=2), float)
