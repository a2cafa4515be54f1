"""What a hidden board tells: enough to rank, too little to climb it by trial and error.

After the Ladder (Blum & Hardt 2015): an owner is told a new value only where it beats the best one told before by a
whole step, rounded to steps; else the best one again. Nothing else of the hidden outcomes is told.
"""

from __future__ import annotations

import math
from typing import Any

WITHHELD = {"value": None, "low": None, "high": None, "why": "the hidden board tells one rounded figure only"}
METRICS = (
    *("arena_score", "accuracy", "cost_per_1k_usd", "delta_vs_best_single", "delta_vs_hull", "regret_vs_oracle"),
    *("collapse", "robustness", "selectivity", "pick_entropy"),
)


def told(board: dict[str, Any], step: float, best: dict[str, float]) -> dict[str, Any]:
    """The board as it may be shown. ``best`` is what each owner was told in earlier seasons.

    >>> rounded(0.4321, 0.005)
    0.43
    """
    metric = board["rank_metric"]
    best = dict(best)
    rows = []
    for row in sorted(board["routers"], key=lambda row: row["received"] or ""):
        shown = row | dict.fromkeys(METRICS, WITHHELD) | {"picks": [], "curve": [], "slices": {}, "optimality": {}}
        value = row[metric]["value"]
        if value is not None and row["listed"]:
            owner = row["owner"]
            if owner not in best or value >= best[owner] + step:
                best[owner] = rounded(value, step)
            low, high = row[metric]["low"], row[metric]["high"]
            shown[metric] = {"value": best[owner], "low": _down(low, step), "high": -_down(-high, step)}
        rows.append(shown)
    place = {row["name"]: k for k, row in enumerate(board["routers"])}
    rows.sort(key=lambda row: place[row["name"]])
    arms = [{"id": arm["id"], "accuracy": WITHHELD, "cost_per_1k_usd": WITHHELD} for arm in board["arms"]]
    nobody: dict[str, Any] = {"names": [], "delta": [], "half": []}
    return board | {"routers": rows, "arms": arms, "hull": [], "pairs": nobody, "examples": []}


def rounded(value: float, step: float) -> float:
    """The nearest multiple of ``step``."""
    return round(round(value / step) * step, 10)


def _down(value: float, step: float) -> float:
    return round(math.floor(round(value / step, 9)) * step, 10)
