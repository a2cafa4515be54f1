"""Which servers answer for which arm, and how many tokens every arm reads and writes for every query."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from routelab.arena.problem import Problem
from routelab.core.decisions import Ints
from routelab.core.errors import InputError, nearest
from routelab.outcomes import OutcomeTable
from routelab.pool.fleet.build import Fleet


@dataclass(frozen=True)
class Hosting:
    """``servers`` (K): the servers of each arm of the problem. ``input_tokens``, ``output_tokens`` (n, K)."""

    servers: tuple[Ints, ...]
    input_tokens: Ints
    output_tokens: Ints


def host(problem: Problem, table: OutcomeTable, fleet: Fleet) -> Hosting:
    """Raises InputError for an arm that no pool answers for, or that two do, and for a table without token counts."""
    owners: dict[str, list[int]] = {}
    for place, pool in enumerate(fleet.spec.pools):
        for arm in pool.arms:
            if arm not in problem.arms:
                where = f"fleet pools {place} arms"
                raise InputError(where, expected="an arm of the table", got=arm, fix=nearest(arm, problem.arms))
            owners.setdefault(arm, []).append(place)
    first = np.cumsum([0, *(pool.replicas for pool in fleet.spec.pools)])
    servers = []
    for arm in problem.arms:
        pools = owners.get(arm, [])
        if len(pools) != 1:
            got = "none" if not pools else f"{len(pools)} of them"
            raise InputError(
                f"fleet arm {arm}", expected="one pool that answers for it", got=got, fix="see pools: arms"
            )
        servers.append(np.arange(first[pools[0]], first[pools[0] + 1]))
    return Hosting(tuple(servers), _tokens(problem, table, "input_tokens"), _tokens(problem, table, "output_tokens"))


def _tokens(problem: Problem, table: OutcomeTable, column: str) -> Ints:
    """(n, K) mean tokens of each cell, at least 1."""
    calls = table.calls.filter(pl.col(column).is_not_null()).group_by("query_id", "arm").agg(pl.col(column).mean())
    wide = calls.pivot("arm", index="query_id", values=column)
    missing = [arm for arm in problem.arms if arm not in wide.columns]
    ids = pl.DataFrame({"query_id": problem.batch.ids})
    rows = ids.join(wide, on="query_id", how="left", maintain_order="left")
    if missing or rows.select(pl.any_horizontal(pl.col(list(problem.arms)).is_null().any())).item():
        raise InputError(
            f"table {problem.name!r} {column}",
            expected="tokens of every call",
            got=f"none for {missing[0]}" if missing else "calls without them",
            fix="collect the table with token counts, or leave such arms out",
        )
    counted: Ints = np.maximum(np.rint(rows.select(problem.arms).to_numpy()), 1).astype(np.int64)
    return counted
