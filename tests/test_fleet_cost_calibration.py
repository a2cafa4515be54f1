"""Calibration of the cost model: it finds factors again, says how sure it is, and refuses points that are none."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from routelab.cli import cli
from routelab.core import InputError
from routelab.pool.fleet.catalogue import find_hardware, find_model
from routelab.pool.fleet.cost import (
    Load,
    Plan,
    Point,
    estimate,
    fit,
    load_calibration,
    power_w,
    read_points,
    step_seconds,
)
from routelab.pool.fleet.cost.calibrated import Calibration
from routelab.pool.fleet.cost.closed_loop import NAMES, count_work, predict
from shared import needs_shared, shared_data

MODELS, LOADS = ("llama-3.1-8b", "qwen3-14b", "gpt-oss-20b"), (1, 8, 64)


def planted(factors: dict[str, float]) -> list[Point]:
    """Points of an engine with these factors, without noise."""
    blank = [
        Point(model=model, gpu=gpu, tp=tp, batch=batch, isl=isl, osl=200, backend="own", dtype="bf16")
        for model in MODELS
        for gpu in ("h100", "a100")
        for tp in (1, 2)
        for batch in LOADS
        for isl in (200, 3000)
    ]
    columns = np.repeat([[factors[name] for name in NAMES]], len(blank), axis=0)
    ttft, tpot = predict(count_work(blank), columns)
    return [msgspec.structs.replace(p, ttft_ms=a * 1e3, tpot_ms=b * 1e3) for p, a, b in zip(blank, ttft, tpot)]


@pytest.fixture(scope="module")
def truth() -> dict[str, float]:
    shipped = load_calibration().factors
    return {name: shipped[name] for name in NAMES} | {"bandwidth": 0.6, "compute": 0.45, "step_s": 3e-3}


@pytest.fixture(scope="module")
def found(truth: dict[str, float]) -> Calibration:
    return fit(planted(truth), fitted_on="planted", draws=3)


def test_a_fit_predicts_the_engine_that_made_its_points(found: Calibration, truth: dict[str, float]) -> None:
    points = planted(truth)
    ttft, tpot = found.predict(points)
    for predicted, measured in ((ttft, [p.ttft_ms for p in points]), (tpot, [p.tpot_ms for p in points])):
        off = np.abs(predicted[:, 0] * 1e3 / np.array(measured, dtype=float) - 1)
        assert np.median(off) < 0.05


def test_an_interval_surrounds_its_median(found: Calibration, truth: dict[str, float]) -> None:
    for ranges in found.predict(planted(truth)):
        assert (ranges[:, 1] <= ranges[:, 0]).all() and (ranges[:, 0] <= ranges[:, 2]).all()


def test_the_same_points_and_seed_give_the_same_bytes(truth: dict[str, float], tmp_path: Path) -> None:
    for name in ("one", "two"):
        fit(planted(truth)[:12], fitted_on="planted", draws=2, seed=3).save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert load_calibration(tmp_path / "one").draw_count == 2


def test_a_single_step_is_predicted_as_the_roofline_prices_it() -> None:
    known = load_calibration()
    point = Point(model="llama-3.1-8b", gpu="h100", backend="vllm", decodes=32, keys=1500, step_ms=10)
    _, step = known.predict([point])
    load = Load(*(np.array(value) for value in (0.0, 0.0, 32.0, 1500.0)))
    exact = step_seconds(find_model("llama-3.1-8b"), find_hardware("h100"), Plan(), load, known.engine("vllm"))[0]
    middle = predict(count_work([point]), np.array([[getattr(known.engine("vllm"), n, 0.0) for n in NAMES]]))[1]
    assert float(middle[0]) == pytest.approx(float(exact), rel=1e-6)
    assert step[0, 1] < exact < step[0, 2]


def test_few_steps_correct_what_ships_instead_of_replacing_it() -> None:
    prior = load_calibration()
    slow = [
        Point(model="llama-3.1-8b", gpu="rtx4090", backend="vllm", decodes=n, keys=500, step_ms=30 + n / 10)
        for n in (1, 8, 32)
    ]
    fitted = fit(slow, fitted_on="three steps", prior=prior, draws=2)
    before, after = (known.predict(slow)[1][:, 0] * 1e3 for known in (prior, fitted))
    measured = np.array([point.step_ms for point in slow], dtype=float)
    assert np.abs(np.log(after / measured)).sum() < np.abs(np.log(before / measured)).sum()
    assert fitted.factors.keys() >= prior.factors.keys()


def test_more_clients_give_more_tokens_a_second_and_later_ones() -> None:
    results = [
        estimate(Point(model="llama-3.1-8b", gpu="h100", backend="vllm", batch=batch, isl=1000, osl=300))
        for batch in (1, 8, 64)
    ]
    for name in ("ttft_ms", "tpot_ms", "throughput_tok_s"):
        values = [getattr(each, name).value for each in results]
        assert values == sorted(values)


def loop(**settings: Any) -> tuple[float, float]:
    """TTFT and TPOT in seconds of one closed loop, by the factors that ship."""
    usual = {"model": "llama-3.1-8b", "gpu": "h100", "backend": "trtllm", "batch": 16, "isl": 1000, "osl": 300}
    ttft, tpot = load_calibration().predict([Point(**usual | settings)])
    return float(ttft[0, 0]), float(tpot[0, 0])


@pytest.mark.parametrize("settings", [{"poll": 30}, {"hold": 20}, {"spread": 0}])
def test_what_makes_a_prompt_wait_delays_its_first_token_and_no_other(settings: dict[str, float]) -> None:
    (first, each), (later, same) = loop(), loop(**settings)
    assert later > first and same == pytest.approx(each)


def test_equal_lengths_make_neighbours_wait_a_step_less_where_tokens_leave_at_once() -> None:
    waits = [loop(backend=name, spread=0)[0] - loop(backend=name)[0] for name in ("trtllm", "vllm")]
    assert waits[0] > 1.5 * waits[1] > 0


def test_prompts_first_and_equal_lengths_turn_delays_between_tokens_into_delays_of_the_first() -> None:
    (first, each), (later, sooner) = loop(backend="sglang", batch=64), loop(backend="sglang", batch=64, spread=0)
    assert later > first and sooner < each


def test_a_smaller_budget_takes_more_steps() -> None:
    assert loop(isl=8000, batch=1, budget=1024)[0] > loop(isl=8000, batch=1)[0]


def test_factors_of_an_older_kind_are_refused_by_the_names_they_lack(tmp_path: Path) -> None:
    known = load_calibration()
    older = msgspec.structs.replace(known, factors={k: v for k, v in known.factors.items() if k != "eager_s"})
    older.save(tmp_path / "factors.json")
    with pytest.raises(InputError, match="eager_s"):
        load_calibration(tmp_path / "factors.json")


def test_a_device_draws_between_idle_and_its_design_power() -> None:
    device = find_hardware("b200")
    busy = power_w(device, np.linspace(0, 1, 5), np.linspace(0, 1, 5))
    assert (np.diff(busy) >= 0).all() and busy[0] > device.idle_w and busy[-1] == device.tdp_w


CALL = ["fleet", "estimate", "--json", "--batch", "8", "--isl", "1024", "--osl", "256"]


def test_estimate_prints_the_contract() -> None:
    run = CliRunner().invoke(cli, [*CALL, "--model", "llama-3.1-70b", "--gpu", "h100", "--tp", "4", "--dtype", "fp8"])
    assert run.exit_code == 0, run.output
    told = msgspec.json.decode(run.stdout)
    for name in ("ttft_ms", "tpot_ms", "throughput_tok_s", "power_w"):
        assert told[name]["low"] <= told[name]["value"] <= told[name]["high"]
    assert told["usd_per_hour"] == pytest.approx(4 * 3.78)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--model", "gpt-7", "--gpu", "h100"], "model"),
        (["--model", "llama-3.1-8b", "--gpu", "abacus"], "gpu"),
        (["--model", "llama-3.1-8b", "--gpu", "a100", "--dtype", "fp8"], "dtype"),
        (["--model", "llama-3.1-405b", "--gpu", "h100"], "tp"),
        (["--model", "llama-3.1-8b", "--gpu", "h100", "--batch", "0"], "batch"),
        (["--model", "llama-3.1-8b", "--gpu", "h100", "--isl", "-4"], "isl"),
        (["--model", "llama-2-7b-hf", "--gpu", "h100", "--isl", "5000"], "isl"),
    ],
)
def test_estimate_refuses_by_the_name_of_the_field(words: list[str], field: str) -> None:
    run = CliRunner().invoke(cli, [*CALL, *words])
    assert isinstance(run.exception, InputError) and run.exception.where == field


def test_calibrate_reads_steps_and_writes_what_estimate_takes(tmp_path: Path) -> None:
    rows = ["model,gpu,backend,decodes,keys,step_ms", *(f"qwen3-0.6b,cpu,own,{n},400,{40 + n}" for n in (1, 2, 4))]
    points, factors = tmp_path / "points.csv", tmp_path / "factors.json"
    points.write_text("\n".join(rows), "utf-8")
    run = CliRunner().invoke(cli, ["fleet", "calibrate", str(points), "-o", str(factors), "--draws", "2", "--json"])
    assert run.exit_code == 0, run.output
    assert msgspec.json.decode(run.stdout)["points"] == 3
    words = ["--model", "qwen3-0.6b", "--gpu", "cpu", "--backend", "own", "--factors", str(factors)]
    run = CliRunner().invoke(cli, [*CALL, *words])
    assert run.exit_code == 0, run.output


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "rows"),
        ("model,gpu,batch,isl,osl,tpot_ms\nllama-3.1-8b,h100,1,10,10,nan", "tpot_ms"),
        ("model,gpu,batch,isl,osl,tpot_ms\nllama-3.1-8b,h100,1,-10,10,5", "isl"),
        ("model,gpu,batch,isl,osl,tpot_ms\nllama-3.1-8b,h100,1,10,10,", "tpot_ms"),
        ("model,gpu,decodes,step_ms,keyz\nllama-3.1-8b,h100,1,10,10", "keyz"),
    ],
)
def test_points_that_are_none_are_refused(text: str, where: str, tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=where):
        read_points(path)


def test_what_ships_says_what_it_was_fitted_on_and_has_draws() -> None:
    shipped = load_calibration()
    assert "aiconfigurator" in shipped.fitted_on and shipped.points > 1000 and shipped.draw_count >= 10
    assert all(math.isfinite(value) and value > 0 for value in shipped.factors.values())


@needs_shared
def test_what_ships_meets_measurements_it_was_fitted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import runpy

    folder = Path(__file__).resolve().parents[1] / "benchmarks"
    monkeypatch.syspath_prepend(str(folder))
    bench = runpy.run_path(str(folder / "bench_fleet_cost.py"))
    points, left_out = bench["measured"](shared_data("perf", "measured_ttft_tpot.parquet"))
    assert len(points) == load_calibration().points
    assert sum(left_out.values()) + len(points) == 3873
    predicted = load_calibration().predict(points)
    measured = ([point.ttft_ms for point in points], [point.tpot_ms for point in points])
    for ranges, milliseconds, limit in zip(predicted, measured, (0.2, 0.12)):
        assert np.median(np.abs(ranges[:, 0] * 1e3 / np.array(milliseconds) - 1)) < limit
