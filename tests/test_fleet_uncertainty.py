"""Prediction intervals of the fleet: what they hold, what moves them, and how summaries carry them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from fleets import fleet_of, gpu_cost, requests
from routelab.cli import cli
from routelab.core.errors import InputError
from routelab.pool.fleet.build import Fleet, build
from routelab.pool.fleet.cost.fitted import FittedCost
from routelab.pool.fleet.cost.step import Batch
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.policies.oblivious import RoundRobin
from routelab.pool.fleet.spec import read_fleet
from routelab.pool.fleet.uncertainty import (
    METRICS,
    TABLE_NOISE,
    _speed_noise,
    errors_of,
    intervals,
    predict,
    repeated,
    worlds,
)

ARRIVALS = requests(60, rate=4.0)


def fleet() -> Fleet:
    return fleet_of([ServerSpec(cost=0, kv_blocks=600)], [gpu_cost()])


def test_a_scaled_cost_scales_every_step_and_nothing_else() -> None:
    for batch in (Batch(300, 2, 4000.0, 300.0, 0, 0.0), Batch(9, 9, 0.0, 0.0, 9, 4000.0)):
        assert gpu_cost().times(1.3).seconds(batch) == pytest.approx(1.3 * gpu_cost().seconds(batch))


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
    none, twice = ({metric: np.log([factor]) for metric in METRICS} for factor in (1.0, 2.0))
    plain, shifted = (predict(fleet(), RoundRobin, ARRIVALS, draws=4, seen=[each])["e2e_s"] for each in (none, twice))
    assert shifted.low == pytest.approx(2 * plain.low)
    assert shifted.high == pytest.approx(2 * plain.high)


def test_errors_are_quantiles_of_measured_over_simulated() -> None:
    run = repeated(fleet(), RoundRobin, ARRIVALS, draws=0)[0]
    found = errors_of(run, {metric: 1.1 * getattr(run, metric) for metric in METRICS})
    for metric in METRICS:
        assert np.exp(found[metric]) == pytest.approx(1.1)


def test_intervals_of_a_slower_world_cover_it() -> None:
    """A server 2 % slower than was thought lies within what errors of the cost model allow."""
    truth = fleet_of([ServerSpec(cost=0, kv_blocks=600)], [gpu_cost().times(1.02)])
    real = repeated(truth, RoundRobin, ARRIVALS, draws=0)[0].e2e_s
    band = predict(fleet(), RoundRobin, ARRIVALS, draws=20)["e2e_s"]
    assert ((real >= band.low) & (real <= band.high)).mean() > 0.9


def test_summaries_carry_intervals_figure_by_figure() -> None:
    found = intervals([{"ttft_s": {"p50": value}, "none": None, "requests": 3} for value in (2.0, 1.0, 3.0)], level=1.0)
    assert found == {"ttft_s": {"p50": [1.0, 3.0]}, "none": None, "requests": [3.0, 3.0]}
    real = intervals([run.summary() for run in repeated(fleet(), RoundRobin, ARRIVALS, draws=3)])
    assert real["e2e_s"]["p99"][0] < real["e2e_s"]["p99"][1]


def test_an_interval_holds_its_value_whatever_is_drawn() -> None:
    assert intervals([{"x": value} for value in (9.0, 1.0, 2.0, 3.0)], level=0.5) == {"x": [1.75, 9.0]}


def costs(folder: Path, error: float) -> Fleet:
    """A fleet whose cost was fitted on a live server, and was off by so much at its points."""
    path = folder / f"cost-{error}.json"
    fitted = FittedCost(
        measured_on="a made-up server",
        points=3,
        fixed_s=0.01,
        token_s=1e-5,
        sequence_s=0.0,
        pair_s=0.0,
        key_s=0.0,
        errors=[-error, 0.0, error],
    )
    fitted.save(path)
    return build(read_fleet({"model": "meta-llama/Llama-3.1-8B", "gpu": "H100", "cost": str(path)}, "fleet"))


def test_a_fitted_cost_is_as_sure_as_its_points_were(tmp_path: Path) -> None:
    """Steps take as long as an error of the fit says, and of no other calibration."""
    ends = []
    for error in (0.0, 0.1, 0.5):
        summaries = [run.summary() for run in repeated(costs(tmp_path, error), RoundRobin, ARRIVALS, draws=12)]
        ends.append(intervals(summaries)["tpot_s"]["p50"])
    (low, high), narrow, wide = ends
    assert low == high and wide[0] < narrow[0] < low < narrow[1] < wide[1]
    drawn = [world.costs[0].fixed_s for world in worlds(costs(tmp_path, 0.1), 12, 0)]
    assert {round(float(np.log(each / 0.01)), 6) for each in drawn} == {-0.1, 0.0, 0.1}


def simulated(folder: Path, *options: str, workload: str = "llumnix-s-s") -> dict[str, Any]:
    (folder / "fleet.yaml").write_text("model: meta-llama/Llama-3.1-8B\ngpu: H100\nreplicas: 2\n")
    call = ["simulate", str(folder / "fleet.yaml"), "--arrivals", workload, *options]
    found = CliRunner().invoke(cli, call, standalone_mode=False, catch_exceptions=False)
    return json.loads(found.output) if "--json" in options else {"text": found.output}


def shape(value: Any) -> Any:
    return {key: shape(each) for key, each in value.items()} if isinstance(value, dict) else None


@pytest.mark.parametrize("more", [(), ("--stream",)])
def test_the_command_tells_plain_numbers_and_their_intervals(tmp_path: Path, more: tuple[str, ...]) -> None:
    plain, drawn = simulated(tmp_path, "--json", *more), simulated(tmp_path, "--json", "--draws", "4", *more)
    found, draws = drawn.pop("intervals"), drawn.pop("draws")
    assert draws == 4 and shape(drawn) == shape(plain) == shape(found)
    assert {**drawn, "wall_s": 0} == {**plain, "wall_s": 0}, "the first run is the run"
    for name in ("ttft_s", "tpot_s", "e2e_s"):
        for at, value in drawn[name].items():
            low, high = found[name][at]
            assert low <= value <= high and low < high
    assert found["span_s"][0] < found["span_s"][1], "arrivals are drawn too"


def test_the_terminal_says_how_far_off_a_figure_may_be(tmp_path: Path) -> None:
    text = simulated(tmp_path, "--draws", "3")["text"]
    assert re.search(r"TTFT +p50 [\d.]+ s \([\d.]+ to [\d.]+\)\n", text)
    assert max(map(len, text.splitlines())) <= 80
    assert " to " not in simulated(tmp_path)["text"]


def test_no_summaries_are_an_error() -> None:
    with pytest.raises(InputError, match="summaries"):
        intervals([])


def test_runs_of_other_tables_tell_how_far_these_may_be_off() -> None:
    close, far = ({metric: np.log([factor]) for metric in METRICS} for factor in (1.0, 1.1))
    assert _speed_noise([]) == pytest.approx(TABLE_NOISE)
    assert _speed_noise([close, close]) < TABLE_NOISE < _speed_noise([close, far])
