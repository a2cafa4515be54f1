"""What a router says about a batch of queries, in columns.

One row a query. A single-call router's plans are its arms in pool order, so ``pick`` doubles as the arm index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from routelab.core.errors import ContractError
from routelab.core.plan import Plan, Single

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Decisions:
    """Columns over n queries, K arms and the distinct plans.

    Attributes:
        arms: the K arms of the pool, in the order of every (n, K) array.
        plans: the distinct plans; ``pick`` (n,) indexes them.
        score, cost_usd: (n, K) predictions for every arm, or None where the router makes none.
        propensity: (n,) probability with which this plan was chosen, 1 for a deterministic router.
        reason: (n,) index into ``reasons``.
        beat: (n,) index of the arm that came second, −1 where there was none.
        overhead_s, overhead_usd: (n,) what the decision itself took and cost.
    """

    arms: tuple[str, ...]
    plans: tuple[Plan, ...]
    pick: Ints
    propensity: Floats
    score: Floats | None = None
    cost_usd: Floats | None = None
    reasons: tuple[str, ...] = ("chosen",)
    reason: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    beat: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    overhead_s: Floats = field(default_factory=lambda: np.zeros(0))
    overhead_usd: Floats = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def single(cls, arms: Sequence[str], pick: npt.ArrayLike, **columns: object) -> Decisions:
        """One call each: ``pick`` (n,) indexes ``arms``. Missing columns get their neutral value.

        >>> Decisions.single(["a", "b"], [1, 0]).chosen_arms()
        ['b', 'a']
        """
        picked = np.asarray(pick, np.int64)
        n = len(picked)
        neutral: dict[str, object] = {
            "propensity": np.ones(n),
            "reason": np.zeros(n, np.int64),
            "beat": np.full(n, -1, np.int64),
            "overhead_s": np.zeros(n),
            "overhead_usd": np.zeros(n),
        }
        plans = tuple(Single(arm) for arm in arms)
        return cls(tuple(arms), plans, picked, **(neutral | columns))  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.pick)

    def chosen_arms(self) -> list[str]:
        """The arm of every query's plan; raises ContractError for plans of several arms."""
        names = []
        for plan in self.plans:
            if not isinstance(plan, Single):
                raise ContractError(
                    "decisions",
                    expected="single-call plans",
                    got=type(plan).__name__,
                    fix="replay them with run_plan",
                )
            names.append(plan.arm)
        return [names[k] for k in self.pick]

    def take(self, rows: npt.ArrayLike) -> Decisions:
        """The same decisions for some of the queries."""
        index = np.asarray(rows)
        columns = {
            name: value[index]
            for name, value in vars(self).items()
            if isinstance(value, np.ndarray) and len(value) == len(self)
        }
        return replace(self, **columns)
