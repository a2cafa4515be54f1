"""References of the ``quantity`` grader: a value, its unit and how far an answer may lie from it."""

from __future__ import annotations

import json


def quantity(value: float, unit: str, rtol: float = 0.01) -> str:
    """The reference for a value with a unit ("" for a pure number), rounded to eight significant digits.

    >>> quantity(1 / 3, "kg")
    '{"value": 0.33333333, "unit": "kg", "rtol": 0.01}'
    """
    return json.dumps({"value": float(f"{value:.8g}"), "unit": unit, "rtol": rtol})
