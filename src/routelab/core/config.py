"""Strict YAML and JSON into typed values: an unknown key is an error that names the nearest valid one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml
from msgspec import inspect

from routelab.core.errors import InputError, nearest
from routelab.core.files import read_text

T = TypeVar("T")
_PATH = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]+)`)?$", re.DOTALL)
_STEP = re.compile(r"\.\w+|\[")
_WRONG = re.compile(r"Invalid value '(?P<value>[^']*)'")
_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]+)`")
_MISSING = re.compile(r"missing required field `(?P<key>[^`]+)`")


class _StrictLoader(yaml.SafeLoader):
    """The safe loader, but a key stands once in a mapping, as YAML demands; PyYAML would keep the last."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise yaml.MarkedYAMLError(problem=f"a second key {key.value!r}", problem_mark=key.start_mark)
                seen.add((key.tag, key.value))
        return node


def load_yaml(path: Path) -> Any:
    """Parse one YAML document (JSON is YAML) into plain values; a key that comes twice is an error."""
    text = read_text(path, what="a YAML file", limit=16 << 20)
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except (yaml.YAMLError, ValueError) as error:  # a date that is none is a ValueError
        mark = getattr(error, "problem_mark", None)
        place = f"{path} line {mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise InputError(place, expected="valid YAML", got=problem, fix="mend it there") from None
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
        keys = _keys_at(kind, path or "$")
        fix = nearest(unknown["key"], keys) if keys else "remove it"
        return InputError(place, expected="a known key", got=f"{unknown['key']!r}", fix=fix)
    missing = _MISSING.search(what)
    if missing:
        key = missing["key"]
        tags = [str(each.tag) for each in _types_at(kind, path or "$") if getattr(each, "tag_field", None) == key]
        return InputError(
            place, expected=f"the key `{key}`", got="none", fix=f"add it; {nearest('', tags)}" if tags else "add it"
        )
    wrong = _WRONG.fullmatch(what)
    if wrong:
        tags = _tags_at(kind, (path or "$").rpartition(".")[0])
        fix = nearest(wrong["value"], tags) if tags else "correct this value"
        return InputError(place, expected="a known kind", got=repr(wrong["value"]), fix=fix)
    expected, _, got = what.partition(", got ")
    expected = expected.removeprefix("Expected ")
    return InputError(place, expected=expected, got=got or "something else", fix="correct this value")


def _keys_at(kind: Any, path: str) -> list[str]:
    """The keys that are valid where ``path`` (as ``$.guards[0]``) leads, of every type that may stand there."""
    return [field.encode_name for place in _types_at(kind, path) for field in getattr(place, "fields", ())]


def _tags_at(kind: Any, path: str) -> list[str]:
    """The values of the tag that tells apart the types which may stand where ``path`` leads."""
    return [str(tag) for place in _types_at(kind, path) if (tag := getattr(place, "tag", None)) is not None]


def _types_at(kind: Any, path: str) -> list[Any]:
    places = [inspect.type_info(kind)]
    for name in ("", *_STEP.findall(path)):
        if name.startswith("."):
            fields = [field for place in places for field in getattr(place, "fields", ())]
            places = [field.type for field in fields if field.encode_name == name[1:]]
        elif name:
            items = [getattr(place, "item_type", None) or getattr(place, "value_type", None) for place in places]
            places = [item for item in items if item is not None]
        places = [each for place in places for each in getattr(place, "types", (place,))]
    return places


def json_schema(kind: type[Any]) -> dict[str, Any]:
    """The JSON Schema of a configuration or record type, as published in ``docs/schemas``."""
    return msgspec.json.schema(kind)
