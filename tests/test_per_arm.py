"""Estimators that learn each arm's score from features: planted worlds, standard errors, newcomers."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from routelab.core.threads import single_threaded
from routelab.encode import AsIs, Standardise, TextSignals
from routelab.router import Estimator, Recipe, Router, best_single
from routelab.router.estimators import (
    Category,
    Constant,
    Forest,
    GroupMean,
    Kernel,
    LocalMean,
    Logistic,
    Network,
    Ridge,
    Sufficiency,
    Tiers,
)
from routelab.router.guards import PairedError
from routelab.router.worlds import TOPICS, World, plant
from test_neighbours import newcomer, other_than_fallback, training, without

READERS: list[Estimator] = [
    Category(),
    Forest(),
    GroupMean(),
    GroupMean(clusters=32, top=3, prior=2.0),
    Kernel(),
    LocalMean(),
    LocalMean(k=50, near=0.95, weighted=True),
    LocalMean(ks=(8, 32, 128)),
    Logistic(),
    Network(),
    Ridge(),
    Sufficiency(label="prob"),
]
PER_ARM: list[Estimator] = [Kernel(landmarks=30), Logistic(), Ridge(), Sufficiency(label="prob")]
LEAF_BY_LEAF: list[Estimator] = [Forest(trees=5), Network(units=8)]


@cache
def world(name: str, seed: int = 0) -> World:
    return plant(name, train=2000, test=2000, seed=seed)


@single_threaded
def picks(recipe: Recipe, name: str, seed: int = 0) -> np.ndarray:
    """(n,) the column of the true outcomes that is chosen for each test query at the quality end of the dial."""
    planted = world(name, seed)
    router = Router(recipe).fit(planted.train, planted.known)
    return np.array([planted.truth.arms.index(arm) for arm in router.route(planted.test, dial=0.0).chosen_arms()])


def chances(name: str) -> np.ndarray:
    """(n, K) the planted probability of each test cell."""
    return world(name).chance[[TOPICS.index(task or "") for task in world(name).test.tasks]]


@pytest.mark.parametrize("estimator", READERS, ids=str)
class TestPlantedWorlds:
    """2,000 queries to learn from: what is there is found, what is not is not imagined."""

    def test_specialists_are_found(self, estimator: Estimator) -> None:
        chance, chosen = chances("complementary"), picks(Recipe(name="e", estimator=estimator), "complementary")
        single, possible = chance.mean(axis=0).max(), chance.max(axis=1).mean()
        assert chance[np.arange(len(chosen)), chosen].mean() - single >= 0.95 * (possible - single)

    def test_behind_a_guard_an_arm_that_is_best_everywhere_is_kept(self, estimator: Estimator) -> None:
        chance = chances("dominated")
        chosen = picks(Recipe(name="e", estimator=estimator, guards=(PairedError(),)), "dominated")
        assert chance[np.arange(len(chosen)), chosen].mean() >= chance.max() - 0.003

    def test_of_arms_that_tie_the_cheaper_is_taken(self, estimator: Estimator) -> None:
        chosen, truth = picks(Recipe(name="e", estimator=estimator), "ties"), world("ties").truth
        rows, dear = np.arange(len(chosen)), truth.arms.index("lab/dear")
        assert dear not in chosen
        assert chances("ties")[rows, chosen].mean() >= 0.7 - 0.015
        assert truth.cost_usd[rows, chosen].mean() <= 0.75 * truth.cost_usd[:, dear].mean()

    def test_coin_flips_teach_nothing(self, estimator: Estimator) -> None:
        within = []
        for seed in range(3):  # a twentieth of all worlds is out by chance
            chosen, null = picks(Recipe(name="e", estimator=estimator), "null", seed), world("null", seed)
            best = best_single(null.known.score, null.known.cost_usd, null.known.arms)
            gain = null.truth.score[np.arange(len(chosen)), chosen] - null.truth.score[:, best]
            within.append(abs(gain.mean()) <= 2 * gain.std(ddof=1) / np.sqrt(len(gain)) + 1e-12)
        assert sum(within) >= 2


def test_readable_signals_find_most_of_the_gain_and_a_rule_over_half_of_it() -> None:
    chance = chances("complementary")
    single, possible = chance.mean(axis=0).max(), chance.max(axis=1).mean()
    for reduction, estimator, share in ((Standardise(), Forest(), 0.9), (AsIs(), Tiers(), 0.5)):
        recipe = Recipe(name="e", encoder=TextSignals(), reduction=reduction, estimator=estimator)
        chosen = picks(recipe, "complementary")
        assert chance[np.arange(len(chosen)), chosen].mean() - single >= share * (possible - single)


@pytest.mark.parametrize("estimator", [*PER_ARM, *LEAF_BY_LEAF, Constant()], ids=str)
class TestNewcomers:
    """add_arm."""

    def test_what_is_predicted_of_other_arms_stays_to_the_last_bit(self, estimator: Estimator) -> None:
        whole, asked = training(90, 5), training(40, seed=1).features
        for arm in range(5):
            if arm == whole.fallback:
                continue
            model = deepcopy(estimator).fit(without(whole, arm))
            before = model.predict(asked)
            after = model.add_arm(newcomer(whole, arm, np.arange(0, 90, 3))).predict(asked)
            for one, other in zip(before, after):
                np.testing.assert_array_equal(one, np.delete(other, arm, axis=1))

    def test_a_pool_of_one_can_grow(self, estimator: Estimator) -> None:
        whole, asked = training(60, 2), training(40, seed=1).features
        model = deepcopy(estimator).fit(without(whole, 1 - whole.fallback))
        before = model.predict(asked)[0][:, 0]
        after = model.add_arm(newcomer(whole, 1 - whole.fallback, np.arange(60))).predict(asked)
        np.testing.assert_array_equal(before, after[0][:, whole.fallback])
        assert all(np.isfinite(part).all() for part in after)

    def test_one_outcome_is_enough_to_join_and_proves_nothing(self, estimator: Estimator) -> None:
        whole, asked = training(90, 3), training(40, seed=1).features
        arm = other_than_fallback(whole)
        model = deepcopy(estimator).fit(without(whole, arm))
        mean, se, gap_se = model.add_arm(newcomer(whole, arm, np.array([0]))).predict(asked)
        assert all(np.isfinite(part).all() for part in (mean, se, gap_se))
        if not isinstance(estimator, Forest):  # its trees agree where a leaf holds one mean
            assert (gap_se[:, arm] >= se[:, arm]).all() and (se[:, arm] > np.delete(se, arm, axis=1).mean()).all()


@pytest.mark.parametrize("estimator", PER_ARM, ids=str)
def test_an_arm_that_joins_on_the_queries_of_the_fit_is_as_if_it_had_been_there(estimator: Estimator) -> None:
    """Where arms are learned apart. One penalty is shared by the arms of a ridge fit, hence its tolerance."""
    whole, asked = training(300), training(seed=1).features
    arm = other_than_fallback(whole)
    early, late = deepcopy(estimator).fit(whole), deepcopy(estimator).fit(without(whole, arm))
    late.add_arm(newcomer(whole, arm, np.arange(300)))
    tolerance = 1e-9 if isinstance(estimator, Logistic) else 0.05
    np.testing.assert_allclose(early.predict(asked)[0], late.predict(asked)[0], atol=tolerance)


def test_ridge_and_logistic_errors_are_those_of_repeated_draws() -> None:
    """Their standard error is within a factor of two of the spread of the prediction over fresh outcomes."""
    rng, one = np.random.default_rng(0), training(400)
    chance = 1 / (1 + np.exp(-2 * one.features[:, :3]))
    for estimator in (Ridge(), Logistic()):
        fits = []
        for _ in range(30):
            drawn = replace(one, score=(rng.random(chance.shape) < chance).astype(float))
            fits.append(deepcopy(estimator).fit(drawn).predict(one.features[:50])[:2])
        spread = np.std([mean for mean, _ in fits], axis=0)
        stated = np.mean([se for _, se in fits], axis=0)
        assert 0.5 <= np.median(stated / spread) <= 2.0


def test_one_query_is_predicted_as_in_a_batch() -> None:
    whole, asked = training(200), training(50, seed=1).features
    for estimator in (*PER_ARM, *LEAF_BY_LEAF):
        model = deepcopy(estimator).fit(whole)
        together = model.predict(asked)[0]
        alone = np.concatenate([model.predict(asked[[row]])[0] for row in range(50)])
        np.testing.assert_allclose(together, alone, atol=1e-12)


def test_a_forest_kept_as_arrays_is_the_forest_that_was_grown() -> None:
    from sklearn.ensemble import RandomForestRegressor

    whole, asked = training(200), training(50, seed=1).features
    grown = RandomForestRegressor(7, min_samples_leaf=8, max_features="sqrt", max_depth=4, random_state=0)
    expected = grown.fit(whole.features, whole.score).predict(asked)
    found = Forest(trees=7, leaf=8, depth=4).fit(whole).predict(asked)[0]
    np.testing.assert_allclose(found, expected, atol=1e-6)
