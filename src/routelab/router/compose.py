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
from typing import Annotated, Self

import msgspec
import numpy as np

from routelab.core.decisions import Decisions, Floats
from routelab.core.errors import ContractError, InputError
from routelab.core.files import digest
from routelab.core.pool_view import PoolView
from routelab.encode import AnyEncoder, HashedNgrams, QueryBatch, Reduction, StaticEmbedding, TfidfSvd
from routelab.encode.encoders import Matrix
from routelab.outcomes import Dense
from routelab.router.about import About
from routelab.router.estimate import Estimate, Newcomer, Training, best_single, column_means
from routelab.router.estimators import AnyEstimator, FineTuned, Ridge
from routelab.router.explain import Belief, Explanation
from routelab.router.explore import Choice, explored, luck_of
from routelab.router.guards import AnyGuard, available
from routelab.router.pool_rules import AnyPoolRule
from routelab.router.select import AnySelector, Utility, pick_best

REASONS = ("best utility", "guarded: the gain of the arm it beat is in doubt", "explored: drawn at random")


COST_FLOOR = 0.05
"""No query is predicted to cost less than this share of its arm's mean cost."""


class View(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to read the text: an encoder and the reduction that is fitted on its rows."""

    encoder: AnyEncoder
    reduction: Reduction


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A router's whole configuration. Equal recipes have equal ``hash``, whatever they are called.

    ``also`` are further views of the text, whose columns stand beside the first one's. ``load`` says what the state of
    the pool changes, where it is known. ``explore`` is the share of
    queries whose arm is drawn at random from those available, by a hash of the prompt, so that a log of decisions
    can say what another router would have earned.
    """

    name: str
    description: str = ""
    about: About = About()
    encoder: AnyEncoder | None = HashedNgrams()
    reduction: Reduction = msgspec.field(default_factory=TfidfSvd)
    also: tuple[View, ...] = ()
    estimator: AnyEstimator
    guards: tuple[AnyGuard, ...] = ()
    selector: AnySelector = Utility()
    dial: float = 0.0
    load: AnyPoolRule | None = None
    explore: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.0

    @property
    def hash(self) -> str:
        parts = msgspec.to_builtins(self)
        left_out = {"name", "description", "about"} | ({"load"} if self.load is None else set())
        return digest({key: value for key, value in parts.items() if key not in left_out})

    @property
    def views(self) -> tuple[View, ...]:
        """Every way in which the text is read, none for a router that does not read it."""
        return () if self.encoder is None else (View(self.encoder, self.reduction), *self.also)

    @property
    def extra(self) -> str | None:
        """The optional dependency without which it cannot run."""
        if isinstance(self.estimator, FineTuned):
            return "torch"
        return "dense" if any(isinstance(view.encoder, StaticEmbedding) for view in self.views) else None


class Router:
    """A recipe that can be fitted on outcomes and then routes. Batch first: arrays in, arrays out."""

    def __init__(self, recipe: Recipe, *, seed: int = 0) -> None:
        self.recipe, self.seed = recipe, seed
        self.explore = recipe.explore
        self.arms_: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.recipe.name

    def fit(self, batch: QueryBatch, outcomes: Dense) -> Self:
        """Learn from queries and their outcomes (same rows). Missing cells (NaN) are tolerated."""
        self.arms_ = tuple(sorted(outcomes.arms))
        known = outcomes.columns(self.arms_)
        cost = known.cost_usd if known.has_cost else np.zeros_like(known.score)
        self.reductions_ = tuple(batch.fitted(view.encoder, view.reduction, self.seed) for view in self.recipe.views)
        read = self._read(batch)
        features, edges = np.hstack(read), tuple(np.cumsum([0, *(rows.shape[1] for rows in read)]).tolist())
        self.fitted_on_ = np.unique(batch.fingerprints())
        self.fallback_ = best_single(known.score, cost, self.arms_)
        training = Training(features, batch, self.arms_, known.score, cost, self.fallback_, self.seed, edges)
        self.estimator_ = deepcopy(self.recipe.estimator).fit(training)
        means = column_means(cost)
        self.cost_mean_ = means
        self.cost_scale_ = float(means.max()) or 1.0
        varied = known.has_cost and self.recipe.encoder is not None and bool(column_means((cost - means) ** 2).any())
        self.cost_model_ = Ridge(clip=False).fit(replace(training, score=cost)) if varied else None
        return self

    def add_arm(self, batch: QueryBatch, outcomes: Dense) -> Self:
        """Learn one more arm from its outcomes on some queries, and nothing else.

        What is predicted of the other arms, the fallback of the guards and the scale of the dial stay as they
        were. Raises InputError for an arm that is known already and for one without costs beside priced ones.
        """
        (arm,) = outcomes.arms
        if arm in self.arms_:
            raise InputError(f"arm {arm}", expected="a new arm", got="one of the router's", fix="refit the router")
        known, priced = ~np.isnan(outcomes.score[:, 0]), bool(self.cost_mean_.any())
        if not known.any() or (priced and not outcomes.has_cost):
            raise InputError(
                f"arm {arm}",
                expected="scored calls" + " with costs" * priced,
                got="none",
                fix="collect outcomes of this arm first",
            )
        rows = np.flatnonzero(known)
        batch, outcomes = batch.take(rows), outcomes.rows(rows)
        self.arms_ = tuple(sorted((*self.arms_, arm)))
        place = self.arms_.index(arm)
        self.fallback_ += int(place <= self.fallback_)
        read = np.hstack(self._read(batch))
        newcomer = Newcomer(read, batch, outcomes.score[:, 0], place, self.fallback_, self.seed)
        self.estimator_.add_arm(newcomer)
        cost = np.nan_to_num(outcomes.cost_usd[:, 0], nan=float(column_means(outcomes.cost_usd)[0]))
        self.cost_mean_ = np.insert(self.cost_mean_, place, cost.mean() if priced else 0.0)
        if self.cost_model_ is not None:
            self.cost_model_.add_arm(replace(newcomer, score=cost))
        return self

    def estimate(self, batch: QueryBatch) -> Estimate:
        """Mean, standard errors and cost of every arm; the costly half of a decision."""
        if not self.arms_:
            raise ContractError(f"router {self.name!r}", expected="a fitted router", got="none", fix="call fit first")
        features = np.hstack(self._read(batch))
        mean, se, gap_se = self.estimator_.predict(features)
        if self.cost_model_ is None:
            cost = np.broadcast_to(self.cost_mean_, mean.shape)
        else:
            cost = np.maximum(self.cost_model_.mean(features), COST_FLOOR * self.cost_mean_)
        luck = luck_of(batch, self.seed) if self.explore else None
        return Estimate(mean, se, gap_se, cost, self.fallback_, self.cost_scale_, luck)

    def _read(self, batch: QueryBatch) -> list[Matrix]:
        """The rows of each view; a single column of zeros for a router that does not read text."""
        views = zip(self.recipe.views, self.reductions_)
        return [batch.reduced(view.encoder, one) for view, one in views] or [np.zeros((len(batch), 1), np.float32)]

    def decide(self, estimate: Estimate, dial: float, pool: PoolView | None = None) -> Choice:
        """What is chosen for each row; the cheap half of a decision, repeated over the dial.

        Where a guard or chance changed the pick, it beat the arm that would have been picked without them.
        """
        mask, rule = available(self.arms_, pool), self.recipe.load
        if rule is not None and pool is not None:
            dial = rule.dial(dial, pool)

        def utility(believed: Estimate, dial: float) -> Floats:
            plain = self.recipe.selector.utility(believed, dial)
            return plain if rule is None or pool is None else rule.utility(plain, self.arms_, pool)

        pick, beat = pick_best(utility(estimate, dial), estimate.cost, mask)
        reason = np.zeros(len(pick), np.int64)
        hedged = self._hedged(estimate)
        if hedged is not estimate:
            final, second = pick_best(utility(hedged, dial), hedged.cost, mask)
            reason = (final != pick).astype(np.int64)
            pick, beat = final, np.where(reason, pick, second)
        choice = Choice(pick, beat, reason, np.ones(len(pick)))
        return choice if estimate.luck is None else explored(choice, estimate.luck, self.explore, len(self.arms_), mask)

    def _hedged(self, estimate: Estimate) -> Estimate:
        return reduce(lambda believed, guard: guard.hedge(believed), self.recipe.guards, estimate)

    def route(self, batch: QueryBatch, *, dial: float | None = None, pool: PoolView | None = None) -> Decisions:
        """Decide a batch; one query is a batch of one."""
        started = time.perf_counter()
        estimate = self.estimate(batch)
        choice = self.decide(estimate, self.recipe.dial if dial is None else dial, pool)
        overhead = np.full(len(batch), (time.perf_counter() - started) / max(len(batch), 1))
        return Decisions.single(
            self.arms_,
            choice.pick,
            score=estimate.mean,
            cost_usd=estimate.cost,
            beat=choice.beat,
            reason=choice.reason,
            reasons=REASONS,
            propensity=choice.propensity,
            overhead_s=overhead,
        )

    def explain(self, batch: QueryBatch, *, dial: float | None = None) -> list[Explanation]:
        """Why each query gets its arm: what is believed of every arm, best utility first."""
        dial = self.recipe.dial if dial is None else dial
        estimate = self.estimate(batch)
        choice = self.decide(estimate, dial)
        utility = self.recipe.selector.utility(self._hedged(estimate), dial)
        return [
            Explanation(
                arm=self.arms_[choice.pick[row]],
                reason=REASONS[choice.reason[row]],
                beat=self.arms_[choice.beat[row]] if choice.beat[row] >= 0 else None,
                dial=dial,
                beliefs=[
                    Belief(
                        self.arms_[j], *(float(of[row, j]) for of in (estimate.mean, estimate.gap_se, estimate.cost))
                    )
                    for j in np.argsort(-utility[row], kind="stable")
                ],
            )
            for row in range(len(batch))
        ]


def route_texts(router: Router, texts: Sequence[str], dial: float | None = None) -> list[str]:
    """Arm names for bare prompts, the smallest way to use a fitted router."""
    return router.route(QueryBatch.of(texts), dial=dial).chosen_arms()
