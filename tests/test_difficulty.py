"""Levels are claims, and the trend test may refuse them: planted truths in, verdicts out."""

from __future__ import annotations

import numpy as np
import pytest

from routelab.arena.difficulty import LEAST_DROP, trend, within_task_trend
from routelab.core import InputError, Outcome, Query, stream
from routelab.outcomes import OutcomeTable
from small_table import small_table

LEVELS = ("easy", "medium", "hard")


def table(chances: dict[str, tuple[float, float, float]], per_level: int, seed: int = 0) -> OutcomeTable:
    """Items of one form in the named domains; ``chances`` are those of a right answer at each level."""
    rng = stream(seed, "planted")
    queries, calls = [], []
    for domain, by_level in chances.items():
        for level, chance in zip(LEVELS, by_level):
            for k in range(per_level):
                name = f"{domain}/{level}/{k}"
                queries.append(
                    Query.ask(name, f"{name}?", domain=domain, form="short", task=f"{domain}-{k % 3}", difficulty=level)
                )
                luck = rng.normal(0, 0.2)
                calls += [
                    Outcome(query_id=name, arm=arm, score=float(rng.random() < chance + luck), cost_usd=1e-6)
                    for arm in ("a/one", "a/two")
                ]
    return small_table(queries, calls)


def test_levels_that_hold_are_said_to_hold() -> None:
    found = trend(table({"x": (0.8, 0.5, 0.2), "y": (0.9, 0.6, 0.3)}, 80))
    assert [group.verdict for group in found.groups] == ["holds", "holds"]
    assert found.share == 1.0
    assert all(group.drop["low"] < 0.6 < group.drop["high"] for group in found.groups)


def test_a_group_without_a_trend_fails_and_is_listed() -> None:
    found = trend(table({"x": (0.8, 0.5, 0.2), "flat": (0.5, 0.5, 0.5)}, 200))
    assert {group.domain: group.verdict for group in found.groups} == {"x": "holds", "flat": "fails"}
    assert (found.hold, found.powered) == (1, 2)


def test_a_rising_trend_is_no_trend() -> None:
    assert trend(table({"x": (0.2, 0.5, 0.8)}, 100)).groups[0].verdict == "fails"


def test_a_small_group_makes_no_claim() -> None:
    assert trend(table({"x": (0.8, 0.5, 0.2)}, 4)).groups[0].verdict == "too few outcomes"


def test_items_of_identical_difficulty_come_out_as_one_level() -> None:
    """Null check: over many null worlds of six groups the test claims a level in at most one of twenty."""
    false = sum(
        any(group.p_holm < 0.05 for group in trend(table({f"d{k}": (0.5,) * 3 for k in range(6)}, 40, seed)).groups)
        for seed in range(60)
    )
    assert false <= 8  # Binomial(60, 0.05) exceeds 8 in one of 300 worlds


def test_tasks_of_different_difficulty_are_not_mistaken_for_levels() -> None:
    level = np.array([0] * 30 + [2] * 30)
    task = level // 2
    score = np.where(task == 0, 0.9, 0.1)
    assert within_task_trend(score, level, task)[0] == 0.0


def test_the_permutation_z_is_that_of_permutations() -> None:
    rng = np.random.default_rng(1)
    level, task = rng.integers(0, 3, 60), rng.integers(0, 3, 60)
    score = rng.random(60) - 0.1 * level
    z = within_task_trend(score, level, task)[0]

    def statistic(levels: np.ndarray) -> float:
        return -sum((levels[task == t] * (score[task == t] - score[task == t].mean())).sum() for t in range(3))

    shuffled = []
    for _ in range(4000):
        mixed = level.copy()
        for t in range(3):
            mixed[task == t] = rng.permutation(level[task == t])
        shuffled.append(statistic(mixed))
    assert z == pytest.approx((statistic(level) - np.mean(shuffled)) / np.std(shuffled), abs=0.12)


def test_power_is_that_of_the_promised_drop() -> None:
    group = trend(table({"x": (0.5, 0.5, 0.5)}, 300)).groups[0]
    assert pytest.approx(0.25) == LEAST_DROP and group.power > 0.99


def test_an_unknown_arm_is_named() -> None:
    with pytest.raises(InputError, match="a/one"):
        trend(table({"x": (0.5, 0.5, 0.5)}, 5), ("a/three",))
