"""Servers that break down, change their clocks, and share devices, under policies that know of it or do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from fleets import fleet_of, gpu_cost, requests
from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Ints
from routelab.core.errors import ContractError, InputError
from routelab.pool.fleet.build import build
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.policies import load_policy
from routelab.pool.fleet.policies.load import LeastLoaded
from routelab.pool.fleet.policy import HOLD, Policy, Request
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.simulator import Simulation
from routelab.pool.fleet.spec import read_fleet

BREAKS = {"mtbf_s": 20.0, "repair_s": 5.0}


def fleet(policy: Policy | str, arrivals: Arrivals, **pool: object) -> Run:
    spec = read_fleet({"model": "llama-3.1-8b", "gpu": "a100-80g", **pool}, "fleet")
    chosen = load_policy(policy) if isinstance(policy, str) else policy
    return Simulation(build(spec), chosen, seed=1).run(arrivals)


@pytest.mark.parametrize("policy", ["round-robin", "least-loaded", "prefix-aware", "llumnix", "past-future"])
def test_no_request_is_lost_to_servers_that_break_down(policy: str) -> None:
    arrivals = requests(400, rate=8.0, seed=3)
    whole = fleet(policy, arrivals, replicas=3)
    broken = fleet(policy, arrivals, replicas=3, faults=BREAKS)
    assert broken.ok.all() and (broken.requests["output_tokens"] == arrivals.output_tokens).all()
    assert broken.e2e_s.mean() > whole.e2e_s.mean()
    assert broken.summary()["faults"] > 0 == whole.summary()["faults"]


def test_where_every_server_is_broken_requests_wait_for_the_first_repair() -> None:
    run = fleet("least-loaded", requests(600, rate=8.0), replicas=1, faults=BREAKS)
    assert run.ok.all()
    assert run.ttft_s.max() > 1.0  # somebody waited for a repair


def test_a_policy_may_drop_what_a_broken_server_had() -> None:
    class Harsh(LeastLoaded):
        def on_fault(self, server: int, lost: list[int], fleet: Control) -> None:
            assert not fleet.up[server] and set(lost) == set(fleet.held)
            for request in lost:
                fleet.drop(request)

    run = fleet(Harsh(), requests(300, rate=8.0), replicas=2, faults=BREAKS)
    dropped = run.summary()["failed"]["dropped"]
    assert 0 < dropped < 100 and run.summary()["completed"] == 300 - dropped


def test_a_lower_clock_takes_longer_and_draws_less() -> None:
    class Slow(LeastLoaded):
        def start(self, fleet: Control) -> None:
            for server in range(len(fleet)):
                fleet.set_clock(server, 1)

    arrivals = requests(200, rate=2.0, prompt=3000, output=20)
    full, slow = (fleet(policy, arrivals, clocks=(1.0, 0.5)) for policy in (LeastLoaded(), Slow()))
    assert slow.ttft_s.mean() > 1.5 * full.ttft_s.mean()  # prompts are bound by arithmetic
    assert (
        slow.usage["busy_j"].sum() / slow.usage["busy_s"].sum()
        < full.usage["busy_j"].sum() / full.usage["busy_s"].sum()
    )


def test_clocks_are_refused_where_costs_were_measured() -> None:
    with pytest.raises(InputError, match=r"clocks: expected 1 where costs are measured, got 0\.5"):
        fleet("random", requests(1, 1.0), clocks=(0.5,), tables="nowhere")


def shared(**changes: object) -> dict[str, object]:
    big = {"model": "llama-3.1-8b", "gpu": "a100-80g", "replicas": 2, "shared": "both"}
    return {"pools": [big, {**big, "model": "llama-3.2-1b", **changes}]}


def test_models_on_one_device_share_its_memory_and_its_price() -> None:
    servers = build(read_fleet(shared(), "fleet")).servers
    assert [server.spec.device for server in servers] == [0, 1, 0, 1]
    assert sum(server.usd_per_hour for server in servers) == pytest.approx(2 * servers[0].device.price_usd_per_hour)
    big, small = servers[0], servers[2]
    assert big.spec.kv_blocks * big.spec.block_bytes == pytest.approx(
        big.spec.device_bytes - big.weight_bytes, rel=1e-3
    )
    assert small.spec.device_bytes == big.spec.device_bytes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gpu": "h100"}, "pools gpu: expected the same for all pools of 'both'"),
        ({"tp": 2}, "shared: expected models on one device each, got 2 devices"),
        ({"model": "Qwen/Qwen3-32B"}, "shared both: expected weights of less than"),
    ],
)
def test_what_cannot_be_on_one_device_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build(read_fleet(shared(**changes), "fleet"))


def test_weights_come_when_there_is_room_and_go_when_nobody_needs_them() -> None:
    seen: list[tuple[bool, ...]] = []

    class InTurn(LeastLoaded):
        def start(self, fleet: Control) -> None:
            assert fleet.loaded.tolist() == [True, True, False, False]
            seen.append((fleet.load(2), fleet.load(2), fleet.unload(0), fleet.unload(0), fleet.load(0, 1.0)))

        def route(self, request: Request, fleet: Control) -> int:
            loaded = [server for server in fleet.candidates(request) if fleet.loaded[server]]
            return min(loaded, key=lambda server: int(fleet.outstanding[server]))

    names = ("llama-3.1-8b", "llama-3.2-1b")
    arrivals = replace(requests(200, 5.0), model=np.arange(200) % 2, models=names)
    run = Simulation(build(read_fleet(shared(loaded=False), "fleet")), InTurn()).run(arrivals)
    assert seen == [(True, False, True, False, True)] and run.ok.all()
    small = run.requests[1::2]
    assert (
        set(small["server"].tolist()) == {2} and small["scheduled_s"].min() >= 2.47e9 / 32e9
    )  # its weights came first


def test_a_policy_may_put_short_prompts_first() -> None:
    class ShortFirst(LeastLoaded):
        def order(self, server: int, fleet: Control) -> Ints:
            rows = fleet.queue(server)
            return rows["slot"][np.argsort(rows["prompt"], kind="stable")]

    arrivals = requests(300, rate=400.0, prompt=2000, output=5)
    server = ServerSpec(cost=0, kv_blocks=4000, max_tokens=1024, max_seqs=4)
    first_come, short = (
        Simulation(fleet_of([server], [gpu_cost()]), policy).run(arrivals) for policy in (LeastLoaded(), ShortFirst())
    )
    assert short.ttft_s.mean() < 0.8 * first_come.ttft_s.mean()
    assert short.ttft_s.max() > first_come.ttft_s.max()  # the longest wait for all others


def test_an_order_that_leaves_somebody_out_is_refused() -> None:
    class Forgets(LeastLoaded):
        def order(self, server: int, fleet: Control) -> Ints:
            return fleet.queue(server)["slot"][1:]

    with pytest.raises(ContractError, match="reorder 0: expected the slots of all that wait"):
        Simulation(fleet_of([ServerSpec(cost=0, kv_blocks=500)], [gpu_cost()]), Forgets()).run(requests(5, 1.0))


def test_a_paused_request_keeps_its_memory_and_goes_on_where_it_was() -> None:
    class Pauses(LeastLoaded):
        period_s = 0.1
        paused, resumed = -1, False

        def on_tick(self, fleet: Control) -> None:
            rows = fleet.live()
            if self.paused < 0 and len(rows):
                free = fleet.view.available[0]
                self.paused = fleet.pause(int(rows["slot"][0]))
                assert fleet.view.available[0] == free and not len(fleet.live())
            elif fleet.now > 5.0 and not self.resumed:
                fleet.resume(self.paused)
                self.resumed = True

    arrivals = Arrivals(np.array([0.0]), np.array([64]), np.array([100]))
    run = Simulation(fleet_of([ServerSpec(cost=0, kv_blocks=500)], [gpu_cost()]), Pauses()).run(arrivals)
    assert run.ok.all() and run.requests["preemptions"][0] == 0
    assert 5.0 < run.e2e_s[0] < 6.0


def test_pressure_is_told_to_a_policy_that_asks_for_it() -> None:
    class Listens(LeastLoaded):
        told = 0

        def on_pressure(self, server: int, times: int, fleet: Control) -> None:
            self.told += times

    policy = Listens()
    server = ServerSpec(cost=0, kv_blocks=120, max_tokens=1024)
    run = Simulation(fleet_of([server], [gpu_cost()]), policy).run(requests(60, 20.0, prompt=200, output=400))
    assert policy.told == run.requests["preemptions"].sum() > 0


def test_the_schema_of_a_fleet_refuses_senseless_faults() -> None:
    for faults in ({"mtbf_s": 0, "repair_s": 1}, {"mtbf_s": 1}, {"mtbf_s": 1, "repair_s": float("nan")}):
        with pytest.raises((InputError, msgspec.ValidationError)):
            fleet("random", requests(1, 1.0), faults=faults)


def test_what_a_policy_believes_of_costs_may_be_wrong() -> None:
    class Reads(LeastLoaded):
        def start(self, fleet: Control) -> None:
            self.believed = float(fleet.costs[0].fixed_s)

    known, wrong = Reads(), Reads()
    arrivals, cost = requests(20, 5.0), gpu_cost()
    truth = fleet_of([ServerSpec(cost=0, kv_blocks=500)], [cost])
    runs = [Simulation(truth, policy, cost_error=off).run(arrivals) for policy, off in ((known, 0.0), (wrong, 0.3))]
    assert known.believed == cost.fixed_s != wrong.believed
    assert (runs[0].requests == runs[1].requests).all()  # the world goes its way


def test_nothing_breaks_by_hand_where_nobody_says_what_becomes_of_requests() -> None:
    class Breaks(LeastLoaded):
        def start(self, fleet: Control) -> None:
            fleet.fail(0)

    with pytest.raises(ContractError, match="fail 0: expected a pool with `faults`, or a policy with on_fault"):
        fleet(Breaks(), requests(5, 1.0))


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ({"clocks": []}, "clocks"),
        ({"adapters": {"at_once": 10_000, "rank": 256}}, "adapters at_once: expected fewer than the"),
        ({"faults": {"mtbf_s": 1e-9, "repair_s": 1.0}}, "faults.mtbf_s"),
        ({"loaded": False}, "loaded: expected true for a pool with devices of its own"),
        ({"host_kv_tokens": 10**15}, "host_kv_tokens"),
    ],
)
def test_what_a_pool_cannot_have_is_named(field: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        fleet("random", requests(1, 1.0), **field)


@pytest.mark.parametrize(
    "act",
    [
        lambda fleet: fleet.preempt(99_999),
        lambda fleet: fleet.preempt(-1),
        lambda fleet: fleet.pause(7),
        lambda fleet: fleet.resume(7),
        lambda fleet: fleet.set_limit(5, 1),
        lambda fleet: fleet.set_limit(-1, 1),
        lambda fleet: fleet.stop(5),
        lambda fleet: fleet.send(next(iter(fleet.held)), -1),
        lambda fleet: fleet.send(next(iter(fleet.held)), 5),
        lambda fleet: fleet.set_clock(0, 3),
        lambda fleet: fleet.hand_over(99_999, 0, 1),
    ],
)
def test_a_verb_for_what_is_not_there_ends_the_run_by_name(act: Callable[[Control], object]) -> None:
    class Wrong(LeastLoaded):
        period_s = 0.1

        def route(self, request: Request, fleet: Control) -> int:
            return HOLD

        def on_tick(self, fleet: Control) -> None:
            act(fleet)

    with pytest.raises(ContractError, match="policy Wrong on_tick: expected a hook that returns"):
        fleet(Wrong(), requests(20, 50.0), replicas=2)
