"""``--fail-if``: a condition on a result, for continuous integration.

Grammar: ``[router:]metric[.part] < number[pt|%]``, with <, <=, > or >=; ``part`` is value, low or high (value when
left out). Without a router every judged router is tested, baselines aside. A condition on an undefined metric is
an error, never silently passed.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from routelab.arena.result import Result
from routelab.core.errors import InputError, nearest

_FORM = re.compile(
    r"\s*(?:(?P<router>[\w./@#-]+)\s*:)?\s*(?P<metric>\w+(?:\.\w+)*)\s*(?P<sign><=|>=|<|>)\s*"
    r"(?P<number>[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?)\s*(?P<unit>pt|%)?\s*",
    re.IGNORECASE,
)
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def failures(result: Result, condition: str) -> list[str]:
    """One sentence for each router for which the condition holds; raises InputError for a broken condition."""
    match = _FORM.fullmatch(condition)
    if match is None:
        raise InputError(
            "fail-if",
            expected="a condition like 'delta_vs_best_single.low < -0.5pt'",
            got=repr(condition),
            fix="write [router:]metric.part < number",
        )
    limit = float(match["number"]) * (0.01 if match["unit"] else 1.0)
    rows = [row for row in result.data["routers"] if not row["baseline"]]
    if match["router"]:
        rows = [result.router(match["router"])]
    if not rows:
        raise InputError("fail-if", expected="a router to test", got="baselines only", fix="name one: knn:…")
    found = []
    for row in rows:
        value = _value(row, match["metric"].split("."))
        if _SIGNS[match["sign"]](value, limit):
            found.append(f"{row['name']}: {match['metric']} is {value:.6g}, {match['sign']} {limit:.6g}")
    return found


def _value(row: dict[str, Any], path: list[str]) -> float:
    place: Any = row
    for key in path:
        if not isinstance(place, dict) or key not in place:
            known = list(place) if isinstance(place, dict) else []
            raise InputError(
                "fail-if", expected="a metric of the result", got=repr(".".join(path)), fix=nearest(key, known)
            )
        place = place[key]
    if isinstance(place, dict):
        place = place.get("value", place)
    if isinstance(place, bool) or not isinstance(place, int | float):
        why = row.get(path[0])
        reason = why.get("why", "undefined") if isinstance(why, dict) else "undefined"
        raise InputError(
            f"fail-if {row['name']} {'.'.join(path)}",
            expected="a number",
            got=str(reason),
            fix="test another metric",
        )
    return float(place)
