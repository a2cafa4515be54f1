"""Llumnix: live migration keeps requests whole, and policies dispatch, move, and scale as the paper says."""

from __future__ import annotations

import numpy as np
import pytest

from fleets import flat_cost, fleet_of, gpu_cost, requests
from routelab.core.arrivals import Arrivals
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.engine.interface import OK
from routelab.pool.fleet.migration import LAST_BLOCKS
from routelab.pool.fleet.policies.llumnix import InfaasLike, Llumnix, LlumnixRecompute
from routelab.pool.fleet.policy import Policy, Request
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.simulator import Simulation

STEP_S = 0.01


def servers(n: int, blocks: int = 200, **spec: object) -> list[ServerSpec]:
    return [ServerSpec(cost=0, kv_blocks=blocks, max_tokens=4096, prefix_cache=False, **spec)] * n


def one(prompt: int, output: int) -> Arrivals:
    return Arrivals(np.zeros(1), np.array([prompt]), np.array([output]))


class MoveOnce(Policy):
    """To server 0; at a time the first request moves to server 1."""

    def __init__(self, at_s: float = 0.5, *, recompute: bool = False) -> None:
        self.at_s, self.recompute = at_s, recompute

    def start(self, fleet) -> None:  # type: ignore[no-untyped-def]
        fleet.at(self.at_s, lambda: setattr(self, "migration", fleet.migrate(0, 1, recompute=self.recompute)))

    def route(self, request: Request, fleet) -> int:  # type: ignore[no-untyped-def]
        return 0


def moved(
    arrivals: Arrivals, policy: Policy, specs: list[ServerSpec], link_gb_s: float = 25.0
) -> tuple[Run, Simulation]:
    simulation = Simulation(fleet_of(specs, [flat_cost(STEP_S)], link_gb_s=link_gb_s), policy)
    return simulation.run(arrivals), simulation


def whole_again(simulation: Simulation) -> bool:
    """All memory is free at the end."""
    return bool((simulation.engine.observe().available == simulation.control.kv_blocks).all())


def test_a_request_that_moves_ends_at_the_target_and_leaves_no_memory_behind() -> None:
    run, simulation = moved(one(1600, 200), MoveOnce(), servers(2))
    assert (run.requests["server"], run.requests["output_tokens"], run.migrations) == (1, 200, 1)
    assert whole_again(simulation)


def test_downtime_of_a_live_migration_does_not_grow_with_length() -> None:
    """A hundred blocks more are copied while it decodes: the last stage and part of a step is all that is lost."""
    slow = 16 * 131072 / STEP_S / 1e9  # a block takes a step
    delays = []
    for prompt in (160, 1600):
        still, _ = moved(one(prompt, 400), MoveOnce(1e9), servers(2), slow)
        run, _ = moved(one(prompt, 400), MoveOnce(), servers(2), slow)
        assert run.migrations == 1
        delays.append(float(run.e2e_s[0] - still.e2e_s[0]))
    assert max(delays) < (LAST_BLOCKS + 2) * STEP_S


def test_recomputing_takes_a_prompt_of_its_length_at_the_target() -> None:
    fleet = fleet_of(servers(2), [gpu_cost()])
    live, again = (Simulation(fleet, MoveOnce(recompute=recompute)).run(one(1600, 200)) for recompute in (False, True))
    assert again.requests["server"] == 1
    assert again.e2e_s[0] - live.e2e_s[0] > 1600 * 2e-5 / 2


def test_a_target_without_room_is_refused_and_the_request_goes_on() -> None:
    specs = [servers(1)[0], servers(1, blocks=50)[0]]
    run, simulation = moved(one(1600, 200), MoveOnce(), specs)
    assert (run.requests["server"], run.requests["status"], run.migrations) == (0, OK, 0)
    assert simulation.policy.migration.over and whole_again(simulation)  # type: ignore[attr-defined]


def test_a_request_that_ends_under_way_is_given_up() -> None:
    slow = 1e-3
    run, simulation = moved(one(1600, 60), MoveOnce(), servers(2), slow)
    assert (run.requests["server"], run.migrations) == (0, 0)
    assert whole_again(simulation)


@pytest.mark.parametrize("policy", [InfaasLike, Llumnix, LlumnixRecompute])
@pytest.mark.parametrize("prefill_first", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_every_request_ends_once_with_all_of_its_tokens(
    policy: type[InfaasLike], prefill_first: bool, seed: int
) -> None:
    arrivals = requests(400, 12.0, seed)
    fleet = fleet_of(servers(4, 90, prefill_first=prefill_first), [gpu_cost()])
    simulation = Simulation(fleet, policy((3.0, 12.0)), seed=seed)
    run = simulation.run(arrivals)
    assert run.requests["id"].tolist() == list(range(400)) and run.ok.all()
    assert (run.requests["output_tokens"] == arrivals.output_tokens).all()
    assert whole_again(simulation)


def test_moving_leaves_less_waiting_than_dispatch_alone() -> None:
    fleet = fleet_of(servers(4, 120), [gpu_cost()])
    arrivals = requests(1500, 10.0)
    alone, moves = (Simulation(fleet, policy()).run(arrivals) for policy in (InfaasLike, Llumnix))
    assert moves.migrations > 0
    assert moves.requests["preemptions"].sum() < alone.requests["preemptions"].sum()
    assert np.percentile(moves.ttft_s, 99) < np.percentile(alone.ttft_s, 99)


@pytest.mark.parametrize("policy", [InfaasLike, Llumnix])
def test_servers_that_nobody_needs_are_emptied_and_stopped(policy: type[InfaasLike]) -> None:
    fleet = fleet_of(servers(4), [gpu_cost()])
    run = Simulation(fleet, policy((10.0, 60.0))).run(requests(400, 2.0))
    assert run.ok.all()
    assert run.on_s.sum() < 0.7 * 4 * run.span_s


def test_the_same_seed_gives_the_same_run() -> None:
    fleet = fleet_of(servers(3, 90), [gpu_cost()])
    first, second = (Simulation(fleet, Llumnix()).run(requests(300, 15.0)) for _ in range(2))
    assert first.requests.tobytes() == second.requests.tobytes()
