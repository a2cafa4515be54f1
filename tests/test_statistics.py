"""The statistics against closed forms, planted nulls and hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from routelab.arena.metrics import aiq, apgr, arena_score, cpt, envelope, recovered_gap
from routelab.arena.statistics import (
    cluster_weights,
    interval,
    joint_draws,
    rank_intervals,
    row_weights,
    share,
    step_down,
)


def _draws(columns: np.ndarray, names: list[tuple[str, str]], *, folds: int = 5, seed: int = 0, draws: int = 2000):
    repeats, n, _ = columns.shape
    rng = np.random.default_rng(seed)
    fold_of = np.stack([rng.permutation(n) % folds for _ in range(repeats)])
    return joint_draws(
        names,
        columns,
        np.zeros(n, np.int64),
        np.arange(n),
        fold_of,
        overlap=(folds - 1) / folds if repeats > 1 else None,
        averaging=(folds - 1) / folds,
        prior=1 / repeats + 1 / (folds - 1),
        draws=draws,
        seed=seed,
    )


def test_the_bootstrap_of_a_mean_has_the_textbook_error() -> None:
    values = np.random.default_rng(0).random(400)
    weights = row_weights(np.zeros(400, np.int64), np.arange(400), 4000, 0)
    assert weights[0] == pytest.approx(1 / 400)
    assert (weights @ values)[1:].std() == pytest.approx(values.std() / 20, rel=0.05)


def test_strata_take_the_variance_between_tasks_out() -> None:
    values = np.repeat([0.0, 1.0], 100)
    strata = np.repeat([0, 1], 100)
    weights = row_weights(strata, np.arange(200), 200, 0)
    assert (weights @ values)[1:].std() == pytest.approx(0.0, abs=1e-6)


def test_copies_of_a_prompt_are_drawn_together() -> None:
    groups = np.repeat(np.arange(50), 4)
    values = np.repeat(np.random.default_rng(1).random(50), 4)
    alone = row_weights(np.zeros(200, np.int64), np.arange(200), 2000, 0) @ values
    together = row_weights(np.zeros(200, np.int64), groups, 2000, 0) @ values
    assert together[1:].std() > 1.7 * alone[1:].std()


def test_the_wild_cluster_bootstrap_sees_the_variance_between_clusters() -> None:
    clusters = np.repeat(np.arange(40), 10)
    values = np.random.default_rng(6).normal(size=40)[clusters]
    means = cluster_weights(clusters, 4000, 0) @ values
    assert means[0] == pytest.approx(values.mean(), abs=1e-5)
    assert means[1:].std() == pytest.approx(values[::10].std(ddof=1) / np.sqrt(40), rel=0.05)


def test_a_policy_that_learns_nothing_keeps_its_plain_interval() -> None:
    row = np.random.default_rng(2).random(300).astype(np.float32)
    columns = np.broadcast_to(row[None, :, None], (4, 300, 1))
    draws = _draws(columns, [("constant", "score")])
    values = draws.of("constant", "score")
    assert draws.complete(values)[1:].std() == pytest.approx(values[1:2001].std(), rel=1e-6)


def test_training_variance_of_a_planted_size_is_found() -> None:
    """Every fit shifts the score of all rows that it judges by its own amount: the textbook random effect."""
    n, folds, repeats, effect = 500, 5, 6, 0.05
    found = []
    for world in range(30):
        rng = np.random.default_rng(world)
        fold_of = np.stack([rng.permutation(n) % folds for _ in range(repeats)])
        shift = rng.normal(0, effect, (repeats, folds))
        rows = rng.normal(0, 0.3, n)
        columns = (rows + np.take_along_axis(shift, fold_of, axis=1))[:, :, None].astype(np.float32)
        draws = joint_draws(
            [("r", "score")], columns, np.zeros(n, np.int64), np.arange(n), fold_of,
            overlap=0.5, averaging=1.0, prior=0.0, draws=100, seed=world,
        )  # fmt: skip
        slopes = (draws.of("r", "score")[101:] - draws.of("r", "score")[0]) / 1e-3
        found.append(2 * draws.blocks.variance(slopes, np.zeros(())))
    assert np.mean(found) == pytest.approx(2 * effect**2, rel=0.15)


def test_interval_of_something_undefined_says_why_and_holds_no_number() -> None:
    metric = interval(np.array([np.nan, 1.0, 2.0]), why="no such thing")
    assert metric == {"value": None, "low": None, "high": None, "why": "no such thing"}


def test_wilson_interval_agrees_with_scipy() -> None:
    expected = stats.binomtest(7, 50).proportion_ci(method="wilson")
    found = share(7, 50)
    assert (found["low"], found["high"]) == pytest.approx((expected.low, expected.high), abs=1e-5)


def test_step_down_holds_the_family_error_under_the_null() -> None:
    rng = np.random.default_rng(3)
    false = 0
    for _ in range(300):
        estimate = rng.normal(0, 1, 8)
        draws = estimate + rng.normal(0, 1, (400, 8))
        false += bool((step_down(np.vstack([estimate, draws])) < 0.05).any())
    assert false / 300 < 0.09


def test_step_down_is_never_more_lenient_than_a_single_test_and_finds_a_clear_winner() -> None:
    rng = np.random.default_rng(4)
    estimate = np.array([5.0, 0.1, -3.0])
    draws = estimate + rng.normal(0, 1, (4000, 3))
    p = step_down(np.vstack([estimate, draws]))
    single = stats.norm.sf(estimate)
    assert p[0] < 0.001
    assert (p >= single - 0.02).all()


def test_constant_differences_are_certain() -> None:
    values = np.tile([0.0, 0.2, -0.2], (101, 1))
    assert step_down(values).tolist() == [1.0, 0.0, 1.0]


def test_ranks_of_clearly_apart_and_of_equal_routers() -> None:
    columns = np.zeros((1, 400, 3), np.float32)
    columns[0, :, 0] = 0.9
    columns[0, :, 1] = columns[0, :, 2] = np.random.default_rng(5).random(400) < 0.5
    draws = _draws(columns, [("a", "score"), ("b", "score"), ("c", "score")])
    low, high = rank_intervals(draws.means, draws)
    assert low.tolist() == [1, 2, 2]
    assert high.tolist() == [1, 3, 3]


def test_arena_score_of_published_rows() -> None:
    accuracy, cost = np.array([0.7396, 0.6721, 0.4704]), np.array([10.02, 2.06, 0.27])
    assert 100 * arena_score(accuracy, cost) == pytest.approx([64.32, 63.87, 48.07], abs=0.05)


def test_areas_of_a_straight_line_between_two_arms() -> None:
    """A dial that mixes the endpoints evenly recovers half the gap on average, and x % of it at x % of the cost."""
    cost, score = np.linspace(1, 3, 21)[None, :], np.linspace(0.4, 0.8, 21)[None, :]
    ends = (np.array([1.0]), np.array([0.4])), (np.array([3.0]), np.array([0.8]))
    part, recovered = recovered_gap(cost, score, *ends)
    assert apgr(recovered)[0] == pytest.approx(0.5, abs=0.001)
    assert cpt(part, recovered, 0.8)[0] == pytest.approx(0.8, abs=1e-9)
    assert aiq(cost, score, np.array([1.0]), np.array([3.0]))[0] == pytest.approx(0.6, abs=0.001)
    assert np.isnan(cpt(part, recovered * 0.5, 0.8)[0])


def test_the_hull_bridges_a_dent_and_the_step_curve_does_not() -> None:
    cost, score = np.array([[1.0, 2.0, 3.0]]), np.array([[0.0, 0.1, 1.0]])
    at = np.array([[2.0]])
    assert envelope(cost, score, at, concave=True)[0, 0] == pytest.approx(0.5)
    assert envelope(cost, score, at, concave=False)[0, 0] == pytest.approx(0.1)
    assert np.isnan(envelope(cost, score, np.array([[0.5]]), concave=True)[0, 0])
