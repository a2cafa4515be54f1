"""Quantities, lists, tables, JSON, tool calls, SQL and programs: what is right, what hedges, what is refused."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial import adversarial
from routelab.core import InputError, PrerequisiteError, Query
from routelab.core.sandbox import Limits, why_not
from routelab.workload.generate import generate, open_season
from routelab.workload.graders import grade, program
from routelab.workload.graders.self_check import NONSENSE, perfect_answer, self_check

needs_sandbox = pytest.mark.skipif(why_not() is not None, reason=f"no sandbox here: {why_not()}")

MASS = '{"value": 12.5, "unit": "kg", "rtol": 0.01}'
CALL = '{"name": "add", "arguments": {"a": 1, "b": "x"}}'
SCHEMA = '{"schema": {"type": "object", "required": ["a"]}, "value": {"a": 1, "b": [true, null]}}'
SHOP = json.dumps(
    {
        "setup": "CREATE TABLE sale (item TEXT, price REAL); "
        "INSERT INTO sale VALUES ('pen', 1.5), ('ink', 4), ('cap', 4)",
        "query": "SELECT item, price FROM sale ORDER BY price DESC, item",
        "ordered": True,
    }
)
SQUARES = json.dumps(
    {"entry": "square", "tests": [[[2], 4], [[-3], 9], [[0.5], 0.25]], "solution": "def square(x):\n    return x * x"}
)
REFERENCES = {
    "choice": ["B"],
    "json": [SCHEMA, '{"schema": {"type": "integer"}, "value": 5}'],
    "list": ['["ant", "bee", "cat"]', "[3, 1, 2]", '["x"]'],
    "number": ["102"],
    "quantity": [MASS, '{"value": 3}', '{"value": 90, "unit": "min"}', '{"value": 300, "unit": "K"}'],
    "set": ['["ant", "bee"]', "[1, 2.5]"],
    "sql": [SHOP],
    "table": ['[["x", 1], ["y", 2]]'],
    "tool_call": [CALL, '{"name": "now", "arguments": {}}'],
    "word": ["Paris"],
}
PAIRS = [(metric, reference) for metric, references in REFERENCES.items() for reference in references]
RIGHT = [
    ("quantity", "12.5", MASS),
    ("quantity", "It is 12.55 kg.", MASS),
    ("quantity", "Answer: 12,500 g", MASS),
    ("quantity", "12.5 kilograms in total", MASS),
    ("quantity", "12.5 in total", MASS),
    ("quantity", "\\boxed{12.5\\ \\text{kg}}", MASS),
    ("quantity", "The mass is 12.5 kg (27.6 lb).", MASS),
    ("quantity", "1.5 hours", '{"value": 90, "unit": "min"}'),
    ("quantity", "36 km/h", '{"value": 10, "unit": "m/s"}'),
    ("quantity", "Answer: 10 m s^-1", '{"value": 10, "unit": "m/s"}'),
    ("quantity", "27 °C", '{"value": 300.15, "unit": "K"}'),
    ("list", '["Ant", "bee", "cat"]', '["ant", "bee", "cat"]'),
    ("list", "The order is: ant, bee and cat.", '["ant", "bee", "cat"]'),
    ("list", "Here it is:\n1. ant\n2. bee\n3. cat", '["ant", "bee", "cat"]'),
    ("list", "Answer: 1,000, 2", "[1000, 2]"),
    ("list", "3,1,2", "[3, 1, 2]"),
    ("list", "[]", "[]"),
    ("set", "- bee\n- ant", '["ant", "bee"]'),
    ("table", "Here:\n| k | v |\n|---|---|\n| x | 1 |\n| y | 2.0 |\n", '[["x", 1], ["y", 2]]'),
    ("table", "```csv\nk,v\nx,1\ny,2\n```", '[["x", 1], ["y", 2]]'),
    ("table", '[{"k": "x", "v": 1}, {"k": "y", "v": 2}]', '[["x", 1], ["y", 2]]'),
    ("table", "x, 1\ny, 2", '[["x", 1], ["y", 2]]'),
    ("json", 'Here: {"b": [true, null], "a": 1.0}', SCHEMA),
    ("json", '```json\n{"a": 1, "b": [true, null]}\n```\nDone.', SCHEMA),
    ("tool_call", '{"tool": "add", "args": {"b": "x", "a": 1}}', CALL),
    ("tool_call", '{"function": "add", "parameters": {"a": 1, "b": "x"}}', CALL),
    (
        "tool_call",
        '{"function": {"name": "add", "arguments": "{\\"a\\": 1, \\"b\\": \\"x\\"}"}, "type": "function"}',
        CALL,
    ),
    ("tool_call", '{"tool_calls": [{"id": "1", "function": {"name": "add", "arguments": {"a": 1, "b": "x"}}}]}', CALL),
    ("tool_call", '<tool_call>{"name": "add", "arguments": {"a": 1, "b": "x"}}</tool_call>', CALL),
    ("sql", "select item i, price * 1.0 from sale order by 2 desc, 1;", SHOP),
    ("sql", "Here:\n```sql\nWITH s AS (SELECT * FROM sale) SELECT * FROM s ORDER BY price DESC, item\n```", SHOP),
]


@pytest.mark.parametrize(("metric", "answer", "reference"), RIGHT)
def test_right_in_any_usual_shape(metric: str, answer: str, reference: str) -> None:
    assert grade(metric, answer, reference).score == 1.0


@pytest.mark.parametrize(
    ("metric", "answer", "reference"),
    [
        ("quantity", "12.5 g", MASS),
        ("quantity", "12.5 metres", MASS),
        ("quantity", "12.7 kg", MASS),
        ("quantity", "90", '{"value": 1.5, "unit": "h"}'),
        ("list", "bee, ant, cat", '["ant", "bee", "cat"]'),
        ("list", "none of them", "[]"),
        ("set", "ant", '["ant", "bee"]'),
        ("json", '{"a": 1, "a": 1, "b": [true, null]}', SCHEMA),
        ("json", '{"a": true, "b": [1, null]}', SCHEMA),
        ("tool_call", '{"name": "add", "arguments": {"a": "1", "b": "x"}}', CALL),
        ("sql", "SELECT item, price FROM sale ORDER BY price, item", SHOP),
        ("sql", "SELECT 'cap', 4 UNION ALL SELECT 'ink', 4 UNION ALL SELECT 'pen', 1.5", SHOP),
        ("sql", "INSERT INTO sale VALUES ('x', 1) RETURNING *", SHOP),
    ],
)
def test_wrong(metric: str, answer: str, reference: str) -> None:
    assert grade(metric, answer, reference).score == 0.0


@pytest.mark.parametrize(("metric", "reference"), PAIRS)
def test_the_perfect_answer_scores_and_no_adversarial_one(metric: str, reference: str) -> None:
    assert grade(metric, perfect_answer(metric, reference) or "", reference).score == 1.0
    accepted = [answer for answer in adversarial(metric, reference) if grade(metric, answer, reference).score]
    assert accepted == []


@pytest.mark.parametrize(
    ("metric", "reference"),
    [
        ("quantity", "12.5 kg"),
        ("list", "ant"),
        ("set", "{}"),
        ("table", "[]"),
        ("table", "[1]"),
        ("json", '{"value": 1}'),
        ("json", '{"schema": {"type": "nonsense"}, "value": 1}'),
        ("tool_call", '{"name": "add"}'),
        ("sql", '{"setup": "", "query": "SELECT x FROM nowhere"}'),
        ("code", '{"entry": "f", "tests": []}'),
    ],
)
def test_a_broken_reference_is_an_error(metric: str, reference: str) -> None:
    with pytest.raises(InputError, match="reference"):
        grade(metric, "def f(): 1", reference)


# -- any text ----------------------------------------------------------------------------------------------

FRAGMENTS = st.sampled_from(
    ["Answer:", "\\boxed{", "}", "{", "[", "]", "```", "```json\n", "|", "---", "\n", ", ", " or ", "not ", "1", "2.5",
     "1/0", "1e999", "B", "A)", "Paris", "kg", "°C", '"', "'", "**", "\u202e", "\u0336", "SELECT", " * FROM sale", ";",
     "nan", "\ud800", "\x00", "- "]
)  # fmt: skip


@pytest.mark.parametrize(("metric", "reference"), PAIRS)
@settings(max_examples=40, deadline=None)
@given(text=st.one_of(st.text(max_size=200), st.lists(FRAGMENTS, max_size=30).map("".join)))
def test_no_text_breaks_a_grader(metric: str, reference: str, text: str) -> None:
    assert grade(metric, text, reference).score in (0.0, 1.0)


@pytest.mark.parametrize("metric", REFERENCES)
@pytest.mark.parametrize(
    "piece",
    ["a", "1", "1 ", "1,", "1,111,", "A", "A ", "B) ", " ", "\n", "(", "[", "{", '{"a":', "\\boxed{", "\\boxed{\\frac{",
     "answer:", "answer is ", "final answer ", "final ", "```", "``` ", "“", "'x", '"', "**", "|", "-", "- a\n", "| - ",
     "a and ", "a, b and ", "or ", "not ", "1 kg or ", "SELECT ", "((", "\u0301", "\u200b", "1e", "1/", "1.", ",,"],
)  # fmt: skip
def test_time_grows_with_the_length_and_not_its_square(metric: str, piece: str) -> None:
    reference = REFERENCES[metric][0]
    short, long = piece * (10_000 // len(piece)), piece * (100_000 // len(piece))

    def grows_slowly() -> bool:
        taken = []
        for text in (short, long, "``` " + short, "``` " + long):
            start = time.process_time()
            assert grade(metric, text, reference).score in (0.0, 1.0)
            taken.append(time.process_time() - start)
        return taken[1] < 30 * taken[0] + 0.5 and taken[3] < 30 * taken[2] + 0.5

    assert any(grows_slowly() for _ in range(3))  # other work of the machine may disturb one


# -- programs ------------------------------------------------------------------------------------------------


@needs_sandbox
@pytest.mark.parametrize(
    "answer",
    [
        "def square(x):\n    return x ** 2",
        "Sure:\n```python\nimport math\ndef square(x):\n    print('debug')\n    return math.prod([x, x])\n```\nDone.",
        "```\nsquare = lambda x: x * x\n```",
    ],
)
def test_a_right_program_passes(answer: str) -> None:
    assert grade("code", answer, SQUARES).score == 1.0


@needs_sandbox
def test_wrong_hostile_and_endless_programs_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "LIMITS", Limits(cpu_s=1))
    accepted = [answer for answer in adversarial("code", SQUARES) if grade("code", answer, SQUARES).score]
    assert accepted == []


@needs_sandbox
def test_a_program_sees_its_arguments_and_never_what_is_expected() -> None:
    spy = (
        "import gc\n"
        "def square(x):\n"
        "    seen = repr([thing for thing in gc.get_objects() if isinstance(thing, (dict, list))])\n"
        "    return str(987654320 + 1) in seen"
    )
    reference = json.dumps({"entry": "square", "tests": [[[2], 987654321]]})
    honest = json.dumps({"entry": "square", "tests": [[[2], False]]})
    assert (grade("code", spy, reference).score, grade("code", spy, honest).score) == (0.0, 1.0)


def test_without_a_sandbox_a_program_is_ungraded_and_not_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routelab.core.sandbox.why_not", lambda: "no 'bwrap' on the path")
    monkeypatch.delenv("ROUTELAB_UNSAFE_SANDBOX", raising=False)
    with pytest.raises(PrerequisiteError, match="bubblewrap"):
        grade("code", "def square(x): return x", SQUARES)


# -- self-check ------------------------------------------------------------------------------------------------


def item(metric: str | None, reference: str | None, number: int = 0) -> Query:
    return Query.ask(f"{metric}-{number}", "…", task=f"family-{metric}", metric=metric, reference=reference)


def test_sound_items_have_no_problem() -> None:
    assert self_check(item(metric, reference, n) for n, (metric, reference) in enumerate(PAIRS)) == []
    assert self_check([item("set", '["a", "b"]', 1), item("set", '["b", "a"]', 2)]) == [], "equal references"


@needs_sandbox
def test_a_program_needs_a_solution_that_passes() -> None:
    tests = json.loads(SQUARES)
    wrong = json.dumps(tests | {"solution": "def square(x): return x"})
    without = json.dumps({key: tests[key] for key in ("entry", "tests")})
    found = self_check([item("code", SQUARES, 1), item("code", wrong, 2), item("code", without, 3)])
    assert [(problem.query_id, problem.check) for problem in found] == [
        ("code-2", "reference"),
        ("code-3", "reference"),
    ]
    assert self_check([item("code", wrong)], programs=False) == []


@pytest.mark.parametrize(
    ("query", "check"),
    [
        (item(None, "1"), "metric"),
        (item("number", None), "metric"),
        (item("number", "1 or 2"), "reference"),
        (item("sql", "SELECT 1"), "reference"),
        (item("choice", "E"), "reference"),
        (item("word", NONSENSE), "nonsense"),
        (item("json", "[]"), "reference"),
    ],
)
def test_a_broken_item_is_named(query: Query, check: str) -> None:
    assert [(problem.query_id, problem.check) for problem in self_check([query])] == [(query.id, check)]


def test_an_item_that_takes_another_one_s_answer_is_named() -> None:
    wide, narrow = '{"value": 100, "rtol": 0.5}', '{"value": 120}'
    found = self_check([item("quantity", wide, 1), item("quantity", narrow, 2)])
    assert [(problem.query_id, problem.check) for problem in found] == [("quantity-1", "another")]


def test_the_reference_word_for_word_is_right_under_every_metric() -> None:
    items = {query.metric: query for query in generate(open_season(1), 400)}
    assert {"quantity", "json", "sql", "number", "choice"} <= items.keys()
    for metric, query in items.items():
        if metric != "code" or why_not() is None:
            assert grade(metric, query.reference, query.reference).score == 1.0, metric
