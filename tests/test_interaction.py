"""Whether there is anything to route: planted interaction is found, its absence is not mistaken for it."""

from __future__ import annotations

import numpy as np
import pytest

from routelab.arena.interaction import interaction, remainder
from routelab.core import InputError, Outcome, Query, stream
from routelab.outcomes import OutcomeTable
from small_table import small_table


def table(strength: float, items: int = 300, seed: int = 0, samples: int = 2) -> OutcomeTable:
    """Three arms; the right one of an item is ``strength`` likelier to be right, and category says nothing of it."""
    rng = stream(seed, "world")
    queries, calls = [], []
    for k in range(items):
        queries.append(Query.ask(f"q{k}", f"item {k}?", category=f"c{k % 5}"))
        ease, favourite = rng.uniform(0.2, 0.8 - strength), rng.integers(3)
        for arm in range(3):
            chance = ease + strength * (arm == favourite)
            calls += [
                Outcome(query_id=f"q{k}", arm=f"a/{arm}", sample=s, score=float(rng.random() < chance), cost_usd=1e-6)
                for s in range(samples)
            ]
    return small_table(queries, calls)


def test_interaction_is_found_and_its_size_is_right() -> None:
    found = interaction(table(0.5))
    assert found.p < 0.01
    assert found.variance == pytest.approx(0.25 * 2 / 9, abs=0.02)  # 0.5² × variance of one of three


def test_without_interaction_p_is_uniform() -> None:
    p = np.array([interaction(table(0.0, items=100, seed=seed)).p for seed in range(40)])
    assert (p < 0.05).sum() <= 6
    assert 0.3 < p.mean() < 0.7


def test_one_sample_is_not_enough() -> None:
    with pytest.raises(InputError, match="--samples 2"):
        interaction(table(0.5, samples=1))


def test_the_remainder_has_neither_items_nor_arms_left() -> None:
    rng = np.random.default_rng(0)
    left = remainder(rng.random((40, 3)), np.arange(40) % 4)
    assert np.abs(left.sum(axis=1)).max() < 1e-12
    assert all(np.abs(left[np.arange(40) % 4 == c].sum(axis=0)).max() < 1e-12 for c in range(4))
