"""``DecisionLog``: what was decided and how it went, appended to an outcome table in batches.

Every decision is a query of its own, whose id is the decision's id, with one call. A score that arrives before its
call has been written stands in the row at once; a later one is put into its row when the next batch is written, so
that the table always holds one row a call and every reader of tables can read it. Knows no sockets.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

import msgspec
import polars as pl

from routelab.core import ModelCard, Outcome, Query
from routelab.outcomes import OutcomeTable, store
from routelab.outcomes.table import answer_frame, outcome_frame, query_frame

REMEMBERED = 100_000
"""Decisions, the newest ones, that can still be given a score."""


class DecisionLog:
    """A table on disk that grows, from any thread. What ``add`` is given is lost in a crash until ``flush`` ran."""

    def __init__(
        self,
        folder: Path,
        models: Iterable[ModelCard] = (),
        *,
        keep_answers: bool = False,
        batch_calls: int = 500,
    ) -> None:
        if not folder.exists():
            OutcomeTable.create(folder, [], models, notes=["decisions of a gateway, with their propensities"])
        known = OutcomeTable.open(folder).calls["query_id"].tail(REMEMBERED)
        self.folder, self.keep_answers, self.batch_calls = folder, keep_answers, batch_calls
        self._written = dict.fromkeys(known, True)  # in order of age
        self._pending: list[tuple[Query, Outcome]] = []
        self._scores: dict[str, float] = {}
        self._lock, self._writing = threading.Lock(), threading.Lock()

    @property
    def full(self) -> bool:
        """Whether a batch waits to be written."""
        return len(self._pending) >= self.batch_calls

    def begin(self, decision_id: str) -> None:
        """From now on the decision can be given a score."""
        with self._lock:
            self._written[decision_id] = False
            if len(self._written) > REMEMBERED:
                del self._written[next(iter(self._written))]

    def add(self, query: Query, outcome: Outcome) -> None:
        """The call of a decision that has ended."""
        kept = outcome if self.keep_answers else msgspec.structs.replace(outcome, answer=None)
        with self._lock:
            self._pending.append((query, kept))

    def score(self, decision_id: str, score: float) -> bool:
        """Attach a score in [0, 1] to a decision, the last one counts; False for one that is not remembered."""
        with self._lock:
            known = decision_id in self._written
            if known:
                self._scores[decision_id] = score
            return known

    def flush(self) -> None:
        """Write what is pending; what could not be written stays pending."""
        with self._writing:
            with self._lock:
                rows, self._pending = self._pending, []
                fresh = {query.id for query, _ in rows}
                scores = {id: s for id, s in self._scores.items() if id in fresh or self._written.get(id, True)}
                self._scores = {id: s for id, s in self._scores.items() if id not in scores}
                self._written.update(dict.fromkeys(fresh & self._written.keys(), True))
            try:
                self._append(rows, scores)
                rows = []
                self._rescore({id: score for id, score in scores.items() if id not in fresh})
                scores = {}
            finally:
                with self._lock:
                    self._pending, self._scores = rows + self._pending, scores | self._scores

    def _append(self, rows: list[tuple[Query, Outcome]], scores: dict[str, float]) -> None:
        if not rows:
            return
        calls = [msgspec.structs.replace(call, score=scores.get(call.query_id, call.score)) for _, call in rows]
        queries = query_frame([query for query, _ in rows])
        grown = OutcomeTable.from_frames(queries, outcome_frame(calls), answers=answer_frame(calls), name="log")
        with store.locked(self.folder):
            store.add_parts(self.folder, {"queries": grown.queries, "calls": grown.calls, "answers": grown.answers()})

    def _rescore(self, late: dict[str, float]) -> None:
        if late:
            with store.locked(self.folder):
                store.replace_part(self.folder, "calls", _scored(OutcomeTable.open(self.folder).calls, late))


def _scored(calls: pl.DataFrame, late: dict[str, float]) -> pl.DataFrame:
    told = pl.DataFrame({"query_id": list(late), "_late": list(late.values())})
    joined = calls.join(told, on="query_id", how="left", maintain_order="left")
    return joined.with_columns(score=pl.coalesce("_late", "score")).select(calls.columns)
