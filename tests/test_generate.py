"""The procedural tasks: deterministic, balanced, without repetition, and right."""

from __future__ import annotations

import re
from collections import Counter
from itertools import permutations, product

import pytest

from routelab.core import InputError, Query
from routelab.workload.generate import FAMILIES, Level, default_suite, generate
from routelab.workload.graders import grade

DOMAINS = {"mathematics", "logic", "language", "computing", "knowledge"}
ITEMS = generate(7, 48)


def of_family(name: str, level: str | None = None) -> list[Query]:
    return [item for item in ITEMS if item.task == name and level in (None, item.difficulty)]


def test_every_domain_has_three_levels_and_at_least_two_families() -> None:
    cells = Counter((item.domain, item.difficulty) for item in ITEMS)
    assert set(cells) == {(domain, str(level)) for domain in DOMAINS for level in Level}
    assert set(cells.values()) == {48}
    assert min(Counter(family.domain for family in FAMILIES.values()).values()) >= 2


def test_the_same_seed_gives_the_same_items_and_another_seed_others() -> None:
    assert generate(7, 48) == ITEMS
    assert {item.text for item in generate(8, 10)} != {item.text for item in generate(7, 10)}


def test_no_prompt_and_no_id_occurs_twice() -> None:
    assert len({item.text for item in ITEMS}) == len({item.id for item in ITEMS}) == len(ITEMS)


def test_ids_name_the_place_of_an_item() -> None:
    for item in ITEMS:
        assert re.fullmatch(rf"{item.domain}/{item.task}/{item.difficulty}/\d{{4}}", item.id)
        assert item.category and item.form == item.metric


def test_the_reference_scores_one_and_silence_zero() -> None:
    for item in ITEMS:
        assert grade(item.metric, item.reference, item.reference).score == 1.0, item.id
        assert grade(item.metric, "", item.reference).score == 0.0, item.id


def test_a_useless_count_is_refused() -> None:
    with pytest.raises(InputError, match="per_cell"):
        generate(0, 0)


def test_the_default_suite_is_510_items() -> None:
    suite = default_suite()
    assert len(suite) == 510
    assert {item.domain for item in suite} == DOMAINS


# -- references, worked out a second time from the prompt alone ----------------------------------------


def test_arithmetic_references() -> None:
    for item in of_family("arithmetic"):
        text = item.text.removeprefix("What is ").removesuffix("?")
        assert str(_sum(text)) == item.reference


def _sum(text: str) -> int:
    """A calculator for + − × and one level of brackets."""
    while bracket := re.search(r"\(([^()]*)\)", text):
        text = text.replace(bracket[0], str(_sum(bracket[1])))
    total = 0
    for sign, term in re.findall(r"(^|[+-] )\s*([\d* -]+?)(?= [+-] |$)", text):
        value = 1
        for factor in term.split(" * "):
            value *= int(factor)
        total += -value if sign.startswith("-") else value
    return total


LEFT_SIDES = {
    r"x \+ (\d+)": lambda x, b: x + b,
    r"(\d+)x \+ (\d+)": lambda x, a, b: a * x + b,
    r"(\d+)\(x \+ (\d+)\) - (\d+)x": lambda x, a, b, c: a * (x + b) - c * x,
}


def test_linear_equations_hold_for_their_reference() -> None:
    for item in of_family("linear-equation"):
        left, right = item.text.removeprefix("Solve for x: ").split(" = ")
        fitting = [(value, m) for shape, value in LEFT_SIDES.items() if (m := re.fullmatch(shape, left))]
        assert [value(int(item.reference), *map(int, m.groups())) for value, m in fitting] == [int(right)]


def test_knights_have_one_solution_by_enumeration() -> None:
    for item in of_family("knights"):
        known = re.search(r"lie\. (\w+) is a (knight|knave)", item.text)
        claims = re.findall(r"(\w+) says: (\w+) is a (knight|knave)", item.text)
        people = sorted({known[1]} | {name for who, about, _ in claims for name in (who, about)})
        asked = re.search(r"Is (\w+) a knight or", item.text)[1]
        answers = set()
        for honest in product([True, False], repeat=len(people)):
            world = dict(zip(people, honest))
            true_claims = all(world[who] == (world[about] == (kind == "knight")) for who, about, kind in claims)
            if true_claims and world[known[1]] == (known[2] == "knight"):
                answers.add("knight" if world[asked] else "knave")
        assert answers == {item.reference}


def test_orderings_have_one_solution_by_enumeration() -> None:
    more = {"taller", "older", "faster"}
    places = {"second": 1, "third": 2, "fourth": 3}
    for item in of_family("ordering"):
        facts = re.findall(r"(\w+) is (\w+) than (\w+)\.", item.text)
        pairs = [(a, b) if word in more else (b, a) for a, word, b in facts]
        people = sorted({name for pair in pairs for name in pair})
        rank = places.get(re.search(r"Who is the (\w+)", item.text)[1], 0)
        fitting = {
            order[rank] for order in permutations(people) if all(order.index(a) < order.index(b) for a, b in pairs)
        }
        assert fitting == {item.reference}


def test_implications_follow_by_truth_table() -> None:
    for item in of_family("implication"):
        rules = re.findall(r"If (\w) then (\w)\.", item.text)
        given, state = re.search(r"(\w) is (true|false)\.", item.text).groups()
        asked = re.search(r"Is (\w) true\?", item.text)[1]
        letters = sorted({given, asked} | {letter for rule in rules for letter in rule})
        seen = set()
        for values in product([True, False], repeat=len(letters)):
            world = dict(zip(letters, values))
            if world[given] == (state == "true") and all(world[b] or not world[a] for a, b in rules):
                seen.add(world[asked])
        assert item.reference == {(True,): "A", (False,): "B"}.get(tuple(seen), "C")


def test_boolean_and_list_expressions_are_what_python_says() -> None:
    for item in (*of_family("boolean"), *of_family("list-expression"), *of_family("string-method")):
        shown = re.search(r"for print\((.*)\)\?", item.text)[1]
        assert str(eval(shown)) == item.reference  # noqa: S307 - our own generator's expression


def test_loops_print_what_python_prints(capsys: pytest.CaptureFixture[str]) -> None:
    for item in of_family("trace-loop"):
        exec(item.text.partition("\n")[2])  # noqa: S102 - our own generator's program
        assert capsys.readouterr().out.strip() == item.reference


def test_letters_and_reversals() -> None:
    for item in of_family("letter-count"):
        letter, text = re.findall(r'"([^"]+)"', item.text)
        assert item.reference == str(len(re.findall(letter, text)))
    for item in of_family("reverse-word"):
        word = re.search(r'"(\w+)"', item.text)[1]
        assert "".join(reversed(item.reference)) == word


def test_conversions_to_decimal() -> None:
    for item in of_family("to-decimal"):
        base = 16 if "hexadecimal" in item.text else 2
        number = next(n for n in re.findall(r"[0-9A-F]+\b", item.text) if re.fullmatch(r"[0-9A-F]+", n))
        assert int(number, base) == int(item.reference)
