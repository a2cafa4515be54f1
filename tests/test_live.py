"""Fresh items answered now, and recorded items answered again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from routelab.arena.collect import collect
from routelab.arena.live import LivePool, answered, fresh_items, judge_live
from routelab.arena.rerecord import rerecord
from routelab.core import Completion, InputError, ModelCard, Query, Sampling, Turn
from routelab.workload.generate import generate, open_season
from routelab.workload.graders.self_check import perfect_answer

GOOD, POOR = "test/good#direct", "test/poor#direct"
RECORDED = [query for query in generate(open_season(1), 400) if query.metric == "number"]


class Knows:
    """Answers the queries whose domain it knows rightly, all others with nothing."""

    def __init__(self, queries: Sequence[Query], domains: str) -> None:
        self._answers = {
            query.turns[-1].content: perfect_answer(query.metric, query.reference)
            for query in queries
            if query.domain[0] in domains
        }

    def __call__(self, turns: Sequence[Turn], sampling: Sampling) -> Completion:
        text = self._answers.get(turns[-1].content) or "I cannot."
        return Completion(text=text, input_tokens=50, output_tokens=5, latency_s=0.1)


def pool(queries: Sequence[Query]) -> LivePool:
    arms = {GOOD: Knows(queries, "056789"), POOR: Knows(queries, "1234")}
    return LivePool(arms, [ModelCard(id="test/good"), ModelCard(id="test/poor")])


def test_fresh_items_are_new_every_time_and_belong_to_no_recorded_season() -> None:
    first, second = fresh_items(40), fresh_items(40)
    assert len(first) == len(second) == 40
    assert not {query.text for query in first} & {query.text for query in second}
    assert not {query.text for query in first} & {query.text for query in generate(open_season(1), 2000)}
    assert len({query.domain for query in first}) >= 8


def test_routers_fitted_on_the_recording_are_judged_on_what_was_answered_now() -> None:
    recorded = collect(None, RECORDED, pool(RECORDED).arms, models=pool([]).cards).table
    fresh = [query for query in fresh_items(300) if query.metric == "number"]
    told: list[str] = []
    live = answered(fresh, pool(fresh), lambda at, last: told.append(last.arm if last else ""))
    result = judge_live(["knn", "ridge"], recorded, live)
    assert len(told) == 2 * len(fresh)
    rows = {row["name"]: row for row in result.data["routers"]}
    assert rows["ridge"]["fit"] == "frozen"
    assert rows["ridge"]["delta_vs_best_single"]["low"] > 0  # which domain an arm knows can be told from the text


def test_an_arm_that_was_not_recorded_cannot_be_judged() -> None:
    recorded = collect(None, RECORDED[:60], pool(RECORDED).arms).table
    live = collect(None, RECORDED[60:90], {"test/other#direct": Knows(RECORDED, "5")}).table
    with pytest.raises(InputError, match="two arms"):
        judge_live(["knn"], recorded, live)


def test_a_recording_that_repeats_is_said_to_and_one_that_does_not_is_too() -> None:
    recorded = collect(None, RECORDED[:80], pool(RECORDED).arms).table
    same = {row.arm: row for row in rerecord(recorded, pool(RECORDED).arms, 30)}
    assert same[GOOD].calls == 30 and same[GOOD].same_score["value"] == 1.0 == same[GOOD].same_answer["value"]
    swapped = {GOOD: Knows(RECORDED, "1234"), POOR: Knows(RECORDED, "056789")}
    changed = {row.arm: row for row in rerecord(recorded, swapped, 30)}
    assert changed[GOOD].same_score["value"] == 0.0 and changed[GOOD].tokens_ratio == 1.0
