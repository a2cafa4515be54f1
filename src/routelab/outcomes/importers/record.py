"""One foreign row: where it stands, and its values as types. Complaints name the field and the value."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, NamedTuple, TypeVar

import msgspec

from routelab.core.errors import InputError, nearest, shorten

T = TypeVar("T")

_MISFIT = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<field>[^`]+)`")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


class Record(NamedTuple):
    """One row and where it stands. ``text`` says that every value is text or absent, as in CSV."""

    place: str
    row: dict[str, Any]
    text: bool = False

    def fit(self, kind: type[T]) -> T:
        """The row as a typed value; see ``fitted``."""
        return fitted(self.row, kind, self.place, text=self.text)


def fitted(value: Any, kind: type[T], place: str, *, text: bool = False) -> T:
    """A foreign value as a typed one; raises InputError naming place, field and value of what does not fit."""
    try:
        return msgspec.convert(value, kind, strict=not text)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), value, place) from None


def decoded(data: bytes | str, place: str) -> Any:
    """Strict JSON; one clear error for what is not (NaN, truncation, other encodings, absurd nesting)."""
    try:
        return msgspec.json.decode(data)
    except UnicodeDecodeError:
        raise not_utf8(place) from None
    except RecursionError:
        raise InputError(place, expected="JSON of sane depth", got="very deep nesting", fix="flatten it") from None
    except msgspec.DecodeError as error:
        raise InputError(
            place,
            expected="valid JSON",
            got=str(error),
            fix="mend or remove it; JSON has no NaN or Infinity, write null for unknown numbers",
        ) from None


def moment(value: dt.datetime | float | None, place: str) -> dt.datetime | None:
    """A time stamp, or seconds since 1970, as an aware time; raises InputError beyond the calendar."""
    if isinstance(value, dt.datetime) or value is None:
        return value.replace(tzinfo=dt.UTC) if value is not None and value.tzinfo is None else value
    try:
        return dt.datetime.fromtimestamp(value, dt.UTC)
    except (OverflowError, ValueError, OSError):
        raise InputError(
            place, expected="a time, or seconds since 1970", got=shorten(value), fix="correct this value"
        ) from None


def not_utf8(place: str) -> InputError:
    """The error for text in another encoding."""
    return InputError(place, expected="UTF-8 text", got="bytes that are not UTF-8", fix="save it as UTF-8")


def _misfit(message: str, value: Any, place: str) -> InputError:
    """msgspec's complaint in our grammar, with the value that caused it."""
    found = _MISFIT.fullmatch(message)
    what, path = (found["what"], found["path"] or "") if found else (message, "")
    if missing := _MISSING.search(what):
        have = _at(value, path)
        fields = [str(name) for name in have] if isinstance(have, dict) else []
        return InputError(
            f"{place}{' field ' + path[1:] if path else ''}",
            expected=f"the field {missing['field']!r}",
            got=f"only {', '.join(fields[:8])}" if fields else "an empty row",
            fix=nearest(missing["field"], fields) if fields else "add it",
        )
    expected = what.partition(", got ")[0].removeprefix("Expected ")
    return InputError(
        f"{place} field {path[1:]}", expected=expected, got=shorten(_at(value, path)), fix="correct this value"
    )


def _at(value: Any, path: str) -> Any:
    for name, index in _STEP.findall(path):
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and index:
            value = value[int(index)]
    return value
