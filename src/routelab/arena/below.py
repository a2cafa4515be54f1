"""Is a router below another one at some budget? Whole quality–cost curves, compared pair by pair on the same draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from routelab.arena.crossfit import DIALS
from routelab.arena.metrics import envelope
from routelab.arena.problem import Problem
from routelab.arena.statistics import LEVEL, Draws, number, step_down
from routelab.core.decisions import Floats

BUDGETS = 12


def below_others(problem: Problem, names: Sequence[str], draws: Draws) -> dict[str, dict[str, Any]]:
    """For every router with a dial: which others lie significantly above it somewhere, and the clearest such place.

    A curve is the best mean score that the cheapest arm, the dial's positions, or a mix of two of these reach at a
    budget; budgets run from the cheapest arm's cost to the dearest's. Without costs there is one: that of dial 0.
    All others at all budgets are one family of one-sided tests (step-down max-t).
    """
    turned = [name for name in names if (name, "curve_score:0") in draws]
    if len(turned) < 2:
        return {}
    budgets = _budgets(problem, draws)
    heights = np.stack([_heights(name, budgets, draws) for name in turned], axis=1)
    return {name: _below(turned, place, heights, budgets[0], draws) for place, name in enumerate(turned)}


def _budgets(problem: Problem, draws: Draws) -> Floats:
    """(1 + B + P, X) from the cheapest arm's cost in each draw to that of the dearest."""
    least, arms = draws.of("cheapest", "cost"), problem.cost.mean(axis=0)
    if not problem.priced or least.min() <= 0 or arms.max() <= arms.min():
        return np.full((len(least), 1), np.inf)
    return least[:, None] * np.geomspace(1, arms.max() / arms.min(), BUDGETS)


def _heights(name: str, budgets: Floats, draws: Draws) -> Floats:
    """(1 + B + P, X) best mean score within each budget."""
    if np.isinf(budgets).all():
        return draws.stack(name, "curve_score", 1)
    cost, score = (
        np.hstack([draws.of("cheapest", field)[:, None], draws.stack(name, f"curve_{field}", len(DIALS))])
        for field in ("cost", "score")
    )
    return envelope(cost, score, budgets, concave=True)


def _below(names: Sequence[str], place: int, heights: Floats, budgets: Floats, draws: Draws) -> dict[str, Any]:
    others = [name for name in names if name != names[place]]
    ahead = np.delete(heights, place, axis=1) - heights[:, [place]]
    flat = ahead.reshape(len(ahead), -1)
    p = step_down(draws.complete(flat))
    worst = int(np.lexsort((-flat[0], p))[0])
    other, budget = divmod(worst, len(budgets))
    significant = np.any((p < LEVEL).reshape(len(others), len(budgets)), axis=1)
    return {
        "routers": [name for name, above in zip(others, significant.tolist()) if above],
        "p_adjusted": number(float(p[worst])),
        "clearest": {
            "router": others[other],
            "budget_per_1k_usd": number(1000 * float(budgets[budget])) if np.isfinite(budgets[budget]) else None,
            "gap": draws.interval(flat[:, worst]),
        },
    }
