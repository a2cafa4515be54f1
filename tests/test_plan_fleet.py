"""`routelab plan`: the smallest fleet that keeps the limits, cheapest first, and plain reasons for what cannot."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from routelab.cli.plan import plan_command, read_slo
from routelab.core import InputError
from routelab.pool.fleet.build import build
from routelab.pool.fleet.planned import Ask
from routelab.pool.fleet.planning import plan
from routelab.pool.fleet.policies import load_policy
from routelab.pool.fleet.simulator import Simulation
from routelab.pool.fleet.spec import FleetSpec, PoolSpec, Slo
from routelab.workload.arrivals import Fixed, Poisson, Requests, Separate

MODEL = "Qwen/Qwen2.5-1.5B"
LIMITS = Slo(ttft_s=0.5, tpot_s=0.03)


def ask(**changed: Any) -> Ask:
    """Sixty requests a second of 500 and 60 tokens: more than one L4 bears."""
    lengths = Separate(input=Fixed(tokens=500), output=Fixed(tokens=60))
    workload = Requests(process=Poisson(rate=60), lengths=lengths, n=600)
    plain = Ask(
        model=MODEL, slo=LIMITS, arrivals=[workload.arrivals(seed) for seed in range(2)], attainment=0.95, draws=3
    )
    return replace(plain, **changed)


def share_in_time(replicas: int) -> float:
    """What the planner should find, without the planner."""
    fleet = build(FleetSpec(pools=(PoolSpec(model=MODEL, gpu="L4", replicas=replicas),), slo=LIMITS))
    runs = [Simulation(fleet, load_policy("least-loaded")).run(each) for each in ask().arrivals]
    return sum(float(run.in_time(LIMITS).mean()) for run in runs) / len(runs)


def test_one_replica_less_is_too_few() -> None:
    option = next(each for each in plan(ask(), ["L4"]).options if each.tp == 1)
    assert option.replicas > 1, "else the test says nothing"
    assert share_in_time(option.replicas) >= 0.95 > share_in_time(option.replicas - 1)
    assert option.attainment.value == pytest.approx(share_in_time(option.replicas), rel=1e-3)
    assert option.usd_per_hour == pytest.approx(option.replicas * 0.7992)


def test_options_come_cheapest_first_from_the_least_degree_up() -> None:
    found = plan(ask(), ["L4", "h100"])
    prices = [each.usd_per_hour for each in found.options]
    assert prices == sorted(prices)
    assert {each.tp for each in found.options if each.gpu == "H100-SXM"} == {1, 2, 4}
    assert all(each.devices == each.tp * each.replicas for each in found.options)


def test_confidence_is_the_share_of_repeated_runs_that_meet_the_target() -> None:
    easy = plan(ask(slo=Slo(e2e_s=1000.0)), ["H100"]).options[0]
    assert (easy.replicas, easy.confidence, easy.attainment.low) == (1, 1.0, 1.0)
    tight = next(each for each in plan(ask(draws=8), ["L4"]).options if each.tp == 1)
    assert tight.confidence * 16 == pytest.approx(round(tight.confidence * 16), abs=0.01)
    assert tight.attainment.low <= tight.attainment.high


def test_the_same_seed_gives_the_same_plan() -> None:
    assert plan(ask(), ["L4"]) == plan(ask(), ["L4"])


# what cannot be


def test_limits_that_even_an_idle_server_misses_say_so() -> None:
    found = plan(ask(slo=Slo(tpot_s=0.0005)), ["L4"])
    assert not found.options
    assert "even alone on a server 0.0% of requests keep every limit" in found.refused[0].why


def test_a_model_that_fits_nowhere_says_what_it_needs() -> None:
    (refused,) = plan(ask(model="meta-llama/Llama-3.1-405B"), ["L4"]).refused
    assert refused.tp is None and "leave room for a token on 8 L4" in refused.why


def test_a_data_type_that_the_device_lacks_is_a_reason_not_an_error() -> None:
    (refused,) = plan(ask(dtype="fp8"), ["A100-80G"]).refused
    assert "a data type that A100-80G computes in" in refused.why


def test_the_budget_ends_the_search() -> None:
    found = plan(ask(max_usd_per_hour=0.9), ["L4", "H100"])
    reasons = {(each.gpu, each.tp): each.why for each in found.refused}
    assert reasons["L4", 1] == "1 replicas, $0.80 an hour, are too few; more are not tried"
    assert reasons["H100-SXM", 1] == "one replica costs $3.78 an hour, above the limit"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"attainment": 0.0}, "attainment"),
        ({"attainment": float("nan")}, "attainment"),
        ({"max_usd_per_hour": -1.0}, "max_usd_per_hour"),
        ({"slo": Slo()}, "slo"),
        ({"arrivals": []}, "workload"),
        ({"model": "nobody/knows"}, "model"),
        ({"policy": "leest-loaded"}, "policies"),
    ],
)
def test_bad_input_names_the_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as error:
        plan(ask(**changed), ["L4"])
    assert error.value.where == field


def test_requests_beyond_the_models_context_are_an_error() -> None:
    lengths = Separate(input=Fixed(tokens=40_000), output=Fixed(tokens=1))
    long = Requests(process=Poisson(rate=1), lengths=lengths, n=5).arrivals(0)
    with pytest.raises(InputError, match="workload: expected requests within the"):
        plan(ask(arrivals=[long], model="meta-llama/Llama-2-7b-hf"), ["H100"])


def test_an_unknown_device_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r"gpu: .*did you mean"):
        plan(ask(), ["H1000"])


# the command


def test_limits_are_read() -> None:
    assert read_slo("ttft<=1,tpot<=0.05") == Slo(ttft_s=1.0, tpot_s=0.05)
    assert read_slo(" e2e <= 20s ") == Slo(e2e_s=20.0)


@pytest.mark.parametrize(
    "text", ["", "ttft", "ttft<1", "ttft<=-1", "ttft<=0", "ttft<=nan", "tftt<=1", "e2e<=1,e2e<=2", "ttft<=1,"]
)
def test_limits_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="--slo: expected"):
        read_slo(text)


def run(*options: str) -> Any:
    call = [
        "--model",
        MODEL,
        "--workload",
        "default",
        "--requests",
        "300",
        "--seeds",
        "1",
        "--draws",
        "2",
        "--gpu",
        "L4",
    ]
    return CliRunner().invoke(plan_command, [*call, *options], standalone_mode=False)


def test_json_has_the_documented_fields() -> None:
    answer = run("--slo", "e2e<=60", "--attainment", "0.9", "--json")
    found = json.loads(answer.stdout)
    asked = {"model", "dtype", "slo", "attainment", "max_usd_per_hour", "policy", "workload"}
    assert set(found) == asked | {"requests", "seeds", "draws", "seed", "options", "refused"}
    assert found["options"][0]["gpu"] == "L4"


def test_status_1_where_nothing_meets_the_target() -> None:
    answer = run("--slo", "e2e<=0.001")
    assert answer.return_value == 1 and "not L4, tp 1: even alone" in answer.stdout
    assert run("--slo", "e2e<=60", "--attainment", "0.9").return_value == 0
