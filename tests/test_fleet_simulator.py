"""The driver: hooks, verbs and books. A policy that fails is told by name, and nothing it does breaks the books."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numba.core.compiler_lock import global_compiler_lock

from fleets import flat_cost, fleet_of, gpu_cost, requests
from routelab.core import ContractError, InputError
from routelab.core.arrivals import Arrivals
from routelab.pool.fleet import simulator
from routelab.pool.fleet.build import build
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.engine.interface import DECODE, PREFILL
from routelab.pool.fleet.policies import load_policy
from routelab.pool.fleet.policies.load import LeastKv, LeastLoaded, PowerOfTwo, ShortestQueue
from routelab.pool.fleet.policies.oblivious import ConsistentHash, LengthPools, Random, RoundRobin
from routelab.pool.fleet.policy import DROP, HOLD, Admission, Policy, Request
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.simulator import Simulation
from routelab.pool.fleet.spec import load_fleet, read_fleet

SERVER = ServerSpec(cost=0, kv_blocks=2000)
SIMPLE = [RoundRobin, Random, ConsistentHash, LengthPools, LeastLoaded, ShortestQueue, PowerOfTwo, LeastKv]


def served(policy: Policy, servers: int = 3, n: int = 300, rate: float = 30.0, **options: float) -> Run:
    return Simulation(fleet_of([SERVER] * servers, [gpu_cost()]), policy, **options).run(requests(n, rate))  # type: ignore[arg-type]


@pytest.mark.parametrize("policy", SIMPLE)
def test_every_policy_serves_everybody_whole(policy: type[Policy]) -> None:
    run = served(policy())
    assert run.ok.all() and run.requests["id"].tolist() == list(range(300))
    assert (run.requests["output_tokens"] == requests(300, 30.0).output_tokens).all()
    assert len(np.unique(run.requests["server"])) == 3


@pytest.mark.parametrize("policy", SIMPLE)
def test_the_same_seed_gives_the_same_run(policy: type[Policy]) -> None:
    assert (served(policy(), seed=4).requests == served(policy(), seed=4).requests).all()


def test_blocks_of_arrivals_are_one_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = served(LeastLoaded())
    monkeypatch.setattr(simulator, "BLOCK", 17)
    assert (served(LeastLoaded()).requests == whole.requests).all()


def test_ticks_and_samples_change_nothing() -> None:
    class Ticking(LeastLoaded):
        period_s = 0.05

        def on_tick(self, fleet: Control) -> None:
            fleet.view  # noqa: B018  (looking is what is tested)

    assert (served(Ticking(), sample_s=0.03).requests == served(LeastLoaded()).requests).all()


def test_an_aged_view_is_worse_than_a_fresh_one() -> None:
    class Aged(LeastLoaded):
        probe_s = 5.0

    fresh, aged = served(LeastLoaded(), n=1000), served(Aged(), n=1000)
    assert aged.ttft_s.mean() > fresh.ttft_s.mean()


def test_clients_in_a_closed_loop_never_have_two_requests_at_once() -> None:
    run = served(LeastLoaded(), n=100, clients=7, think_s=0.5)
    rows = run.requests
    times = np.sort(np.concatenate([rows["arrival_s"], rows["last_token_s"] + 1e-12]))
    at = [((rows["arrival_s"] <= t) & (rows["last_token_s"] > t)).sum() for t in times]
    assert len(rows) == 100 and max(at) == 7


def test_prompts_here_and_answers_there() -> None:
    """A prefill server hands over to a decode server; the keys take their time on the link."""
    servers = [ServerSpec(cost=0, kv_blocks=2000, role=PREFILL), ServerSpec(cost=0, kv_blocks=2000, role=DECODE)]

    class Split(Policy):
        def route(self, request: Request, fleet: Control) -> int:
            return 0

    quick = Simulation(fleet_of(servers, [gpu_cost()], link_gb_s=1000.0), Split()).run(requests(50, 5.0))
    slow = Simulation(fleet_of(servers, [gpu_cost()], link_gb_s=0.05), Split()).run(requests(50, 5.0))
    many = quick.requests["output_tokens"] > 1
    assert quick.ok.all() and (quick.requests["server"][many] == 1).all()
    assert np.nanmean(slow.tpot_s) > np.nanmean(quick.tpot_s)
    assert np.mean(slow.ttft_s) == pytest.approx(np.mean(quick.ttft_s), rel=0.2)


def test_a_live_migration_loses_nothing() -> None:
    class Restless(LeastLoaded):
        period_s = 0.2

        def on_tick(self, fleet: Control) -> None:
            rows = fleet.live()
            decoding = rows[rows["produced"] > 0]
            if len(decoding):
                chosen = decoding[0]
                fleet.migrate(int(chosen["id"]), (int(chosen["server"]) + 1) % len(fleet))

    run, still = served(Restless()), served(LeastLoaded())
    assert run.migrations > 10 and run.ok.all()
    assert (run.requests["output_tokens"] == still.requests["output_tokens"]).all()


def test_stopped_servers_cost_nothing_and_serve_nothing() -> None:
    class HalfTime(LeastLoaded):
        period_s = 1.0

        def on_tick(self, fleet: Control) -> None:
            if fleet.active[2] and fleet.outstanding[2] == 0 and fleet.now > 3:
                fleet.stop(2)

        def route(self, request: Request, fleet: Control) -> int:
            return super().route(request, fleet) if fleet.active.all() else request.id % 2

    run = served(HalfTime(), rate=5.0)
    assert run.on_s[2] < run.on_s[0] and run.usd < 3 * 2.0 * run.on_s[0] / 3600
    assert run.ok.all()


def test_dropped_requests_are_in_the_books() -> None:
    class Choosy(LeastLoaded):
        def route(self, request: Request, fleet: Control) -> int:
            return DROP if request.id % 3 == 0 else super().route(request, fleet)

    found = served(Choosy()).summary()
    assert found["completed"] == 200 and found["failed"]["dropped"] == 100


def test_somebody_may_decide_how_many_are_admitted() -> None:
    class OneAtATime(LeastLoaded):
        def admit(self, server: int, fleet: Control) -> Admission:
            return Admission(0 if fleet.queues[1][server] else 1)

    run = served(OneAtATime(), servers=1, n=60, rate=2.0)
    rows = np.sort(run.requests, order="scheduled_s")
    assert run.ok.all() and (rows["scheduled_s"][1:] >= rows["last_token_s"][:-1]).all()


TRUTH = 7919  # a length of answers that nothing else has


def tells(seen: object, found: set[int] | None = None) -> bool:
    """Whether the truth stands anywhere in the public parts of what a policy is given."""
    found = set() if found is None else found
    if isinstance(seen, np.ndarray):
        names = seen.dtype.names
        return any(tells(seen[name]) for name in names) if names else bool((seen == TRUTH).any())
    if isinstance(seen, (int, float, np.number)):
        return bool(seen == TRUTH)
    if id(seen) in found or isinstance(seen, (str, type)) or callable(seen):
        return False
    found.add(id(seen))
    if isinstance(seen, dict):
        return any(tells(each, found) for pair in seen.items() for each in pair)
    if isinstance(seen, (list, tuple, set, frozenset)):
        return any(tells(each, found) for each in seen)
    return any(tells(getattr(seen, name), found) for name in dir(seen) if not name.startswith("_"))


def test_nothing_that_a_policy_is_given_tells_how_long_an_answer_will_be() -> None:
    class Spy(LeastLoaded):
        period_s = 0.5

        def route(self, request: Request, fleet: Control) -> int:
            assert not tells(request) and not tells(fleet)
            return HOLD if request.id % 2 else super().route(request, fleet)

        def admit(self, server: int, fleet: Control) -> Admission:
            assert not tells(fleet.queue(server))
            return Admission(1)

        def on_tick(self, fleet: Control) -> None:
            if fleet.held:  # while nobody has as many tokens as the truth says
                assert not tells(fleet) and not tells(fleet.live())
            for request in list(fleet.held):
                fleet.send(request, 0)

    arrivals = Arrivals(np.arange(8.0) / 4, np.full(8, 50), np.full(8, TRUTH))
    run = Simulation(fleet_of([SERVER], [gpu_cost(SERVER.max_tokens)]), Spy()).run(arrivals)
    assert run.ok.all() and tells(run.requests)


class Raises(LeastLoaded):
    def route(self, request: Request, fleet: Control) -> int:
        return 1 // 0


class Elsewhere(LeastLoaded):
    def route(self, request: Request, fleet: Control) -> int:
        return 99


class Hoards(LeastLoaded):
    def route(self, request: Request, fleet: Control) -> int:
        return HOLD


class HoardsAndTicks(Hoards):
    period_s = 60.0

    def on_tick(self, fleet: Control) -> None: ...


class Hangs(LeastLoaded):
    def route(self, request: Request, fleet: Control) -> int:
        while True:
            pass


class Peeks(LeastLoaded):
    def route(self, request: Request, fleet: Control) -> int:
        return fleet.true_output_tokens(request.id)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (Raises, "policy Raises route: .*ZeroDivisionError"),
        (Elsewhere, "policy Elsewhere route: expected a server of the fleet.*got 99"),
        (Hoards, "300 requests that nobody serves"),
        (HoardsAndTicks, "300 requests that nobody serves"),
        (Hangs, "policy Hangs route: .*none after"),
        (Peeks, "expected a policy whose name begins with Oracle"),
    ],
)
def test_a_policy_that_fails_is_named(policy: type[Policy], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator, "HOOK_LIMIT_S", 0.2)
    with pytest.raises(ContractError, match=said):
        served(policy())


def test_a_hook_is_not_blamed_for_what_is_compiled_under_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Compiles(LeastLoaded):
        def start(self, fleet: Control) -> None:
            with global_compiler_lock:  # as numba does while it compiles
                until = time.monotonic() + 0.5
                while time.monotonic() < until:
                    pass

    monkeypatch.setattr(simulator, "HOOK_LIMIT_S", 0.05)
    assert served(Compiles()).ok.all()


def test_policies_are_loaded_by_name_and_from_a_file(tmp_path: Path) -> None:
    source = "from routelab.pool.fleet.policy import Policy\nclass First(Policy):\n    route = lambda *seen: 0\n"
    (tmp_path / "mine.py").write_text(source)
    assert (served(load_policy(f"{tmp_path}/mine.py:First")).requests["server"] == 0).all()
    for wrong in (
        "round-robbin",
        f"{tmp_path}/mine.py:Second",
        f"{tmp_path}/none.py:First",
        "routelab.core:InputError",
    ):
        with pytest.raises(InputError):
            load_policy(wrong)


MINIMAL = {"model": "meta-llama/Llama-3.1-8B", "gpu": "H100", "replicas": 2, "tp": 1}


def test_a_minimal_fleet_serves_and_tells_its_figures(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yaml"
    path.write_text("\n".join(f"{key}: {value}" for key, value in MINIMAL.items()))
    run = Simulation(build(load_fleet(path)), RoundRobin()).run(requests(200, 20.0))
    found = run.summary()
    assert found["completed"] == 200 and 0 < found["ttft_s"]["p50"] < found["e2e_s"]["p50"]
    assert found["energy_j"] > 0 and found["usd"] == pytest.approx(
        2 * run.fleet.servers[0].usd_per_hour * run.on_s[0] / 3600
    )
    run.write(tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text().count("\n") == 201


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gpu": "H1000"}, "gpu"),
        ({"model": "llama"}, "model"),
        ({"tp": 7}, "tp"),
        ({"tp": 0}, "tp"),
        ({"gpu": "L4", "model": "meta-llama/Llama-3.1-70B"}, "weights"),
        ({"replicas": -1}, "replicas"),
        ({"kv_tokens": 3}, "kv_tokens"),
        ({"max_seqs": 9000}, "max_seqs"),
        ({"memory_utilization": 0}, "memory_utilization"),
        ({"memory_utilization": float("nan")}, "memory_utilization"),
        ({"gpus": "H100"}, "gpus"),
        ({"wan": [{"between": ["a", "b"], "latency_s": 0.1}]}, "wan"),
        ({"slo": {"ttft_s": -1}}, "slo"),
        ({"tables": "/nowhere"}, "nowhere"),
    ],
)
def test_a_wrong_fleet_names_the_field(change: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        build(read_fleet(MINIMAL | change, "fleet.yaml"))


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("time_s", [0.0, -1.0]),
        ("time_s", [0.0, np.nan]),
        ("input_tokens", [1, 0]),
        ("output_tokens", [1, -5]),
        ("time_s", [2.0, 1.0]),
    ],
)
def test_wrong_arrivals_name_the_row(column: str, values: list[float]) -> None:
    columns = {"time_s": np.arange(2.0), "input_tokens": np.ones(2, int), "output_tokens": np.ones(2, int)}
    with pytest.raises(InputError, match=rf"row 1 {column}"):
        Arrivals(**columns | {column: np.array(values)}).checked("arrivals")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"output_tokens": np.zeros(30, int)}, "row 0 output_tokens"),
        ({"hash_tokens": 24}, "a multiple of block_tokens, 16, got 24"),
        ({"hash_starts": np.arange(31)[::-1]}, "hash_starts"),
        ({"model": np.full(30, 3)}, "row 0 model"),
        ({"priority": np.full(30, 0.5)}, "priority: expected integers"),
    ],
)
def test_a_simulation_refuses_what_cannot_arrive(change: dict[str, object], said: str) -> None:
    arrivals = replace(requests(30, 10.0, shared=True), **change)
    with pytest.raises(InputError, match=said):
        Simulation(fleet_of([SERVER], [gpu_cost()]), RoundRobin()).run(arrivals)


def test_requests_of_a_model_that_nobody_has() -> None:
    arrivals = Arrivals(np.zeros(1), np.ones(1, int), np.ones(1, int), models=("openai/other",))
    with pytest.raises(InputError, match="openai/other"):
        Simulation(fleet_of([SERVER], [flat_cost()]), RoundRobin()).run(arrivals)


def test_an_answer_may_ask_for_more_calls() -> None:
    class Cascade(LeastLoaded):
        """Whatever the first server answers, the second is asked to check it, with the answer in its prompt."""

        def route(self, request: Request, fleet: Control) -> int:
            return request.priority

        def next_call(self, ended: np.void, request: Request, fleet: Control) -> list[Request]:
            if request.priority:
                return []
            return [request._replace(priority=1, input_tokens=request.input_tokens + int(ended["output_tokens"]))]

    first = requests(40, rate=5.0)
    fleet = fleet_of([SERVER, SERVER], [gpu_cost()])
    answers = {0: first.output_tokens.tolist()}

    def lengths(request: Request, server: int) -> tuple[int, int]:
        return request.input_tokens, 7 if server else answers[0][request.id]

    run = Simulation(fleet, Cascade(), lengths=lengths).run(first)
    asked, checks = run.requests[:40], run.requests[40:]
    assert run.ok.all() and len(checks) == 40 and (checks["output_tokens"] == 7).all()
    order = np.argsort(asked["last_token_s"], kind="stable")
    assert (checks["arrival_s"] == asked["last_token_s"][order]).all()
    assert (checks["input_tokens"] == (first.input_tokens + first.output_tokens)[order]).all()
    with pytest.raises(ContractError, match="lengths"):
        Simulation(fleet, Cascade()).run(first)
