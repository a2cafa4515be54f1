"""A run whose requests are forgotten: the figures of one that keeps them, the rows in a file, memory that is bound."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fleets import fleet_of, gpu_cost, requests
from routelab.cli import cli
from routelab.core.errors import InputError
from routelab.pool.fleet import rows as fleet_rows
from routelab.pool.fleet import simulator
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.engine.interface import DONE
from routelab.pool.fleet.policies.load import LeastLoaded
from routelab.pool.fleet.policies.oblivious import RoundRobin
from routelab.pool.fleet.policy import DROP, Policy, Request
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.rows import in_order, rows_file
from routelab.pool.fleet.simulator import Simulation
from routelab.pool.fleet.spec import Slo
from routelab.pool.fleet.tally import PERCENTILES, RELATIVE_ERROR, Histogram, Tally

SLO = Slo(ttft_s=0.4, tpot_s=0.02)
ABOUT = {"ttft_s", "tpot_s", "e2e_s"}  # percentiles, within `RELATIVE_ERROR`
ARRIVALS = requests(3000, 30.0, shared=True)
FLEET = "model: meta-llama/Llama-3.1-8B\ngpu: H100\nreplicas: 2\nslo: {ttft_s: 0.05}\n"


class Choosy(LeastLoaded):
    """Drops some, and is told of ends."""

    def route(self, request: Request, fleet: object) -> int:
        return DROP if request.id % 50 == 0 else super().route(request, fleet)  # type: ignore[arg-type]

    def on_finish(self, rows: object, fleet: object) -> None: ...


def simulation(policy: type[Policy], clients: int = 0) -> Simulation:
    return Simulation(
        fleet_of([ServerSpec(cost=0, kv_blocks=900)] * 3, [gpu_cost()], slo=SLO), policy(), clients=clients
    )


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator, "BLOCK", 500)
    monkeypatch.setattr(fleet_rows, "BLOCK", 200)


def agree(streamed: dict[str, object], kept: dict[str, object]) -> None:
    for name in kept.keys() - {"wall_s", *ABOUT}:
        assert streamed[name] == kept[name] or streamed[name] == pytest.approx(kept[name], rel=1e-9), name
    for name in ABOUT:
        assert streamed[name] == pytest.approx(kept[name], rel=RELATIVE_ERROR), name


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(("policy", "clients"), [(RoundRobin, 0), (LeastLoaded, 0), (Choosy, 0), (LeastLoaded, 9)])
def test_figures_are_those_of_a_run_that_keeps_every_request(policy: type[Policy], clients: int) -> None:
    kept = simulation(policy, clients).run(ARRIVALS).summary()
    tally, sizes = Tally(SLO), []

    def take(rows: NDArray[np.void]) -> None:
        tally.add(rows)
        sizes.append(len(rows))

    ledger = simulation(policy, clients).stream(ARRIVALS, take)
    agree(ledger.figures(tally), kept)
    assert sum(sizes) == 3000 and max(sizes) <= 700, "blocks stay small"


@pytest.mark.usefixtures("small_blocks")
def test_no_more_than_a_block_and_what_is_in_flight_is_ever_kept() -> None:
    """Whenever the next block is read, all that ended in those before the last one was handed on."""
    ended = 0

    def blocks() -> Iterator[object]:
        for place, block in enumerate(ARRIVALS.blocks(500)):
            assert ended >= 500 * (place - 2) - 500
            yield block

    def take(rows: NDArray[np.void]) -> None:
        nonlocal ended
        ended += len(rows)

    simulation(RoundRobin).stream(blocks(), take)  # type: ignore[arg-type]
    assert ended == 3000


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=60), st.integers(1, 3))
def test_a_histogram_is_never_further_off_than_it_says(seconds: list[float], parts: int) -> None:
    times, values = Histogram(), np.array(seconds)
    for part in np.array_split(values, parts):
        times.add(part)
    told = times.told()
    for q in PERCENTILES:
        assert told[f"p{q}"] == pytest.approx(np.percentile(values, q), rel=RELATIVE_ERROR * (1 + 1e-9))
    assert told["mean"] == pytest.approx(values.mean())


def test_times_that_no_bin_tells_apart_stay_in_the_books() -> None:
    times = Histogram()
    times.add(np.array([0.0, 0.0, 1e12]))
    told = times.told()
    assert told["p50"] == 0.0 and told["p99"] is not None and told["p99"] > 1e8
    assert set(Histogram().told().values()) == {None}


def test_rows_are_put_into_their_places() -> None:
    rows = np.zeros(50, dtype=DONE)
    rows["id"] = 2 * np.random.default_rng(0).permutation(50)  # every other id was never asked
    rows["server"] = rows["id"] + 1
    found = in_order([rows[:20], rows[20:20], rows[20:]])
    assert found["id"].tolist() == list(range(0, 100, 2)) and (found["server"] == found["id"] + 1).all()
    assert len(in_order([])) == 0


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv"])
def test_rows_in_a_file_come_in_the_order_of_their_ends(tmp_path: Path, name: str) -> None:
    run: Run = simulation(LeastLoaded).run(ARRIVALS)
    with rows_file(tmp_path / name) as add:
        simulation(LeastLoaded).stream(ARRIVALS, add)
    read = pl.read_csv if name.endswith("csv") else pl.read_parquet
    found = read(tmp_path / name)
    ends = found["last_token_s"].fill_nan(None).drop_nulls()
    assert found.sort("id").rows() == run.frame().rows() and ends.is_sorted()
    assert [each.name for each in tmp_path.iterdir()] == [name], "nothing else is left"


def test_a_run_that_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), rows_file(tmp_path / "rows.parquet") as add:
        add(np.zeros(3, dtype=DONE))
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


def simulated(folder: Path, *options: str) -> dict[str, object]:
    (folder / "fleet.yaml").write_text(FLEET)
    pl.DataFrame({name: getattr(ARRIVALS, name) for name in ("time_s", "input_tokens", "output_tokens")}).write_csv(
        folder / "trace.csv"
    )
    call = ["simulate", str(folder / "fleet.yaml"), "--arrivals", str(folder / "trace.csv"), "--json", *options]
    found = CliRunner().invoke(cli, call, standalone_mode=False, catch_exceptions=False)
    return dict(json.loads(found.output))


def test_the_command_streams_from_file_to_figures(tmp_path: Path) -> None:
    streamed = simulated(tmp_path, "--stream", "--requests-out", str(tmp_path / "rows.parquet"))
    kept = simulated(tmp_path)
    assert streamed.keys() == kept.keys() and math.isclose(streamed["slo_attainment"], kept["slo_attainment"])  # type: ignore[arg-type]
    agree(streamed, kept)
    assert pl.read_parquet(tmp_path / "rows.parquet").height == 3000
    with pytest.raises(InputError, match="--stream"):
        simulated(tmp_path, "--stream", "--clients", "3")
