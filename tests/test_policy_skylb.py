"""Regions, clients in a closed loop, and SkyLB: who pays for distance, who waits where, and what is pushed to whom."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from fleets import flat_cost, fleet_of, gpu_cost, requests
from routelab.core.arrivals import Arrivals
from routelab.core.errors import InputError
from routelab.pool.fleet.build import Fleet
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.policies import load_policy
from routelab.pool.fleet.policies.load import LeastLoaded
from routelab.pool.fleet.policies.oblivious import RoundRobin
from routelab.pool.fleet.policies.outage import ControlledSkyLB
from routelab.pool.fleet.policies.pushing import BlindPush, CappedPush, HashedSkyLB, RegionLocal
from routelab.pool.fleet.policies.skylb import SkyLB
from routelab.pool.fleet.policy import Policy, Request
from routelab.pool.fleet.regions import TOKEN_BYTES
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.simulator import Simulation
from routelab.pool.fleet.spec import FleetSpec, PoolSpec, Wan
from routelab.workload.arrivals import Fixed, Poisson, Trees, merged

AWAY_S = 0.25
SERVER = ServerSpec(cost=0, kv_blocks=1000, max_seqs=64, max_tokens=1024)


def spread(regions: tuple[str, ...], seats: int = 64, away_s: float = AWAY_S, cost: object = None) -> Fleet:
    """A server for each place named, every two regions equally far apart."""
    made = fleet_of([replace(SERVER, max_seqs=seats)] * len(regions), [cost or flat_cost(0.001)])
    pool = PoolSpec(model="meta-llama/Llama-3.1-8B", gpu="A100-80G")
    pools = tuple(PoolSpec(model=pool.model, gpu=pool.gpu, region=region) for region in regions)
    names = list(dict.fromkeys(regions))
    wan = [
        Wan(between=(a, b), latency_s=away_s, gb_s=1e-3, usd_per_gb=2.0)
        for k, a in enumerate(names)
        for b in names[k + 1 :]
    ]
    servers = tuple(replace(server, pool=each) for server, each in zip(made.servers, pools))
    return Fleet(FleetSpec(pools=pools, wan=tuple(wan)), servers, made.costs)


def from_region(n: int, region: str, rate: float = 5.0) -> Arrivals:
    return replace(requests(n, rate), region=np.zeros(n, dtype=np.int64), regions=(region,))


class To(Policy):
    def __init__(self, server: int, region: str = "") -> None:
        self.server, self.region = server, region

    def route(self, request: Request, fleet) -> int:  # type: ignore[no-untyped-def]
        return self.server


def waited(run: Run) -> np.ndarray:
    return run.requests["scheduled_s"] - run.requests["arrival_s"]


# Distance.


def test_a_request_that_stays_pays_nothing() -> None:
    here = from_region(50, "us")
    stayed = Simulation(spread(("us", "eu")), To(0)).run(here)
    alone = Simulation(fleet_of([SERVER], [flat_cost(0.001)]), To(0)).run(here)
    assert np.allclose(stayed.e2e_s, alone.e2e_s) and np.allclose(stayed.ttft_s, alone.ttft_s)
    assert stayed.egress_usd == 0


def test_a_request_that_leaves_pays_the_way_there_and_back() -> None:
    here = from_region(50, "us", rate=1.0)
    run, near = (Simulation(spread(("us", "eu"), away_s=away), To(1)).run(here) for away in (AWAY_S, 0.0))
    assert (waited(run) >= AWAY_S).all()
    assert np.allclose(run.ttft_s - near.ttft_s, 2 * AWAY_S, atol=0.01)
    assert np.allclose(run.e2e_s - near.e2e_s, 2 * AWAY_S, atol=0.01)


def test_every_token_occupies_the_link_and_is_paid_for() -> None:
    here = from_region(50, "us")
    run = Simulation(spread(("us", "eu")), To(1)).run(here)
    tokens = int(here.input_tokens.sum() + here.output_tokens.sum())
    assert run.egress_usd == pytest.approx(2.0 * TOKEN_BYTES * tokens / 1e9)
    assert run.usd == pytest.approx(run.egress_usd + sum(run.on_s) * 2.0 / 3600)


def test_one_balancer_is_a_detour() -> None:
    """From eu through the balancer in us to a server in eu, and back the same way."""
    here = from_region(30, "eu", rate=1.0)
    run = Simulation(spread(("us", "eu")), To(1, "us")).run(here)
    assert (run.ttft_s > 4 * AWAY_S).all() and (waited(run) >= 2 * AWAY_S).all()


def test_policies_that_assign_blocks_travel_too() -> None:
    run = Simulation(spread(("us", "eu")), RoundRobin()).run(from_region(40, "us", rate=1.0))
    far = run.requests["server"] == 1
    assert far.sum() == 20 and (waited(run)[far] >= AWAY_S).all() and (waited(run)[~far] < AWAY_S).all()


def test_a_region_that_no_pool_has_is_an_error() -> None:
    with pytest.raises(InputError, match="arrivals region: expected a region of the fleet"):
        Simulation(spread(("us", "eu")), To(0)).run(from_region(5, "mars"))


def test_a_pair_without_a_distance_is_an_error() -> None:
    fleet = spread(("us", "eu", "asia"))
    with pytest.raises(InputError, match="how far us and asia are"):
        Simulation(Fleet(FleetSpec(pools=fleet.spec.pools, wan=fleet.spec.wan[:1]), fleet.servers, fleet.costs), To(0))


def test_a_balancer_in_a_region_that_no_pool_has_is_an_error() -> None:
    with pytest.raises(InputError, match="policy region: expected a region of the fleet"):
        Simulation(spread(("us", "eu")), To(0, "mars"))


# Clients.


def small_trees(n: int, region: str | None = None) -> Arrivals:
    return Trees(
        starts=Poisson(rate=1),
        n=n,
        system_tokens=64,
        first=Fixed(tokens=40),
        follow=Fixed(tokens=20),
        answer=Fixed(tokens=30),
        depth=3,
        branches=2,
        keep_answers=True,
        hash_tokens=16,
        region=region,
    ).arrivals(0)


def test_a_client_works_on_one_tree_at_a_time_level_by_level() -> None:
    arrivals = small_trees(12)
    run = Simulation(fleet_of([SERVER] * 2, [gpu_cost()]), LeastLoaded(), clients=3, think_s=0.5).run(arrivals)
    assert len(run.requests) == 12 * 7 and run.ok.all()
    first = {}
    for tree in range(12):
        rows = arrivals.session == tree
        ends = []
        for level in range(3):
            mine = run.requests[rows & (arrivals.step == level)]
            assert len(set(mine["arrival_s"].tolist())) == 1
            first.setdefault(tree, mine["arrival_s"][0])
            ends.append((mine["arrival_s"][0], mine["last_token_s"].max()))
        assert all(after[0] == pytest.approx(before[1] + 0.5) for before, after in pairwise(ends))
    assert sorted(first.values())[:4].count(0.0) == 3


def test_prompts_in_a_closed_loop_are_cached_with_the_answers_before_them() -> None:
    arrivals = small_trees(4)
    run = Simulation(fleet_of([SERVER], [gpu_cost()]), RoundRobin(), clients=1).run(arrivals)
    last = run.requests[arrivals.step == 2]
    parents = 64 + 40 + 30 + 20 + 30
    assert (last["cached_tokens"] >= parents // 16 * 16).all()


def test_clients_are_of_regions_and_stop_in_time() -> None:
    both = merged([small_trees(40, "us"), small_trees(40, "eu")])
    run = Simulation(spread(("us", "eu")), LeastLoaded(), clients=(2, 1), until_s=3.0).run(both)
    begun = run.requests["id"][both.step[run.requests["id"]] == 0]
    started = both.region[begun[run.requests["arrival_s"][np.isin(run.requests["id"], begun)] == 0.0]]
    assert np.bincount(started).tolist() == [2, 1]
    starts = run.requests["arrival_s"][both.step[run.requests["id"]] == 0]
    assert starts.max() < 3.0 and len(run.requests) < len(both) and run.ok.all()


def test_no_arrivals_are_a_run_of_nothing() -> None:
    run = Simulation(fleet_of([SERVER], [gpu_cost()]), LeastLoaded(), clients=2).run(requests(1, 1.0).part(0, 0))
    assert len(run.requests) == 0


# SkyLB.


def test_nothing_is_pending_where_selective_pushing_pushes() -> None:
    """One seat a server and room for all in the fleet: nobody is sent behind somebody, but between two probes."""
    burst = replace(requests(60, 3.0, output=400), hash_starts=np.zeros(0, dtype=np.int64))
    fleet = fleet_of([replace(SERVER, max_seqs=1)] * 3, [flat_cost(0.001)])
    blind, picky = (Simulation(fleet, policy).run(burst) for policy in (BlindPush(), SkyLB()))
    assert picky.ok.all() and blind.ok.all()
    assert picky.e2e_s.mean() < 1.2 * blind.e2e_s.mean()


def test_local_servers_come_first_and_peers_only_when_those_are_full() -> None:
    few = Simulation(spread(("us", "eu")), SkyLB()).run(from_region(40, "us", rate=2.0))
    assert (few.requests["server"] == 0).all()
    many = Simulation(spread(("us", "eu"), seats=1), SkyLB()).run(from_region(60, "us", rate=20.0))
    assert 10 < (many.requests["server"] == 1).sum() < 50
    home = Simulation(spread(("us", "eu"), seats=1), RegionLocal()).run(from_region(60, "us", rate=20.0))
    assert (home.requests["server"] == 0).all()
    assert many.e2e_s.mean() < home.e2e_s.mean()


def test_what_is_sent_to_a_peer_is_placed_by_the_peer() -> None:
    """It pays the way once, however long it waits there."""
    run = Simulation(spread(("us", "eu", "eu"), seats=1), SkyLB()).run(from_region(80, "us", rate=20.0))
    away = run.requests["server"] > 0
    assert set(run.requests["server"].tolist()) == {0, 1, 2} and (waited(run)[away] >= AWAY_S).all()
    tokens = run.requests["input_tokens"][away].sum() + run.requests["output_tokens"][away].sum()
    assert run.egress_usd == pytest.approx(2.0 * TOKEN_BYTES * tokens / 1e9)


def test_a_cap_is_never_passed() -> None:
    class Watched(CappedPush):
        most_outstanding, seen = 3, 0

        def server(self, request, balancer, fleet):  # type: ignore[no-untyped-def]
            chosen = super().server(request, balancer, fleet)
            self.seen = max(self.seen, int(fleet.outstanding[chosen]))
            return chosen

    policy = Watched()
    run = Simulation(fleet_of([SERVER] * 2, [gpu_cost()]), policy).run(requests(200, 50.0))
    assert run.ok.all() and policy.seen == 2


def test_hashing_keeps_a_session_where_it_was() -> None:
    calm = replace(requests(90, 2.0), session=np.arange(90) % 9)
    run = Simulation(fleet_of([SERVER] * 4, [gpu_cost()]), HashedSkyLB()).run(calm)
    homes = [set(run.requests["server"][session::9].tolist()) for session in range(9)]
    assert all(len(home) == 1 for home in homes) and len(set.union(*homes)) > 1


def test_shared_instructions_draw_blind_pushing_to_one_server() -> None:
    trees = Trees(
        starts=Poisson(rate=1),
        n=60,
        system_tokens=256,
        first=Fixed(tokens=64),
        follow=Fixed(tokens=20),
        answer=Fixed(tokens=60),
        depth=3,
        branches=2,
        keep_answers=True,
        hash_tokens=16,
    ).arrivals(0)
    fleet = fleet_of([replace(SERVER, kv_blocks=200)] * 4, [gpu_cost()])
    picky, blind = (Simulation(fleet, policy, clients=20).run(trees) for policy in (SkyLB(), BlindPush()))
    assert set(blind.requests["server"].tolist()) == {0}
    assert len(set(picky.requests["server"].tolist())) == 4
    assert picky.span_s < 0.5 * blind.span_s


def test_the_same_seed_gives_the_same_run() -> None:
    runs = [Simulation(spread(("us", "eu"), cost=gpu_cost()), SkyLB()).run(from_region(100, "us", 30.0)) for _ in "12"]
    assert (runs[0].requests == runs[1].requests).all()


@pytest.mark.parametrize("regions", [("",), ("us", "eu")])
def test_requests_from_nowhere_are_served_where_there_are_regions_and_where_not(regions: tuple[str, ...]) -> None:
    run = Simulation(spread(regions), SkyLB()).run(requests(30, 30.0))
    assert run.ok.all() and run.egress_usd == 0


@pytest.mark.parametrize("name, kind", [("skylb", SkyLB), ("skylb-ch", HashedSkyLB), ("region-local", RegionLocal)])
def test_they_are_registered(name: str, kind: type[Policy]) -> None:
    assert type(load_policy(name)) is kind


def test_nothing_goes_where_it_is_forbidden() -> None:
    class Protected(SkyLB):
        forbidden = frozenset({("eu", "us")})

    fleet = spread(("us", "eu", "asia"), seats=2)
    run = Simulation(fleet, Protected()).run(from_region(200, "eu", rate=40.0))
    assert run.ok.all() and set(run.requests["server"].tolist()) == {1, 2}
    assert 0 in Simulation(fleet, SkyLB()).run(from_region(200, "eu", rate=40.0)).requests["server"]


def test_the_closest_balancer_stands_in_for_one_that_fails() -> None:
    arrivals = from_region(400, "us", rate=20.0)
    fleet = spread(("us", "eu"))
    run = Simulation(fleet, ControlledSkyLB({"us": (5.0, 10.0)})).run(arrivals)
    assert run.ok.all()
    away = (arrivals.time_s > 5.0) & (arrivals.time_s < 10.0)
    # There and back, and from the balancer to the server where that is the lost balancer's own.
    assert (run.ttft_s[away] >= 2 * AWAY_S).all() and run.ttft_s[~away].min() < AWAY_S
    later = arrivals.time_s > 11.0
    assert np.median(run.ttft_s[later]) < AWAY_S and (run.requests["server"][later] == 0).mean() > 0.9
