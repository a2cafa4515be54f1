"""Prism as a policy, in both variants, and what it is compared with: worlds of two devices that models share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from routelab.core import InputError
from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Ints
from routelab.core.seeds import stream
from routelab.pool.fleet.build import Fleet, build
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.engine.interface import OK
from routelab.pool.fleet.policies.deadlines import moore_hodgson
from routelab.pool.fleet.policies.kvpr import NOWHERE
from routelab.pool.fleet.policies.placed import MuxServeLike, Placed, ServerlessLike, StaticPartition
from routelab.pool.fleet.policies.prism import PrismCode, PrismPaper
from routelab.pool.fleet.simulator import Simulation
from routelab.pool.fleet.spec import FleetSpec, PoolSpec, Slo

SMALL, MIDDLE, LARGE = "meta-llama/Llama-3.2-1B", "meta-llama/Llama-3.1-8B", "Qwen/Qwen3-14B"
SLO = Slo(ttft_s=1.0, tpot_s=0.05)


def fleet_of(*models: str, devices: int = 2, utilisation: float = 0.9, **pool: object) -> Fleet:
    pools = [
        PoolSpec(
            model=model,
            gpu="H100-SXM",
            replicas=devices,
            shared="gpus",
            memory_utilization=utilisation,
            prefix_cache=False,
            **{"loaded": False} | pool,
        )
        for model in models
    ]
    return build(FleetSpec(pools=tuple(pools), slo=SLO))


def asked(models: tuple[str, ...], model: list[int], time_s: list[float], *, prompt: int = 500) -> Arrivals:
    n = len(time_s)
    return Arrivals(
        np.array(time_s), np.full(n, prompt), np.full(n, 50), model=np.array(model, dtype=np.int64), models=models
    )


def drawn(models: tuple[str, ...], seed: int, n: int = 250, rate: float = 40.0) -> Arrivals:
    """Long prompts and answers, and models that are asked for by turns."""
    draw = stream(seed, "drawn")
    time_s = np.cumsum(draw.exponential(1 / rate, n))
    model = (draw.integers(2, size=n) + (time_s / 4).astype(np.int64)) % len(models)
    return Arrivals(time_s, draw.integers(1, 6000, n), draw.integers(1, 700, n), model=model, models=models)


def test_the_longest_of_those_before_is_given_up_for_a_deadline() -> None:
    """1 (until 2) and 2 (until 5) are in time; 3 would end at 6.5 > 6, so that the longest, 2, goes; 4 ends at 5.5."""
    assert moore_hodgson([2.0, 5.0, 6.0, 6.5], [2.0, 3.0, 1.5, 2.0]) == [0, 2, 3, 1]
    assert moore_hodgson([2.0, 5.0, 6.0, 6.5], [2.0, 3.0, 1.5, 2.0], now=10.0) == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", range(20))
def test_no_order_has_fewer_late(seed: int) -> None:
    """Against every set of jobs that can be in time, by their deadlines."""
    draw = stream(seed, "jobs")
    work, deadlines = draw.uniform(0.5, 3, 8), draw.uniform(1, 12, 8)
    order = np.argsort(deadlines)

    def in_time(jobs: Ints) -> int:
        return int((np.cumsum(work[jobs]) <= deadlines[jobs]).sum())

    sets = [order[[bool(each >> place & 1) for place in range(8)]] for each in range(256)]
    most = max(len(jobs) for jobs in sets if in_time(jobs) == len(jobs))
    assert in_time(np.array(moore_hodgson(deadlines.tolist(), work.tolist()))) == most


class Watched(PrismPaper):
    """Notes where models are at every tick."""

    def begin(self, fleet: Control) -> None:
        super().begin(fleet)
        self.homes: list[list[int]] = []

    def on_tick(self, fleet: Control) -> None:
        super().on_tick(fleet)
        self.homes.append(self.home.tolist())


class Together(Watched):
    """All models begin on the first device."""

    def begin(self, fleet: Control) -> None:
        self.home = np.zeros_like(self.home)
        super().begin(fleet)


class Absent(Watched):
    """No model is there at first."""

    def begin(self, fleet: Control) -> None:
        super().begin(fleet)
        for model, device in enumerate(self.home.tolist()):
            fleet.unload(int(self.server[model, device]))
        self.home[:] = NOWHERE


def test_demand_is_bytes_of_keys_over_the_time_for_a_token() -> None:
    policy = Watched()
    policy.period_s = policy.window_s = 4.0
    arrivals = asked((SMALL,), [0], [0.5])
    Simulation(fleet_of(SMALL), policy).run(arrivals)
    assert policy.demand[0] == pytest.approx((500 + 50) / 4.0 * policy.token_bytes[0] / SLO.tpot_s)


def test_models_that_are_asked_for_part_and_what_they_have_begun_goes_along() -> None:
    models = (MIDDLE, SMALL)
    arrivals = asked(models, [0, 1] * 150, [0.05 * k for k in range(300)])
    policy = Together()
    run = Simulation(fleet_of(*models), policy).run(arrivals)
    assert run.ok.all() and run.migrations > 0
    assert policy.homes[0] in ([0, 0], [0, 1]) and sorted(policy.homes[10]) == [0, 1]


def test_a_model_that_is_not_there_is_loaded_and_answers() -> None:
    """0.7 s for 8 billion parameters, as the paper says."""
    policy = Absent()
    run = Simulation(fleet_of(MIDDLE, SMALL), policy).run(asked((MIDDLE, SMALL), [0, 0], [1.0, 1.1]))
    assert run.ok.all() and 0.7 < run.ttft_s[0] < 0.8 and run.ttft_s[1] < run.ttft_s[0]
    assert (policy.home != NOWHERE).tolist() == [True, False]


def test_an_idle_model_makes_room_for_one_that_is_asked_for() -> None:
    """Two of the three fit on the one device; the one that was asked last stays."""
    models = (LARGE, MIDDLE, "Qwen/Qwen3-8B")
    policy = Absent()
    fleet = fleet_of(*models, devices=1, utilisation=0.67)
    run = Simulation(fleet, policy).run(asked(models, [0, 1, 2, 1], [1.0, 6.0, 11.0, 16.0]))
    assert run.ok.all() and run.ttft_s[2] > 0.7 > run.ttft_s[3]
    assert (policy.home != NOWHERE).tolist() == [False, True, True]


def test_what_is_idle_for_long_leaves_where_keys_want_memory() -> None:
    models = (LARGE, MIDDLE)
    policy = Watched()
    policy.idle_s, policy.spare = 3.0, 0.9
    run = Simulation(fleet_of(*models, devices=1), policy).run(asked(models, [1] * 20, [0.5 * k for k in range(20)]))
    assert run.ok.all() and policy.homes[1] == [0, 0] and policy.homes[5] == [NOWHERE, 0]


def test_a_device_has_one_queue_for_all_its_models() -> None:
    """At one moment 12 long prompts of one model and, last, a short one of another that can still be in time."""
    models = (MIDDLE, SMALL)
    ttft_s = {MIDDLE: 3.0, SMALL: 0.3}
    fleet = fleet_of(*models, devices=1, max_batch_tokens=2048)
    arrivals = Arrivals(
        np.zeros(13), np.array([6000] * 12 + [100]), np.full(13, 2), model=np.array([0] * 12 + [1]), models=models
    )
    prism = Simulation(fleet, PrismPaper(ttft_s=ttft_s)).run(arrivals)
    assert prism.ttft_s[-1] < 0.3 < np.median(prism.ttft_s)


def test_the_released_code_serves_by_deadline_less_the_time_of_the_prompt() -> None:
    """All wait behind the first; the longest must begin first."""
    prompts = np.array([8192, 1000, 8000, 4000])
    arrivals = Arrivals(np.array([0.0, 0.001, 0.002, 0.003]), prompts, np.full(4, 2))
    run = Simulation(fleet_of(SMALL, devices=1), PrismCode()).run(arrivals)
    assert np.argsort(run.requests["scheduled_s"], kind="stable").tolist() == [0, 2, 3, 1]


POLICIES: list[Callable[[], Placed]] = [MuxServeLike, StaticPartition, ServerlessLike, PrismPaper, PrismCode]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("seed", range(2))
def test_nobody_is_lost_where_memory_is_short(policy: Callable[[], Placed], seed: int) -> None:
    models = (LARGE, MIDDLE, "Qwen/Qwen3-8B", "Qwen/Qwen3-4B", SMALL)
    arrivals = drawn(models, seed)
    run = Simulation(fleet_of(*models, utilisation=0.62), policy()).run(arrivals)
    assert (run.requests["status"] == OK).all()
    assert run.requests["output_tokens"].tolist() == arrivals.output_tokens.tolist()


def test_a_partition_keeps_a_model_to_its_own_memory() -> None:
    """The other model's keys are not lent, whoever needs them."""
    models = (MIDDLE, "Qwen/Qwen3-8B")
    arrivals = asked(models, [0] * 100, [0.0] * 100, prompt=6000)

    def most_tokens(policy: Placed) -> int:
        run = Simulation(fleet_of(*models, devices=1), policy, sample_s=0.1).run(arrivals)
        assert run.ok.all()
        return max(int(view.kv_tokens[0]) for _, view in run.samples)

    assert most_tokens(StaticPartition()) < 0.6 * most_tokens(MuxServeLike())


class Limits(MuxServeLike):
    """Takes half of the memory of the first model's server away, and gives it back."""

    def begin(self, fleet: Control) -> None:
        super().begin(fleet)
        self.seen, self.most = [fleet.view.available], fleet.kv_blocks[0]
        half = int(self.seen[0][0]) // 2
        for blocks in (half, -half):
            assert fleet.set_limit(0, blocks)
            self.seen.append(fleet.view.available)
        assert not fleet.set_limit(0, 3 * half)


def test_what_a_server_may_not_use_is_for_the_others_of_its_device() -> None:
    policy = Limits()
    Simulation(fleet_of(MIDDLE, SMALL, devices=1), policy).run(asked((MIDDLE, SMALL), [0], [0.0]))
    before, less, after = policy.seen
    assert less[0] == policy.most - before[0] // 2 < before[0] and less[1] == before[1]
    assert after.tolist() == before.tolist()


def test_devices_of_their_own_and_missing_limits_are_refused() -> None:
    arrivals = asked((SMALL,), [0], [0.0])
    with pytest.raises(InputError, match=r"pools: expected models that share all devices"):
        Simulation(fleet_of(SMALL, loaded=True), MuxServeLike()).run(arrivals)
    alone = build(FleetSpec(pools=(PoolSpec(model=SMALL, gpu="H100-SXM", shared="gpus", loaded=False),)))
    with pytest.raises(InputError, match=r"slo tpot_s: expected seconds for meta-llama/Llama-3.2-1B"):
        Simulation(alone, PrismPaper()).run(arrivals)
