"""Robustness beside selectivity, and the accuracy that edited prompts cost, on worlds whose truth is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import CliRunner

from routelab.arena import as_router, evaluate
from routelab.arena.robust import accuracy_loss
from routelab.cli import cli
from routelab.core import InputError, Outcome, Query
from routelab.encode import QueryBatch
from routelab.outcomes import Dense, OutcomeTable
from routelab.outcomes.table import outcome_frame, query_frame
from routelab.workload.perturb import KINDS, reword, variants

ARMS = ("lab/left", "lab/right")


def asked(count: int = 400) -> list[Query]:
    """Half of the queries speak of a left turn and half of a right one; the arm of that name answers."""
    sides = [("left", "right")[i % 2] for i in range(count)]
    return [
        Query.ask(f"q{i}", f"Which road goes {side} at stone {i}, please?", task=side) for i, side in enumerate(sides)
    ]


def recorded(queries: list[Query], score: Callable[[Query, str], float], arms: tuple[str, ...] = ARMS) -> OutcomeTable:
    outcomes = [
        Outcome(query_id=query.id, arm=arm, score=score(query, arm), cost_usd=1e-4) for query in queries for arm in arms
    ]
    return OutcomeTable.from_frames(query_frame(queries), outcome_frame(outcomes))


def right(query: Query, arm: str) -> float:
    return float(arm.removeprefix("lab/") in query.text)


@as_router
def by_word(prompt: str) -> str:
    return "lab/left" if "left" in prompt else "lab/right"


@as_router
def by_form(prompt: str) -> str:
    return "lab/left" if "left" in prompt and prompt.startswith("Which road goes") else "lab/right"


@as_router
def stubborn(prompt: str) -> str:
    return "lab/left"


def coin(prompt: str) -> str:
    return ARMS[int.from_bytes(prompt.encode(), "big") % 65_521 % 2]


QUERIES = asked()
TABLE = recorded(QUERIES, right)


@pytest.fixture(scope="module")
def rows() -> dict[str, dict]:
    judged = evaluate([by_word, by_form, stubborn, coin], TABLE, folds=2, repeats=1, draws=100, timing=False)
    return {row["name"]: row for row in judged.data["routers"]}


def test_a_router_that_reads_the_meaning_is_robust_and_selective(rows: dict[str, dict]) -> None:
    row = rows["by-word"]
    assert row["robustness"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert row["selectivity"]["low"] < 0.5 <= row["selectivity"]["high"] + 0.02
    assert row["flips"]["kept"]["value"] == 0.0


@pytest.mark.parametrize("name", ["stubborn", "cheapest", "best-single"])
def test_a_constant_router_has_no_robustness_to_be_proud_of(rows: dict[str, dict], name: str) -> None:
    row = rows[name]
    assert row["robustness"]["value"] is None and "same arm" in row["robustness"]["why"]
    assert row["selectivity"]["value"] == row["selectivity"]["high"] == 0.0
    assert row["flips"]["kept"]["value"] == row["flips"]["changed"]["value"] == 0.0


def test_a_coin_that_is_thrown_for_every_text_has_no_robustness_either(rows: dict[str, dict]) -> None:
    row = rows["coin"]
    assert row["robustness"]["low"] < 0.1 and row["robustness"]["value"] < 0.35
    assert row["selectivity"]["value"] > 0.4


def test_flips_are_told_apart_by_what_the_edit_touches(rows: dict[str, dict]) -> None:
    flips = rows["by-form"]["flips"]
    low, high = sorted(flips[side]["value"] for side in ("template", "content"))
    assert 0 < low < flips["kept"]["value"] < high
    assert 0 < rows["by-form"]["robustness"]["value"] < 1


def test_policies_that_read_no_prompt_say_so(rows: dict[str, dict]) -> None:
    for field in ("robustness", "selectivity"):
        assert rows["oracle"][field]["why"] == "it does not read the prompt"


class Learner:
    """Learns which arm a word wants from what it was fitted on, and remembers whom it saw when."""

    name = "learner"
    seen: ClassVar[list[tuple[set[str], set[str]]]] = []

    def fit(self, batch: QueryBatch, outcomes: Dense) -> Learner:
        self.fitted = set(batch.ids)
        return self

    def route(self, batch: QueryBatch) -> list[str]:
        Learner.seen.append((self.fitted, {name.partition("~")[0] for name in batch.ids}))
        return [by_word.function(text) for text in batch.texts or ()]


EDITED = variants(QUERIES, 0.2, 3)


def test_a_variant_is_never_routed_by_a_fit_that_saw_its_original() -> None:
    Learner.seen.clear()
    accuracy_loss([Learner()], TABLE, recorded(EDITED, right), repeats=2, draws=100)
    assert Learner.seen and all(not fitted & routed for fitted, routed in Learner.seen)


def test_no_loss_where_neither_arms_nor_picks_change() -> None:
    row = accuracy_loss([by_word], TABLE, recorded(EDITED, right), repeats=2, draws=100)[0]
    assert row["original"]["value"] == row["perturbed"]["value"] == 1.0
    assert row["loss"]["value"] == row["routing_loss"]["value"] == row["flips"]["value"] == 0.0
    assert row["variants"] == len(EDITED)


def test_a_loss_of_the_arms_is_not_blamed_on_routing() -> None:
    never = recorded(EDITED, lambda query, arm: 0.0)
    router, *arms = accuracy_loss([by_word], TABLE, never, repeats=2, draws=100)
    assert router["loss"]["value"] == 1.0 and router["routing_loss"]["value"] == 0.0
    assert {arm["name"] for arm in arms} == set(ARMS)
    assert all(arm["perturbed"]["value"] == 0.0 and arm["routing_loss"]["value"] is None for arm in arms)
    assert sum(arm["loss"]["value"] for arm in arms) == pytest.approx(1.0, abs=1e-5)


def test_a_loss_of_routing_is_what_the_picks_for_the_original_text_would_have_kept() -> None:
    row = accuracy_loss([by_form], TABLE, recorded(EDITED, right), repeats=2, draws=100)[0]
    missed = [q for q in EDITED if "left" in q.text and not q.text.startswith("Which road goes")]
    assert row["routing_loss"] == row["loss"] and row["loss"]["low"] > 0
    assert row["loss"]["value"] == pytest.approx(len(missed) / len(EDITED), abs=1e-5)
    on = [q for q in EDITED if KINDS[q.metadata["kind"]].touches == "content"]
    expected = sum(q in missed for q in on) / len(on)
    assert row["loss_by_touch"]["content"]["value"] == pytest.approx(expected, abs=1e-5)


def test_tables_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(InputError, match="variants of the table's queries"):
        accuracy_loss([by_word], TABLE, recorded([Query.ask("z1", "left"), Query.ask("z2", "right")], right))
    with pytest.raises(InputError):
        accuracy_loss([by_word], TABLE, recorded(EDITED, right, ("lab/other", "lab/third")))


def test_the_command_prints_the_same_rows_as_json(tmp_path: Path) -> None:
    TABLE.save(tmp_path / "table")
    recorded(EDITED, right).save(tmp_path / "perturbed")
    arguments = ["robust", str(tmp_path / "table"), str(tmp_path / "perturbed"), "--router", "length-only"]
    told = CliRunner().invoke(cli, [*arguments, "--repeats", "1", "--json"], catch_exceptions=False)
    found = json.loads(told.output)
    assert [row["kind"] for row in found["rows"]] == ["router", "arm", "arm"]
    said = CliRunner().invoke(cli, [*arguments, "--repeats", "1"], catch_exceptions=False)
    assert "loss" in said.output and "by routing" in said.output


def test_a_reworded_prompt_is_a_query_of_its_own() -> None:
    changed = reword(QUERIES[0], 0)
    assert changed is not None and changed.id.startswith("q0~") and changed.task == QUERIES[0].task
