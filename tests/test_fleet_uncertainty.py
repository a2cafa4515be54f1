"""Prediction intervals of the fleet: what they hold, what moves them, and how summaries carry them."""

from __future__ import annotations

import numpy as np
import pytest

from fleets import fleet_of, gpu_cost, requests
from routelab.core.errors import InputError
from routelab.pool.fleet.build import Fleet
from routelab.pool.fleet.cost.step import Batch
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.policies.oblivious import RoundRobin
from routelab.pool.fleet.uncertainty import METRICS, errors_of, intervals, predict, repeated, scaled

ARRIVALS = requests(60, rate=4.0)


def fleet() -> Fleet:
    return fleet_of([ServerSpec(cost=0, kv_blocks=600)], [gpu_cost()])


def test_a_scaled_cost_scales_every_step_and_nothing_else() -> None:
    for batch in (Batch(300, 2, 4000.0, 300.0, 0, 0.0), Batch(9, 9, 0.0, 0.0, 9, 4000.0)):
        assert scaled(gpu_cost(), 1.3).seconds(batch) == pytest.approx(1.3 * gpu_cost().seconds(batch))


def test_the_same_seed_gives_the_same_intervals_around_the_run_itself() -> None:
    one, again, other = (predict(fleet(), RoundRobin, ARRIVALS, draws=5, seed=seed) for seed in (1, 1, 2))
    plain = repeated(fleet(), RoundRobin, ARRIVALS, draws=0)[0]
    for metric in METRICS:
        assert np.array_equal(one[metric].low, again[metric].low, equal_nan=True)
        assert not np.array_equal(one[metric].low, other[metric].low, equal_nan=True)
        assert np.array_equal(one[metric].value, getattr(plain, metric), equal_nan=True)
        known = np.isfinite(one[metric].value)
        assert (one[metric].low <= one[metric].high)[known].all()


def test_a_higher_level_is_a_wider_interval() -> None:
    narrow, wide = (predict(fleet(), RoundRobin, ARRIVALS, draws=8, level=level)["e2e_s"] for level in (0.5, 0.95))
    assert (wide.low <= narrow.low).all() and (wide.high >= narrow.high).all()


def test_errors_of_other_runs_shift_the_interval_by_just_so_much() -> None:
    twice = {metric: np.log([2.0]) for metric in METRICS}
    plain, shifted = (predict(fleet(), RoundRobin, ARRIVALS, draws=4, errors=each)["e2e_s"] for each in (None, twice))
    assert shifted.low == pytest.approx(2 * plain.low)
    assert shifted.high == pytest.approx(2 * plain.high)


def test_errors_are_quantiles_of_measured_over_simulated() -> None:
    run = repeated(fleet(), RoundRobin, ARRIVALS, draws=0)[0]
    found = errors_of(run, {metric: 1.1 * getattr(run, metric) for metric in METRICS})
    for metric in METRICS:
        assert np.exp(found[metric]) == pytest.approx(1.1)


def test_intervals_of_a_slower_world_cover_it() -> None:
    """A server 2 % slower than was thought lies within what errors of the cost model allow."""
    truth = fleet_of([ServerSpec(cost=0, kv_blocks=600)], [scaled(gpu_cost(), 1.02)])
    real = repeated(truth, RoundRobin, ARRIVALS, draws=0)[0].e2e_s
    band = predict(fleet(), RoundRobin, ARRIVALS, draws=20)["e2e_s"]
    assert ((real >= band.low) & (real <= band.high)).mean() > 0.9


def test_summaries_carry_intervals_figure_by_figure() -> None:
    found = intervals([{"ttft_s": {"p50": value}, "none": None, "requests": 3} for value in (2.0, 1.0, 3.0)], level=1.0)
    assert found["ttft_s"]["p50"] == {"value": 2.0, "low": 1.0, "high": 3.0}
    assert found["none"] == {"value": None, "low": None, "high": None}
    assert found["requests"] == {"value": 3, "low": 3.0, "high": 3.0}
    real = intervals([run.summary() for run in repeated(fleet(), RoundRobin, ARRIVALS, draws=3)])
    assert real["e2e_s"]["p99"]["low"] <= real["e2e_s"]["p99"]["high"]


def test_no_summaries_are_an_error() -> None:
    with pytest.raises(InputError, match="summaries"):
        intervals([])
