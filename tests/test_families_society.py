"""Logic, philosophy, religion, society and technology families: golden values and second opinions by other methods."""

from __future__ import annotations

import json
import re
from collections import Counter
from importlib import import_module
from itertools import combinations, product

import numpy as np
import pytest

from routelab.workload.generate.families.logic import Statement, entails, follows
from routelab.workload.generate.families.puzzles import clue_holds
from routelab.workload.generate.families.society import borda, highest_averages, plurality, runoff
from routelab.workload.generate.family import FAMILIES, Draft, Form, Level
from routelab.workload.graders import grade

MODULES = {
    f"routelab.workload.generate.families.{name}"
    for name in [
        "logic",
        "puzzles",
        "philosophy",
        "religion",
        "law",
        "economics",
        "society",
        "transport",
        "technology",
        "medicine",
        "household",
        "management",
    ]
}
for module in MODULES:
    import_module(module)
MINE = sorted(name for name, one in FAMILIES.items() if one.draw.__module__ in MODULES)


def drawn(name: str, level: Level, count: int = 40) -> list[Draft]:
    rng = np.random.default_rng([7, count])
    return [FAMILIES[name].draw(rng, level) for _ in range(count)]


def said(draft: Draft) -> str:
    first = draft.says[0]
    return first if isinstance(first, str) else "\n".join(turn.content for turn in first)


@pytest.mark.parametrize("name", MINE)
@pytest.mark.parametrize("level", list(Level))
def test_a_family_is_varied_short_and_graded(name: str, level: Level) -> None:
    one, drafts = FAMILIES[name], drawn(name, level, 120)
    assert len({draft.facts for draft in drafts}) >= 100
    assert {len(draft.says) for draft in drafts} == {
        len(FAMILIES[name].draw(np.random.default_rng(0), Level.EASY).says)
    }
    assert min(len(set(draft.says)) for draft in drafts) >= 3
    assert max(Counter(draft.reference for draft in drafts).values()) <= (72 if one.metric == "word" else 48)
    if one.form is not Form.LONG_CONTEXT:
        assert max(len(said(draft).split()) for draft in drafts) <= 125
    for draft in drafts[:40]:
        assert grade(one.metric, answer_to(one.metric, draft.reference), draft.reference).score == 1.0


def answer_to(metric: str, reference: str) -> str:
    """What a perfect answer looks like."""
    match metric:
        case "quantity":
            parts = json.loads(reference)
            return f"{parts['value']} {parts['unit']}".strip()
        case "json":
            return json.dumps(json.loads(reference)["value"])
        case "set":
            return ", ".join(json.loads(reference))
        case _:
            return reference


@pytest.mark.parametrize("name", [name for name in MINE if FAMILIES[name].metric == "choice"])
def test_letters_are_spread(name: str) -> None:
    for level in Level:
        letters = Counter(draft.reference for draft in drawn(name, level, 240))
        assert set(letters) == set("ABCD") and min(letters.values()) >= 35


def test_every_category_keeps_an_open_family() -> None:
    withheld = {FAMILIES[name].category for name in MINE if FAMILIES[name].withheld}
    assert withheld <= {FAMILIES[name].category for name in MINE if not FAMILIES[name].withheld}


# -- logic ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", list(Level))
def test_joined_comparisons_have_the_value_python_gives_them(level: Level) -> None:
    for draft in drawn("joined-comparisons", level):
        assert draft.reference == str(_truth(draft.facts)).lower()


def _truth(text: str) -> bool:
    """A reducer of comparisons, denials and brackets, innermost first."""
    text = re.sub(r"(\d+) ([<>]) (\d+)", lambda m: "TF"[(int(m[1]) < int(m[3])) != (m[2] == "<")], text)
    steps = ((r"\(([TF])\)", r"\1"), (r"not F", "T"), (r"not T", "F"))
    joins = ((r"T and T", "T"), (r"[TF] and [TF]", "F"), (r"F or F", "F"), (r"[TF] or [TF]", "T"))
    while text not in ("T", "F"):
        for pattern, value in (*steps, *joins):
            shorter = re.sub(pattern, value, text, count=1)
            if shorter != text:
                text = shorter
                break
    return text == "T"


def test_modus_tollens_follows_and_its_converse_does_not() -> None:
    rules = [(("p", True), ("q", True)), (("q", True), ("r", False))]
    assert follows(rules, ("r", True)) == {("r", True), ("q", False), ("p", False)}
    assert follows(rules, ("q", True)) == {("q", True), ("r", False)}


def test_syllogisms_agree_with_a_search_for_countermodels() -> None:
    forms = ("all", "no", "some", "some not")
    for first, second, end in product(forms, forms, forms):
        premises = [(first, "a", "b"), (second, "b", "c")]
        for pair in (("a", "c"), ("c", "a")):
            conclusion = (end, *pair)
            assert entails(premises, conclusion) == (not _countermodel(premises, conclusion)), (premises, conclusion)


def _countermodel(premises: list[Statement], conclusion: Statement) -> bool:
    """Some set of kinds of individuals, at most three of them, makes the premises true and the conclusion false."""
    types = [dict(zip("abc", values)) for values in product((False, True), repeat=3)]
    worlds = (world for size in range(4) for world in combinations(types, size))
    return any(all(_holds(one, world) for one in premises) and not _holds(conclusion, world) for world in worlds)


def _holds(statement: Statement, world: tuple[dict[str, bool], ...]) -> bool:
    form, a, b = statement
    both = any(one[a] and one[b] for one in world)
    only = any(one[a] and not one[b] for one in world)
    return {"all": not only, "no": not both, "some": both, "some not": only}[form]


@pytest.mark.parametrize("level", list(Level))
def test_islanders_have_one_solution(level: Level) -> None:
    for draft in drawn("island-tellers", level):
        if level is Level.EASY:
            assert draft.facts.count("tells the truth") == int(draft.reference)
            continue
        lines = re.findall(r"(\w+) says: “(.*?)\.”", draft.facts)
        people = sorted(set(re.findall(r"\b[A-Z][a-z]+\b", draft.facts)))
        counts = set()
        for values in product((False, True), repeat=len(people)):
            honest = dict(zip(people, values))
            if all(_true_claim(what, honest) == honest[who] for who, what in lines):
                counts.add(sum(values))
        assert counts == {int(draft.reference)}


def _true_claim(claim: str, honest: dict[str, bool]) -> bool:
    if compared := re.fullmatch(r"(\d+) is (greater|less) than (\d+)", claim):
        return (int(compared[1]) > int(compared[3])) == (compared[2] == "greater")
    if pair := re.fullmatch(r"(\w+) and (\w+) are of (the same kind|different kinds)", claim):
        return (honest[pair[1]] == honest[pair[2]]) == (pair[3] == "the same kind")
    who, kind = re.fullmatch(r"(\w+) is a (knight|knave)", claim).groups()  # type: ignore[union-attr]
    return honest[who] == (kind == "knight")


@pytest.mark.parametrize("level", list(Level))
def test_no_number_of_knights_makes_up_two_fifths(level: Level) -> None:
    counts = Counter(draft.reference for draft in drawn("island-tellers", level, 400))
    assert max(counts.values()) <= 0.35 * 400


def test_clues_about_a_row() -> None:
    row = ["Ada", "Ben", "Cleo"]
    assert clue_holds(("next", "Ada", "Ben"), row) and not clue_holds(("next", "Ada", "Cleo"), row)
    assert clue_holds(("left", "Ada", "Cleo"), row) and not clue_holds(("left", "Cleo", "Ada"), row)
    assert clue_holds(("apart", "Cleo", "Ada"), row) and not clue_holds(("apart", "Ben", "Ada"), row)
    assert clue_holds(("at", "Ben", "2"), row) and not clue_holds(("not at", "Ben", "2"), row)


# -- society ----------------------------------------------------------------------------------------------


def test_three_voting_rules_elect_three_people() -> None:
    ballots = {("a", "c", "b", "d"): 8, ("b", "c", "a", "d"): 7, ("c", "b", "a", "d"): 5}
    assert plurality(ballots) == "a"  # 8, 7, 5
    assert runoff(ballots) == "b"  # a 8 against b 12
    assert borda(ballots) == "c"  # a 36, b 39, c 45


def test_a_tie_elects_nobody() -> None:
    assert plurality({("a", "b", "c", "d"): 3, ("b", "a", "c", "d"): 3}) == ""


def test_highest_averages_by_the_textbook() -> None:
    votes = {"A": 100_000, "B": 80_000, "C": 30_000, "D": 20_000}
    assert highest_averages(votes, 8) == {"A": 4, "B": 3, "C": 1, "D": 0}
    assert highest_averages({"A": 20, "B": 10}, 2) == {}


# -- economics, technology, medicine: solved again from the words ---------------------------------------------


def numbers(text: str) -> list[int]:
    return [int(found) for found in re.findall(r"\d+", text)]


def test_the_equilibrium_price_clears_the_market() -> None:
    for draft in drawn("market-price", Level.HARD):
        price = int(draft.reference)
        demanded, supplied = (
            sum(sign * int(n or 1) * (price if p else 1) for sign, n, p in terms)
            for terms in map(signed_terms, draft.facts.split("supply"))
        )
        assert demanded == supplied


def signed_terms(line: str) -> list[tuple[int, str, str]]:
    """The terms of ``Q = 20 - 3P`` as sign, coefficient and whether the price is in it."""
    found = re.findall(r"([-+]?) ?(\d*)(P?)", line.split("Q = ")[1])
    return [(-1 if sign == "-" else 1, n, p) for sign, n, p in found if n or p]


def test_savings_grow_as_the_words_say() -> None:
    for draft in drawn("savings-account", Level.HARD):
        balance, rate, yearly = (float(n) for n in numbers(draft.says[0])[:3])
        for _ in range(2):
            balance += balance * rate / 100
            balance += yearly if "paid in" in draft.says[0] else -yearly
        assert json.loads(draft.reference)["value"] == pytest.approx(balance, abs=0.006)


def test_resistances_add_in_series_and_their_inverses_in_parallel() -> None:
    for draft in drawn("resistor-network", Level.MEDIUM):
        assert json.loads(draft.reference)["value"] == sum(numbers(draft.facts))
    for draft in drawn("resistor-network", Level.HARD):
        a, b = numbers(draft.facts)
        assert json.loads(draft.reference)["value"] == pytest.approx(a * b / (a + b), abs=1e-3)


@pytest.mark.parametrize("level", list(Level))
def test_a_network_address_is_the_address_with_its_host_bits_off(level: Level) -> None:
    for draft in drawn("network-address", level):
        *octets, bits = numbers(draft.facts.split()[0])
        value = sum(octet << (24 - 8 * k) for k, octet in enumerate(octets)) >> (32 - bits) << (32 - bits)
        right = ".".join(str(value >> (24 - 8 * k) & 255) for k in range(4))
        assert f"{draft.reference}) {right}\n" in said(draft)


def test_only_one_part_is_within_tolerance() -> None:
    for draft in drawn("part-in-tolerance", Level.HARD):
        long, play, wide, slack = (round(float(n) * 100) for n in re.findall(r"\d+\.\d+", draft.facts)[:4])
        good = [
            letter
            for letter, a, b in re.findall(r"([A-D])\) ([\d.]+) × ([\d.]+) mm", said(draft))
            if abs(round(float(a) * 100) - long) <= play and abs(round(float(b) * 100) - wide) <= slack
        ]
        assert good == [draft.reference]


def test_a_drip_delivers_its_volume() -> None:
    for draft in drawn("drip-rate", Level.HARD):
        volume, hours, drops = numbers(draft.facts)
        assert int(draft.reference) * 60 * hours == volume * drops


def test_the_longest_chain_is_the_length_of_a_project() -> None:
    for draft in drawn("project-length", Level.HARD):
        lines = re.findall(r"'(\w+) (\d+) days(?: \(after (\w+)(?: and (\w+))?\))?'", draft.facts)
        spans = {task: int(days) for task, days, *_ in lines}
        before = {task: [one for one in needs if one] for task, _, *needs in lines}

        def chain(task: str, spans: dict[str, int] = spans, before: dict[str, list[str]] = before) -> int:
            return spans[task] + max((chain(one, spans, before) for one in before[task]), default=0)

        assert int(draft.reference) == max(map(chain, spans))


@pytest.mark.parametrize("level", list(Level))
def test_the_statute_book_is_followed_to_its_end(level: Level) -> None:
    for draft in drawn("statute-book", level, 10):
        text = said(draft)
        keeper, place = re.search(r"keeper of (\w+) in (.+?) pay in all", text).groups()  # type: ignore[union-attr]
        rules = dict(re.findall(r"Section (\d+)\. Whoever keeps (.+?)\. ", text))
        section = next(k for k, rule in rules.items() if rule.startswith(f"{keeper} in {place} pays"))
        total = 0
        while onward := re.search(r"fee of section (\d+)(?: and (\d+) crowns more)?", rules[section]):
            section, total = onward[1], total + int(onward[2] or 0)
        assert total + int(re.search(r"(\d+) crowns a year", rules[section])[1]) == int(draft.reference)  # type: ignore[index]
