"""Logged decisions as arrays: who was chosen, with which probability, and what came of it. Estimates nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError
from routelab.encode import QueryBatch
from routelab.outcomes import OutcomeTable


@dataclass(frozen=True)
class Log:
    """n logged decisions. ``arm`` indexes ``arms``; ``cost`` is USD, None where one is unknown."""

    arms: tuple[str, ...]
    batch: QueryBatch
    arm: Ints
    propensity: Floats
    score: Floats
    cost: Floats | None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.arm)

    @property
    def groups(self) -> Ints:
        return np.asarray(np.unique(self.batch.fingerprints(), return_inverse=True)[1], np.int64)

    def rows(self, index: Ints) -> Log:
        cost = None if self.cost is None else self.cost[index]
        columns = (self.arm[index], self.propensity[index], self.score[index], cost)
        return Log(self.arms, self.batch.take(index), *columns, self.notes)


def read_log(table: OutcomeTable) -> Log:
    """The decisions of a table that chance had a part in. A failed call without a score earned 0.

    Raises InputError where the table has no propensities, no chance or no scores.
    """
    failed = pl.col("error").is_not_null() & pl.col("score").is_null()
    calls = table.calls.filter(pl.col("turn") == 0).with_columns(
        score=pl.when(failed).then(0.0).otherwise("score"),
        cost_usd=pl.when(failed & pl.col("cost_usd").is_null()).then(0.0).otherwise("cost_usd"),
    )
    calls = calls.join(table.queries.select("query_id", "prompt"), on="query_id", maintain_order="left")
    place, notes = f"log {table.name!r}", []
    steps = (
        (pl.col("propensity") > 0, "calls with a propensity", "have none", "log them: routelab serve"),
        (pl.col("propensity") < 1, "decisions by chance", "were certain", "serve with --explore 0.05"),
        (pl.col("score").is_not_null(), "scored decisions", "have no score", "send scores to /v1/feedback"),
    )
    for kept, expected, lacking, fix in steps:
        left = calls.filter(kept.fill_null(False))
        if not left.height:
            raise InputError(place, expected=expected, got=f"{calls.height} that {lacking}", fix=fix)
        if left.height < calls.height:
            notes.append(f"{calls.height - left.height} of {calls.height} decisions {lacking}: left out")
        calls = left
    texts = None if calls["prompt"].null_count() else tuple(calls["prompt"])
    batch = QueryBatch(tuple(calls["query_id"]), texts, (None,) * calls.height)
    cost = None if calls["cost_usd"].null_count() else calls["cost_usd"].to_numpy()
    arms, arm = np.unique(calls["arm"].to_numpy(), return_inverse=True)
    return Log(
        tuple(map(str, arms)), batch, arm.astype(np.int64), calls["propensity"].to_numpy(), calls["score"].to_numpy(),
        cost, tuple(notes),
    )  # fmt: skip
