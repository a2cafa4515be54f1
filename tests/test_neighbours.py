"""Neighbours and groups: what they average, how sure they are of it, and how an arm joins them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from routelab.encode import QueryBatch
from routelab.router import Estimator, Recipe, Router, Training, best_single
from routelab.router.catalogue import avengers_pro, composition_of_experts, uniroute
from routelab.router.estimate import Newcomer
from routelab.router.estimators import Category, GroupMean, LocalMean, Tiers
from routelab.router.worlds import TOPICS, World, plant


def training(n: int = 60, k: int = 3, *, seed: int = 0, missing: float = 0.0) -> Training:
    """Random unit features whose first two coordinates decide who is right."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 6)).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    chance = 1 / (1 + np.exp(-4 * features[:, :k]))
    score = (rng.random((n, k)) < chance).astype(float)
    score[rng.random((n, k)) < missing] = np.nan
    cost = np.tile(np.arange(1.0, k + 1), (n, 1))
    batch = QueryBatch.of([str(row) for row in range(n)], ["one" if f > 0 else "other" for f in features[:, 0]])
    arms = tuple("abcdefg"[:k])
    return Training(features, batch, arms, score, cost, best_single(score, cost, arms), seed, (0, 6))


def without(whole: Training, arm: int) -> Training:
    """The same queries before ``arm``, which is not the fallback, was known."""
    kept = [j for j in range(len(whole.arms)) if j != arm]
    return replace(
        whole,
        arms=tuple(whole.arms[j] for j in kept),
        score=whole.score[:, kept],
        cost=whole.cost[:, kept],
        fallback=kept.index(whole.fallback),
    )


def newcomer(whole: Training, arm: int, rows: np.ndarray) -> Newcomer:
    batch = whole.batch.take(rows)
    return Newcomer(whole.features[rows], batch, whole.score[rows, arm], arm, whole.fallback, whole.seed)


def other_than_fallback(whole: Training) -> int:
    return next(j for j in range(len(whole.arms)) if j != whole.fallback)


ESTIMATORS: list[Estimator] = [
    LocalMean(k=7),
    LocalMean(k=7, near=0.9, weighted=True),
    LocalMean(ks=(2, 8, 32)),
    GroupMean(clusters=4),
    GroupMean(clusters=6, top=3),
    Category(),
    Tiers(),
]


@pytest.mark.parametrize("estimator", ESTIMATORS[:5], ids=str)
def test_an_arm_that_joins_on_the_queries_of_the_fit_is_as_if_it_had_been_there(estimator: Estimator) -> None:
    whole, asked = training(), training(seed=1).features
    arm = other_than_fallback(whole)
    early, late = (type(estimator)(**_parameters(estimator)) for _ in range(2))
    early.fit(whole)
    late.fit(without(whole, arm))
    if isinstance(late, LocalMean) and isinstance(early, LocalMean):
        late.k_ = early.k_
    late.add_arm(newcomer(whole, arm, np.arange(len(whole.batch))))
    for one, other in zip(early.predict(asked)[:2], late.predict(asked)[:2]):
        np.testing.assert_allclose(one, other, atol=1e-9)


def _parameters(estimator: Estimator) -> dict[str, object]:
    return {name: getattr(estimator, name) for name in estimator.__struct_fields__}  # type: ignore[attr-defined]


class TestNeighbours:
    """LocalMean."""

    def test_the_mean_is_that_of_the_nearest(self) -> None:
        whole = training()
        mean, _, _ = LocalMean(k=5, prior=0.0).fit(whole).predict(whole.features[:3])
        for row in range(3):
            near = np.argsort(-whole.features @ whole.features[row])[:5]
            np.testing.assert_allclose(mean[row], whole.score[near].mean(axis=0))

    def test_nearer_neighbours_weigh_more_and_the_share_widens_the_circle(self) -> None:
        whole = training()
        mean, _, _ = LocalMean(k=5, prior=0.0, near=0.9, weighted=True).fit(whole).predict(whole.features[:3])
        for row in range(3):
            similarity = whole.features @ whole.features[row]
            weight = np.where(similarity >= 0.9 * np.sort(similarity)[-5], similarity, 0.0)
            assert (weight > 0).sum() >= 5
            np.testing.assert_allclose(mean[row], weight @ whole.score / weight.sum(), atol=1e-6)

    def test_k_is_chosen_by_what_predicts_left_out_queries(self) -> None:
        rng = np.random.default_rng(0)
        whole = training(400)
        noise = replace(whole, score=rng.permutation(whole.score))
        sharp = replace(whole, score=(whole.features[:, :3] > 0).astype(float))
        ks = (1, 4, 16, 64, 256)
        assert LocalMean(ks=ks).fit(noise).k_ == 256
        assert LocalMean(ks=ks).fit(sharp).k_ <= 16

    def test_few_neighbours_are_never_certain(self) -> None:
        whole = training(k=2)
        whole.score[1:, 1 - whole.fallback] = np.nan
        _, se, gap_se = LocalMean(k=5).fit(whole).predict(whole.features)
        assert (se > 0.05).all() and (gap_se[:, 1 - whole.fallback] > 0.05).all()

    def test_where_neighbours_do_not_know_both_arms_the_gap_is_unpaired(self) -> None:
        whole = training(40, 2)
        arm = 1 - whole.fallback
        whole.score[:20, arm], whole.score[20:, whole.fallback] = np.nan, np.nan
        _, se, gap_se = LocalMean(k=5).fit(whole).predict(whole.features)
        np.testing.assert_allclose(gap_se[:, arm], np.hypot(se[:, 0], se[:, 1]))

    def test_a_newcomer_with_queries_of_its_own_leaves_the_others_neighbours_alone(self) -> None:
        whole, asked = training(80), training(seed=1).features
        arm = other_than_fallback(whole)
        first = replace(
            without(whole, arm), features=whole.features[:50], score=np.delete(whole.score, arm, axis=1)[:50]
        )
        model = LocalMean(k=7).fit(first)
        before = model.predict(asked)
        model.add_arm(newcomer(whole, arm, np.arange(30, 80)))
        after = model.predict(asked)
        for one, other in zip(before, after):
            np.testing.assert_array_equal(one, np.delete(other, arm, axis=1))
        own = replace(whole, features=whole.features[30:], score=whole.score[30:])
        np.testing.assert_allclose(after[0][:, arm], LocalMean(k=7).fit(own).predict(asked)[0][:, arm])


class TestGroups:
    """Clusters, categories, tiers."""

    def test_one_cluster_is_the_best_single_arm(self) -> None:
        world = plant("complementary")
        router = Router(Recipe(name="one", estimator=GroupMean(clusters=1))).fit(world.train, world.known)
        assert set(router.route(world.test).pick) == {router.fallback_}

    def test_a_cluster_for_each_query_is_the_nearest_neighbour(self) -> None:
        whole, asked = training(), training(seed=1).features
        clusters = GroupMean(clusters=60, smallest=1, prior=0.0).fit(whole)
        neighbour = LocalMean(k=1, prior=0.0).fit(whole)
        np.testing.assert_allclose(clusters.predict(asked)[0], neighbour.predict(asked)[0], atol=1e-9)

    def test_the_nearest_three_share_a_query_by_softmax(self) -> None:
        whole = training()
        model = GroupMean(clusters=8, smallest=1, top=3, sharpness=9.0).fit(whole)
        distance = np.sort(np.linalg.norm(model.centres_ - whole.features[0], axis=1))[:3]
        order = np.argsort(np.linalg.norm(model.centres_ - whole.features[0], axis=1))[:3]
        share = np.exp(-9 * distance) / np.exp(-9 * distance).sum()
        np.testing.assert_allclose(model.predict(whole.features[:1])[0][0], model.mean_[:, order] @ share, atol=1e-6)

    def test_avengers_pro_is_monotone_in_its_dial(self) -> None:
        world = plant("complementary")
        router = Router(avengers_pro).fit(world.train, world.known)
        estimate = router.estimate(world.test)
        rows, last = np.arange(len(estimate)), np.inf
        for dial in np.linspace(0, 1, 51):
            cost = estimate.cost[rows, router.decide(estimate, float(dial)).pick]
            assert (cost <= last + 1e-15).all()
            last = cost

    def test_an_unsure_classifier_gives_the_overall_means(self) -> None:
        whole = training()
        sure, unsure = Category(confidence=0.0).fit(whole), Category(confidence=1.1).fit(whole)
        assert len(np.unique(sure.predict(whole.features)[0], axis=0)) == 2
        (overall,) = np.unique(unsure.predict(whole.features)[0], axis=0)
        np.testing.assert_allclose(overall, whole.score.mean(axis=0))

    def test_without_labels_there_is_one_category(self) -> None:
        whole = training()
        model = Category().fit(replace(whole, batch=QueryBatch.of(whole.batch.texts or ())))
        np.testing.assert_allclose(model.predict(whole.features)[0], np.tile(whole.score.mean(axis=0), (60, 1)))

    def test_a_new_arm_is_a_vector_of_cluster_means(self) -> None:
        """UniRoute: half the queries of the fit are enough to know the newcomer about as well as a refit would."""
        world = plant("complementary", train=600)
        others = tuple(arm for arm in world.known.arms if arm != "lab/writer")
        router = Router(uniroute).fit(world.train, world.known.columns(others))
        half = np.arange(0, 600, 2)
        router.add_arm(world.train.take(half), world.known.columns(("lab/writer",)).rows(half))
        refitted = Router(uniroute).fit(world.train, world.known)
        one, other = (each.estimate(world.test).mean for each in (router, refitted))
        assert np.abs(one - other).mean() < 0.05

    def test_as_many_tiers_as_arms_hold_equal_shares(self) -> None:
        rng = np.random.default_rng(0)
        whole = replace(training(120, 4), features=rng.random((120, 12)).astype(np.float32))
        model = Tiers().fit(whole)
        tier = model._nearness(whole.features).argmax(axis=1)
        assert np.bincount(tier).tolist() == [30, 30, 30, 30]


class TestCompositionOfExperts:
    """The budget of Composition of Experts is met by the dial; its program is solved here by enumeration."""

    def test_the_dial_maps_categories_as_the_best_map_for_that_budget_does(self) -> None:
        world = plant("complementary", train=600)
        flat = _flat_costs(world)
        router = Router(composition_of_experts).fit(flat.train, flat.known)
        estimate = router.estimate(flat.train)
        topic = np.array([TOPICS.index(task or "") for task in flat.train.tasks])
        size = np.bincount(topic)
        quality = np.array([estimate.mean[topic == t].mean(axis=0) for t in range(3)])
        cost = estimate.cost[0]
        maps = [np.array(arms) for arms in product(range(len(cost)), repeat=3)]
        spent = np.array([size @ cost[arms] for arms in maps])
        earned = np.array([size @ quality[range(3), arms] for arms in maps])
        budgets = set()
        for dial in np.linspace(0, 1, 41):
            pick = router.decide(estimate, float(dial)).pick
            budget, got = cost[pick].sum(), estimate.mean[np.arange(len(pick)), pick].sum()
            assert got >= earned[spent <= budget + 1e-12].max() - 1e-6
            budgets.add(round(float(budget), 9))
        assert len(budgets) >= 4


def _flat_costs(world: World) -> World:
    """The same world at one price a call."""
    known = world.known.columns(world.known.arms)
    known.cost_usd[:] = np.nanmean(known.cost_usd, axis=0)
    return replace(world, known=known)
