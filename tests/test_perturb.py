"""Edits of queries: deterministic, in ordinary words only, and never in what a grader depends on."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routelab.core import InputError, Query, Turn
from routelab.workload.generate import generate, open_season
from routelab.workload.graders import grade
from routelab.workload.perturb import KINDS, original, reword, variants

CODE = '```python\ndef Total(x, y):\n    return x + y, "Which"\n```'
OPTIONS = "A. the first one\nB. under the bridge\nC. something else, perhaps\nD. after lunch"
PROMPT = f"""Please find the correct answer, given x = 3.5 and y = 1,200. What is the large result?
{OPTIONS}

{CODE}
Use `Find(answer)` and $large + Which$ with "the large word" here. Answer with A, B, C or D."""
ASKED = Query.ask("q", PROMPT, metric="mcq_accuracy", reference="B", domain="500 science", difficulty="easy")
KEEPING = [kind.name for kind in KINDS.values() if kind.keeps]
CHANGING = [kind.name for kind in KINDS.values() if not kind.keeps]


def edited(kind: str, query: Query, seed: int = 3) -> Query | None:
    return KINDS[kind].change(query, np.random.default_rng(seed))


def text_after(kind: str, text: str, reference: str | None = None) -> str | None:
    changed = edited(kind, Query.ask("q", text, reference=reference))
    return None if changed is None else changed.text


@pytest.mark.parametrize("kind", KEEPING)
def test_an_edit_that_keeps_the_meaning_leaves_code_numbers_quotes_and_option_labels(kind: str) -> None:
    changed = edited(kind, ASKED)
    assert changed is not None and changed.text != PROMPT
    for kept in (CODE, "`Find(answer)`", "$large + Which$", '"the large word"'):
        assert kept in changed.text
    assert Counter(re.findall(r"\d[\d.,]*", changed.text)) >= Counter(re.findall(r"\d[\d.,]*", PROMPT))
    assert re.findall(r"(?m)^[A-D]\. ", changed.text) == ["A. ", "B. ", "C. ", "D. "]
    assert sorted(re.findall(r"(?m)^[A-D]\. (.*)$", changed.text)) == sorted(re.findall(r"(?m)^[A-D]\. (.*)$", PROMPT))


@pytest.mark.parametrize("kind", KEEPING)
def test_the_reference_names_the_same_option_after_every_keeping_edit(kind: str) -> None:
    changed = edited(kind, ASKED)
    assert changed is not None and changed.metric == ASKED.metric and changed.reference
    assert f"{changed.reference}. under the bridge" in changed.text


@pytest.mark.parametrize("kind", CHANGING)
def test_an_edit_that_changes_the_meaning_is_not_graded(kind: str) -> None:
    changed = edited(kind, Query.ask("q", "What is 2 plus 3?", metric="number", reference="5"))
    assert changed is not None and changed.metric is None and changed.reference is None


def test_each_kind_does_what_it_is_called() -> None:
    text = "Where is the large river, and why?"
    assert text_after("case", text).lower() == text.lower()
    assert text_after("spaces", text).split() == text.split()
    assert text_after("punctuation", text) == "Where is the large river and why??"
    assert text in text_after("frame", text)
    assert text_after("synonyms", text) == "Where is the big river, and why?"
    assert text_after("aside", text).endswith(f".\n\n{text}")
    assert text_after("negation", text) == "Where is not the large river, and why?"
    words = zip(text.split(), text_after("typos", text).split(), strict=True)
    assert all(a == b or (a[0] == b[0] and abs(len(a) - len(b)) <= 1) for a, b in words)
    assert int(re.search(r"\d+", text_after("number", "Add 40 to it."))[0]) > 40


def test_a_preamble_is_long_and_speaks_of_no_numbers() -> None:
    for seed in range(10):
        changed = edited("preamble", Query.ask("q", "Why?"), seed)
        said, asked = changed.text.split("\n\n")
        assert asked == "Why?" and 60 <= len(said.split()) <= 120 and not re.search(r"\d", said)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Sort these words: large, which, about.", "large, which, about"),
        ("large, which, about. Sort these words.", "large, which, about."),
        ('How often does "which" stand in "about which"?', '"about which"'),
        ("How many letters has the word which?", "the word which"),
        ("Here is a lexicon of kiki = which, dumi = large. What is it?", "kiki = which"),
        ("What does it print?\nfor which in about:\n    show(which)", "for which in about:\n    show(which)"),
        ("Here is a table.\nwhich,about\nlarge,3\nWhat is its total?", "which,about\nlarge,3"),
        (
            "Read this log.\nOn day 3 the large river rose about 2 cm.\nWhy?",
            "On day 3 the large river rose about 2 cm.",
        ),
    ],
)
def test_lists_quotes_glosses_code_and_lines_of_data_are_kept(text: str, kept: str) -> None:
    for kind in ("typos", "case", "spaces", "synonyms"):
        for seed in range(5):
            changed = edited(kind, Query.ask("q", text), seed)
            assert changed is None or kept in changed.text, kind


def test_a_word_of_the_reference_is_never_edited() -> None:
    for kind in ("typos", "case", "synonyms"):
        assert text_after(kind, "Large", reference="large") is None


def test_names_and_terms_are_never_edited() -> None:
    text = "Zoe gives Hana which molecule of Sodium, and where?"
    for kind in ("typos", "case", "synonyms"):
        assert {"Zoe", "Hana", "molecule", "Sodium"} <= set(re.findall(r"\w+", text_after(kind, text) or text))


@pytest.mark.parametrize(
    "text",
    [
        "Which?\nA) one\nB) both of them",
        "Which?\nA) one\nB) like A but later, or B",
        "Option B was withdrawn. Which?\nA) one\nB) two",
        "Which?\nA) one\nC) two",
        "Which?",
    ],
)
def test_options_stay_where_letters_mean_more_than_their_place(text: str) -> None:
    assert edited("options", Query.ask("q", text, reference="A")) is None


def test_options_without_a_letter_as_reference_stay() -> None:
    assert edited("options", Query.ask("q", f"Which?\n{OPTIONS}", reference="under the bridge")) is None


def test_of_a_conversation_the_last_user_turn_is_edited() -> None:
    turns = (Turn("user", "Please remember this."), Turn("assistant", "Please go on."), Turn("user", "Please answer."))
    changed = edited("frame", Query(id="q", turns=turns))
    assert changed is not None and changed.turns[:2] == turns[:2] and "Please answer." in changed.turns[2].content


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.integers(0, 3))
def test_a_rewording_is_new_repeatable_and_keeps_every_number(text: str, seed: int) -> None:
    query = Query.ask("q", text)
    changed = reword(query, seed)
    assert changed == reword(query, seed)
    assert (changed is None) == (not text.strip())
    if changed is not None and changed.metadata["kind"] not in ("aside", "options"):
        assert changed.text != text and re.findall(r"[0-9]+", changed.text) == re.findall(r"[0-9]+", text)


def ask(count: int) -> list[Query]:
    return [
        Query.ask(
            f"q{i}",
            f"Please find the large river, number {i}, and say: which?\n{OPTIONS}",
            domain=f"d{i % 3}",
            difficulty=("easy", "hard")[i % 2],
            metric="choice",
            reference="C",
            metadata={"season": 1},
        )
        for i in range(count)
    ]


def test_variants_are_an_even_share_and_name_their_originals() -> None:
    queries = ask(120)
    made = variants(queries, 0.2, 5)
    assert made == variants(queries, 0.2, 5) != variants(queries, 0.2, 6)
    assert Counter((v.domain, v.difficulty) for v in made) == Counter(
        {(f"d{i}", level): 4 for i in range(3) for level in ("easy", "hard")}
    )
    by_id = {query.id: query for query in queries}
    for variant in made:
        source, kind = by_id[original(variant)], KINDS[variant.metadata["kind"]]
        assert variant.id == f"{source.id}~{kind.name}" and variant.metadata["season"] == 1
        assert kind.keeps and variant.text != source.text
        assert f"{variant.reference}. something else, perhaps" in variant.text
        assert grade(variant.metric, variant.reference, variant.reference).score == 1.0
    uses = Counter(v.metadata["kind"] for v in made)
    assert set(uses) == set(KEEPING) and max(uses.values()) - min(uses.values()) <= 1


def test_a_share_is_a_share() -> None:
    with pytest.raises(InputError, match="share"):
        variants(ask(3), 0, 0)


def test_a_table_of_queries_without_metadata_still_tells_the_original_by_its_id() -> None:
    assert original(Query.ask("q7~case", "?")) == original(Query.ask("q7", "?")) == "q7"


@pytest.fixture(scope="module")
def season() -> list[Query]:
    return generate(open_season(1), 300)


def right_option(query: Query) -> str:
    return re.search(rf"(?m)^{query.reference}\) (.*)$", query.text)[1]


@pytest.mark.parametrize("kind", KEEPING)
def test_generated_items_keep_their_reference_and_facts_in_every_variant(season: list[Query], kind: str) -> None:
    quoted = r'"[^"\n]*"|“[^”\n]*”'
    for query in season:
        changed = edited(kind, query)
        if changed is None:
            continue
        before, after = query.turns[-1].content, changed.turns[-1].content
        assert query.turns[:-1] == changed.turns[:-1] and query.metric == changed.metric, query.id
        for facts in (r"\d+", quoted):
            assert Counter(re.findall(facts, after)) >= Counter(re.findall(facts, before)), query.id
        if query.metric == "choice":
            assert right_option(changed) == right_option(query), query.id
            assert grade("choice", changed.reference, changed.reference).score == 1.0
        else:
            assert changed.reference == query.reference, query.id


def test_every_kind_finds_items_of_a_season_to_edit(season: list[Query]) -> None:
    made = variants(season, 0.5, 0)
    assert len(made) == 150
    assert {KINDS[v.metadata["kind"]].name for v in made} == set(KEEPING)
    uses = Counter(v.metadata["kind"] for v in made)
    assert max(uses.values()) <= 2 * min(uses.values())
