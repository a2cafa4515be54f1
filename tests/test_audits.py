"""The audits of a leaderboard: every documented trick is seen, honest submissions pass, and the figures are told."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest

from routelab.arena.leaderboard.audits import AUDITS, Case, Other, Verdict, audit
from routelab.arena.leaderboard.audits.attacks import DOCUMENTED, Attack, attacks
from routelab.arena.leaderboard.audits.honest import honest
from routelab.arena.leaderboard.audits.luck import Luck
from routelab.arena.leaderboard.audits.rule import at_least, chance_of, for_kinds
from routelab.arena.leaderboard.audits.world import World, decided, narrowed, predictions, submission
from routelab.arena.leaderboard.manifest import KINDS
from routelab.core import stream
from routelab.core.threads import single_threaded
from routelab.data import default_table
from routelab.router.catalogue import knn, ridge

NAMES = [one.__name__.replace("_", "-") for one in AUDITS]
CONCERNS = {
    "failed-rows": {"predictions"},
    "unbilled-tokens": {"predictions"},
    "estimated-tokens": {"predictions"},
    "stale-prices": {"predictions"},
    "truth-in-answers": {"predictions"},
    "too-good-to-be-decided": set(KINDS) - {"recipe"},
    "revised-choices": set(KINDS) - {"recipe"},
    "copied-decisions": {"code", "endpoint", "decisions", "predictions"},
    "dev-test-gap": set(KINDS) - {"recipe"},
    "season-drop": set(KINDS) - {"recipe"},
    "lookup-table": {"artifact", "code", "endpoint"},
    "fitted-on-evaluation": {"artifact"},
    "opaque-claims": set(KINDS),
}


@cache
@single_threaded
def world() -> World:
    return World.of(default_table(), [ridge, knn], seeds=(0, 1))


@cache
@single_threaded
def family() -> list[Attack]:
    return list(attacks(world(), 0))


@cache
@single_threaded
def honest_verdicts() -> list[tuple[str, Case, list[Verdict]]]:
    return [(name, case, audit(case)) for name, case in honest(world(), 0)]


def verdict(case: Case, name: str) -> Verdict:
    return next(one for one in audit(case) if one.name == name)


def usual() -> np.ndarray:
    return next(iter(world().usual.values()))


def claiming(**columns: pl.Expr) -> Case:
    """An honest prediction file, with some columns as told."""
    claimed = predictions(world(), usual(), stream(0, "claims")).with_columns(**columns)
    return world().case("predictions", usual(), claimed=claimed)


# -- every trick ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_documented_case_is_caught_and_the_evidence_names_figures(name: str) -> None:
    planted = next(attack for attack in family() if attack.audit == name and attack.documented)
    seen = verdict(planted.case, name)
    assert seen.verdict == "fail"
    assert re.search(r"\d", seen.evidence) or name == "opaque-claims"


@pytest.mark.parametrize("name", NAMES)
def test_an_honest_counterpart_of_every_trick_passes(name: str) -> None:
    passed = [one for _, _, verdicts in honest_verdicts() for one in verdicts if one.name == name]
    assert {one.verdict for one in passed} >= {"pass"}
    assert "fail" not in {one.verdict for one in passed}
    assert all(re.search(r"\d", one.evidence) for one in passed if one.verdict == "pass" and name != "opaque-claims")


def test_no_honest_submission_of_any_kind_fails_anything() -> None:
    assert {case.kind for _, case, _ in honest_verdicts()} == set(KINDS)
    assert len(honest_verdicts()) >= 100
    assert [(name, one) for name, _, verdicts in honest_verdicts() for one in verdicts if one.verdict == "fail"] == []


def test_every_trick_has_at_least_eight_variants_in_both_halves_together() -> None:
    variants = Counter(attack.audit for attack in family())
    assert set(variants) == set(NAMES) == set(DOCUMENTED)
    assert min(variants.values()) >= 8
    assert len({attack.name for attack in family()}) == len(family())
    assert {attack.half for attack in family()} == {"development", "unseen"}


# -- which kinds they are for ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_that_an_audit_is_not_for_get_the_reason(kind: str) -> None:
    case = world().case(kind, usual())  # type: ignore[arg-type]
    for one in audit(case):
        if kind not in CONCERNS[one.name]:
            assert one.verdict == "not_applicable"
            assert one.evidence


def test_what_a_case_lacks_makes_an_audit_not_applicable() -> None:
    lacking = {
        one.name: one.evidence for one in audit(world().case("code", usual())) if one.verdict == "not_applicable"
    }
    assert lacking["revised-choices"] == "nothing was submitted under this name before"
    assert lacking["season-drop"] == "no hidden season has been judged yet"
    assert lacking["lookup-table"] == "the router cannot be asked again"
    assert lacking["copied-decisions"] == "no other owner is on the board"
    assert "development" in lacking["dev-test-gap"]


def test_an_audit_that_breaks_fails_the_submission() -> None:
    @for_kinds("decisions", otherwise="only decisions")
    def broken_audit(case: Case) -> tuple[bool, str]:
        """Breaks."""
        raise KeyError("no such column")

    case = world().case("decisions", usual())
    assert broken_audit(case) == Verdict(
        "broken-audit", "fail", "the audit could not be made: KeyError: 'no such column'"
    )
    assert broken_audit(world().case("recipe", usual())).verdict == "not_applicable"


def test_a_router_that_breaks_when_asked_again_does_not_pass() -> None:
    def refuse(batch: object) -> list[str]:
        raise TimeoutError("no answer")

    seen = verdict(world().asked("ridge", "code", ask=refuse), "lookup-table")
    assert (seen.verdict, seen.evidence) == ("fail", "the audit could not be made: TimeoutError: no answer")


# -- what each of them minds ----------------------------------------------------------------------


def test_failures_may_be_few_but_not_hard() -> None:
    """Forty failures at random pass; the same number on queries that the arm gets wrong do not."""
    rows = np.arange(len(usual()))
    wrong = world().problem.score[rows, usual()] == 0
    anywhere, hard = rows % 50 == 0, wrong & (np.cumsum(wrong) % 28 == 0)
    told = {}
    for name, failed in (("anywhere", anywhere), ("hard", hard)):
        told[name] = verdict(claiming(success=pl.Series(~failed)), "failed-rows").verdict
        assert 35 < failed.sum() < 50
    assert told == {"anywhere": "pass", "hard": "fail"}


def test_reasoning_may_be_in_the_total_when_the_cost_pays_for_it() -> None:
    more = pl.col("total_tokens") + pl.col("output_tokens")
    assert verdict(claiming(total_tokens=more), "unbilled-tokens").verdict == "fail"
    assert verdict(claiming(total_tokens=more, cost_usd=pl.lit(None, pl.Float64)), "unbilled-tokens").verdict == "pass"


def test_a_dated_name_of_the_same_model_is_that_model() -> None:
    dated = pl.col("model_used") + "-2026-08-01"
    assert verdict(claiming(model_used=dated), "stale-prices").verdict == "pass"
    assert verdict(claiming(model_used=pl.col("model_used") + "-mini"), "stale-prices").verdict == "fail"


def test_a_cascade_may_follow_the_luck_of_the_answer_it_has_seen_and_a_lone_escalation_excuses_nothing() -> None:
    names = [name for name, _, _ in honest_verdicts() if name.startswith("cascade")]
    assert len(names) == len(world().problem.arms) - 1
    planted = next(attack.case for attack in family() if attack.audit == "too-good-to-be-decided" and attack.documented)
    plans = (*planted.decided.plans, (planted.decided.plans[0][0], planted.decided.plans[1][0]))
    pick = planted.decided.pick.copy()
    pick[0, :5] = len(plans) - 1
    masked = replace(planted, decided=replace(planted.decided, plans=plans, pick=pick))
    assert verdict(masked, "too-good-to-be-decided").verdict == "fail"


def test_an_owner_may_have_two_entries_alike_and_constant_routers_may_agree() -> None:
    curve = world().curves["ridge", 0][8]
    mine = [Other("my other entry", "ann", decided(world().problem, curve))]
    theirs = [replace(mine[0], owner="bob")]
    assert verdict(world().case("decisions", curve, others=mine), "copied-decisions").verdict == "not_applicable"
    assert verdict(world().case("decisions", curve, others=theirs), "copied-decisions").verdict == "fail"
    constant = np.zeros(len(curve), np.int64)
    others = [Other("same arm", "bob", decided(world().problem, constant))]
    assert verdict(world().case("decisions", constant, others=others), "copied-decisions").verdict == "not_applicable"


def test_badges_need_a_router_an_address_and_a_licence() -> None:
    good = {"open_source": True, "source_url": "https://codeberg.org/ann/router", "licence": "GPL-3.0-or-later"}
    told = {
        kind: verdict(world().case(kind, usual(), manifest=submission(kind, **good)), "opaque-claims") for kind in KINDS
    }
    assert {kind for kind, one in told.items() if one.verdict == "pass"} == {"recipe", "artifact", "code"}


def test_other_entries_that_see_answers_do_not_spoil_the_comparison_of_sides() -> None:
    planted = next(attack.case for attack in family() if attack.audit == "dev-test-gap" and attack.documented)
    cascade = next(case for name, case, _ in honest_verdicts() if name.startswith("cascade"))
    assert (
        verdict(replace(planted, others=[Other("cascade", "bob", cascade.decided)]), "dev-test-gap").verdict == "fail"
    )


def test_a_shared_table_without_tokens_judges_no_counts() -> None:
    table = world().table
    unmeasured = table.calls.with_columns(
        pl.lit(None, pl.Int64).alias(f"{side}_tokens") for side in ("input", "output")
    )
    case = replace(claiming(input_tokens=pl.lit(40)), table=replace(table, calls=unmeasured))
    assert verdict(case, "estimated-tokens") == Verdict("estimated-tokens", "pass", "too few counts to tell")


# -- the statistics -------------------------------------------------------------------------------


def test_luck_of_one_arm_everywhere_is_nothing_and_of_hindsight_is_everything() -> None:
    luck, problem = Luck.of(world().problem), world().problem
    rows = np.arange(len(problem))
    for arm in range(len(problem.arms)):
        score, cheapest = luck.followed(rows, np.full(len(rows), arm))
        assert abs(score.value) < 1e-9
        assert abs(cheapest.value) < 1e-9
    lucky = luck.cheapest.argmax(axis=1)
    assert luck.followed(rows, lucky)[1].value == pytest.approx(1.0)


def test_a_choice_made_from_the_labels_of_a_query_follows_no_luck() -> None:
    """The best arm of each task and difficulty in hindsight is knowledge of a kind of query, not of one query."""
    problem, rng = world().problem, stream(0, "labels")
    half = narrowed(problem, np.sort(rng.permutation(len(problem))[: len(problem) // 2]))
    keys = half.labels["task"].to_list()
    best = {
        key: int(half.score[[k for k, one in enumerate(keys) if one == key]].mean(axis=0).argmax()) for key in set(keys)
    }
    pick = np.array([best[key] for key in keys])
    assert all(share.lower < 0.01 for share in Luck.of(half).followed(np.arange(len(half)), pick))


def test_bounds_are_the_textbook_ones() -> None:
    assert chance_of(0, 0, 0.5) == 1.0
    assert chance_of(10, 10, 0.5) == pytest.approx(2**-10)
    assert at_least(0, 10) == 0.0
    assert at_least(10, 10) == pytest.approx(1e-5 ** (1 / 10), rel=1e-6)
