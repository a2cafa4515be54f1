"""Factor models, duels and the graph: gradients, planted truths, ties by cost, and arms that come later.

What every catalogue entry promises is checked with all the others in test_check_router.py.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from routelab.core.seeds import stream
from routelab.core.threads import single_threaded
from routelab.encode import QueryBatch
from routelab.router import Recipe, Router, Training, best_single
from routelab.router.catalogue import latent, ridge
from routelab.router.estimate import Newcomer
from routelab.router.estimators import AnyEstimator, Bilinear, Graph, WeightedBradleyTerry, losses
from routelab.router.estimators.factor import _Rows
from routelab.router.worlds import TOPICS, World, plant

ENTRIES: tuple[Recipe, ...] = tuple(one for one in vars(latent).values() if isinstance(one, Recipe))
LOSSES = ("score", "win", "irt", "rank", "rank-cost", "contrast")
ESTIMATORS: dict[str, AnyEstimator] = {name: Bilinear(loss=name) for name in LOSSES} | {
    "graph": Graph(),
    "duels": WeightedBradleyTerry(),
}
named = pytest.mark.parametrize("recipe", ENTRIES, ids=[one.name for one in ENTRIES])


@cache
def world(name: str, seed: int = 0) -> World:
    return plant(name, seed=seed, train=2000, test=2000)


@single_threaded
def fitted(recipe: Recipe, where: World) -> Router:
    return Router(recipe).fit(where.train, where.known)


def earned(where: World, router: Router) -> np.ndarray:
    return where.scores(router.route(where.test, dial=0.0).chosen_arms())


# -- gradients -------------------------------------------------------------------------------------------------


def slope_of(value: Callable[[np.ndarray], float], at: np.ndarray) -> np.ndarray:
    """Central differences."""
    slope, step = np.zeros_like(at), 1e-6
    for cell in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[cell] += step
        down[cell] -= step
        slope[cell] = (value(up) - value(down)) / (2 * step)
    return slope


def some_rows() -> _Rows:
    draw = stream(0, "gradients")
    score = draw.choice([0.0, 0.5, 1.0], (12, 5))
    score[0], score[1, 2] = np.nan, np.nan
    return _Rows(draw.normal(size=(12, 4)), score, draw.random((12, 5)), np.array([0, 1, 2] * 4))


@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_falls_as_its_gradient_says(loss: str) -> None:
    rows, draw = some_rows(), stream(1, "gradients")
    model = Bilinear(loss=loss, rank=3, decay=0.1, tie=0.3)
    queries, arms = draw.normal(size=(4, 4)), draw.normal(size=(5, 4))

    def value(q: np.ndarray, a: np.ndarray) -> float:
        return model._gradient(rows, q, a, stream(2, "same draws"))[0]

    _, for_queries, for_arms = model._gradient(rows, queries, arms, stream(2, "same draws"))
    np.testing.assert_allclose(for_queries, slope_of(lambda q: value(q, arms), queries), atol=1e-7)
    expected = slope_of(lambda a: value(queries, a), arms)
    np.testing.assert_allclose(for_arms[:, :-1], expected[:, :-1], atol=1e-7)
    assert not for_arms[:, -1].any(), "an arm's last coordinate is given"


def test_of_tied_arms_all_or_none_are_contrasted() -> None:
    best, worst = losses.extremes(np.array([[1.0, 1, 1, 1, 0], [0, 0, 0, 0, 0], [0.9, 0.5, 0.4, 0.2, np.nan]]))
    assert best.tolist() == [[True] * 4 + [False], [False] * 5, [True] * 3 + [False] * 2]
    assert worst.tolist() == [[False] * 4 + [True], [True] * 5, [False] * 3 + [True, False]]


# -- planted worlds --------------------------------------------------------------------------------------------


@named
def test_specialists_are_found(recipe: Recipe) -> None:
    """Nearly all the gain that is there to be had; and whatever the loss, means that are probabilities."""
    where = world("complementary")
    chance = where.chance[[TOPICS.index(task or "") for task in where.test.tasks]]
    estimate = fitted(recipe, where).estimate(where.test)
    possible, single = chance.max(axis=1).mean(), chance.mean(axis=0).max()
    gained = chance[np.arange(len(chance)), estimate.mean.argmax(axis=1)].mean() - single
    assert gained >= 0.95 * (possible - single)
    if recipe is not latent.bradley_terry:  # its weights are too flat to tell how much better a specialist is
        assert np.abs(estimate.mean - chance).mean() <= 0.08


@named
def test_coin_flips_teach_nothing(recipe: Recipe) -> None:
    gains = []
    for seed in range(3):
        where = world("null", seed)
        router = fitted(recipe, where)
        best = best_single(where.known.score, where.known.cost_usd, where.known.arms)
        gains.append(earned(where, router) - where.truth.score[:, best])
        assert ((router.estimate(where.test).mean - 0.5) ** 2).mean() <= 0.005
    gain = np.concatenate(gains)
    assert abs(gain.mean()) <= 2 * gain.std() / np.sqrt(len(gain)) + 1e-12


def test_of_equally_good_arms_the_cheaper_is_taken() -> None:
    """Twins that are right equally often, but not together: a plug-in follows luck, the ranking the price."""
    lost, paid = [], []
    for seed in (1, 2):
        where, draw = world("ties", seed), stream(seed, "twins")
        halves = [half.columns(half.arms) for half in (where.known, where.truth)]
        dear, plain = (where.known.arms.index(arm) for arm in ("lab/dear", "lab/plain"))
        for half in halves:
            half.score[:, dear] = draw.permutation(half.score[:, plain])
        where = replace(where, known=halves[0], truth=halves[1])
        by_price, plug_in = fitted(latent.equirouter, where), fitted(ridge, where)
        lost.append(earned(where, plug_in) - earned(where, by_price))
        cost = [where.truth.cost_usd[np.arange(2000), one.route(where.test).pick].mean() for one in (by_price, plug_in)]
        paid.append(cost)
    difference, (mine, theirs) = np.concatenate(lost), np.mean(paid, axis=0)
    assert difference.mean() <= 2 * difference.std() / np.sqrt(len(difference))
    assert mine <= 0.7 * theirs


def test_twins_stay_twins_without_a_price() -> None:
    where = world("ties")
    for name in ("score", "irt", "rank", "graph", "duels"):
        router = fitted(Recipe(name=name, estimator=ESTIMATORS[name]), where)
        mean = router.estimate(where.test).mean
        dear, plain = (router.arms_.index(arm) for arm in ("lab/dear", "lab/plain"))
        np.testing.assert_allclose(mean[:, dear], mean[:, plain], atol=1e-10)


# -- item response ---------------------------------------------------------------------------------------------


def responses(n: int, arms: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (n, 6), chances (n, K) by item response in two dimensions, and mean abilities (K,)."""
    draw = stream(seed, "item response")
    x = draw.normal(size=(n, 6))
    discrimination = np.exp(0.5 * x @ draw.normal(size=(6, 2)) / np.sqrt(6))
    ability = draw.normal(0, 1.2, (arms, 2))
    difficulty = x @ draw.normal(size=6) / np.sqrt(6)
    return x, losses.sigmoid(discrimination @ ability.T - difficulty[:, None]), ability.mean(axis=1)


def training(x: np.ndarray, score: np.ndarray) -> Training:
    arms = tuple(f"lab/{j:02d}" for j in range(score.shape[1]))
    batch = QueryBatch.of([str(row) for row in range(len(x))])
    best = int(np.nanmean(score, axis=0).argmax())
    return Training(x.astype(np.float32), batch, arms, score, np.ones_like(score), best, 0, (0, x.shape[1]))


def test_abilities_are_recovered() -> None:
    x, chance, ability = responses(2000, 12)
    score = (stream(0, "answers").random(chance.shape) < chance).astype(float)
    found = Bilinear(loss="irt").fit(training(x[:1000], score[:1000])).predict(x[1000:])[0].mean(axis=0)
    ranks = [np.argsort(np.argsort(one)) for one in (found, ability)]
    assert np.corrcoef(ranks)[0, 1] >= 0.95


# -- arms that come later --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ESTIMATORS)
def test_twenty_calls_tell_of_a_new_arm(name: str) -> None:
    """Squared error of the chances, over eight newcomers, is below that of the mean of their own twenty scores.

    Duels, which tell little, are held to the mean of the pool. What is said of the others stays to the last bit.
    """
    x, chance, _ = responses(900, 8)
    score = (stream(0, "calls").random(chance.shape) < chance).astype(float)
    mine, usual = [], []
    for late in range(8):
        known = training(x[:500], np.delete(score[:500], late, axis=1))
        model = deepcopy(ESTIMATORS[name]).fit(known)
        before, calls = model.predict(x[500:]), slice(40 * late, 40 * late + 20)
        back = known.fallback + int(late <= known.fallback)
        batch = QueryBatch.of(["?"] * 20)
        model.add_arm(Newcomer(x[calls].astype(np.float32), batch, score[calls, late], late, back, 0))
        after = model.predict(x[500:])
        for one, other in zip(before, after):
            np.testing.assert_array_equal(one, np.delete(other, late, axis=1))
        guess = before[0].mean() if name == "duels" else score[calls, late].mean()
        mine.append(((after[0][:, late] - chance[500:, late]) ** 2).mean())
        usual.append(((guess - chance[500:, late]) ** 2).mean())
    assert np.mean(mine) < np.mean(usual)


def test_an_arm_that_fights_like_another_is_believed_as_good() -> None:
    x, chance, _ = responses(400, 4)
    score = (stream(0, "fights").random(chance.shape) < chance).astype(float)
    model = WeightedBradleyTerry().fit(training(x, score))
    rows, batch = x.astype(np.float32), QueryBatch.of(["?"] * 400)
    model.add_arm(Newcomer(rows, batch, score[:, 2], 3, 0, 0))
    mean = model.predict(rows)[0]
    np.testing.assert_allclose(mean[:, 3], mean[:, 2], atol=0.01)


def test_an_arm_that_met_nobody_is_believed_to_be_like_the_pool() -> None:
    x, chance, _ = responses(400, 4)
    model = WeightedBradleyTerry().fit(training(x[:300], chance[:300]))
    rows, batch = x[300:].astype(np.float32), QueryBatch.of(["?"] * 100)
    model.add_arm(Newcomer(rows, batch, np.ones(100), 0, 1, 0))
    mean = model.predict(rows)[0]
    np.testing.assert_allclose(mean[:, 0], mean[:, 1:].mean(axis=1), atol=0.05)
