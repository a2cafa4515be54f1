"""The graders of RouterArena's answers: the conventions published scores depend on, safety on foreign text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routelab.core import InputError, PrerequisiteError
from routelab.workload.graders import formula, grade
from routelab.workload.graders.extract import final_answer, final_formula, final_move
from shared import needs_shared, shared_data

METRICS = (
    "mcq_accuracy",
    "math_metric",
    "exact_match",
    "meteor_score",
    "superglue_exact_match",
    "superglue_clozetest",
    "chess_accuracy",
)


@pytest.mark.parametrize("model", ["claude-3-haiku-20240307", "gemini-2.0-flash-001"])
@needs_shared
def test_every_gradable_published_score_is_reproduced_from_the_answer_text(model: str) -> None:
    path = shared_data("native", "routerarena", "cached_results", f"{model}.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    published = [(row, row["evaluation_result"]) for row in rows]
    gradable = [(row, known) for row, known in published if known["metric"] != "code_accuracy"]
    assert len(gradable) == 771
    for row, known in gradable:
        assert grade(known["metric"], row["generated_answer"], known["ground_truth"]).score == known["score"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"so \boxed{B}, not \boxed{C}", "B"),  # the first box
        (r"\boxed{{A}}", "{A"),  # up to the first closing brace
        (r"\boxed{\text{Paris}}", "Paris"),
        ("Answer: because", "B"),  # any letter after the colon
        ("I choose option d.", "D"),
        ("First A, then finally C", "C"),  # the last lone capital
        ("the answer is forty-two.", "forty-two"),
        ('he said "yes" and "no"', "no"),
        ("probably (rome)", "rome"),
        ("nothing here", "nothing here"),
        ("   ", ""),
    ],
)
def test_final_answer_follows_the_ladder(text: str, found: str) -> None:
    assert final_answer(text) == found


def test_a_formula_keeps_its_braces_and_a_move_its_square() -> None:
    assert final_formula(r"\boxed{\frac{1}{2}} and \boxed{3}") == r"\frac{1}{2}"
    assert final_formula("it is 3 or 4.5") == "4.5"
    assert final_formula("") == final_answer("") == final_move("") == ""
    assert final_move("e2e4 e7e5 then g1f3") == "g1f3"


@pytest.mark.parametrize(
    ("metric", "answer", "reference", "score"),
    [
        ("mcq_accuracy", r"\boxed{C}", "2", 1.0),
        ("mcq_accuracy", r"\boxed{C}", "2.0", 1.0),
        ("mcq_accuracy", r"\boxed{C}", "c", 1.0),
        ("mcq_accuracy", r"\boxed{C}", "D", 0.0),
        ("exact_match", r"\boxed{Carl  Nielsen}", "carl_nielsen", 1.0),
        ("chess_accuracy", r"\boxed{E2-E4}", "e2e4", 1.0),
        ("chess_accuracy", r"\boxed{D}", "3", 1.0),
        ("superglue_exact_match", r"\boxed{B}", "1.0", 1.0),
        ("superglue_exact_match", r"\boxed{B}", "Yes", 0.0),
        ("superglue_exact_match", r"\boxed{true}", "Yes", 1.0),
        ("superglue_exact_match", "", "Yes", 0.0),
        ("superglue_clozetest", "b is right", "B", 1.0),
        ("superglue_clozetest", r"\boxed{London}", "London", 1.0),
        ("math_metric", r"\boxed{{7}}", "7", 1.0),
        ("math_metric", r"\boxed{{353,582}}", "353582", 0.0),  # the second pair of braces hides the number
        ("math_metric", r"\boxed{353,582}", "353582", 1.0),
        ("math_metric", r"\boxed{{3+4}}", "7", 0.0),  # … and makes plain text a set
        ("math_metric", r"\boxed{3+4}", "7", 1.0),
        ("math_metric", r"\boxed{{3 \cdot 4}}", "12", 1.0),
        ("math_metric", r"\boxed{62}", "62%", 1.0),  # as numbers, percentages agree
        ("math_metric", r"\boxed{{62\%}}", "62%", 0.0),
        ("math_metric", r"\boxed{x = y = 5}", "5", 1.0),
        ("math_metric", r"\boxed{\left(\frac{1}{2}, 3\right)}", "(1/2, 3)", 0.0),
        ("math_metric", r"\boxed{(\frac{1}{2}, 3)}", "(0.5, 3)", 1.0),
        (
            "math_metric",
            r"\boxed{\begin{pmatrix}1\\2\end{pmatrix}}",
            r"\begin{bmatrix} 1 \\ 2.0 \end{bmatrix}",
            1.0,
        ),
        ("math_metric", r"\boxed{5}", "x = 5", 1.0),
        ("math_metric", r"\boxed{D}", "(D)", 1.0),
    ],
)
def test_conventions(metric: str, answer: str, reference: str, score: float) -> None:
    assert grade(metric, answer, reference).score == score


def test_meteor_by_hand() -> None:
    # 3 of 4 and 3 of 5 tokens match: F1 = 2/3. One run on each side of 3 distinct words: penalty ½·(1/3)².
    assert grade("meteor_score", r"\boxed{the cat sat down}", "the cat sat on it").score == pytest.approx(
        2 / 3 * (1 - 0.5 / 9), abs=1e-15
    )
    assert grade("meteor_score", r"\boxed{dog}", "the cat").score == 0.0
    assert grade("meteor_score", r"\boxed{猫坐下}", "猫坐").score == pytest.approx(0.8 * (1 - 0.5 / 4))


def test_this_meteor_falls_below_zero_when_one_word_is_matched_again_and_again() -> None:
    assert grade("meteor_score", r"\boxed{a x a y a}", "a b a c a").score < 0


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (r"\frac{\sqrt{12}}{2}", "sqrt(3)", True),
        ("(x+1)^2", "x^2 + 2x + 1", True),
        (r"\sin^2 x + \cos^2 x", "1", True),
        (r"\frac12", "0.5", True),
        (r"\log_{2} 8", "3", True),
        (r"\sqrt[3]{8}", "2", True),
        ("y = 2x + 1", "2x + 1 = y", True),
        ("2^{10}", "1024", True),
        ("5!", "120", True),
        (r"2\pi r", r"\pi \cdot r \cdot 2", True),
        ("x^2", "x^3", False),
        ("48 g", "48", False),
        ("18, 12", "18", False),
        ("1/0", "1/0", False),
        ("men", "nem", False),
    ],
)
def test_formula_equality(left: str, right: str, same: bool) -> None:
    assert formula.equal(left, right) is same
    assert formula.equal(right, left) is same


@given(st.text(max_size=60), st.text(alphabet="0123456789x+-*/^(){}[]\\,=!|._ frac", max_size=60))
def test_no_text_breaks_a_grader(anything: str, formula_like: str) -> None:
    for metric in METRICS:
        for answer in (anything, formula_like, rf"\boxed{{{formula_like}}}"):
            assert grade(metric, answer, "1").score <= 1.0


@pytest.mark.parametrize(
    "hostile",
    [
        r"\boxed{9^{9^{9^{9}}}}",
        r"\boxed{" + "(" * 5_000 + "}",
        r"\boxed{" + "[1," * 1_000 + "1" + "]" * 1_000 + "}",
        r"\boxed{99999999999!}",
        r"\boxed{__import__('os').system('true')}",
        "(" * 100_000,
        '"' * 100_000,
        r"\boxed{" * 20_000,
        "answer: " + " -" * 50_000,
        r"\boxed{" + r"\ln" * 130 + " 2}",
    ],
)
def test_hostile_text_is_wrong_and_grading_it_ends(hostile: str) -> None:
    assert grade("math_metric", hostile, "17 x").score == 0.0
    assert grade("mcq_accuracy", hostile, "Q").score == 0.0


def test_code_is_ungraded_with_a_reason_and_bad_references_are_the_data_s_fault() -> None:
    with pytest.raises(PrerequisiteError, match="sandbox"):
        grade("code_accuracy", "print(1)", "")
    with pytest.raises(InputError, match="option index"):
        grade("mcq_accuracy", r"\boxed{A}", "Paris")
    with pytest.raises(InputError, match='did you mean "exact_match"'):
        grade("exact_macth", "a", "a")
