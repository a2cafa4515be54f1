"""How a number is written for people: points, dollars, intervals, and a dash with its reason for none.

The only place that turns a metric into text, so that the page, the terminal and Markdown never disagree.
It knows units, not metrics: what a number means is said in ``columns``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from routelab.arena.report.schema import Metric

DASH = "–"
NOT_MEASURED = "not measured in this run"


@dataclass(frozen=True)
class Unit:
    """``scale`` multiplies the stored value; ``decimals`` None means three significant digits."""

    scale: float = 1.0
    decimals: int | None = 1
    prefix: str = ""
    suffix: str = ""
    signed: bool = False


PERCENT = Unit(100, 1, suffix=" %")
WHOLE_PERCENT = Unit(100, 0, suffix=" %")
POINTS = Unit(100, 1, suffix=" pt", signed=True)
SCORE = Unit(100, 1)
DOLLARS = Unit(1, None, prefix="$")
INDEX = Unit(1, 3)
MILLISECONDS = Unit(1, None, suffix=" ms")


def bare(value: float | None, unit: Unit) -> str:
    """The number alone, without prefix and suffix.

    >>> bare(-0.0123, POINTS), bare(0.04212, DOLLARS), bare(None, SCORE)
    ('−1.2', '0.0421', '–')
    """
    if value is None or not math.isfinite(value):
        return DASH
    scaled = value * unit.scale
    text = _significant(abs(scaled)) if unit.decimals is None else f"{abs(scaled):.{unit.decimals}f}"
    zero = not text.strip("0.")
    sign = "" if zero else "−" if scaled < 0 else "+" if unit.signed else ""
    return sign + text


def number(value: float | None, unit: Unit) -> str:
    """The number with its unit.

    >>> number(0.7234, PERCENT), number(1.5, DOLLARS)
    ('72.3 %', '$1.50')
    """
    text = bare(value, unit)
    return text if text == DASH else f"{unit.prefix}{text}{unit.suffix}"


def as_metric(value: float | Metric | None) -> Metric | None:
    """A plain number as a metric without interval."""
    return Metric(value) if isinstance(value, int | float) else value


def plain(metric: Metric | None, unit: Unit) -> str:
    """The value with its unit, or a dash."""
    return number(metric.known if metric else None, unit)


def plus_minus(metric: Metric | None, unit: Unit) -> str:
    """The value and the longer arm of its interval, for columns whose header names the unit.

    >>> plus_minus(Metric(0.72, 0.70, 0.73), SCORE)
    '72.0 ±2.0'
    """
    if metric is None or metric.known is None:
        return DASH
    text = bare(metric.known, unit)
    if metric.low is None or metric.high is None:
        return text
    half = max(metric.known - metric.low, metric.high - metric.known)
    return f"{text} ±{bare(half, Unit(unit.scale, unit.decimals))}"


def interval(metric: Metric | None, unit: Unit) -> str:
    """The value and both ends.

    >>> interval(Metric(0.021, 0.004, 0.038), POINTS)
    '+2.1 pt [+0.4, +3.8]'
    """
    if metric is None or metric.known is None:
        return DASH
    text = number(metric.known, unit)
    if metric.low is None or metric.high is None:
        return text
    return f"{text} [{bare(metric.low, unit)}, {bare(metric.high, unit)}]"


def explain(metric: Metric | None, unit: Unit, confidence: float) -> str:
    """One exact line: value and interval with one more digit, or why there is no value."""
    if metric is None:
        return NOT_MEASURED
    if metric.known is None:
        return f"undefined: {metric.why or 'no reason was given'}"
    fine = Unit(
        unit.scale,
        None if unit.decimals is None else unit.decimals + 1,
        unit.prefix,
        unit.suffix,
        unit.signed,
    )
    if metric.low is None or metric.high is None:
        return f"{number(metric.known, fine)}, no interval" + (f": {metric.why}" if metric.why else "")
    ends = f"{bare(metric.low, fine)} to {bare(metric.high, fine)}"
    return f"{number(metric.known, fine)}, {number(confidence, WHOLE_PERCENT)} interval {ends}"


def p_value(p: float | None) -> str:
    """An adjusted p-value, never a false zero.

    >>> p_value(0.0004), p_value(0.031), p_value(None)
    ('p < 0.001', 'p = 0.031', 'p not computed')
    """
    if p is None or not math.isfinite(p):
        return "p not computed"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def listed(words: list[str], limit: int = 4) -> str:
    """Names in a sentence.

    >>> listed(["a", "b", "c"]), listed(list("abcdef"), 3)
    ('a, b and c', 'a, b, c and 3 more')
    """
    if len(words) > limit:
        return f"{', '.join(words[:limit])} and {len(words) - limit} more"
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def plural(count: int, noun: str) -> str:
    """A count with its noun.

    >>> plural(1, "arm"), plural(1200, "query"), plural(3, "router")
    ('1 arm', '1,200 queries', '3 routers')
    """
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else many}"


def _significant(value: float) -> str:
    if value == 0:
        return "0"
    places = max(0, 2 - math.floor(math.log10(value)))
    return f"{value:,.{places}f}" if places < 7 else f"{value:.2e}"
