"""``Recipe`` and ``Router``: a router is five small parts, and its recipe is data.

Encoder (with an unsupervised reduction) → Estimator → Guards → Selector (the one dial) → one call.
Arms are sorted by name inside, so that the order of a table's columns can never matter.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from functools import reduce
from typing import Self

import msgspec
import numpy as np

from routelab.core.decisions import Decisions, Ints
from routelab.core.errors import ContractError
from routelab.core.files import digest
from routelab.core.pool_view import PoolView
from routelab.encode import AnyEncoder, HashedNgrams, QueryBatch, Reduction, TfidfSvd
from routelab.encode.encoders import Matrix
from routelab.outcomes import Dense
from routelab.router.estimate import Estimate, Training, best_single, column_means
from routelab.router.estimators import AnyEstimator, Ridge
from routelab.router.guards import AnyGuard, available
from routelab.router.select import AnySelector, Utility, pick_best

REASONS = ("best utility", "guarded: the gain of the arm it beat is in doubt")


COST_FLOOR = 0.05
"""No query is predicted to cost less than this share of its arm's mean cost."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A router's whole configuration. Equal recipes have equal ``hash``, whatever they are called."""

    name: str
    description: str = ""
    source: str = ""
    encoder: AnyEncoder | None = HashedNgrams()
    reduction: Reduction = msgspec.field(default_factory=TfidfSvd)
    estimator: AnyEstimator
    guards: tuple[AnyGuard, ...] = ()
    selector: AnySelector = Utility()
    dial: float = 0.0

    @property
    def hash(self) -> str:
        parts = msgspec.to_builtins(self)
        return digest({key: value for key, value in parts.items() if key not in ("name", "description", "source")})


class Router:
    """A recipe that can be fitted on outcomes and then routes. Batch first: arrays in, arrays out."""

    def __init__(self, recipe: Recipe, *, seed: int = 0) -> None:
        self.recipe, self.seed = recipe, seed
        self.arms_: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.recipe.name

    def fit(self, batch: QueryBatch, outcomes: Dense) -> Self:
        """Learn from queries and their outcomes (same rows). Missing cells (NaN) are tolerated."""
        self.arms_ = tuple(sorted(outcomes.arms))
        known = outcomes.columns(self.arms_)
        cost = known.cost_usd if known.has_cost else np.zeros_like(known.score)
        self.reduction_: Reduction | None = None
        if self.recipe.encoder is not None:
            self.reduction_ = batch.fitted(self.recipe.encoder, self.recipe.reduction, self.seed)
        features = self._features(batch)
        self.fitted_on_ = np.unique(batch.fingerprints())
        self.fallback_ = best_single(known.score, cost, self.arms_)
        training = Training(features, batch, self.arms_, known.score, cost, self.fallback_, self.seed)
        self.estimator_ = deepcopy(self.recipe.estimator).fit(training)
        means = column_means(cost)
        self.cost_mean_ = means
        self.cost_scale_ = float(means.max()) or 1.0
        varied = known.has_cost and self.recipe.encoder is not None and bool(column_means((cost - means) ** 2).any())
        self.cost_model_ = Ridge(clip=False).fit(replace(training, score=cost)) if varied else None
        return self

    def estimate(self, batch: QueryBatch) -> Estimate:
        """Mean, standard errors and cost of every arm; the costly half of a decision."""
        if not self.arms_:
            raise ContractError(f"router {self.name!r}", expected="a fitted router", got="none", fix="call fit first")
        features = self._features(batch)
        mean, se, gap_se = self.estimator_.predict(features)
        cost = np.broadcast_to(self.cost_mean_, mean.shape)
        if self.cost_model_ is not None:
            cost = np.maximum(self.cost_model_.predict(features)[0], COST_FLOOR * cost)
        return Estimate(mean, se, gap_se, cost, self.fallback_, self.cost_scale_)

    def _features(self, batch: QueryBatch) -> Matrix:
        """(n, d); a single column of zeros for a router that does not read text."""
        if self.recipe.encoder is None or self.reduction_ is None:
            return np.zeros((len(batch), 1), np.float32)
        return batch.reduced(self.recipe.encoder, self.reduction_)

    def decide(self, estimate: Estimate, dial: float, pool: PoolView | None = None) -> tuple[Ints, Ints, Ints]:
        """Pick, the arm it beat and the reason of each row; the cheap half, repeated over the dial.

        Where the guards changed the pick, it beat the arm that would have been picked without them.
        """
        mask, utility = available(self.arms_, pool), self.recipe.selector.utility
        pick, beat = pick_best(utility(estimate, dial), estimate.cost, mask)
        hedged = reduce(lambda believed, guard: guard.hedge(believed), self.recipe.guards, estimate)
        if hedged is estimate:
            return pick, beat, np.zeros(len(pick), np.int64)
        final, second = pick_best(utility(hedged, dial), hedged.cost, mask)
        changed = final != pick
        return final, np.where(changed, pick, second), changed.astype(np.int64)

    def route(self, batch: QueryBatch, *, dial: float | None = None, pool: PoolView | None = None) -> Decisions:
        """Decide a batch; one query is a batch of one."""
        started = time.perf_counter()
        estimate = self.estimate(batch)
        pick, beat, reason = self.decide(estimate, self.recipe.dial if dial is None else dial, pool)
        overhead = np.full(len(batch), (time.perf_counter() - started) / max(len(batch), 1))
        return Decisions.single(
            self.arms_,
            pick,
            score=estimate.mean,
            cost_usd=estimate.cost,
            beat=beat,
            reason=reason,
            reasons=REASONS,
            overhead_s=overhead,
        )


def route_texts(router: Router, texts: Sequence[str], dial: float | None = None) -> list[str]:
    """Arm names for bare prompts, the smallest way to use a fitted router."""
    return router.route(QueryBatch.of(texts), dial=dial).chosen_arms()
