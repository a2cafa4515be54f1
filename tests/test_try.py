"""`routelab try`: logs in, one honest sentence out, through the real command and a recorded endpoint."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from recorded_endpoint import BIG, JUDGE, PRICES, SMALL, Recorded, World, serving
from routelab.arena import Result as Evaluation
from routelab.cli.tryout import try_command
from routelab.core import InputError
from routelab.outcomes import OutcomeTable
from routelab.router import artifact_hash, load_artifact, route_texts

N = 240


def trial(
    tmp_path: Path, logs: Path, server: Recorded, *more: str, arms: str = f"{BIG},{SMALL}", prices: str = PRICES
) -> Result:
    (tmp_path / "prices.yaml").write_text(prices)
    given = [str(logs), "--arms", arms, "--base-url", server.base_url, "--prices", str(tmp_path / "prices.yaml")]
    given += ["--out", str(tmp_path / "out"), "--precision", "5pt", "--repeats", "1", "--yes", "--json", *more]
    return CliRunner().invoke(try_command, given, standalone_mode=False)


def report_of(result: Result) -> dict[str, Any]:
    if result.exception:
        raise result.exception
    report: dict[str, Any] = json.loads(result.stdout)
    return report


@pytest.fixture(scope="module")
def planted() -> World:
    return World("planted", N)


@dataclass(frozen=True)
class Twice:
    """The same trial run twice in one folder."""

    folder: Path
    first: dict[str, Any]
    second: dict[str, Any]
    calls: dict[str, int]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory, planted: World) -> Twice:
    folder = tmp_path_factory.mktemp("planted")
    logs = planted.logs(folder)
    with serving(planted) as server:
        first, second = (
            report_of(trial(folder, logs, server, "--budget", "50usd", "--repeats", "2")) for _ in range(2)
        )
    return Twice(folder / "out", first, second, dict(server.calls))


def test_where_a_router_saves_the_sentence_says_how_much(twice: Twice) -> None:
    report, held = twice.first, twice.first["calibrations"]["route"]["held_out"]
    assert (report["gain"], report["advice"], report["current"]) == (True, "route", BIG)
    assert re.match(r"save \d+ % \[\d+, \d+\] at [+−]\d\.\d points \[.*\] by routing with", report["headline"])
    assert held["saving"]["low"] > 0.3 and held["delta"]["value"] > -0.005


def test_the_folder_holds_the_report_the_scorecard_the_table_and_the_artifact(twice: Twice) -> None:
    assert json.loads((twice.folder / "report.json").read_text()) == twice.second
    assert {"knn-guarded", "ridge", "clusters", "best-single"} <= set(
        Evaluation.load(twice.folder / "result.json").to_frame()["name"]
    )
    assert OutcomeTable.open(twice.folder / "table").arms == (BIG, SMALL)
    assert (
        artifact_hash(load_artifact(twice.folder / "artifact"))
        == twice.second["calibrations"]["route"]["artifact_hash"]
    )


def test_the_artifact_sends_what_is_easy_to_the_small_model(twice: Twice, planted: World) -> None:
    router = load_artifact(twice.folder / "artifact")
    hard = next(row["prompt"] for row in planted.rows if row["metric"] == "word")
    assert route_texts(router, ["Add these two numbers: 900 plus 37 gives?", hard]) == [SMALL, BIG]


def test_copies_of_a_prompt_are_asked_once_and_a_second_run_asks_nothing(twice: Twice) -> None:
    assert twice.calls == {"big": N, "small": N}
    assert twice.second == twice.first


def test_where_no_router_can_save_nothing_is_claimed(tmp_path: Path) -> None:
    world = World("null", N)
    with serving(world) as server:
        report = report_of(trial(tmp_path, world.logs(tmp_path), server, "--budget", "50usd"))
    assert (report["gain"], report["advice"], report["artifact"]) == (False, "keep", None)
    assert report["headline"].startswith("nothing to gain here: ")
    assert not (tmp_path / "out" / "artifact").exists()


def test_a_judge_is_named_uncorrected_without_labels(tmp_path: Path, planted: World) -> None:
    def honest(right: str, answer: str) -> str:
        return '{"score": 10}' if answer == right else '{"score": 0}'

    with serving(planted, judge=honest) as server:
        logs = planted.logs(tmp_path, references=False)
        report = report_of(trial(tmp_path, logs, server, "--budget", "500usd", "--judge", JUDGE))
        assert server.calls["judge"] == 2 * N
    assert report["gain"]
    assert "not corrected by human labels" in report["headline"]
    assert (report["judge"]["verdicts"], report["judge"]["refused"]) == (2 * N, 0)


def test_labels_put_a_judge_right_that_flatters_one_arm(tmp_path: Path) -> None:
    world = World("null", N)

    def flatterer(right: str, answer: str) -> str:
        return "10" if answer == right or answer in ("12", "nobody") else "0"

    logs, labels = world.logs(tmp_path, references=False), tmp_path / "human.csv"
    with labels.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["query_id", "arm", "score"])
        for row in world.rows[::3]:
            for arm in (BIG, SMALL):
                writer.writerow([row["id"], arm, float(world.answers[arm, row["prompt"]] == row["reference"])])
    with serving(world, judge=flatterer) as server:
        fooled = report_of(trial(tmp_path, logs, server, "--budget", "500usd", "--judge", JUDGE))
        given = ("--budget", "500usd", "--judge", JUDGE, "--labels", str(labels))
        corrected = report_of(trial(tmp_path, logs, server, *given))
    assert fooled["gain"] and not corrected["gain"]
    assert corrected["judge"]["arms"][SMALL]["value"] == pytest.approx(0.62, abs=0.1)
    assert "not corrected" not in corrected["headline"]


def test_a_budget_in_calls_limits_the_sample_and_is_never_exceeded(tmp_path: Path, planted: World) -> None:
    with serving(planted) as server:
        report = report_of(trial(tmp_path, planted.logs(tmp_path), server, "--budget", "200calls"))
        assert sum(server.calls.values()) == 200
    assert report["sample"]["limited_by"] == "budget"
    assert report["sample"]["queries"] == 100


def test_without_prices_no_saving_is_claimed_until_they_are_given(tmp_path: Path, planted: World) -> None:
    logs = planted.logs(tmp_path)
    with serving(planted) as server:
        before = report_of(trial(tmp_path, logs, server, "--budget", "500calls", prices="{}"))
        after = report_of(trial(tmp_path, logs, server, "--budget", "500calls"))
        assert sum(server.calls.values()) == 2 * N
    assert not before["gain"] and "what a call costs is unknown" in before["headline"]
    assert after["gain"]


def test_nothing_is_asked_without_a_yes(tmp_path: Path, planted: World) -> None:
    with serving(planted) as server:
        (tmp_path / "prices.yaml").write_text(PRICES)
        given = [str(planted.logs(tmp_path)), "--arms", f"{BIG},{SMALL}", "--base-url", server.base_url]
        given += ["--prices", str(tmp_path / "prices.yaml"), "--out", str(tmp_path / "out"), "--budget", "50usd"]
        result = CliRunner().invoke(try_command, given, input="n\n")
        assert result.exit_code == 1 and not server.calls
    assert "USD, at most" in result.output


@pytest.mark.parametrize(
    ("more", "arms", "expected"),
    [
        (("--budget", "5eur"), f"{BIG},{SMALL}", "5usd or 2000calls"),
        (("--budget", "5usd"), f"{BIG},cloud/unpriced", "a line in"),
        (("--budget", "5usd"), BIG, "at least two different ones"),
        (("--budget", "5usd", "--current", "cloud/other"), f"{BIG},{SMALL}", "one of --arms"),
        (("--budget", "0.0001usd"), f"{BIG},{SMALL}", "enough for 40 queries"),
    ],
)
def test_what_cannot_work_is_one_clear_error_before_any_call(
    tmp_path: Path, planted: World, more: tuple[str, ...], arms: str, expected: str
) -> None:
    with serving(planted) as server:
        result = trial(tmp_path, planted.logs(tmp_path), server, *more, arms=arms)
        assert not server.calls
    assert isinstance(result.exception, InputError)
    assert expected in str(result.exception)


def test_logs_without_references_need_a_judge(tmp_path: Path, planted: World) -> None:
    with serving(planted) as server:
        result = trial(tmp_path, planted.logs(tmp_path, references=False), server, "--budget", "5usd")
    assert isinstance(result.exception, InputError)
    assert "--judge" in str(result.exception)
