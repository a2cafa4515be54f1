"""Whether two tables agree on routers: by Kendall's tau, and by pairs that each is sure of."""

from __future__ import annotations

import numpy as np
import pytest

from routelab.arena.transfer import Ranking, agreement
from routelab.core import InputError


def ranking(name: str, means: list[float], noise: float, seed: int = 0) -> Ranking:
    rng = np.random.default_rng(seed)
    estimate = np.array(means)
    draws = estimate + rng.normal(0, noise, (500, len(means)))
    return Ranking(name, tuple("abcdef"[: len(means)]), np.vstack([estimate, draws]))


def test_equal_orders_agree() -> None:
    found = agreement(ranking("x", [1, 2, 3, 4], 0.01), ranking("y", [10, 20, 30, 40], 0.01, 1))
    assert found.tau["value"] == 1.0 and found.tau["low"] == 1.0
    assert found.verdict == "transferable" and found.inverted == ()


def test_opposite_orders_are_inverted_pair_by_pair() -> None:
    found = agreement(ranking("x", [1, 2, 3], 0.01), ranking("y", [3, 2, 1], 0.01, 1))
    assert found.tau["value"] == -1.0
    assert set(found.inverted) == {("c", "a"), ("c", "b"), ("b", "a")}
    assert found.verdict == "not transferable"


def test_noise_separates_no_pair_and_widens_tau() -> None:
    found = agreement(ranking("x", [1, 2, 3, 4], 50), ranking("y", [4, 3, 2, 1], 50, 1))
    assert found.inverted == () and found.separated == (0, 0)
    assert found.tau["high"] - found.tau["low"] > 1


def test_only_shared_routers_count() -> None:
    other = Ranking("y", ("c", "b", "a", "z"), ranking("y", [3, 2, 1, 9], 0.01).values)
    assert agreement(ranking("x", [1, 2, 3], 0.01), other).tau["value"] == 1.0


def test_two_routers_are_too_few() -> None:
    with pytest.raises(InputError):
        agreement(ranking("x", [1, 2], 1), ranking("y", [1, 2], 1))
