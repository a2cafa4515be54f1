"""From draws to ``{"value", "low", "high"}``. What is undefined says why and is never a number."""

from __future__ import annotations

from typing import Any

import numpy as np

from routelab.core.decisions import Floats

Metric = dict[str, Any]
CONFIDENCE = 0.95
DIGITS = 6
Bounds = tuple[float, float]
UNBOUNDED: Bounds = (-np.inf, np.inf)
UNIT: Bounds = (0.0, 1.0)


def undefined(why: str) -> Metric:
    """A metric without a value."""
    return {"value": None, "low": None, "high": None, "why": why}


def number(value: float) -> float:
    """Rounded so that equal runs print equal bytes on any machine."""
    return round(float(value), DIGITS) + 0.0


def interval(draws: Floats, *, why: str = "not defined on this table", bounds: Bounds = UNBOUNDED) -> Metric:
    """Value and 95 % interval of (1 + B,) estimate and draws; undefined where the estimate is.

    Draws in which the quantity is undefined are left out, and where they are more than one in twenty the
    interval is undefined too. ``bounds`` are those of the quantity itself.
    """
    value, rest = draws[0], draws[1:]
    if not np.isfinite(value):
        return undefined(why)
    finite = rest[np.isfinite(rest)]
    if len(finite) < 0.95 * len(rest) or not len(rest):
        reason = "undefined in more than 5 % of the draws" if len(rest) else "no draws were asked for"
        return {"value": number(value), "low": None, "high": None, "why": reason}
    tail = (1 - CONFIDENCE) / 2
    low, high = np.clip(np.quantile(finite, [tail, 1 - tail]), *bounds)
    return {"value": number(value), "low": number(min(low, value)), "high": number(max(high, value))}


def share(hits: int, n: int) -> Metric:
    """Wilson's interval of a proportion (1927)."""
    if not n:
        return undefined("no rows")
    z, p = 1.959963985, hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return {"value": number(p), "low": number(max(0.0, middle - half)), "high": number(min(1.0, middle + half))}


def from_error(value: float, se: float) -> Metric:
    """A normal interval."""
    return {
        "value": number(value),
        "low": number(value - 1.959963985 * se),
        "high": number(value + 1.959963985 * se),
    }
