"""Prediction-powered means: right where the judge is wrong, no worse than the labels where it is useless."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routelab.arena.statistics.ppi import ppi_difference, ppi_mean
from routelab.core import InputError, stream

TRUTH, ITEMS, LABELS = 0.6, 2_000, 150
Z95 = 1.959963985


def world(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Binary human scores with mean ``TRUTH``, and a judge that passes a third of the wrong answers."""
    rng = stream(seed, "world")
    human = (rng.random(ITEMS) < TRUTH).astype(float)
    judged = np.where(human > 0, rng.random(ITEMS) < 0.95, rng.random(ITEMS) < 0.35).astype(float)
    return judged, human


def test_the_interval_covers_where_the_judge_alone_does_not() -> None:
    covered = fooled = 0
    narrower = []
    for seed in range(400):
        judged, human = world(seed)
        found = ppi_mean(judged[LABELS:], judged[:LABELS], human[:LABELS])
        covered += abs(found.value - TRUTH) <= Z95 * found.se
        fooled += abs(judged.mean() - TRUTH) > Z95 * judged.std() / np.sqrt(ITEMS)
        narrower.append(found.se / (human[:LABELS].std(ddof=1) / np.sqrt(LABELS)))
    assert 0.92 <= covered / 400 <= 0.98
    assert fooled / 400 > 0.95
    assert np.mean(narrower) < 0.85


def test_power_one_is_the_plain_estimator_of_the_first_paper() -> None:
    judged, human = world(1)
    found = ppi_mean(judged[LABELS:], judged[:LABELS], human[:LABELS], power=1.0)
    assert found.value == pytest.approx(judged[LABELS:].mean() + (human[:LABELS] - judged[:LABELS]).mean())


def test_tuning_never_widens_the_interval_and_drops_a_judge_of_noise() -> None:
    rng = stream(0, "noise")
    human, noise = rng.random(LABELS), rng.random(ITEMS)
    tuned = ppi_mean(noise[LABELS:], noise[:LABELS], human)
    plain = ppi_mean(noise[LABELS:], noise[:LABELS], human, power=1.0)
    assert tuned.power < 0.2
    assert tuned.se < plain.se
    assert tuned.se <= 1.01 * human.std(ddof=1) / np.sqrt(LABELS)


@given(st.floats(-0.3, 0.3), st.floats(0.0, 1.0))
def test_a_constant_bias_is_removed_whatever_it_is(bias: float, level: float) -> None:
    rng = stream(3, "bias")
    human = np.clip(level + 0.1 * rng.standard_normal(400), 0, 1)
    clean = ppi_mean(human[40:], human[:40], human[:40], power=1.0)
    biased = ppi_mean(human[40:] + bias, human[:40] + bias, human[:40], power=1.0)
    assert biased.value == pytest.approx(clean.value, abs=1e-9)


def test_a_judge_that_favours_one_arm_is_put_right_in_the_difference() -> None:
    covered = 0
    for seed in range(300):
        first, second = world(2 * seed), world(2 * seed + 1)
        flattered = np.maximum(first[0], stream(seed, "flattery").random(ITEMS) < 0.5)
        found = ppi_difference(
            (flattered[LABELS:], second[0][LABELS:]),
            (flattered[:LABELS], second[0][:LABELS]),
            (first[1][:LABELS], second[1][:LABELS]),
        )
        covered += abs(found.value) <= Z95 * found.se
    assert 0.92 <= covered / 300 <= 0.98


def test_too_few_labels_are_refused() -> None:
    with pytest.raises(InputError, match="at least 10 labels"):
        ppi_mean([0.5] * 100, [0.5] * 3, [1.0] * 3)
