"""The estimator that asks whether an arm's answer is good enough, rather than how good it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Self

import numpy as np

from routelab.core.decisions import Floats
from routelab.router.estimate import Newcomer, Training, column_means
from routelab.router.estimators.linear import Logistic


class Sufficiency(Logistic, tag="sufficiency"):
    """P(no worse than the reference by more than ``margin``), a logistic regression for each arm.

    HybridLLM (arXiv 2404.14618), for pools: the reference is the best single arm, which is itself held against
    the runner-up, so that in a pair both sides are judged alike. Labels are

    - ``det``: 1[s ≥ s_ref − margin], hard;
    - ``prob``: the chance that a sample is no worse. For right-or-wrong samples with these mean scores it is
      1 − s_ref (1 − s) under any margin below one;
    - ``trans``: hard, with the one margin, at least the given, that tells training queries apart most: the
      largest mean |y_i − y_j| = 2p(1 − p), averaged over arms.
    """

    label: Literal["det", "prob", "trans"] = "det"
    margin: float = 0.0

    def fit(self, training: Training) -> Self:
        k = training.score.shape[1]
        order = np.argsort(-column_means(training.score), kind="stable")
        runner_up = next((int(j) for j in order if j != training.fallback), training.fallback)
        rival = np.where(np.arange(k) == training.fallback, runner_up, training.fallback)
        behind = training.score[:, rival] - training.score
        self.margin_ = _telling_margin(behind, self.margin) if self.label == "trans" else self.margin
        self.reference_ = training.score[:, training.fallback]
        self.prints_ = training.batch.fingerprints()
        return super().fit(replace(training, score=self._labels(training.score, training.score[:, rival])))

    def add_arm(self, newcomer: Newcomer) -> Self:
        """On queries other than those of the fit, the reference counts as right as often as it was there."""
        known = dict(zip(self.prints_.tolist(), self.reference_.tolist()))
        reference = np.array([known.get(key, np.nan) for key in newcomer.batch.fingerprints().tolist()])
        expected = 1 - np.nanmean(self.reference_) * (1 - newcomer.score)
        label = np.where(np.isnan(reference), expected, self._labels(newcomer.score, reference))
        return super().add_arm(replace(newcomer, score=label))

    def _labels(self, score: Floats, reference: Floats) -> Floats:
        if self.label == "prob":
            return np.asarray(1 - reference * (1 - score) if self.margin < 1 else 1.0 + 0 * score * reference)
        unknown = np.isnan(score) | np.isnan(reference)
        return np.where(unknown, np.nan, score >= reference - self.margin_ - 1e-9)


def _telling_margin(behind: Floats, least: float) -> float:
    """The smallest of the margins, from ``least`` up, whose labels differ most between queries."""
    tried = np.unique(np.r_[least, np.quantile(behind[~np.isnan(behind)], np.linspace(0, 1, 41))])
    tried = tried[tried >= least]
    share = [column_means(np.where(np.isnan(behind), np.nan, behind <= margin + 1e-9)) for margin in tried]
    return float(tried[int(np.argmax([round(float((p * (1 - p)).mean()), 9) for p in share]))])
