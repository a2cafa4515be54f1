"""The board as the page carries it: the published document, only smaller. Nothing is computed anew.

Numbers keep four significant digits, those of slices and curves three; these lie in columns, with how far their
intervals reach in thousandths; the picks of an example lie in the order of the routers; of the pairs, whose matrix
mirrors itself, one triangle stays, in units of 0.0001; of the history only what changed from one publication to the
next. Knows no HTML.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

PAIR_UNIT = 1e-4
REACH_UNIT = 1e-3
PUBLICATIONS_SHOWN = 40
BULKY = ("routers", "pairs", "examples")
IN_COLUMNS = ("slices", "curve")


def document(board: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The board and its history in one smaller document."""
    routers = board["routers"]
    names = [router["name"] for router in routers]
    return {
        **{key: rounded(value) for key, value in board.items() if key not in BULKY},
        "routers": [_router(router) for router in routers],
        "pairs": triangle(board["pairs"]),
        "examples": [
            rounded(one) | {"picks": [one["picks"].get(name) for name in names]} for one in board.get("examples", ())
        ],
        "history": changes(history[-PUBLICATIONS_SHOWN:]),
    }


def _router(router: Mapping[str, Any]) -> dict[str, Any]:
    flat = {key: value for key, value in router.items() if key not in IN_COLUMNS}
    return {**rounded(flat), "slices": columns(router["slices"]), "curve": dial(router["curve"])}


def packed(value: Any) -> bytes:
    """Compressed JSON: equal values give equal bytes."""
    return gzip.compress(msgspec.json.encode(value), compresslevel=9, mtime=0)


def rounded(value: Any, digits: int = 4) -> Any:
    """Every float in a JSON value with that many significant digits.

    >>> rounded({"value": 0.7123456, "low": None, "name": "knn"})
    {'value': 0.7123, 'low': None, 'name': 'knn'}
    """
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, Mapping):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item, digits) for item in value]
    return value


def columns(slices: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """For each field (domain, …) its labels, and beside them the numbers of each.

    >>> one = {"queries": 9, "accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}, "cost_per_1k_usd": 0.1}
    >>> columns({"form": {"open": one}})["form"]["accuracy"]
    {'value': [0.5], 'below': [100], 'above': [100]}
    """
    return {
        field: {
            "label": list(labels),
            "queries": [one["queries"] for one in labels.values()],
            "accuracy": reaches([one["accuracy"] for one in labels.values()]),
            "cost_per_1k_usd": rounded([one["cost_per_1k_usd"] for one in labels.values()], 3),
        }
        for field, labels in slices.items()
    }


def dial(curve: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The points of a curve in columns; how far a cost reaches is told in thousandths of it."""
    costs = [point["cost_per_1k_usd"] for point in curve]
    return {
        "dial": rounded([point["dial"] for point in curve]),
        "accuracy": reaches([point["accuracy"] for point in curve]),
        "cost_per_1k_usd": reaches(costs, [cost["value"] * REACH_UNIT for cost in costs]),
    }


def reaches(metrics: Sequence[Mapping[str, Any]], units: Sequence[float] | None = None) -> dict[str, list[Any]]:
    """Values, and how many units their intervals reach below and above them; an end that is not known stays null."""
    values = rounded([one["value"] for one in metrics], 3)
    steps = units or [REACH_UNIT] * len(metrics)

    def reach(end: str, sign: int) -> list[int | None]:
        ends = [one[end] for one in metrics]
        return [
            None if far is None else round(sign * (far - value) / step) if step else 0
            for value, far, step in zip(values, ends, steps)
        ]

    return {"value": values, "below": reach("low", -1), "above": reach("high", 1)}


def triangle(pairs: Mapping[str, Any]) -> dict[str, Any]:
    """Row i holds router i against routers i + 1, i + 2, …, as whole multiples of ``unit``.

    >>> triangle({"names": ["a", "b"], "delta": [[0, 0.01], [-0.01, 0]], "half": [[0, 0.002], [0.002, 0]]})
    {'names': ['a', 'b'], 'unit': 0.0001, 'delta': [[100], []], 'half': [[20], []]}
    """

    def upper(matrix: Sequence[Sequence[float]]) -> list[list[int]]:
        return [[round(value / PAIR_UNIT) for value in row[i + 1 :]] for i, row in enumerate(matrix)]

    names = list(pairs["names"])
    return {"names": names, "unit": PAIR_UNIT, "delta": upper(pairs["delta"]), "half": upper(pairs["half"])}


def changes(history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The publications, and for each router ``[publication, value, low, high, rank_low, rank_high]`` where it changed.

    A router that left the board ends with ``[publication]`` alone.
    """
    found: dict[str, list[list[Any]]] = {}
    for index, publication in enumerate(history):
        standing = publication["routers"]
        for name, place in standing.items():
            now = rounded([place[key] for key in ("value", "low", "high", "rank_low", "rank_high")])
            steps = found.setdefault(name, [])
            if not steps or steps[-1][1:] != now:
                steps.append([index, *now])
        for name, steps in found.items():
            if name not in standing and len(steps[-1]) > 1:
                steps.append([index])
    told = [{key: publication[key] for key in ("sequence", "published", "trigger")} for publication in history]
    return {"publications": told, "routers": found}
