"""Records turned into JSON from prose, CSV and dotted settings. Knows of JSON Schema only the shape of a value."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from routelab.workload.generate.draws import NAMES, integer, one_of, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_STREETS = words("Mill Hill Park Lake Bridge Church Garden Market Station Castle River Forest")
_FRUIT = words("apples pears plums figs limes dates kiwis melons cherries lemons")
_SHOPS = words("north south east west")


def _expected(value: Any) -> str:
    return json.dumps({"schema": _schema(value), "value": value})


def _schema(value: Any) -> dict[str, Any]:
    """The strictest schema by types that ``value`` meets; the items of a list are alike."""
    if isinstance(value, dict):
        parts = {key: _schema(part) for key, part in value.items()}
        return {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}
    if isinstance(value, list):
        return {"type": "array", "items": _schema(value[0])}
    return {"type": "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "string"}


@family("000", "data-formats", "json", form=Form.STRUCTURED, bloom="apply")
def extract_people_as_json(rng: np.random.Generator, level: Level) -> Draft:
    """One person, three keys; two persons; four persons of whom one left, sorted, with a derived flag."""
    count = level.of(1, 2, 4)
    people = [
        {"name": name, "age": integer(rng, 18, 89), "street": one_of(rng, _STREETS)}
        for name in some_of(rng, NAMES, count)
    ]
    gone = one_of(rng, people)
    told = " ".join(f"{each['name']}, aged {each['age']}, lives in {each['street']} Street." for each in people)
    shape = level.of("a JSON object", "a JSON array of objects, in the order of the text,", "a JSON array of objects")
    keys = "with the keys name, age (a number) and street (without the word Street)"
    value: Any = people[0] if level is Level.EASY else people
    if level is Level.HARD:
        told += f" {gone['name']} has since left town."
        keys += " and senior (true from age 60 on), sorted by name, only for those who still live there"
        kept = sorted((each for each in people if each is not gone), key=lambda each: str(each["name"]))
        value = [{**each, "senior": int(str(each["age"])) >= 60} for each in kept]
    return Draft(
        facts=told,
        says=(
            f"{told}\nGive this as {shape} {keys}. JSON only.",
            f"Turn the text into {shape} {keys}. Reply with JSON only.\n{told}",
            f"Extract {shape} {keys} from: {told} Answer with nothing but JSON.",
            f"Text: {told}\nNeeded: {shape} {keys}. Reply with the JSON.",
        ),
        reference=_expected(value),
    )


@family("000", "data-formats", "json", form=Form.STRUCTURED, bloom="apply")
def turn_csv_into_json(rng: np.random.Generator, level: Level) -> Draft:
    """Two rows as they are; four rows of which one shop's; five rows added up by shop."""
    size = level.of(2, 4, 5)
    shops = [*some_of(rng, _SHOPS, 2), *(one_of(rng, _SHOPS) for _ in range(size - 2))]
    items, counts = some_of(rng, _FRUIT, size), [integer(rng, 2, level.of(60, 60, 30)) for _ in range(size)]
    shop = one_of(rng, shops)
    plain = [{"item": item, "count": count} for item, count in zip(items, counts)]
    sums = {name: sum(count for s, count in zip(shops, counts) if s == name) for name in sorted({*shops})}
    rows, wish, value = level.of(
        (
            ["item,count", *(f"{item},{count}" for item, count in zip(items, counts))],
            "a JSON array with one object for each row (keys item and count, count as a number)",
            plain,
        ),
        (
            ["shop,item,count", *(f"{s},{item},{count}" for s, item, count in zip(shops, items, counts))],
            f"a JSON array of objects with the keys item and count (a number), only for rows whose shop is {shop}, "
            "in the same order",
            [row for row, s in zip(plain, shops) if s == shop],
        ),
        (
            ["shop,item,count", *(f"{s},{item},{count}" for s, item, count in zip(shops, items, counts))],
            "one JSON object that maps each shop to its total (the sum of its counts)",
            sums,
        ),
    )
    text = "\n".join(rows)
    return Draft(
        facts=f"{wish} {' '.join(rows)}",
        says=(
            f"Convert this CSV to {wish}. JSON only.\n{text}",
            f"{text}\n\nFrom the CSV above, make {wish}. Reply with JSON only.",
            f"Here is a CSV file:\n{text}\nReturn {wish} and nothing else.",
            f"Needed: {wish}. Reply with the JSON only. Data:\n{text}",
        ),
        reference=_expected(value),
    )


_ROOTS = words("server client cache mail log")
_BRANCHES = words("main spare test local")
_LEAVES = words("port size limit retries level")


@family("000", "data-formats", "json", form=Form.STRUCTURED, bloom="apply", withheld=True)
def nest_dotted_settings(rng: np.random.Generator, level: Level) -> Draft:
    """Two settings of one part; four of two parts; seven three deep, where a later line replaces an earlier one."""
    parts, leaves = some_of(rng, _ROOTS, level.of(1, 2, 2)), some_of(rng, _LEAVES, 3)
    middles = some_of(rng, _BRANCHES, 2)
    paths = [[part, leaf] for part in parts for leaf in leaves[:2]]
    if level is Level.HARD:
        paths = [[part, middle, leaves[k]] for part in parts for middle in middles for k in (0, integer(rng, 1, 2))][:6]
        paths.append(one_of(rng, paths))
    lines: list[str] = []
    tree: dict[str, Any] = {}
    for path in paths:
        value = integer(rng, 1, 99)
        lines.append(f"{'.'.join(path)} = {value}")
        place = tree
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
    text = "\n".join(lines)
    rule = "dots separate levels" + ("; a later line replaces an earlier one" if level is Level.HARD else "")
    return Draft(
        facts=" ".join(lines),
        says=(
            f"Write these settings as one nested JSON object ({rule}). JSON only.\n{text}",
            f"{text}\n\nTurn the settings above into nested JSON: {rule}. Reply with JSON only.",
            f"Make a nested JSON object with numeric values from this file; {rule}.\n{text}\nNothing but JSON, please.",
            f"Nested JSON for the following lines ({rule})? Reply with the JSON only.\n{text}",
        ),
        reference=_expected(tree),
    )
