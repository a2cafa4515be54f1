"""What a submission decided, and nothing else: for every query the calls it makes, the last of which answers.

One call is a plan of length one; cascades, ensembles and rounds are longer. Outcomes are not in here: scores come from
the shared table, where all submissions read the same answers.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import polars as pl

from routelab.arena.problem import Problem
from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError
from routelab.outcomes import Dense

Calls = tuple[str, ...]


@dataclass(frozen=True)
class Decided:
    """Decisions on n queries in R repeats (one, for whatever was not fitted by the board).

    Attributes:
        plans: the distinct lists of arms called; the last one's answer is the user's.
        pick: (R, n) index of the plan.
        overhead_usd: (n,) what deciding itself cost.
        curve: (R, G, n) the plan at every position of the dial, None for a router without one.
    """

    query_ids: tuple[str, ...]
    plans: tuple[Calls, ...]
    pick: Ints
    overhead_usd: Floats
    curve: Ints | None = None

    @classmethod
    def of(cls, query_ids: list[str], calls: list[Calls], overhead_usd: Floats | None = None) -> Decided:
        """From one list of calls a query.

        >>> Decided.of(["q", "r"], [("a",), ("a", "b")]).plans
        (('a',), ('a', 'b'))
        """
        plans = tuple(sorted(set(calls)))
        place = {plan: k for k, plan in enumerate(plans)}
        pick = np.array([[place[plan] for plan in calls]], np.int64).reshape(1, len(calls))
        overhead = np.zeros(len(calls)) if overhead_usd is None else overhead_usd
        return cls(tuple(query_ids), plans, pick, overhead)

    def to_bytes(self) -> bytes:
        """As Parquet: a row a query; ``pick`` and ``curve`` are lists over repeats (× dials); plans ride along."""
        shape = () if self.curve is None else self.curve.shape[:2]
        frame = pl.DataFrame(
            {
                "query_id": list(self.query_ids),
                "pick": pl.Series(self.pick.T.astype(np.uint16), dtype=pl.Array(pl.UInt16, len(self.pick))),
                "overhead_usd": self.overhead_usd,
            }
        )
        if self.curve is not None:
            flat = self.curve.reshape(-1, len(self.query_ids)).T.astype(np.uint16)
            frame = frame.with_columns(curve=pl.Series(flat, dtype=pl.Array(pl.UInt16, flat.shape[1])))
        plans = pl.DataFrame({"plans": [[list(plan) for plan in self.plans]], "curve_shape": [list(shape)]})
        packed = io.BytesIO()
        pl.concat([frame, plans], how="diagonal").write_parquet(packed, compression="zstd")
        return packed.getvalue()

    @classmethod
    def from_bytes(cls, packed: bytes) -> Decided:
        frame = pl.read_parquet(io.BytesIO(packed))
        plans, shape = frame["plans"][-1].to_list(), frame["curve_shape"][-1].to_list()
        rows = frame[:-1]
        curve = None
        if "curve" in rows.columns:
            curve = rows["curve"].to_numpy().astype(np.int64).T.reshape(*shape, len(rows))
        return cls(
            tuple(rows["query_id"]),
            tuple(tuple(plan) for plan in plans),
            rows["pick"].to_numpy().astype(np.int64).T.reshape(-1, len(rows)),
            rows["overhead_usd"].to_numpy(),
            curve,
        )

    def on(self, problem: Problem) -> Decided:
        """The same decisions in the problem's order; raises InputError where a query has none."""
        place = {name: k for k, name in enumerate(self.query_ids)}
        absent = [name for name in problem.batch.ids if name not in place]
        if absent:
            raise InputError(
                "decisions",
                expected=f"one for each of the board's {len(problem)} queries",
                got=f"none for {len(absent)} of them, {absent[0]} among them",
                fix="decide every query",
            )
        rows = np.array([place[name] for name in problem.batch.ids], np.int64)
        curve = None if self.curve is None else self.curve[:, :, rows]
        return Decided(problem.batch.ids, self.plans, self.pick[:, rows], self.overhead_usd[rows], curve)

    def values(self, problem: Problem, wide: Dense | None = None) -> tuple[Floats, Floats]:
        """(R, n) scores and costs on the problem's outcomes; this must be in the problem's order.

        ``wide`` has further arms on the same rows, which decisions may name where the cells they need are known.
        """
        score, cost = self._plan_values(problem, wide)
        rows = np.arange(len(problem))
        return score[rows, self.pick], cost[rows, self.pick] + self.overhead_usd

    def curve_values(self, problem: Problem, wide: Dense | None = None) -> tuple[Floats, Floats]:
        """(R, n, G) scores and costs at every position of the dial, read as ``values`` does; there must be a curve."""
        assert self.curve is not None
        score, cost = self._plan_values(problem, wide)
        rows, picks = np.arange(len(problem))[:, None], self.curve.swapaxes(1, 2)
        return score[rows, picks], cost[rows, picks] + self.overhead_usd[:, None]

    def _plan_values(self, problem: Problem, wide: Dense | None) -> tuple[Floats, Floats]:
        return plan_values(self.plans, wide if wide is not None and problem.priced else problem.outcomes)

    def arms(self, problem: Problem) -> Ints | None:
        """(R, n) indices of the problem's arms, None where some plan makes several calls or names another arm."""
        if any(len(plan) > 1 or plan[0] not in problem.arms for plan in self.plans):
            return None
        return np.array([problem.arms.index(plan[0]) for plan in self.plans], np.int64)[self.pick]


def plan_values(plans: tuple[Calls, ...], known: Dense) -> tuple[Floats, Floats]:
    """(n, P) score of every plan's last call and cost of all of its calls, NaN where an outcome is not known."""
    place = {arm: k for k, arm in enumerate(known.arms)}
    last = [place[plan[-1]] for plan in plans]
    cost = [known.cost_usd[:, [place[arm] for arm in plan]].sum(axis=1) for plan in plans]
    return known.score[:, last], np.stack(cost, axis=1)
