"""Find the one JSON value in an answer, and compare JSON values.

Two values, a repeated key or a number that is none make an answer that says nothing: ``MISSING``. Linear in the
length of the text. Knows of no schema and no reference.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from routelab.core.errors import InputError, shorten

MISSING: Any = object()
"""No value, or more than one: JSON has a null of its own."""

MOST_STARTS = 32
RELATIVE_TOLERANCE = 1e-9
_OPENING = re.compile(r"[\[{]")
_LANGUAGE = re.compile(r"[ \t]*[\w+-]{0,20}[ \t]*\n|[ \t]*(?:json|sql)\b")


def fenced(text: str) -> list[str]:
    """The contents of the code fences in a text.

    >>> fenced("so:\\n```json\\n[1]\\n```")
    ['[1]']
    """
    parts = text.split("```")
    heads = [_LANGUAGE.match(block) for block in parts[1:-1:2]]
    return [block[head.end() if head else 0 :].strip() for block, head in zip(parts[1:-1:2], heads)]


def only_value(answer: str) -> Any:
    """The single JSON value of an answer, in a fence, alone or within prose; else MISSING.

    >>> only_value('The call is {"a": 1}.'), only_value("[1] or [2]") is MISSING
    ({'a': 1}, True)
    """
    blocks = fenced(answer)
    if blocks:
        values = [loads(block) for block in blocks]
        found = [value for value in values if value is not MISSING]
        return found[0] if len(found) == 1 and len(blocks) == 1 else MISSING
    whole = loads(answer.strip())
    return whole if whole is not MISSING else _within(answer)


def _within(text: str) -> Any:
    """The only object or array within prose."""
    decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse)
    found, position = MISSING, 0
    for _ in range(MOST_STARTS):
        start = _OPENING.search(text, position)
        if start is None:
            return found
        try:
            value, position = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            position = start.end()
            continue
        if found is not MISSING:
            return MISSING
        found = value
    return MISSING


def loads(text: str) -> Any:
    """Strict JSON, or MISSING: no repeated keys, no NaN, no endless nesting."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return MISSING


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a repeated key")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def reference_value(reference: str, shape: type, form: str) -> Any:
    """A reference written as JSON, of the expected Python type; raises InputError where it is not."""
    value = loads(reference)
    if not isinstance(value, shape):
        raise InputError("reference", expected=form, got=shorten(reference), fix="correct the reference answer")
    return value


def same(a: Any, b: Any) -> bool:
    """Equality of JSON values: numbers by value, ``true`` is no number, the order of keys does not matter.

    >>> same({"a": 1, "b": [2]}, {"b": [2.0], "a": 1}), same(True, 1)
    (True, False)
    """
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b or (isinstance(a, float) | isinstance(b, float) and _close(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return isinstance(a, str) and a == b


def _close(a: float, b: float) -> bool:
    try:
        return math.isclose(a, b, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-12)
    except OverflowError:
        return False
