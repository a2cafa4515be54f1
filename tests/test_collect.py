"""Filling a table: what is asked, what is kept, what is never paid for twice."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from routelab.arena.collect import Progress, collect
from routelab.arena.spend import Tariff, preview
from routelab.cli.collect import collect_command
from routelab.core import (
    Completion,
    InputError,
    ModelCard,
    PrerequisiteError,
    Price,
    Query,
    Sampling,
    Turn,
)
from routelab.outcomes import OutcomeTable
from routelab.outcomes.store import verify
from routelab.pool.live import DECLARED, policy_of
from routelab.pool.live.cpu_rate import LocalCompletion

PRICE = Price(input_usd_per_mtok=1.0, output_usd_per_mtok=10.0, date=dt.date(2026, 1, 1), source="test")
QUERIES = [Query.ask(f"q{k}", f"What is {k} + 1?", metric="number", reference=str(k + 1)) for k in range(8)]
ARM = "test/adder#direct"


class Adder:
    """Answers ``k + 1`` rightly, except for the queries it is told to break on."""

    def __init__(self, broken: Sequence[int] = (), error: Exception | None = None) -> None:
        self.asked: list[str] = []
        self._broken, self._error = set(broken), error or RuntimeError("the line is dead")

    def __call__(self, turns: Sequence[Turn], sampling: Sampling) -> Completion:
        question = turns[-1].content
        self.asked.append(question)
        k = int(question.split()[2])
        if k in self._broken:
            raise self._error
        return Completion(text=f"Answer: {k + 1}", input_tokens=20, output_tokens=4, latency_s=0.5)


def test_every_cell_is_asked_graded_and_billed_once(tmp_path: Path) -> None:
    adder = Adder()
    run = collect(tmp_path / "t", QUERIES, {ARM: adder}, {ARM: Tariff(PRICE)}, models=[ModelCard(id="test/adder")])
    calls = run.table.calls
    assert sorted(adder.asked) == sorted(query.text for query in QUERIES)
    assert calls["score"].to_list() == [1.0] * 8
    assert calls["cost_usd"].to_list() == [pytest.approx(60e-6)] * 8
    assert run.progress.last is not None and run.progress.last.score == 1.0
    told = msgspec.structs.replace(run.progress, last=None)
    assert told == Progress(done=8, total=8, skipped=0, spent_usd=pytest.approx(480e-6), errors=0)
    assert OutcomeTable.open(tmp_path / "t").answers()["answer"].to_list()[0].startswith("Answer: ")


def test_the_arms_policy_shapes_the_question() -> None:
    seen: list[tuple[list[Turn], Sampling]] = []

    def listen(turns: Sequence[Turn], sampling: Sampling) -> Completion:
        seen.append((list(turns), sampling))
        return Completion(text="1")

    collect(None, QUERIES[:1], {ARM: listen})
    turns, sampling = seen[0]
    assert [turn.role for turn in turns] == ["system", "user"]
    assert sampling.max_tokens == policy_of(ARM).max_tokens


def test_running_again_continues_and_asks_nothing_twice(tmp_path: Path) -> None:
    first = collect(tmp_path / "t", QUERIES, {ARM: Adder()})
    again = Adder()
    run = collect(tmp_path / "t", QUERIES, {ARM: again})
    assert again.asked == []
    assert (run.progress.done, run.progress.skipped) == (0, 8)
    assert run.table.hash == first.table.hash
    more = collect(tmp_path / "t", QUERIES, {ARM: again}, samples=2)
    assert (more.progress.done, more.progress.skipped) == (8, 8)


def test_a_run_cut_short_keeps_what_was_answered(tmp_path: Path) -> None:
    def stop_after_five(at: Progress) -> None:
        if at.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(tmp_path / "t", QUERIES, {ARM: Adder()}, progress=stop_after_five, checkpoint_calls=3)
    assert OutcomeTable.open(tmp_path / "t").calls.height == 5
    assert collect(tmp_path / "t", QUERIES, {ARM: Adder()}).progress.done == 3


def test_a_failed_call_is_a_row_without_a_score() -> None:
    run = collect(None, QUERIES, {ARM: Adder(broken=[2, 5])})
    failed = run.table.calls.filter(run.table.calls["error"].is_not_null())
    assert sorted(failed["query_id"]) == ["q2", "q5"]
    assert failed["score"].to_list() == [None, None]
    assert failed["error"][0] == "RuntimeError: 'the line is dead'"
    assert run.progress.errors == 2


def test_failed_calls_are_made_again_and_answered_ones_are_not(tmp_path: Path) -> None:
    collect(tmp_path / "t", QUERIES, {ARM: Adder(broken=[2, 5])})
    mended = Adder()
    run = collect(tmp_path / "t", QUERIES, {ARM: mended})
    assert sorted(mended.asked) == sorted(QUERIES[k].text for k in (2, 5))
    assert run.table.calls.height == 8 and run.table.calls["error"].null_count() == 8
    assert OutcomeTable.open(tmp_path / "t").calls["score"].to_list() == [1.0] * 8
    assert not verify(tmp_path / "t")


def test_what_makes_every_call_pointless_ends_the_run_and_saves(tmp_path: Path) -> None:
    no_key = PrerequisiteError("endpoint", expected="a key", got="nothing", fix="export it")
    with pytest.raises(PrerequisiteError, match="export it"):
        collect(tmp_path / "t", QUERIES, {ARM: Adder(broken=[3], error=no_key)})
    assert (
        OutcomeTable.open(tmp_path / "t").calls["error"].null_count() == OutcomeTable.open(tmp_path / "t").calls.height
    )


@pytest.mark.parametrize("concurrency", [1, 4])
def test_the_spend_cap_is_never_crossed(concurrency: int) -> None:
    tariff = Tariff(PRICE)
    bound = tariff.at_most_usd(QUERIES[0], ARM)
    assert bound is not None
    adder = Adder()
    run = collect(None, QUERIES, {ARM: adder}, {ARM: tariff}, max_spend_usd=1.5 * bound, concurrency=concurrency)
    assert run.stopped is not None and "raise the cap" in run.stopped
    assert 0 < len(adder.asked) < len(QUERIES)
    assert run.progress.spent_usd <= 1.5 * bound
    assert run.progress.spent_usd + bound > 1.5 * bound


def test_a_cap_needs_prices() -> None:
    with pytest.raises(InputError, match="a price, to keep the spend cap"):
        collect(None, QUERIES, {ARM: Adder()}, max_spend_usd=1.0)


def test_calls_overlap_up_to_the_concurrency_and_the_table_is_the_same() -> None:
    together = threading.Barrier(4, timeout=20)
    adder = Adder()

    def meet(turns: Sequence[Turn], sampling: Sampling) -> Completion:
        together.wait()
        return adder(turns, sampling)

    run = collect(None, QUERIES, {ARM: meet}, concurrency=4)
    serial = collect(None, QUERIES, {ARM: Adder()})
    keys = ["query_id", "score", "input_tokens"]
    assert run.table.calls.sort("query_id").select(keys).equals(serial.table.calls.sort("query_id").select(keys))


def test_queries_that_the_table_does_not_hold_are_refused(tmp_path: Path) -> None:
    collect(tmp_path / "t", QUERIES[:4], {ARM: Adder()})
    with pytest.raises(InputError, match="a table of the same queries"):
        collect(tmp_path / "t", QUERIES, {ARM: Adder()})


def test_an_unknown_grader_is_found_before_anything_is_asked(tmp_path: Path) -> None:
    adder = Adder()
    with pytest.raises(InputError, match="nunber"):
        collect(tmp_path / "t", [Query.ask("q", "1 + 1", metric="nunber", reference="2")], {ARM: adder})
    assert adder.asked == [] and not (tmp_path / "t").exists()


def test_the_preview_counts_tokens_and_dollars() -> None:
    (row,) = preview(QUERIES, [ARM], {ARM: Tariff(PRICE)}, samples=2)
    assert row.calls == 16
    assert row.output_tokens == 16 * policy_of(ARM).max_tokens
    assert row.usd == pytest.approx((row.input_tokens + 10 * row.output_tokens) / 1e6)


def test_local_calls_are_billed_by_processor_time_and_fit_token_prices() -> None:
    hour = LocalCompletion(text="", cpu_s=1800.0, input_tokens=1, output_tokens=1)
    assert Tariff(PRICE, DECLARED).cost_usd(hour) == pytest.approx(0.02)
    price = DECLARED.price([10, 20, 30], [5, 1, 3], [10 * 0.01 + 5 * 0.1, 20 * 0.01 + 0.1, 30 * 0.01 + 3 * 0.1])
    assert price.input_usd_per_mtok == pytest.approx(0.01 * 0.04 / 3600 * 1e6, abs=1e-4)
    assert price.output_usd_per_mtok == pytest.approx(0.1 * 0.04 / 3600 * 1e6, abs=1e-4)


def test_the_command_previews_without_writing(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        collect_command, [str(tmp_path / "t"), "--arm", "local/smollm2-135m#direct", "--dry-run", "--json"]
    )
    assert result.exit_code == 0, result.output
    assert '"calls": 2100' in result.output and not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    "arm", ["garbage two", "nobody/x", "local/smollm2-153m", "tool/abacus", "local/smollm2-135m#shouted"]
)
def test_a_preview_refuses_an_arm_that_a_run_would_refuse(arm: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(collect_command, [str(tmp_path / "t"), "--arm", arm, "--dry-run"])
    assert isinstance(result.exception, InputError), result.output


def test_an_arm_that_is_named_twice_is_counted_once(tmp_path: Path) -> None:
    twice = ["--arm", "local/smollm2-135m"] * 2
    result = CliRunner().invoke(collect_command, [str(tmp_path / "t"), *twice, "--dry-run", "--json"])
    assert [row["calls"] for row in json.loads(result.output)["arms"]] == [2100]
