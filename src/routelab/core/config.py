"""Strict YAML and JSON into typed values: an unknown key is an error that names the nearest valid one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from routelab.core.errors import InputError, nearest
from routelab.core.files import read_text

T = TypeVar("T")
_PATH = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]+)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]+)`")


def load_yaml(path: Path) -> Any:
    """Parse one YAML document (JSON is YAML) with the safe loader."""
    text = read_text(path, what="a YAML file", limit=16 << 20)
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path} line {mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "broken YAML"
        raise InputError(place, expected="valid YAML", got=str(problem), fix="mend the syntax") from None
    except RecursionError:
        raise InputError(str(path), expected="YAML of sane depth", got="deep nesting", fix="flatten it") from None


def convert(value: Any, kind: type[T], where: str) -> T:
    """Check ``value`` against a Struct type; errors carry the path of the wrong field."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _explained(str(error), kind, where) from None


def _explained(message: str, kind: Any, where: str) -> InputError:
    found = _PATH.match(message)
    what, path = (found["what"], found["path"]) if found else (message, None)
    place = f"{where} {path}" if path else where
    unknown = _UNKNOWN.search(what)
    if unknown:
        fields = getattr(kind, "__struct_fields__", ())
        fix = nearest(unknown["key"], fields) if fields else "remove it"
        return InputError(place, expected="a known key", got=f"{unknown['key']!r}", fix=fix)
    expected, _, got = what.partition(", got ")
    expected = expected.removeprefix("Expected ")
    return InputError(place, expected=expected, got=got or "something else", fix="correct this value")


def json_schema(kind: type[Any]) -> dict[str, Any]:
    """The JSON Schema of a configuration or record type, as published in ``docs/schemas``."""
    return msgspec.json.schema(kind)
