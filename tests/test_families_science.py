"""The families of computing and science are right: each answer is found again from the prompt by another method."""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from itertools import combinations, pairwise, permutations

import numpy as np
import pytest

from routelab.workload.generate import families  # noqa: F401  (registers them)
from routelab.workload.generate.families import (
    chemistry,
    coding,
    computing,
    data_formats,
    databases,
    earth_and_sky,
    life_sciences,
    mathematics,
    physics,
    tool_calls,
    word_problems,
)
from routelab.workload.generate.family import FAMILIES, Draft, Family, Form, Level

MODULES = (
    chemistry,
    coding,
    computing,
    data_formats,
    databases,
    earth_and_sky,
    life_sciences,
    mathematics,
    physics,
    tool_calls,
    word_problems,
)
OURS = [one for one in FAMILIES.values() if one.draw.__module__ in {module.__name__ for module in MODULES}]
DRAWS = 40


def drafts(name: str, level: Level, n: int = DRAWS) -> list[Draft]:
    rng = np.random.default_rng([7, *level.encode()])
    return [FAMILIES[name].draw(rng, level) for _ in range(n)]


def told(draft: Draft) -> str:
    """The first wording, all turns of it."""
    say = draft.says[0]
    return say if isinstance(say, str) else "\n".join(turn.content for turn in say)


def whole_numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


@pytest.mark.parametrize("one", OURS, ids=lambda one: one.name)
@pytest.mark.parametrize("level", Level)
def test_facts_and_answers_vary(one: Family, level: Level) -> None:
    drawn = drafts(one.name, level, 120)
    assert len({draft.facts for draft in drawn}) >= 100
    assert max(Counter(draft.reference for draft in drawn).values()) <= 48
    assert len({len(draft.says) for draft in drawn}) == 1 and len(drawn[0].says) >= 4
    assert all(len(set(map(str, draft.says))) == len(draft.says) for draft in drawn)


def test_every_form_has_a_family() -> None:
    assert {one.form for one in OURS} == set(Form)
    assert {one.language for one in OURS if one.form is Form.MULTILINGUAL} == {"de", "fr", "es"}


@pytest.mark.parametrize("level", Level)
def test_python_agrees_with_the_traced_programs(level: Level) -> None:
    loops, strings = drafts("trace-python-loop", level), drafts("evaluate-python-string", level)
    program = "\n".join([*(draft.facts for draft in loops), *(f"print({draft.facts})" for draft in strings)])
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [draft.reference for draft in (*loops, *strings)]


@pytest.mark.parametrize("name", ["write-list-function", "write-string-function"])
@pytest.mark.parametrize("level", Level)
def test_solutions_pass_the_hidden_tests(name: str, level: Level) -> None:
    references = [json.loads(draft.reference) for draft in drafts(name, level)]
    program = "\n".join(
        f"{one['solution']}\nassert all(f(*given) == right for given, right in {one['tests']})" for one in references
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_hidden_tests_of_a_list_function_are_those_of_its_description() -> None:
    for draft in drafts("write-list-function", Level.EASY):
        bound = int(re.findall(r"-?\d+(?=\. Reply)", told(draft))[0])
        for (numbers,), expected in json.loads(draft.reference)["tests"]:
            kept = [x for x in numbers if (x > bound if "greater" in draft.facts else x < bound)]
            assert expected == (
                sum(kept) if "sum" in draft.facts else kept if "list" in draft.facts else max(kept, default=0)
            )


@pytest.mark.parametrize("level", Level)
def test_sums_across_bases(level: Level) -> None:
    bases = {"binary": 2, "decimal": 10, "hexadecimal": 16}
    for draft in drafts("add-across-bases", level):
        parts = [(base, digits) for base, digits in map(str.split, draft.facts.split("+"))]
        assert int(draft.reference) == sum(int(digits, bases[base]) for base, digits in parts)
        if level is Level.EASY:
            assert told(draft).startswith(f"{parts[0][0].capitalize()} {parts[0][1]} is decimal")


@pytest.mark.parametrize("level", Level)
def test_no_other_route_is_as_short(level: Level) -> None:
    for draft in drafts("find-shortest-route", level, 8):
        km = {frozenset(road[:2]): int(road[2:]) for road in draft.facts.split()[1:]}
        start, end = draft.facts.split()[0].split(">")
        between = {place for road in km for place in road} - {start, end}
        routes = {
            (start, *middle, end): [km.get(frozenset(road), 9_999) for road in pairwise((start, *middle, end))]
            for size in range(len(between) + 1)
            for middle in permutations(between, size)
        }
        best, second = sorted(routes, key=lambda route: sum(routes[route]))[:2]
        assert list(best) == json.loads(draft.reference) and sum(routes[best]) < sum(routes[second])


def test_check_digits_make_the_weighted_sum_a_multiple_of_ten() -> None:
    for draft in drafts("book-check-digit", Level.HARD):
        digits = [int(digit) for digit in draft.facts]
        weighted = sum(digits[::2]) + 3 * sum(digits[1::2])
        assert (weighted + int(draft.reference)) % 10 == 0


def test_a_cutter_number_is_a_decimal() -> None:
    assert sorted(["513.2 B5", "513.12 B45", "513.2 B45"], key=computing._place) == [
        "513.12 B45",
        "513.2 B45",
        "513.2 B5",
    ]


@pytest.mark.parametrize("name", ["write-sql-query", "refine-sql-query"])
@pytest.mark.parametrize("level", Level)
def test_reference_queries_run_and_most_find_something(name: str, level: Level) -> None:
    found = 0
    for draft in drafts(name, level):
        reference = json.loads(draft.reference)
        with sqlite3.connect(":memory:") as database:
            database.executescript(reference["setup"])
            found += bool(database.execute(reference["query"]).fetchall())
        database.close()
    assert found >= DRAWS * 0.8


def test_a_later_setting_replaces_an_earlier_one() -> None:
    for draft in drafts("nest-dotted-settings", Level.HARD):
        *path, last = draft.facts.split(" = ")[-2].split()[-1].split(".")
        place = json.loads(draft.reference)["value"]
        for name in path:
            place = place[name]
        assert place[last] == whole_numbers(draft.facts)[-1]


def test_alarm_times_are_counted_over_midnight() -> None:
    for draft in drafts("call-a-house-tool", Level.HARD):
        call = json.loads(draft.reference)
        hour, minute, *rest = whole_numbers(draft.facts)
        clock = dt.datetime(2027, 1, 1, hour, minute)
        if call["name"] == "set_alarm":
            rung = clock + dt.timedelta(hours=rest[0], minutes=-rest[1])
            assert (call["arguments"]["hour"], call["arguments"]["minute"]) == (rung.hour, rung.minute)
        else:
            end = dt.datetime(2027, 1, 2) + dt.timedelta(hours=rest[0])
            assert call["arguments"]["minutes"] == (end - clock).total_seconds() / 60


def test_probability_by_counting_the_draws() -> None:
    for draft in drafts("draw-from-a-bag", Level.HARD, 8):
        mine, _, one, other = whole_numbers(draft.facts)
        groups = [max(two) < mine for two in combinations(range(mine + one + other), 2)]
        assert Fraction(draft.reference) == Fraction(sum(groups), len(groups))


def test_areas_by_counting_the_squares() -> None:
    for draft in drafts("measure-polygon", Level.HARD):
        cut, notch, width, height = whole_numbers(draft.facts)
        assert int(draft.reference) == sum(x >= cut or y >= notch for x in range(width) for y in range(height))


def test_quadratics_vanish_at_their_roots_only() -> None:
    shape = re.compile(r"x² (?:([+−]) (\d*)x )?([+−]) (\d+) = 0")
    for draft in drafts("find-polynomial-roots", Level.HARD):
        (sign, b, last, c), roots = re.findall(shape, draft.facts)[0], json.loads(draft.reference)
        linear = int(b or 1) * (-1 if sign == "−" else 1) if sign else 0
        constant = int(c) * (-1 if last == "−" else 1)
        assert [x for x in range(-500, 501) if x * x + linear * x + constant == 0] == roots
    for draft in drafts("find-polynomial-roots", Level.MEDIUM):
        a, shift = re.findall(r"\((\d)x ([+−] \d+)\)", draft.facts)[0]
        assert int(a) * json.loads(draft.reference)[0] + int(shift.replace("−", "-").replace(" ", "")) == 0


@pytest.mark.parametrize("level", [Level.EASY, Level.MEDIUM])
def test_stories_in_other_languages_add_up(level: Level) -> None:
    for draft in drafts("einkauf-auf-dem-markt", level):
        n, price, *paid = whole_numbers(draft.facts)
        assert int(draft.reference) == (paid[0] - n * price if paid else n * price)
    for draft in drafts("reparto-de-la-cosecha", level):
        picked, *bad, boxes = whole_numbers(draft.facts)
        assert int(draft.reference) * boxes == picked - sum(bad)


@pytest.mark.parametrize("level", Level)
def test_trains_cover_their_stages(level: Level) -> None:
    for draft in drafts("trajet-en-train", level):
        stages = whole_numbers(draft.facts)
        assert int(draft.reference) == sum(hours * speed for hours, speed in zip(stages[::2], stages[1::2]))


def test_molar_masses_and_neutral_salts() -> None:
    masses = {"NaCl": 58.44, "CaCO3": 100.09, "Al2(SO4)3": 342.15}
    library = chemistry._periodictable()
    for formula, mass in masses.items():
        assert library.formula(formula).mass == pytest.approx(mass, abs=0.02)
    rng = np.random.default_rng(1)
    salts = {chemistry._salt(rng) for _ in range(2_000)}
    assert {"NaCl", "CaCO3", "Al2(SO4)3", "Mg(OH)2", "Fe2O3", "AlPO4", "Ca3(PO4)2"} <= salts
    assert len(salts) == len(chemistry._CATIONS) * len(chemistry._ANIONS)


def test_burning_keeps_every_atom_of_hydrogen() -> None:
    """C3H8 + 5 O2 → 3 CO2 + 4 H2O: all hydrogen ends in water, two atoms a molecule."""
    for draft in drafts("burn-molecules", Level.HARD):
        n, hydrogen = re.findall(r"(\d+) molecules of C\d+H(\d+)", draft.facts)[0]
        assert 2 * int(draft.reference) == int(n) * int(hydrogen)


def test_square_distances_have_whole_periods() -> None:
    for draft in drafts("time-an-orbit", Level.HARD):
        numbers = whole_numbers(draft.facts)
        period = json.loads(draft.reference)["value"] / numbers[-1]
        assert period**2 == numbers[0] ** 3


def test_rock_layers_have_one_order() -> None:
    for draft in drafts("order-rock-layers", Level.HARD):
        on = [(low, up) for up, low in re.findall(r"(\w+) lies directly on (\w+)", told(draft))]
        layers = {layer for pair in on for layer in pair}
        right = [order for order in permutations(layers) if all(order.index(a) < order.index(b) for a, b in on)]
        assert [list(order) for order in right] == [json.loads(draft.reference)]


def test_easy_layers_are_told_in_the_order_of_the_answer_and_medium_ones_in_reverse() -> None:
    for level, step in ((Level.EASY, 1), (Level.MEDIUM, -1)):
        for draft in drafts("order-rock-layers", level):
            assert ", ".join(json.loads(draft.reference)[::step]) in told(draft)


@pytest.mark.parametrize(("level", "words"), [(Level.EASY, 220), (Level.MEDIUM, 550), (Level.HARD, 1_250)])
def test_logs_have_three_lengths(level: Level, words: int) -> None:
    for draft in drafts("search-a-station-log", level, 6):
        assert len(told(draft).split()) == pytest.approx(words, rel=0.1)


@pytest.mark.parametrize("level", Level)
def test_logs_say_what_is_asked(level: Level) -> None:
    line = re.compile(r"On (day \d+, \d\d:00) the weather at (\w+) .* of (\d+) centimetres")
    for draft in drafts("search-a-station-log", level, 6):
        readings = {(name, time): int(height) for time, name, height in line.findall(told(draft))}
        asked = [readings[key] for key in re.findall(r"at (\w+) station on (day \d+, \d\d:00)", draft.facts)]
        if level is Level.HARD:
            (name, other), height = (
                re.findall(r"at (\w+) station", draft.facts),
                re.findall(r"was (\d+) cent", draft.facts),
            )
            hours = [time for (station, time), stood in readings.items() if (station, stood) == (other, int(height[0]))]
            asked = [readings[name, time] for time in hours]
        assert max(asked) == int(draft.reference) and len(asked) == level.of(1, 2, 1)


def test_translation_of_a_known_gene() -> None:
    assert life_sciences.protein("AUGGCCAUUGUAAUGGGCCGCUGA") == "MAIVMGR"
    assert Counter(life_sciences.CODONS.values())["*"] == 3 and life_sciences.CODONS["UGG"] == "W"


def test_a_dihybrid_cross_gives_nine_three_three_one() -> None:
    shares = set()
    for draft in drafts("count-the-offspring", Level.HARD, 400):
        one, two, number = re.findall(r"Parents (\w+) and (\w+) have (\d+)", draft.facts)[0]
        if one == two:
            shares.add(Fraction(int(draft.reference), int(number)) * 16)
    assert shares == {9, 3, 1}


def test_one_gene_is_counted_on_the_punnett_square() -> None:
    for level in (Level.EASY, Level.MEDIUM):
        for draft in drafts("count-the-offspring", level):
            one, two, number = re.findall(r"Parents (\w+) and (\w+) have (\d+)", draft.says[0])[0]
            dominant = Fraction(sum(a.isupper() or b.isupper() for a in one for b in two), 4) * int(number)
            asked = dominant if draft.says[0].rsplit("show", 1)[1].count("dominant") else int(number) - dominant
            assert int(draft.reference) == asked


@pytest.mark.parametrize("level", Level)
def test_identification_keys_lead_to_the_named_animal(level: Level) -> None:
    couplet = re.compile(r"(\d+)\) ([^:]+): ([^;]+); ([^:]+): ([^.]+)\.")
    for draft in drafts("use-an-identification-key", level):
        seen = re.findall(r"An animal has (.*)\. Which", told(draft))[0].split(", ")
        key = {number: {yes: left, no: right} for number, yes, left, no, right in couplet.findall(told(draft))}
        at = "go to 1"
        while at.startswith("go to "):
            at = next(target for feature, target in key[at.removeprefix("go to ")].items() if feature in seen)
        assert at == draft.reference
