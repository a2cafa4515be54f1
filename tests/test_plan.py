"""One driver runs every plan: which calls it asks for, which answer the user gets, and what the whole bill is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routelab.core import (
    BestOfN,
    Call,
    Cascade,
    ContractError,
    Fusion,
    Outcome,
    Plan,
    PlanResult,
    Query,
    Rounds,
    Single,
    run_plan,
)
from routelab.outcomes import OutcomeTable
from routelab.outcomes.table import answer_frame, outcome_frame, query_frame

Answer = Callable[[Call], Outcome]


def drive(plan: Plan, answer: Answer, **helpers: object) -> tuple[PlanResult, list[list[Call]]]:
    """Feed the driver; returns its result and the batches of calls that it asked for."""
    running, batches = run_plan(plan, **helpers), []  # type: ignore[arg-type]
    calls = next(running)
    while True:
        batches.append(calls)
        try:
            calls = running.send([answer(call) for call in calls])
        except StopIteration as stop:
            return stop.value, batches


def named(call: Call) -> Outcome:
    """Every arm answers with its own name and number, for a cent."""
    return Outcome(query_id="q", arm=call.arm, sample=call.sample, answer=f"{call.arm}{call.sample}", cost_usd=0.01)


def trust(**confidence: float) -> dict[str, Callable[[Outcome], float]]:
    return {"v": lambda outcome: confidence[outcome.arm]}


def test_a_single_call_is_asked_once_and_kept() -> None:
    result, batches = drive(Single("a"), named)
    assert batches == [[Call(arm="a")]]
    assert result.answer.answer == "a0" and result.cost_usd == 0.01


CASCADE = Cascade(("a", "b", "c"), (0.8, 0.6), "v")


@pytest.mark.parametrize(
    ("confidence", "kept"),
    [
        ({"a": 0.8, "b": 0, "c": 0}, "a"),  # at the threshold is enough
        ({"a": 0.79, "b": 0.6, "c": 0}, "b"),
        ({"a": 0, "b": 0.59, "c": 0}, "c"),  # the last keeps whatever it says
    ],
)
def test_a_cascade_keeps_the_first_answer_that_is_trusted_enough(confidence: dict[str, float], kept: str) -> None:
    result, batches = drive(CASCADE, named, verifiers=trust(**confidence))
    assert result.answer.arm == kept
    assert [call.arm for (call,) in batches] == list("abc")[: "abc".index(kept) + 1]
    assert [(call.turn, call.parent) for (call,) in batches] == [(0, None), (1, 0), (2, 1)][: len(batches)]


def test_a_cascade_never_asks_for_the_confidence_of_its_last_answer() -> None:
    asked: list[str] = []
    drive(CASCADE, named, verifiers={"v": lambda outcome: asked.append(outcome.arm) or 0.0})
    assert asked == ["a", "b"]


def answers(*texts: str) -> Answer:
    return lambda call: Outcome(query_id="q", arm=call.arm, sample=call.sample, answer=texts[call.sample])


@pytest.mark.parametrize(
    ("texts", "winner"), [(("5", "4", "4"), 1), (("4", "5", "5", "4"), 0), (("1", "2", "3"), 0), (("7",), 0)]
)
def test_best_of_n_keeps_the_most_frequent_answer_and_the_earlier_of_a_tie(texts: tuple[str, ...], winner: int) -> None:
    result, batches = drive(BestOfN("a", len(texts)), answers(*texts))
    assert result.final == winner
    assert batches == [[Call(arm="a", sample=k) for k in range(len(texts))]], "side by side, in one batch"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_best_of_n_with_a_verifier_keeps_the_most_trusted(confidence: list[float]) -> None:
    verifiers = {"v": lambda outcome: confidence[outcome.sample]}
    result, _ = drive(BestOfN("a", len(confidence), "v"), answers(*["same"] * len(confidence)), verifiers=verifiers)
    assert result.final == confidence.index(max(confidence))


def test_fusion_hands_all_drafts_to_the_judge_whose_answer_is_final() -> None:
    result, (panel, (fuse,)) = drive(Fusion(("a", "b"), "judge"), named)
    assert [call.arm for call in panel] == ["a", "b"]
    assert (fuse.role, fuse.prior_answers) == ("fuse", ("a0", "b0"))
    assert result.answer.arm == "judge" and result.cost_usd == pytest.approx(0.03)


def test_a_draft_without_an_answer_is_an_empty_draft() -> None:
    _, (_, (fuse,)) = drive(Fusion(("a", "b"), "judge"), lambda call: Outcome(query_id="q", arm=call.arm, error="down"))
    assert fuse.prior_answers == ("", "")


def stop_after(n: int) -> dict[str, Callable[[Sequence[Outcome]], str | None]]:
    return {"p": lambda done: f"arm{len(done)}" if len(done) < n else None}


@given(st.integers(1, 6), st.integers(1, 6))
def test_rounds_end_when_the_policy_stops_or_the_cap_is_reached(wanted: int, cap: int) -> None:
    result, batches = drive(Rounds("p", max_rounds=cap), named, policies=stop_after(wanted))
    assert len(batches) == len(result.outcomes) == min(wanted, cap)
    assert result.final == len(batches) - 1
    for turn, (call,) in enumerate(batches):
        assert (call.turn, call.parent) == (turn, turn - 1 if turn else None)
        assert call.prior_answers == tuple(f"arm{k}0" for k in range(turn))


def test_a_policy_that_names_no_arm_at_all_broke_its_contract() -> None:
    with pytest.raises(ContractError, match="at least one call"):
        drive(Rounds("p"), named, policies=stop_after(0))


@pytest.mark.parametrize("plan", [CASCADE, BestOfN("a", 2, "v"), Rounds("v")])
def test_a_plan_whose_helper_was_not_handed_in_says_which(plan: Plan) -> None:
    for helpers in ({}, {"verifiers": {"other": lambda outcome: 1.0}}):
        with pytest.raises(ContractError, match="'v'"):
            drive(plan, named, **helpers)


@pytest.mark.parametrize("plan", [Single("a"), CASCADE, BestOfN("a", 3), Fusion(("a",), "b"), Rounds("p", 2)])
def test_a_plan_is_a_value_that_survives_json(plan: Plan) -> None:
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan  # type: ignore[arg-type]


# -- replay ---------------------------------------------------------------------------------------


def recorded(small_usd: float | None) -> OutcomeTable:
    """Two queries, asked of a small and a large arm; the small one is right about the first only."""
    made = [
        Outcome(query_id="q1", arm="small", score=1.0, cost_usd=small_usd, answer="4"),
        Outcome(query_id="q1", arm="large", score=1.0, cost_usd=0.5, answer="4"),
        Outcome(query_id="q2", arm="small", score=0.0, cost_usd=small_usd, answer="maybe 7"),
        Outcome(query_id="q2", arm="large", score=1.0, cost_usd=0.5, answer="9"),
    ]
    queries = query_frame([Query.ask("q1", "2 + 2?"), Query.ask("q2", "3 * 3?")])
    return OutcomeTable.from_frames(queries, outcome_frame(made), answers=answer_frame(made))


def replay(table: OutcomeTable, query: str, plan: Plan) -> PlanResult:
    """Every call is answered with what the table recorded for that query and arm."""
    rows = table.calls.join(table.answers(), on=["query_id", "arm", "sample", "turn"], how="left")

    def answer(call: Call) -> Outcome:
        (row,) = rows.filter(pl.col("query_id") == query, pl.col("arm") == call.arm).to_dicts()
        return msgspec.convert(row, Outcome)

    unsure = {"sure": lambda outcome: 0.0 if "maybe" in (outcome.answer or "") else 1.0}
    return drive(plan, answer, verifiers=unsure)[0]


def test_a_cascade_is_priced_from_recorded_outcomes() -> None:
    plan = Cascade(("small", "large"), (0.5,), "sure")
    kept, escalated = (replay(recorded(0.1), query, plan) for query in ("q1", "q2"))
    assert (kept.answer.arm, kept.answer.score, kept.cost_usd) == ("small", 1.0, 0.1)
    assert (escalated.answer.arm, escalated.answer.score) == ("large", 1.0)
    assert escalated.cost_usd == pytest.approx(0.1 + 0.5), "both calls are billed"


def test_the_bill_of_a_plan_is_unknown_as_soon_as_one_call_s_is() -> None:
    plan = Cascade(("small", "large"), (0.5,), "sure")
    assert replay(recorded(None), "q2", plan).cost_usd is None
    assert replay(recorded(None), "q2", Single("large")).cost_usd == 0.5
