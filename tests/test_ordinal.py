"""Sufficiency: what counts as good enough, against whom, and what the selector makes of it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from routelab.router import Estimate, Router, Training
from routelab.router.catalogue import best_route, hybridllm_det, hybridllm_prob, hybridllm_trans
from routelab.router.estimators import Logistic, Sufficiency
from routelab.router.select import CheapestSufficient, NormalisedUtility, pick_best
from routelab.router.worlds import plant
from test_neighbours import newcomer, other_than_fallback, training, without

Label = Literal["det", "prob", "trans"]


def graded(n: int = 200) -> Training:
    """Scores between 0 and 1, the reference ahead by a little that varies."""
    whole, rng = training(n), np.random.default_rng(0)
    score = np.clip(0.6 + 0.2 * whole.features[:, :3] + rng.normal(0, 0.1, (n, 3)) + [0.1, 0.0, -0.1], 0, 1)
    return replace(whole, score=score, fallback=0)


def test_on_right_or_wrong_outcomes_the_three_labels_are_one() -> None:
    whole, asked = training(200), training(seed=1).features
    det, prob, trans = (Sufficiency(label=label).fit(whole).predict(asked) for label in ("det", "prob", "trans"))
    for one, other, third in zip(det, prob, trans):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, third)


@pytest.mark.parametrize("label", ["det", "prob"])
def test_arms_are_held_against_the_best_single_one_and_that_against_the_runner_up(label: Label) -> None:
    whole, asked = graded(), training(seed=1).features
    rival = whole.score[:, [1, 0, 0]]
    expected = whole.score >= rival - 1e-9 if label == "det" else 1 - rival * (1 - whole.score)
    by_hand = Logistic().fit(replace(whole, score=expected.astype(float)))
    np.testing.assert_array_equal(Sufficiency(label=label).fit(whole).predict(asked)[0], by_hand.predict(asked)[0])


def test_the_chance_over_samples_is_that_of_drawing_them() -> None:
    """1 − s_ref (1 − s) is the probability that a right-or-wrong sample is no worse than the reference's."""
    rng, whole = np.random.default_rng(0), graded(20)
    drawn = rng.random((20_000, *whole.score.shape)) < whole.score
    model = Sufficiency(label="prob").fit(whole)
    np.testing.assert_allclose(
        model._labels(whole.score[:, 1], whole.score[:, 0]),
        (drawn[..., 1] >= drawn[..., 0]).mean(axis=0),
        atol=0.02,
    )


def test_the_margin_tells_queries_apart_most() -> None:
    whole = graded()
    behind = whole.score[:, [1, 0, 0]] - whole.score
    chosen = Sufficiency(label="trans").fit(whole).margin_

    def difference(margin: float) -> float:
        label = behind <= margin + 1e-9
        return float(np.mean([np.abs(np.subtract.outer(y, y)).mean() for y in label.T.astype(float)]))

    assert chosen >= 0
    assert all(difference(chosen) >= difference(margin) - 0.005 for margin in np.linspace(0, 0.6, 61))


def test_a_newcomer_is_judged_against_the_reference_on_the_same_queries() -> None:
    whole, asked = graded(), training(seed=1).features
    early = Sufficiency(label="prob").fit(whole)
    late = Sufficiency(label="prob").fit(without(whole, 2)).add_arm(newcomer(whole, 2, np.arange(200)))
    np.testing.assert_allclose(early.predict(asked)[0][:, 2], late.predict(asked)[0][:, 2], atol=1e-9)


def test_a_newcomer_with_queries_of_its_own_is_judged_against_the_reference_s_mean() -> None:
    whole = graded()
    arm = other_than_fallback(whole)
    few = without(whole, arm)
    first = replace(
        few,
        features=few.features[:150],
        score=few.score[:150],
        batch=few.batch.take(np.arange(150)),
        cost=few.cost[:150],
    )
    joined = newcomer(whole, arm, np.arange(150, 200))
    mean = deepcopy(Sufficiency(label="det")).fit(first).add_arm(joined).predict(whole.features)[0]
    level = 1 - first.score[:, first.fallback].mean() * (1 - joined.score.mean())
    assert mean[:, arm].mean() == pytest.approx(level, abs=0.05)


@pytest.mark.parametrize("recipe", [hybridllm_det, hybridllm_prob, hybridllm_trans, best_route], ids=lambda r: r.name)
def test_what_is_good_enough_costs_less_where_an_arm_dominates(recipe: object) -> None:
    """In a pair whose strong arm is better on two topics of three, the third goes to the weak one."""
    world = plant("pairs", train=1000, test=600)
    router = Router(recipe).fit(world.train, world.known)  # type: ignore[arg-type]
    estimate = router.estimate(world.test)
    topic = np.array(world.test.tasks)
    share = {}
    for dial in (0.05, 0.2):
        weak = router.decide(estimate, dial).pick == router.arms_.index("lab/weak")
        share[dial] = [weak[topic == one].mean() for one in ("arithmetic", "code", "story")]
    assert share[0.2][0] >= 0.9 and share[0.2][1] <= 0.1


def _estimate(seed: int = 0) -> Estimate:
    rng = np.random.default_rng(seed)
    mean, cost = rng.random((300, 5)), rng.random((300, 5))
    return Estimate(mean, mean * 0.1, mean * 0.1, cost, 0, float(cost.mean(axis=0).max()))


@pytest.mark.parametrize("selector", [CheapestSufficient(), NormalisedUtility()], ids=str)
def test_cost_never_rises_with_the_dial(selector: CheapestSufficient | NormalisedUtility) -> None:
    estimate, last = _estimate(), np.inf
    for dial in np.linspace(0, 1, 101):
        pick, _ = pick_best(selector.utility(estimate, float(dial)), estimate.cost)
        cost = estimate.cost[np.arange(300), pick]
        assert (cost <= last + 1e-15).all()
        last = cost
    assert (last == estimate.cost.min(axis=1)).all()


def test_normalised_utility_reads_quality_and_cost_within_each_query() -> None:
    estimate = Estimate(
        np.array([[0.50, 0.51, 0.52]]), np.zeros((1, 3)), np.zeros((1, 3)), np.array([[1.0, 2.0, 4.0]]), 0, 100.0
    )
    utility = NormalisedUtility().utility(estimate, 0.25)
    np.testing.assert_allclose(utility, [[0.75 * 0.0 - 0.25 * 0.25, 0.75 * 0.5 - 0.25 * 0.5, 0.75 * 1.0 - 0.25 * 1.0]])
    level = replace(estimate, mean=np.full((1, 3), 0.5), cost=np.zeros((1, 3)))
    assert (NormalisedUtility().utility(level, 0.25) == 0).all()
