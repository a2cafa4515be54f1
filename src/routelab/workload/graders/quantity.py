"""A number with a unit and a tolerance: ``{"value": 12.5, "unit": "kg", "rtol": 0.01}``.

A bare number is read in the reference's unit, another unit is converted, one of another dimension is wrong. Words
that are no unit are ignored, as in ``12 in total``. Units are known by pint alone, which is loaded when an answer's
unit is not written as the reference's. Knows nothing of queries.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

import msgspec

from routelab.core.errors import InputError, need_extra, shorten
from routelab.workload.graders.basic import final_number
from routelab.workload.graders.grade import Grade
from routelab.workload.graders.reading import RELATIVE_TOLERANCE, clean, close, value

LONGEST_UNIT_WORDS = 3
_PART = r"[^\W\d_]{1,16}|[%°$€£][^\W\d_]?"
_UNIT = re.compile(rf"\s?(?:{_PART})(?:\s?(?:\^|\*\*)?-?\d(?!\d)|\s?[*/·]\s?(?:{_PART})|\s(?:{_PART})){{0,5}}")
_WORDS = {"a", "an", "and", "are", "as", "at", "be", "in", "is", "on", "or", "per", "so"}


class Quantity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reference: the value in ``unit``, right within the relative tolerance ``rtol``."""

    value: float
    unit: str | None = None
    rtol: float = RELATIVE_TOLERANCE


def quantity(answer: str, reference: str) -> Grade:
    """1.0 where the final number, converted to the reference's unit, lies within its tolerance.

    Raises PrerequisiteError without pint where a unit must be converted, InputError for a broken reference.

    >>> quantity("It weighs 12.5 kg.", '{"value": 12.5, "unit": "kg"}').score
    1.0
    """
    wanted = _reference(reference)
    found = final_number(answer, units=True)
    number = value(found[0]) if found else None
    if found is None or number is None:
        return Grade(0.0)
    unit = _unit_after(found[1], wanted.unit) if wanted.unit else None
    converted = _converted(number, unit, wanted.unit) if unit and wanted.unit else number
    right = converted is not None and close(converted, wanted.value, wanted.rtol)
    return Grade(float(right), f"{found[0]} {unit}" if unit else found[0])


@lru_cache(maxsize=4096)
def _reference(reference: str) -> Quantity:
    try:
        return msgspec.json.decode(reference, type=Quantity)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InputError(
            "reference",
            expected='{"value": 12.5, "unit": "kg", "rtol": 0.01}',
            got=f"{shorten(reference)}: {error}",
            fix="correct the reference answer",
        ) from None


def _unit_after(rest: str, wanted: str) -> str | None:
    """The unit that follows the number, None for the reference's own spelling, no unit or no known one."""
    own = clean(wanted).casefold()
    written = rest.lstrip(" \\~{}").removeprefix("text{").removeprefix("mathrm{").lstrip(" ~")
    if written.casefold().startswith(own) and not re.match(r"[\w^/*·]|\s[*/·]", written[len(own) :]):
        return None
    match = _UNIT.match(written)
    words = match[0].split(" ") if match else []
    ends = match is not None and not written[match.end() :].strip(" .)}")
    said = next((place for place, word in enumerate(words) if word.casefold() in _WORDS), len(words))
    most = len(words) if ends and len(words) == 1 else min(said, LONGEST_UNIT_WORDS)
    units = (" ".join(words[:size]).strip(" */·") for size in range(most, 0, -1))
    return next((unit for unit in units if _known(unit)), None)


@cache
def _registry() -> Any:
    try:
        import pint
    except ImportError:
        raise need_extra("pint", "atlas", "converting units") from None
    return pint.UnitRegistry()


@lru_cache(maxsize=4096)
def _known(unit: str) -> Any | None:
    """The unit as pint knows it, or None."""
    units = _registry()
    try:
        return units.Unit(unit)
    except Exception:  # pint's parser raises whatever its tokens lead it to
        return None


def _converted(number: float, unit: str, wanted: str) -> float | None:
    target = _known(clean(wanted))
    if target is None:
        return None
    try:
        return float(_registry().Quantity(number, _known(unit)).to(target).magnitude)
    except (TypeError, ValueError, ArithmeticError):  # another dimension, in pint, is a TypeError
        return None
