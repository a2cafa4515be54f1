"""``Problem``: a table made ready to be judged on, with every row that was left out counted and said.

Arms that cover too few queries and queries without all remaining arms are dropped, so that every router is
judged on the same complete rows. Entries known to be attacks on a judge are excluded by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError
from routelab.encode import QueryBatch, normalise
from routelab.outcomes import Dense, OutcomeTable, dense
from routelab.outcomes.listed import LISTED

MIN_COVERAGE = 0.985
ATTACKS = ("NullModel",)
SMALLEST_STRATUM = 10

Costs = Literal["measured", "listed", "unknown"]


@dataclass(frozen=True)
class Problem:
    """n complete queries × K arms.

    Attributes:
        cost: (n, K) USD; where costs are unknown, calls to the strong arm of a pair, else zeros.
        strata: (n,) task index; tasks are fixed strata of every interval.
        groups: (n,) index of queries whose normalised prompt is the same; they share a fold and a draw.
        labels: the query columns, row for row.
    """

    name: str
    table_hash: str
    outcomes: Dense
    batch: QueryBatch
    score: Floats
    cost: Floats
    costs: Costs
    strata: Ints
    groups: Ints
    labels: pl.DataFrame
    notes: tuple[str, ...]

    @property
    def arms(self) -> tuple[str, ...]:
        return self.outcomes.arms

    @property
    def priced(self) -> bool:
        """Whether every call has a cost in dollars."""
        return self.costs != "unknown"

    @property
    def evaluation_only(self) -> bool:
        """Whether the data's own rule forbids fitting anything on it (importers note it)."""
        return _evaluation_only(self.notes)

    def __len__(self) -> int:
        return len(self.score)


def _evaluation_only(notes: Iterable[str]) -> bool:
    return any(note.startswith("evaluation only") for note in notes)


def refuse_evaluation_only(table: OutcomeTable) -> None:
    """Raises InputError for a table that nothing may be fitted on, by the rule of its data."""
    if _evaluation_only(table.notes):
        raise InputError(
            f"table {table.name!r}",
            expected="data that routers may be fitted on",
            got="a table for evaluation only",
            fix="use outcomes of your own; `routelab evaluate` judges frozen artifacts on it",
        )


def prepare(table: OutcomeTable, *, exclude: tuple[str, ...] = ATTACKS, min_coverage: float = MIN_COVERAGE) -> Problem:
    """Drop what cannot be judged; raises InputError where nothing is left."""
    notes = list(table.notes)
    view = dense(table)
    if not view.query_ids or not view.arms:
        raise InputError(
            f"table {table.name!r}",
            expected="queries and outcomes",
            got=f"{len(view.query_ids)} queries, {len(view.arms)} arms",
            fix="import or collect outcomes first",
        )
    attacks = [arm for arm in view.arms if arm in exclude]
    if attacks:
        notes.append(f"excluded by name: {', '.join(attacks)}")
    coverage = (~np.isnan(view.score)).mean(axis=0)
    kept = [j for j, arm in enumerate(view.arms) if coverage[j] >= min_coverage and arm not in attacks]
    sparse = len(view.arms) - len(kept) - len(attacks)
    if sparse:
        notes.append(f"{sparse} of {len(view.arms)} arms cover less than {min_coverage:.1%} of the queries: left out")
    if len(kept) < 2:
        raise InputError(
            f"table {table.name!r}",
            expected=f"at least two arms that cover {min_coverage:.1%} of the queries",
            got=f"{len(kept)}",
            fix="judge one slice of it with --where COLUMN=VALUE, or lower --min-coverage",
        )
    view = view.columns(tuple(view.arms[j] for j in kept))
    full = np.asarray(~np.isnan(view.score).any(axis=1))
    if not full.all():
        notes.append(f"{int((~full).sum())} of {len(full)} queries lack an outcome of some arm: left out")
    rows = np.flatnonzero(full)
    view = view.rows(rows)
    labels = table.queries[rows]
    return _assemble(table, view, labels, notes)


def _assemble(table: OutcomeTable, view: Dense, labels: pl.DataFrame, notes: list[str]) -> Problem:
    texts = None
    if labels["prompt"].null_count() == 0:
        texts = tuple(labels["prompt"])
    else:
        notes.append("prompts are not public: routers that read text are skipped")
    tasks = _task_labels(labels)
    listed = any(note.startswith(LISTED) for note in table.notes)
    costs: Costs = "unknown" if not view.has_cost else "listed" if listed else "measured"
    cost = np.asarray(view.cost_usd)
    if costs == "unknown":
        cost = np.zeros_like(view.score)
        if len(view.arms) == 2:
            cost[:, int(view.score.mean(axis=0).argmax())] = 1.0
            notes.append("costs are unknown: curves count calls to the stronger arm of the pair")
        else:
            notes.append("costs are unknown: judged on quality alone")
    return Problem(
        name=table.name,
        table_hash=table.hash,
        outcomes=replace(view, cost_usd=cost),
        batch=QueryBatch(view.query_ids, texts, tuple(tasks)),
        score=np.asarray(view.score),
        cost=cost,
        costs=costs,
        strata=_strata(tasks),
        groups=_groups(texts, view.query_ids),
        labels=labels,
        notes=tuple(notes),
    )


def _task_labels(labels: pl.DataFrame) -> list[str | None]:
    """The finest label that the table has: task, else dataset and domain."""
    for column in ("task", "source", "dataset", "domain"):
        if labels[column].null_count() < labels.height:
            return labels[column].to_list()
    return [None] * labels.height


def _strata(tasks: list[str | None]) -> Ints:
    """One index a task; tasks too small to have a variance of their own are pooled."""
    _, index, counts = np.unique(np.array([task or "" for task in tasks]), return_inverse=True, return_counts=True)
    pooled = np.where(counts[index] < SMALLEST_STRATUM, -1, index)
    return np.asarray(np.unique(pooled, return_inverse=True)[1], np.int64)


def _groups(texts: tuple[str, ...] | None, ids: tuple[str, ...]) -> Ints:
    keys = ids if texts is None else tuple(map(normalise, texts))
    return np.asarray(np.unique(np.array(keys, dtype=object), return_inverse=True)[1], np.int64)
