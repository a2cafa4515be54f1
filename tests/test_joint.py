"""Routers and the fleet in one run: the router picks who answers, the table scores it, the engine takes its time."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from routelab.arena.candidates import resolve
from routelab.arena.joint.believed import Believed, believe
from routelab.arena.joint.hosting import host
from routelab.arena.joint.judge import judge
from routelab.arena.joint.run import Joint, run
from routelab.arena.joint.scorecard import over_seeds
from routelab.arena.problem import Problem, prepare
from routelab.core import InputError, PoolView
from routelab.core.arrivals import Arrivals
from routelab.core.seeds import stream
from routelab.data import default_table
from routelab.outcomes import OutcomeTable
from routelab.pool.fleet.build import Fleet, build
from routelab.pool.fleet.spec import FleetSpec, read_fleet
from routelab.router.catalogue import latency_aware, pool_escalation, ridge, slo_filter, spill_over
from routelab.router.pool_rules import Escalation, LatencyAware, SloFilter, SpillOver, expected_s

ARMS = ("a", "b", "c")
UTILITY = np.array([[0.9, 0.5, 0.1], [0.2, 0.8, 0.6]])


def pool(queue: tuple[float, ...] = (), latency: tuple[float, ...] = (), in_flight: tuple[float, ...] = ()) -> PoolView:
    return PoolView(ARMS, queue=np.array(queue), latency_s=np.array(latency), in_flight=np.array(in_flight))


def test_waiting_costs_quality() -> None:
    seen = pool(queue=(0, 0, 0), latency=(60.0, 1.0, 1.0), in_flight=(1, 1, 1))
    assert LatencyAware(points=1.0).utility(UTILITY, ARMS, seen).argmax(axis=1).tolist() == [1, 1]
    assert LatencyAware(points=1e-9).utility(UTILITY, ARMS, seen).argmax(axis=1).tolist() == [0, 1]


def test_a_limit_leaves_out_who_is_late_and_keeps_the_fastest() -> None:
    rule = SloFilter(limit_s=5.0)
    late = pool(latency=(9.0, 1.0, 1.0))
    assert rule.utility(UTILITY, ARMS, late).argmax(axis=1).tolist() == [1, 1]
    hopeless = pool(latency=(9.0, 8.0, 7.0))
    assert rule.utility(UTILITY, ARMS, hopeless).argmax(axis=1).tolist() == [2, 2]


def test_a_queue_spills_over_to_the_next_best() -> None:
    assert SpillOver(most=2).utility(UTILITY, ARMS, pool(queue=(3, 0, 0))).argmax(axis=1).tolist() == [1, 1]
    assert SpillOver(most=2).utility(UTILITY, ARMS, pool(queue=(9, 8, 7))).argmax(axis=1).tolist() == [2, 2]


def test_the_dial_moves_with_the_share_of_busy_arms() -> None:
    rule = Escalation(busy=0.6)
    assert rule.dial(0.0, pool(queue=(0, 0, 0))) == 0.0
    assert rule.dial(0.0, pool(queue=(1, 0, 1))) == pytest.approx(0.4)
    assert rule.dial(0.0, pool(queue=(1, 1, 1))) == pytest.approx(0.6)


@pytest.mark.parametrize("rule", [LatencyAware(), SloFilter(), SpillOver(), Escalation()])
def test_what_is_not_observed_changes_nothing(rule: LatencyAware | SloFilter | SpillOver | Escalation) -> None:
    empty = PoolView(ARMS)
    assert rule.dial(0.3, empty) == 0.3
    assert (rule.utility(UTILITY, ARMS, empty) == UTILITY).all()


def test_a_queue_lengthens_what_recent_answers_took() -> None:
    seen = pool(queue=(4, 0, 0), latency=(2.0, 2.0, np.nan), in_flight=(4, 4, 0))
    assert expected_s(ARMS, seen)[:2].tolist() == [4.0, 2.0] and np.isnan(expected_s(ARMS, seen)[2])


def test_pool_rules_are_part_of_a_recipe_and_of_its_hash_only_where_there_is_one() -> None:
    hashes = {each.hash for each in (ridge, latency_aware, slo_filter, spill_over, pool_escalation)}
    assert len(hashes) == 5


@pytest.fixture(scope="module")
def problem() -> Problem:
    return prepare(default_table())


def fleet_spec(**change: object) -> FleetSpec:
    small, large = "local/qwen2.5-coder-0.5b", "local/qwen2.5-coder-1.5b"
    pools = [
        {"model": "Qwen/Qwen2.5-1.5B", "gpu": "L4", "arms": [f"{large}#cot", f"{large}#direct"], "max_seqs": 8},
        {"model": "Qwen/Qwen2.5-0.5B", "gpu": "L4", "arms": [f"{small}#cot", f"{small}#direct"]},
        {"model": "HuggingFaceTB/SmolLM2-135M", "gpu": "L4", "arms": ["local/smollm2-135m#direct"]},
    ]
    pools[0] |= change
    return read_fleet({"pools": pools, "slo": {"e2e_s": 2}}, "fleet")


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return build(fleet_spec())


def some(problem: Problem, n: int = 400, rate: float = 100.0) -> Arrivals:
    draw = stream(0, "some")
    ones = np.ones(n, dtype=np.int64)
    return Arrivals(np.cumsum(draw.exponential(1 / rate, n)), ones, ones, query=draw.integers(0, len(problem), n))


def served(problem: Problem, fleet: Fleet, believed: Believed, **options: object) -> Joint:
    return run(problem, host(problem, default_table(), fleet), fleet, believed, some(problem), seed=0, **options)  # type: ignore[arg-type]


def test_scores_costs_and_lengths_are_those_of_the_arm_that_answered(problem: Problem, fleet: Fleet) -> None:
    pick = stream(1, "picks").integers(0, len(problem.arms), len(problem))
    joint = served(problem, fleet, Believed("drawn", pick))
    assert (joint.arm == pick[joint.query]).all()
    assert (joint.score == problem.score[joint.query, joint.arm]).all()
    hosting = host(problem, default_table(), fleet)
    assert (joint.fleet.requests["output_tokens"] == hosting.output_tokens[joint.query, joint.arm]).all()
    assert (joint.fleet.requests["input_tokens"] == hosting.input_tokens[joint.query, joint.arm]).all()
    servers = [set(hosting.servers[arm].tolist()) for arm in joint.arm]
    assert all(server in own for server, own in zip(joint.fleet.requests["server"].tolist(), servers, strict=True))


def test_nobody_decides_a_query_that_it_was_fitted_on(problem: Problem) -> None:
    fitted = believe(problem, resolve("spill-over"), folds=3, seed=0)
    prints = problem.batch.fingerprints()
    assert len({id(router) for router in fitted.routers}) == 3
    assert not any(np.isin(prints[row], fitted.routers[row].fitted_on_) for row in range(0, len(problem), 50))


def test_without_a_view_a_pool_rule_decides_as_its_router(problem: Problem, fleet: Fleet) -> None:
    known: dict = {}
    plain = believe(problem, resolve("ridge"), folds=3, seed=0, known=known)
    looks = believe(problem, resolve("spill-over"), folds=3, seed=0, known=known)
    assert (plain.pick == looks.pick).all() and looks.looks and not plain.looks
    blind, seeing = (served(problem, fleet, looks, view_age_s=age) for age in (None, 0.0))
    assert (blind.arm == plain.pick[blind.query]).all()
    assert (seeing.arm != blind.arm).any() and seeing.fleet.e2e_s.mean() < blind.fleet.e2e_s.mean()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"arms": ["local/qwen2.5-coder-1.5b#cot"]}, "one pool that answers for it, got none"),
        ({"arms": ["local/qwen2.5-coder-1.5b#cott"]}, "local/qwen2.5-coder-1.5b#cot"),
        ({"arms": ["local/qwen2.5-coder-1.5b#cot", "local/smollm2-135m#direct"]}, "one pool that answers for it"),
    ],
)
def test_arms_that_no_pool_or_two_answer_for(problem: Problem, change: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        host(problem, default_table(), build(fleet_spec(**change)))


def test_a_table_without_token_counts_is_refused(problem: Problem, fleet: Fleet) -> None:
    table = default_table()
    bare = OutcomeTable.from_frames(table.queries, table.calls.with_columns(output_tokens=pl.lit(None, pl.Int64)))
    with pytest.raises(InputError, match="tokens of every call"):
        host(problem, bare, fleet)


def test_a_joint_result_has_everybody_at_every_load_and_comes_out_alike(problem: Problem) -> None:
    def judged() -> dict:
        arrivals = some(problem, 150)
        return judge(
            default_table(), fleet_spec(), lambda seed: arrivals, ["ridge"], seeds=2, folds=2, loads=(0.5, 1.0)
        )

    found = judged()
    rows = {row["name"]: row for row in found["routers"]}
    assert set(rows) == {"random", "cheapest", "best-single", "ridge", "oracle"}
    quality = {name: row["quality"]["value"] for name, row in rows.items()}
    assert quality["oracle"] > quality["best-single"] > quality["cheapest"]
    assert rows["ridge"]["delta_vs_best_single"]["quality"]["low"] is not None
    assert {row["name"] for row in found["sweep"]} == set(rows)
    keys = ("name", "quality", "good_in_time", "e2e_s_p99", "usd_per_1k")
    assert [[row[key] for key in keys] for row in judged()["routers"]] == [
        [row[key] for key in keys] for row in found["routers"]
    ]


def test_intervals_over_seeds() -> None:
    assert over_seeds([1.0]) == {"value": 1.0, "low": None, "high": None}
    found = over_seeds([1.0, 2.0, 3.0])
    assert found["value"] == 2.0 and found["low"] == pytest.approx(2 - 4.303 / 3**0.5, abs=1e-3)
