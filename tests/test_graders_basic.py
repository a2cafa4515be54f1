"""Short answers as models really write them: what is read out of them, and what is right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routelab.workload.graders import grade


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("42", "42"),
        ("The answer is 42.", "42"),
        ("Answer: 42 dollars", "42"),
        ("17 * 6 = 102", "102"),
        ("First 3, then 5. So \\boxed{8}", "8"),
        ("**Answer:** 1,250 km", "1250"),
        ("**Answer**: 12.0", "12"),
        ("It is 3/4", "0.75"),
        ("−7", "-7"),
        ("x = -7", "-7"),
        ("The total is $36.", "36"),
        ("Answer: 6 g/cm^3", "6"),
        ("Answer: 4 * 9 = 36", "36"),
        ("2.5e1", "25"),
    ],
)
def test_numbers_that_are_right(answer: str, reference: str) -> None:
    assert grade("number", answer, reference).score == 1.0


@pytest.mark.parametrize(
    ("answer", "reference"),
    [("", "42"), ("none", "42"), ("421", "42"), ("4 2", "42"), ("42 or 43", "42"), ("1/0", "0"), ("-42", "42")],
)
def test_numbers_that_are_wrong(answer: str, reference: str) -> None:
    assert grade("number", answer, reference).score == 0.0


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("Paris", "Paris"),
        ("paris.", "Paris"),
        ("The capital of France is Paris.", "Paris"),
        ("The capital of France is **Paris**, of course.", "Paris"),
        ("Answer: Paris", "Paris"),
        ("Asuncion", "Asunción"),
        ("I think so.\nAnswer: True", "True"),
        ("The plural of \"goose\" is 'geese'.", "geese"),
        ('The output is `"ROCKET"`.', "ROCKET"),
    ],
)
def test_words_that_are_right(answer: str, reference: str) -> None:
    assert grade("word", answer, reference).score == 1.0


@pytest.mark.parametrize("answer", ["", "London", "Paris or London", "not in Paris but in London", "..."])
def test_words_that_are_wrong(answer: str) -> None:
    assert grade("word", answer, "Paris").score == 0.0


@pytest.mark.parametrize(
    "answer",
    ["B", "b)", "(B)", "B) the second", "The answer is B.", "Answer: B", "\\boxed{B}", "\\boxed{\\text{B}}", "**B**"],
)
def test_letters_that_are_right(answer: str) -> None:
    assert grade("choice", answer, "B").score == 1.0


@pytest.mark.parametrize("answer", ["", "A", "the second one", "E", "Answer: A) not B"])
def test_letters_that_are_wrong(answer: str) -> None:
    assert grade("choice", answer, "B").score == 0.0


@pytest.mark.parametrize("metric", ["number", "word", "choice"])
@given(text=st.text(max_size=300))
def test_no_text_breaks_a_grader(metric: str, text: str) -> None:
    reference = {"number": "1", "word": "one", "choice": "A"}[metric]
    assert grade(metric, text, reference).score in (0.0, 1.0)
