"""Past-Future: the peak by hand, draws from the past, and admission that hardly ever has to take back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleets import fleet_of, gpu_cost
from routelab.core.arrivals import Arrivals
from routelab.core.errors import ContractError
from routelab.core.seeds import stream
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.engine.interface import LIVE
from routelab.pool.fleet.policies.load import LeastLoaded
from routelab.pool.fleet.policies.past_future import Conservative, OraclePastFuture, PastFuture, peak_tokens
from routelab.pool.fleet.policy import Policy
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.simulator import Simulation

MAX_NEW, CLIENTS = 400, 40

sizes = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=8)


@given(sizes)
def test_the_peak_is_the_most_tokens_held_at_any_step(sizes: list[tuple[int, int]]) -> None:
    """Step by step: who goes on holds one token more, who is done holds none."""
    held, left = np.array(sizes, dtype=float).T
    steps = range(1, int(left.max()) + 1)
    most = max((held + step)[left >= step].sum() for step in steps)
    assert peak_tokens(held, left) == most


def policy_with(past: list[int]) -> PastFuture:
    policy = PastFuture(MAX_NEW)
    policy._draw, policy._past = stream(0, "test"), np.array(past, dtype=float)
    return policy


def test_a_running_request_is_expected_between_what_it_has_and_the_longest() -> None:
    rows = np.zeros(3, dtype=LIVE)
    rows["produced"] = [0, 60, 399]
    drawn = policy_with([50, 100, 200]).lengths(rows, 1000, fleet=None)  # type: ignore[arg-type]
    assert set(drawn[:, 0]) == {50, 100, 200}
    assert drawn[:, 1].min() >= 60 and drawn[:, 1].max() <= MAX_NEW
    assert drawn[:, 1].mean() == pytest.approx(np.mean([80, 150, 300]), rel=0.05)
    assert drawn[:, 2].min() >= 399


def run(policy: Policy, seed: int = 0) -> Run:
    draw = stream(seed, "lengths")
    n = 600
    lengths = draw.integers(20, 200, n), np.minimum(draw.geometric(1 / 120, n) + 20, MAX_NEW)
    fleet = fleet_of([ServerSpec(cost=0, kv_blocks=300, max_tokens=2048, watermark=3)], [gpu_cost()])
    return Simulation(fleet, policy, seed=seed, clients=CLIENTS).run(Arrivals(np.zeros(n), *lengths))


@pytest.mark.parametrize("seed", range(3))
def test_predicting_avoids_evictions_and_comes_near_the_oracle(seed: int) -> None:
    aggressive, predicted = run(LeastLoaded(), seed), run(PastFuture(MAX_NEW), seed)
    careful, oracle = run(Conservative(MAX_NEW), seed), run(OraclePastFuture(MAX_NEW), seed)
    assert careful.requests["preemptions"].sum() == oracle.requests["preemptions"].sum() == 0
    assert predicted.requests["preemptions"].sum() < 0.2 * aggressive.requests["preemptions"].sum()
    assert predicted.span_s < 1.15 * oracle.span_s
    assert careful.span_s > 1.15 * predicted.span_s


@pytest.mark.parametrize("policy", [PastFuture, OraclePastFuture, Conservative])
def test_a_request_larger_than_the_reserve_allows_is_served_alone(policy: type[PastFuture]) -> None:
    fleet = fleet_of([ServerSpec(cost=0, kv_blocks=30)], [gpu_cost()])
    arrivals = Arrivals(np.zeros(3), np.full(3, 100), np.full(3, 375))
    assert Simulation(fleet, policy(MAX_NEW)).run(arrivals).ok.all()


def test_only_an_oracle_is_told_true_lengths() -> None:
    class Curious(OraclePastFuture):
        pass

    fleet = fleet_of([ServerSpec(cost=0, kv_blocks=300)], [gpu_cost()])
    with pytest.raises(ContractError, match="Oracle"):
        Simulation(fleet, Curious()).run(Arrivals(np.zeros(1), np.ones(1, dtype=int), np.ones(1, dtype=int)))
