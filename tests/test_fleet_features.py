"""Adapters, the host behind the cache, overlapped scheduling: by hand, on both engines."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fleets import flat_cost
from routelab.core.arrivals import Arrivals
from routelab.pool.fleet.engine import CompiledEngine, Engine, ReferenceEngine, ServerSpec
from routelab.pool.fleet.engine.interface import PRESSURE, STARVED

both = pytest.mark.parametrize("kind", [CompiledEngine, ReferenceEngine])
STEP = 0.01
SERVER = ServerSpec(cost=0, kv_blocks=100, max_tokens=1024, max_seqs=8)


def served(kind: Callable[..., Engine], server: ServerSpec, arrivals: Arrivals) -> np.ndarray:
    """All requests at one server whose steps all take the same time, by id."""
    engine = kind([flat_cost(STEP)], [server])
    engine.feed(arrivals, np.zeros(len(arrivals), dtype=np.int64), 0)
    assert engine.advance(math.inf).kind == STARVED
    return np.sort(engine.done(), order="id")


def asked(times: list[float], prompts: list[int], answers: list[int], **columns: list[int]) -> Arrivals:
    kinds = {name: np.array(values) for name, values in columns.items()}
    return Arrivals(np.array(times), np.array(prompts), np.array(answers), **kinds)


@both
def test_who_comes_while_a_step_runs_joins_the_one_after_the_next(kind: Callable[..., Engine]) -> None:
    arrivals = asked([0.0, 0.015], [10, 10], [10, 3])
    in_turn, overlapped = (served(kind, replace(SERVER, overlapped=each), arrivals) for each in (False, True))
    assert np.allclose(in_turn["scheduled_s"], [0.0, 0.02]) and np.allclose(in_turn["first_token_s"], [0.01, 0.03])
    assert np.allclose(overlapped["scheduled_s"], [0.0, 0.03])
    assert np.allclose(overlapped["last_token_s"], [0.10, 0.06])


@both
def test_a_server_at_rest_begins_at_once_also_when_it_schedules_ahead(kind: Callable[..., Engine]) -> None:
    rows = served(kind, replace(SERVER, overlapped=True), asked([0.0, 0.5], [10, 10], [2, 2]))
    assert np.allclose(rows["scheduled_s"], [0.0, 0.5])


@both
def test_an_adapter_is_loaded_once_and_those_behind_one_that_waits_may_pass(kind: Callable[..., Engine]) -> None:
    server = replace(SERVER, adapters=1, adapter_load_s=1.0)
    arrivals = asked([0.0, 0.1, 0.2, 0.3], [10] * 4, [200, 5, 5, 5], adapter=[7, 8, 7, -1])
    rows = served(kind, server, arrivals)
    first, other, same, none = rows
    assert first["first_token_s"] == pytest.approx(1.01)  # the step waits for the adapter
    assert same["scheduled_s"] == none["scheduled_s"] == pytest.approx(1.01)
    assert other["scheduled_s"] == pytest.approx(first["last_token_s"])  # room for one: it waits for the other's end
    assert other["first_token_s"] == pytest.approx(other["scheduled_s"] + 1.01)


@both
def test_each_adapter_in_use_makes_every_step_longer(kind: Callable[..., Engine]) -> None:
    server = replace(SERVER, adapters=4, adapter_step_s=0.002)
    one, two = (
        served(kind, server, asked([0.0, 0.0], [10, 10], [101, 101], adapter=which))["last_token_s"][0]
        for which in ([3, 3], [3, 4])
    )
    assert (one, two) == pytest.approx((101 * 0.012, 0.012 + 100 * 0.014))  # the second joins after one step


@both
def test_content_that_was_let_go_comes_back_from_the_host(kind: Callable[..., Engine]) -> None:
    contents = [[1, 2, 3, 4], [5, 6, 7, 8], [1, 2, 3, 4]]
    arrivals = Arrivals(
        time_s=np.array([0.0, 1.0, 2.0]),
        input_tokens=np.full(3, 65),
        output_tokens=np.full(3, 1),
        hash_ids=np.concatenate(contents),
        hash_starts=np.array([0, 4, 8, 12]),
    )
    small = replace(SERVER, kv_blocks=5, load_s=0.001)
    alone, backed = (served(kind, replace(small, host_blocks=blocks), arrivals) for blocks in (0, 8))
    # The second pushed the deeper end of the first prompt out; the start of it is still there.
    assert alone["cached_tokens"].tolist() == [0, 0, 0] and backed["cached_tokens"].tolist() == [0, 0, 64]
    assert backed["first_token_s"][2] == pytest.approx(2.0 + STEP + 4 * 0.001)


@both
def test_whoever_watches_is_told_that_memory_ran_out(kind: Callable[..., Engine]) -> None:
    engine = kind([flat_cost(STEP)], [replace(SERVER, kv_blocks=6)])
    engine.watch_pressure = True
    arrivals = asked([0.0, 0.0], [30, 30], [40, 40])
    engine.feed(arrivals, np.zeros(2, dtype=np.int64), 0)
    told = []
    while (event := engine.advance(math.inf)).kind != STARVED:
        told.append(event)
    assert {event.kind for event in told} == {PRESSURE}
    assert sum(event.row for event in told) == engine.done()["preemptions"].sum() > 0


@both
def test_a_server_that_breaks_down_forgets_everything(kind: Callable[..., Engine]) -> None:
    engine = kind([flat_cost(STEP)], [SERVER, SERVER])
    engine.feed(asked([0.0, 0.0], [10, 20], [50, 50]), np.array([0, 0]), 0)
    engine.advance(0.205)
    lost = engine.fail(0)
    assert [(moved.id, moved.produced, moved.computed) for moved in lost] == [(0, 20, 0), (1, 19, 0)]
    assert engine.observe().available.tolist() == [100, 100]
    for moved in lost:
        engine.put(moved, 1)
    engine.advance(math.inf)
    rows = engine.done()
    assert rows["server"].tolist() == [1, 1] and rows["output_tokens"].tolist() == [50, 50]
    # What it has told is not told again.
    assert rows["last_token_s"] == pytest.approx([0.205 + 30 * STEP, 0.205 + 32 * STEP])
