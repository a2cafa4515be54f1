"""The bootstrap draws behind a board: for its main figures, and for every position of every router's dial.

The draws depend on the queries and the seed, not on what is drawn, so all figures of a board vary together. Curves are
drawn a few routers at a time, since all of them at once would take gigabytes. Ranks nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from routelab.arena.crossfit import DIALS
from routelab.arena.leaderboard.decided import Decided
from routelab.arena.leaderboard.shared import Shared
from routelab.arena.statistics import UNIT, Draws, interval, joint_draws, number
from routelab.core.decisions import Floats

DRAWS = 1000
TOGETHER = 50
SCALES = np.array([[1.0], [1000.0]])  # accuracy, and cost per 1,000 queries


def drawn(shared: Shared, names: Sequence[tuple[str, str]], values: Floats) -> Draws:
    """Joint draws of named columns of (R, n, M) row values on the board's queries."""
    problem, plan = shared.problem, shared.plan
    return joint_draws(
        names,
        values,
        problem.strata[plan.judged],
        problem.groups[plan.judged],
        plan.fold_of,
        overlap=plan.overlap,
        averaging=plan.averaging,
        prior=plan.prior,
        draws=DRAWS,
        seed=shared.seed,
    )


def dial_curves(shared: Shared, decided: Mapping[str, Decided]) -> dict[str, list[dict[str, Any]]]:
    """Of every router with a dial, mean quality and cost at each position, with intervals; none without costs."""
    if not shared.problem.priced:
        return {}
    rows, dials = (shared.plan.repeats, len(shared.problem)), len(DIALS)
    turned = [(name, one) for name, one in decided.items() if one.curve is not None]
    found: dict[str, list[dict[str, Any]]] = {}
    for start in range(0, len(turned), TOGETHER):
        few = turned[start : start + TOGETHER]
        names = [(name, f"{field}:{g}") for name, _ in few for field in ("score", "cost") for g in range(dials)]
        values: npt.NDArray[Any] = np.empty((*rows, len(few), 2, dials), np.float32)
        for k, (_, one) in enumerate(few):
            score, cost = one.curve_values(shared.problem, shared.wide)
            values[:, :, k, 0], values[:, :, k, 1] = score, cost
        draws = drawn(shared, names, values.reshape(*rows, len(names)))
        ends = draws.complete(draws.means.reshape(-1, len(few), 2, dials) * SCALES)
        found |= {name: _points(ends[:, k, 0], ends[:, k, 1]) for k, (name, _) in enumerate(few)}
    return found


def _points(score: Floats, cost: Floats) -> list[dict[str, Any]]:
    """From (1 + B, G) estimates and draws to the points of a curve."""
    return [
        {
            "dial": number(dial),
            "accuracy": interval(score[:, g], bounds=UNIT),
            "cost_per_1k_usd": interval(cost[:, g]),
        }
        for g, dial in enumerate(DIALS)
    ]
