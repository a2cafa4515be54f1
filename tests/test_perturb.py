"""Rewordings: deterministic, always different, and never in numbers, code or option letters."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routelab.workload.perturb import KINDS, perturb

CODE = '```python\ndef Total(x, y):\n    return x + y, "Big"\n```'
PROMPT = f"""Please find the correct answer, given x = 3.5 and y = 1,200. What is the large result?
A. the first one
B) none of these
(C) something else, perhaps
D: all of them

{CODE}
Use `Find(answer)` and $large + Big$ here. Answer with A, B, C or D."""


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_changes_the_prose_and_nothing_else(name: str) -> None:
    changed = KINDS[name](PROMPT, np.random.default_rng(3))
    assert changed != PROMPT
    assert CODE in changed and "`Find(answer)`" in changed and "$large + Big$" in changed
    assert re.findall(r"\d[\d.,]*", changed) == re.findall(r"\d[\d.,]*", PROMPT)
    labels = r"(?m)^\(?[A-D][.):]"
    assert re.findall(labels, changed) == re.findall(labels, PROMPT)
    assert re.findall(r"\b[A-D]\b", changed.split("here")[-1].upper()) != []


def test_each_kind_does_what_it_is_called() -> None:
    text, rng = "Where is the large river, and why?", np.random.default_rng(0)
    assert KINDS["case"](text, rng).lower() == text.lower()
    assert KINDS["spaces"](text, rng).split() == text.split()
    assert re.sub(r"\W", "", KINDS["punctuation"](text, rng)) == re.sub(r"\W", "", text)
    assert text in KINDS["frame"](text, rng)
    assert KINDS["synonyms"](text, rng) == "Where is the big river, and why?"
    words = zip(text.split(), KINDS["typos"](text, rng).split(), strict=True)
    assert all(a == b or (a[0] == b[0] and abs(len(a) - len(b)) <= 1) for a, b in words)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=5), st.integers(0, 3))
def test_a_rewording_is_new_repeatable_and_keeps_every_number(texts: list[str], seed: int) -> None:
    changed = perturb(texts, seed)
    assert changed == perturb(texts, seed)
    for before, after in zip(texts, changed, strict=True):
        assert (after != before) == bool(before.strip())
        assert re.findall(r"[0-9]+", after) == re.findall(r"[0-9]+", before)


def test_a_prompt_is_reworded_alike_wherever_it_stands() -> None:
    texts = [f"Please describe river number {i}, briefly." for i in range(40)]
    assert perturb(texts[::-1], 1) == perturb(texts, 1)[::-1]
    assert perturb(texts, 1) != perturb(texts, 2)


def test_all_kinds_are_used() -> None:
    texts = [f"Please find the large river, number {i}, and explain why." for i in range(60)]
    changed = perturb(texts, 0)
    assert any(text.upper() == text or text.lower() == text for text in changed)
    assert any(text.endswith(" ") for text in changed)
    assert any("big" in text for text in changed)
    assert any(len(text) > len(texts[0]) + 10 for text in changed)
