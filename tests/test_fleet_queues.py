"""Against theory: queues whose waits have a formula, capacity that can be counted, and bounds that nothing may pass.

A server that takes one token a step and one request at a time is a single server of queueing theory, and its service
time is the length of the answer. Means lie within four standard errors, taken over batches of the run.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from fleets import flat_cost, fleet_of, gpu_cost, linear_cost, requests
from routelab.core.arrivals import Arrivals
from routelab.core.seeds import stream
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.policies.load import LeastLoaded
from routelab.pool.fleet.policies.oblivious import RoundRobin
from routelab.pool.fleet.policy import HOLD, Policy, Request
from routelab.pool.fleet.simulator import Simulation

STEP_S = 0.001
MEAN_STEPS = 400
N = 60_000


def answers(rate: float, output: np.ndarray, seed: int = 1) -> Arrivals:
    draw = stream(seed, "answers")
    return Arrivals(np.cumsum(draw.exponential(1 / rate, len(output))), np.ones_like(output), output)


def geometric(seed: int = 2) -> np.ndarray:
    """Lengths without memory: nearly exponential service."""
    return stream(seed, "lengths").geometric(1 / MEAN_STEPS, N)


def within_four_errors(values: np.ndarray, expected: float, batches: int = 30) -> bool:
    kept = values[len(values) // 10 :]
    means = np.array([part.mean() for part in np.array_split(kept, batches)])
    return abs(kept.mean() - expected) < 4 * means.std(ddof=1) / math.sqrt(batches)


def single(seats: int = 1, cost: float = STEP_S) -> list[ServerSpec]:
    return [ServerSpec(cost=0, kv_blocks=10**7, max_seqs=seats, max_tokens=2048)]


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_one_server_waits_as_m_m_1(load: float) -> None:
    service = MEAN_STEPS * STEP_S
    run = Simulation(fleet_of(single(), [flat_cost(STEP_S)]), RoundRobin()).run(answers(load / service, geometric()))
    waits = run.requests["scheduled_s"] - run.requests["arrival_s"]
    assert within_four_errors(waits, load * service / (1 - load))


def test_constant_service_waits_half_as_long_as_m_d_1() -> None:
    service, load = MEAN_STEPS * STEP_S, 0.8
    run = Simulation(fleet_of(single(), [flat_cost(STEP_S)]), RoundRobin()).run(
        answers(load / service, np.full(N, MEAN_STEPS))
    )
    waits = run.requests["scheduled_s"] - run.requests["arrival_s"]
    assert within_four_errors(waits, load * service / (2 * (1 - load)))


def erlang_c(servers: int, offered: float) -> float:
    """Probability of waiting in M/M/c."""
    terms = [offered**k / math.factorial(k) for k in range(servers)]
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(terms) + last)


def test_seats_of_one_server_wait_as_m_m_c() -> None:
    """Where a step takes the same time for any batch, seats are servers."""
    service, seats, load = MEAN_STEPS * STEP_S, 4, 0.85
    rate = load * seats / service
    run = Simulation(fleet_of(single(seats), [flat_cost(STEP_S)]), RoundRobin()).run(answers(rate, geometric()))
    waits = run.requests["scheduled_s"] - run.requests["arrival_s"]
    expected = erlang_c(seats, load * seats) * service / (seats * (1 - load))
    assert within_four_errors(waits, expected)


class CentralQueue(Policy):
    """One queue for all servers: nobody is sent where somebody is."""

    def route(self, request: Request, fleet) -> int:  # type: ignore[no-untyped-def]
        idle = np.flatnonzero(fleet.outstanding == 0)
        return int(idle[0]) if len(idle) else HOLD

    def on_finish(self, ended, fleet) -> None:  # type: ignore[no-untyped-def]
        for server in np.flatnonzero(fleet.outstanding == 0).tolist():
            if fleet.held:
                fleet.send(next(iter(fleet.held)), server)


def test_servers_behind_one_queue_wait_as_m_m_c() -> None:
    service, servers, load = MEAN_STEPS * STEP_S, 3, 0.8
    run = Simulation(fleet_of(single() * servers, [flat_cost(STEP_S)]), CentralQueue()).run(
        answers(load * servers / service, geometric())
    )
    waits = run.requests["scheduled_s"] - run.requests["arrival_s"]
    assert within_four_errors(waits, erlang_c(servers, load * servers) * service / (servers * (1 - load)))


def test_a_shared_server_is_processor_sharing() -> None:
    """A step whose time grows with the batch serves everybody at once, each at its share: M/G/1-PS."""
    load, mean = 0.7, 100
    lengths = np.where(stream(3, "mix").random(N) < 0.9, 50, 550)
    rate = load / (mean * STEP_S)
    fleet = fleet_of(single(seats=512), [linear_cost(STEP_S)])
    run = Simulation(fleet, RoundRobin()).run(answers(rate, lengths))
    for length in (50, 550):
        times = run.e2e_s[run.requests["output_tokens"] == length]
        assert times.mean() == pytest.approx(length * STEP_S / (1 - load), rel=0.06)


def test_saturated_throughput_is_the_capacity() -> None:
    """Ten times what can be served: slots over service time, no more (and not slots squared over it)."""
    slots, steps = 16, 200
    capacity = slots / (steps * STEP_S)
    run = Simulation(fleet_of(single(slots), [flat_cost(STEP_S)]), RoundRobin()).run(
        answers(10 * capacity, np.full(20_000, steps))
    )
    assert run.summary()["throughput_req_s"] == pytest.approx(capacity, rel=0.01)


def test_throughput_never_passes_the_roof() -> None:
    """No token is computed faster than the device computes, whatever is cached or preempted."""
    fleet = fleet_of([ServerSpec(cost=0, kv_blocks=300, max_seqs=64, max_tokens=1024)], [gpu_cost()])
    run = Simulation(fleet, RoundRobin()).run(requests(2000, 1000.0, shared=True))
    computed = (run.requests["input_tokens"] - run.requests["cached_tokens"] + run.requests["output_tokens"] - 1).sum()
    assert run.requests["preemptions"].sum() > 0 and run.summary()["prefix_hit_rate"] > 0
    assert computed / run.span_s < 1 / 2e-5
    assert run.usage["busy_s"][0] <= run.span_s * (1 + 1e-9)


def test_a_second_server_halves_the_load() -> None:
    arrivals = requests(3000, 20.0)
    one, two = (
        Simulation(fleet_of([ServerSpec(cost=0, kv_blocks=3000)] * n, [gpu_cost()]), LeastLoaded()).run(arrivals)
        for n in (1, 2)
    )
    assert len(one.requests) == len(two.requests) == 3000
    assert np.median(two.e2e_s) < np.median(one.e2e_s)
    assert (one.requests["output_tokens"] == two.requests["output_tokens"]).all()
