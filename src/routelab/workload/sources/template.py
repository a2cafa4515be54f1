"""Texts made from a row by template: ``"{question[text]}"`` reaches into nested values, lists become lines.

Templates are ours, values are foreign: a value is never read as a template. A value that is null, or beyond the end
of a list, is empty text; a column that is not there at all is a KeyError. Knows nothing of data sets.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any


class _Formatter(string.Formatter):
    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        try:
            return super().get_field(field_name, args, kwargs)
        except (IndexError, TypeError):
            return "", field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        return _said(value)


_FORMATTER = _Formatter()


def fill(template: str, row: Mapping[str, Any]) -> str:
    """The template with the row's values; raises KeyError for a column that the row does not have.

    >>> fill("{a[x]}: {b}", {"a": {"x": "{b}"}, "b": [["1", "2"], ["3", None]]})
    '{b}: 1 | 2\\n3 | '
    """
    return _FORMATTER.vformat(template, (), row).strip("\n")


def _said(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "\n".join(
            " | ".join(map(_said, item)) if isinstance(item, (list, tuple)) else _said(item) for item in value
        )
    return "" if value is None else str(value)
