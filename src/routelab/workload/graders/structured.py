"""Structured answers, compared as wholes: a list, a set, a table, a JSON value, one tool call.

Nothing is partly right: an item too many, a second value or a second call scores 0. Items of lists and tables are
compared as texts are read, folded or as numbers; JSON values and arguments exactly. They know nothing of queries.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from routelab.core.errors import InputError, need_extra, shorten
from routelab.workload.graders.grade import Grade
from routelab.workload.graders.json_text import MISSING, fenced, loads, only_value, reference_value, same
from routelab.workload.graders.reading import EDGES, clean, finals, lines_of, same_item, written

LONGEST_LIST = 1_000

_NAME_KEYS = ("name", "tool", "function")
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "input")
_ENVELOPE_KEYS = {"id", "type", "index", "role", "content"}
_SPACED_COMMA = re.compile(r",\s+|;\s*")


def ordered(answer: str, reference: str) -> Grade:
    """Metric ``list``: the same items in the same order.

    >>> ordered("Sorted: ant, bee, cat", '["ant", "bee", "cat"]').score
    1.0
    """
    wanted = reference_value(reference, list, "a JSON array")
    found = _items(answer)
    return Grade(float(found is not None and _aligned(found, wanted)), _shown(found))


def unordered(answer: str, reference: str) -> Grade:
    """Metric ``set``: the same items in any order; repeating one changes nothing.

    >>> unordered("- bee\\n- Ant", '["ant", "bee"]').score
    1.0
    """
    wanted = reference_value(reference, list, "a JSON array")
    found = _items(answer)
    if found is None:
        return Grade(0.0)
    covered = all(any(same_item(text, item) for item in wanted) for text in found)
    complete = all(any(same_item(text, item) for text in found) for item in wanted)
    return Grade(float(covered and complete), _shown(found))


def table(answer: str, reference: str) -> Grade:
    """Metric ``table``: the same rows in the same order, from JSON, a Markdown table or CSV; headers are optional.

    >>> table("| a | b |\\n|---|---|\\n| x | 1.0 |", '[["X", 1]]').score
    1.0
    """
    wanted = reference_value(reference, list, "a JSON array of rows")
    if not wanted or not all(isinstance(row, list) for row in wanted):
        raise InputError(
            "reference", expected="rows as arrays, at least one", got=shorten(reference), fix="write [[…], …]"
        )
    readings = _tables(answer)
    right = any(len(rows) == len(wanted) and all(map(_aligned, rows, wanted)) for rows in readings)
    return Grade(float(right), shorten(readings[0]) if readings else None)


def json_value(answer: str, reference: str) -> Grade:
    """Metric ``json``: exactly one JSON value, valid by the reference's schema and equal to its value.

    Raises PrerequisiteError without the package ``jsonschema``.
    """
    wanted = reference_value(reference, dict, '{"schema": …, "value": …}')
    if wanted.keys() != {"schema", "value"}:
        raise InputError("reference", expected="the keys schema, value", got=shorten(reference), fix="give both")
    valid = _validator(json.dumps(wanted["schema"], sort_keys=True))
    found = only_value(answer)
    right = found is not MISSING and same(found, wanted["value"]) and valid(found)
    return Grade(float(right), None if found is MISSING else shorten(found))


def tool_call(answer: str, reference: str) -> Grade:
    """Metric ``tool_call``: one call with exactly this name and these arguments, in any of the usual envelopes.

    >>> tool_call('{"tool": "add", "args": {"a": 1}}', '{"name": "add", "arguments": {"a": 1}}').score
    1.0
    """
    wanted = reference_value(reference, dict, '{"name": …, "arguments": …}')
    if wanted.keys() != {"name", "arguments"}:
        raise InputError("reference", expected="the keys name, arguments", got=shorten(reference), fix="give both")
    found = _call(only_value(answer))
    right = found is not None and found[0] == wanted["name"] and same(found[1], wanted["arguments"])
    return Grade(float(right), None if found is None else shorten(found))


def _call(value: Any, depth: int = 0) -> tuple[str, Any] | None:
    """Name and arguments of a single call, out of lists of one and envelopes; None for anything else."""
    if isinstance(value, list):
        return _call(value[0], depth + 1) if len(value) == 1 and depth < 4 else None
    if not isinstance(value, dict):
        return None
    bare = {key: part for key, part in value.items() if key not in _ENVELOPE_KEYS}
    if len(bare) == 1 and depth < 4:
        key, part = next(iter(bare.items()))
        return _call(part, depth + 1) if key in ("tool_calls", "tool_call", "function_call", "function") else None
    names, arguments = [key for key in _NAME_KEYS if key in bare], [key for key in _ARGUMENT_KEYS if key in bare]
    if len(bare) != 2 or len(names) != 1 or len(arguments) != 1 or not isinstance(bare[names[0]], str):
        return None
    given = bare[arguments[0]]
    return bare[names[0]], loads(given) if isinstance(given, str) else given


@lru_cache(maxsize=1024)
def _validator(schema: str) -> Callable[[Any], bool]:
    try:
        from jsonschema import SchemaError, validators
    except ImportError:
        raise need_extra("jsonschema", "atlas", "grading by a JSON schema") from None
    rules = json.loads(schema)
    checker = validators.validator_for(rules)
    try:
        checker.check_schema(rules)
    except SchemaError as error:
        raise InputError(
            "reference", expected="a valid JSON schema", got=shorten(error.message), fix="correct the schema"
        ) from None
    is_valid: Callable[[Any], bool] = checker(rules).is_valid
    return is_valid


def _aligned(found: list[str], wanted: list[Any]) -> bool:
    return len(found) == len(wanted) and all(map(same_item, found, wanted))


def _items(answer: str) -> list[str] | None:
    """The items of a list in any of its shapes: a JSON array, lines, bullets, commas; None where there is no list."""
    value = only_value(answer)
    if isinstance(value, (list, dict)):
        flat = isinstance(value, list) and not any(isinstance(item, (list, dict)) for item in value)
        return [written(item) for item in value] if flat and len(value) <= LONGEST_LIST else None
    text = clean(answer)
    marked = finals(text)
    blocks = fenced(text)
    if len(set(marked)) > 1 or len(blocks) > 1:
        return None
    lines = [line for line in lines_of((marked or blocks or [text])[0]) if not line.endswith(":")]
    if len(lines) == 1:
        lines = _split(lines[0].rpartition(": ")[2].strip(" .[](){}"))
    items = [line.strip(EDGES) for line in lines if line.strip(EDGES)]
    return items if 0 < len(items) <= LONGEST_LIST else None


def _split(line: str) -> list[str]:
    """The parts between commas; where commas are followed by spaces, ``1,000`` is one part."""
    parts = _SPACED_COMMA.split(line) if _SPACED_COMMA.search(line) or "," not in line else line.split(",")
    before, conjunction, last = f" {parts[-1]}".rpartition(" and ")
    return [*parts[:-1], before, last] if conjunction else parts


def _tables(answer: str) -> list[list[list[str]]]:
    """The readings of the one table in an answer: with its first row, and without it where that may be a header."""
    value = only_value(answer)
    if value is not MISSING and not isinstance(value, (str, int, float)):
        rows = _json_rows(value)
        return [] if rows is None else [rows]
    text = clean(answer)
    blocks = fenced(text)
    lines = (blocks[0] if len(blocks) == 1 else text).strip().splitlines()[:LONGEST_LIST]
    piped = [number for number, line in enumerate(lines) if line.count("|") >= 1]
    if piped:
        if piped[-1] - piped[0] + 1 != len(piped):
            return []
        kept = [lines[number].strip().removeprefix("|").removesuffix("|") for number in piped]
        rules = [number for number, line in enumerate(kept) if "-" in line and set(line) <= set(" \t|:-")]
        if rules not in ([], [1]):
            return []
        return [[[cell.strip() for cell in line.split("|")] for line in kept[2 if rules else 0 :]]]
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, skipinitialspace=True) if row]
    except csv.Error:
        return []
    return [rows, rows[1:]]


def _json_rows(value: Any) -> list[list[str]] | None:
    """Rows of a JSON table: arrays, or objects whose values are the cells in their order."""
    if not isinstance(value, list):
        return None
    rows = [list(row.values()) if isinstance(row, dict) else row for row in value]
    if not all(isinstance(row, list) for row in rows):
        return None
    return [[written(cell) for cell in row] for row in rows]


def _shown(items: list[str] | None) -> str | None:
    return shorten(items) if items else None
