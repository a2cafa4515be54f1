"""Short answers as models really write them: what is read out of them, what is right, and what only hedges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial import adversarial
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


@pytest.mark.parametrize(
    ("metric", "answer", "reference"),
    [
        ("number", "17*6=102. Answer: 102", "102"),
        ("number", "17 * 5 = 85, and 85 + 17 = 102.\n\nFinal answer: **102**", "102"),
        ("number", "Is the answer 100? The answer is 100 if a is 5. But a is 6.\nAnswer: 102", "102"),
        ("number", "1. Multiply 17 by 6.\n2. That gives 102.", "102"),
        ("number", "There are 3 apples and 99 pears. In total, 102 fruits.", "102"),
        ("number", "\\boxed{\\frac{3}{4}}", "0.75"),
        ("number", "The total is \\boxed{1,250 \\text{ km}}", "1250"),
        ("word", "London is not in France. The capital of France is Paris.", "Paris"),
        ("word", "Step 1: think.\nStep 2: choose.\n**Answer: Paris**", "Paris"),
        ("word", "Sure!\nParis", "Paris"),
        ("word", "Answer: Trinidad and Tobago", "Trinidad and Tobago"),
        ("word", "Pa\u200bris", "Paris"),
        ("choice", "The answer is B) Paris because A is in England and C or D are in Italy.", "B"),
        ("choice", "A) is wrong. C) is wrong. D) is wrong.\nSo it is B.", "B"),
        ("choice", "B) Paris\n\nA lies in England.", "B"),
        ("choice", "Between A and B, I take B.", "B"),
        ("choice", "Answer: B, since A is too small", "B"),
    ],
)
def test_an_honest_chain_of_thought_scores(metric: str, answer: str, reference: str) -> None:
    assert grade(metric, answer, reference).score == 1.0


REFERENCES = [
    *(("number", reference) for reference in ("102", "-3", "0.5", "3/4", "1250", "0", "12345678")),
    *(("word", reference) for reference in ("Paris", "True", "Asunción", "New York", "geese", "x")),
    *(("choice", reference) for reference in "ABCD"),
]


@pytest.mark.parametrize(("metric", "reference"), REFERENCES)
def test_no_hedge_scores(metric: str, reference: str) -> None:
    assert grade(metric, reference, reference).score == 1.0
    accepted = [answer for answer in adversarial(metric, reference) if grade(metric, answer, reference).score]
    assert accepted == []


@given(number=st.integers(-(10**12), 10**12), other=st.integers(-(10**12), 10**12))
def test_a_number_equals_itself_alone(number: int, other: int) -> None:
    assert grade("number", f"So it is {number:,}.", str(number)).score == 1.0
    assert grade("number", f"So it is {other}.", str(number)).score == float(other == number)
    assert grade("number", f"{other} or {number}", str(number)).score == 0.0


@pytest.mark.parametrize("metric", ["number", "word", "choice"])
@given(text=st.text(max_size=300))
def test_no_text_breaks_a_grader(metric: str, text: str) -> None:
    reference = {"number": "1", "word": "one", "choice": "A"}[metric]
    assert grade(metric, text, reference).score in (0.0, 1.0)
