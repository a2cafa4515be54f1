"""What every task family keeps to, whoever wrote it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from routelab.workload.build.gates import GATES, pass_gates
from routelab.workload.build.recipe import Gates
from routelab.workload.generate import FAMILIES, Form, Level, families, generate, hidden_season, open_season
from routelab.workload.graders.self_check import self_check

assert families
EVERY = sorted(FAMILIES)
DRAWS = 60
FACTS = 600  # a season owns an eighth of a family's facts and takes at most fifty or so of a level


@pytest.mark.parametrize("name", EVERY)
def test_a_family_keeps_its_word(name: str) -> None:
    """Three phrasings or more at every level, the same draw from the same stream, enough facts, no constant answer."""
    one = FAMILIES[name]
    for level in Level:
        drafts = [one.draw(np.random.default_rng([7, k]), level) for k in range(DRAWS)]
        assert {len(set(draft.says)) for draft in drafts} == {len(drafts[0].says)} and len(drafts[0].says) >= 3
        assert one.draw(np.random.default_rng([7, 0]), level) == drafts[0]
        repeats = DRAWS - len({draft.facts for draft in drafts})
        assert repeats <= expected_repeats(DRAWS, FACTS) + 5, f"{level}: too few facts"
        commonest = Counter(draft.reference for draft in drafts).most_common(1)[0][1]
        assert commonest <= 0.6 * DRAWS, f"{level}: one answer fits too many items"


def expected_repeats(draws: int, facts: int) -> float:
    """How many of ``draws`` from ``facts`` equally likely ones repeat an earlier one."""
    return draws - facts * (1 - (1 - 1 / facts) ** draws)


def test_equal_facts_are_asked_at_one_level_only() -> None:
    season = generate(open_season(1))
    texts = Counter(query.text for query in season)
    assert max(texts.values()) == 1


@pytest.mark.parametrize("season", [open_season(1), hidden_season(1, bytes(16), "beacon")], ids=["open", "hidden"])
def test_graders_agree_with_every_reference(season) -> None:
    """Perfect answers score 1; empty ones, nonsense and other items' answers score 0."""
    assert self_check(generate(season), programs=False) == []


def test_a_season_passes_its_gates() -> None:
    drawn = [query for query in generate(open_season(1)) if query.metric != "code"]
    kept, findings = pass_gates(drawn, Gates())
    lost = {finding.gate: finding.dropped[:3] for finding in findings if finding.dropped}
    assert not lost and len(kept) == len(drawn) and len(findings) == len(GATES)
    assert [finding.notes for finding in findings if finding.gate == "shortcuts"] == [()]


def test_every_form_and_a_dozen_graders_occur() -> None:
    season = generate(open_season(1))
    assert {query.form for query in season} == {str(form) for form in Form}
    assert len({query.metric for query in season}) >= 11
    assert len({query.language for query in season}) >= 4


def test_multi_turn_items_end_with_the_user() -> None:
    turns = [query.turns for query in generate(open_season(1)) if query.form == "multi-turn"]
    assert turns and all(len(each) >= 3 and each[-1].role == "user" for each in turns)


def test_distractors_and_withheld_families_are_a_minority() -> None:
    season = generate(hidden_season(1, bytes(16), "beacon"))
    distracted = np.mean([query.metadata["distractor"] for query in season])
    assert 0.05 < distracted < 0.2
    withheld = sum(one.withheld for one in FAMILIES.values()) / len(FAMILIES)
    assert 0.1 < withheld < 0.4
