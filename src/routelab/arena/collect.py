"""Fill an outcome table: ask every arm every query, grade the answers, keep what was done when it stops.

Running the same call again continues: a cell (query, arm, sample) that was answered is never asked twice, one that
failed is asked again.
Cells are visited in a seeded random order, all arms of a query together: a run cut short is a fair sample.
Knows no endpoints: arms come as ``Complete`` callables.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import polars as pl

from routelab.arena.ask import Asker, Cell
from routelab.arena.spend import Purse, Tariff
from routelab.core import (
    Complete,
    InputError,
    ModelCard,
    Outcome,
    Query,
    SpendCapError,
    registry,
    stream,
)
from routelab.outcomes import OutcomeTable


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is: calls of this run, cells the table had before, dollars, failed calls, the newest outcome."""

    done: int
    total: int
    skipped: int
    spent_usd: float
    errors: int
    last: Outcome | None = None


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """The grown table and what happened; ``stopped`` says why cells are left, None when none are."""

    table: OutcomeTable
    progress: Progress
    stopped: str | None = None


def collect(
    folder: Path | None,
    queries: Sequence[Query],
    arms: Mapping[str, Complete],
    tariffs: Mapping[str, Tariff] | None = None,
    *,
    models: Sequence[ModelCard] = (),
    name: str | None = None,
    samples: int = 1,
    temperature: float = 0.0,
    concurrency: int = 1,
    max_spend_usd: float | None = None,
    seed: int = 0,
    checkpoint_calls: int = 50,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Collected:
    """Ask ``arms`` the ``queries`` and append the outcomes to the table in ``folder`` (None: in memory).

    A failed call is a row with an error and no score; an answer without a reference is a row without a score. A
    missing key, package or model ends the run, after what was done has been saved. The table grows by
    ``checkpoint_calls`` rows at a time. Before a call starts, the most it can cost is set aside from
    ``max_spend_usd``, so the cap is never crossed.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as scratch:
            kept = collect(
                Path(scratch) / "table", queries, arms, tariffs, models=models, name=name, samples=samples,
                temperature=temperature, concurrency=concurrency, max_spend_usd=max_spend_usd, seed=seed,
                checkpoint_calls=checkpoint_calls, progress=progress,
            )  # fmt: skip
            return msgspec.structs.replace(kept, table=_in_memory(kept.table))
    for what, value in (("samples", samples), ("concurrency", concurrency), ("checkpoint", checkpoint_calls)):
        if value < 1:
            raise InputError(what, expected="at least 1", got=str(value), fix="raise it")
    for metric in sorted({query.metric for query in queries if query.metric is not None}):
        registry.load("routelab.graders", metric)
    purse = Purse(max_spend_usd)
    table = _opened(folder, queries, models, name)
    cells = _missing(table, queries, list(arms), samples, seed)
    run = _Run(
        table=table,
        ask=Asker(arms, tariffs or {}, temperature, seed),
        purse=purse,
        checkpoint_calls=checkpoint_calls,
        total=len(cells),
        skipped=len(queries) * len(arms) * samples - len(cells),
        report=progress,
    )
    stopped = run.through(cells, concurrency)
    return Collected(table=run.table, progress=run.progress, stopped=stopped)


@dataclass
class _Run:
    """One run's state, touched by the calling thread only."""

    table: OutcomeTable
    ask: Asker
    purse: Purse
    checkpoint_calls: int
    total: int
    skipped: int
    report: Callable[[Progress], None]
    unsaved: list[Outcome] = field(default_factory=list)
    done: int = 0
    errors: int = 0
    last: Outcome | None = None

    @property
    def progress(self) -> Progress:
        return Progress(
            done=self.done,
            total=self.total,
            skipped=self.skipped,
            spent_usd=self.purse.spent_usd,
            errors=self.errors,
            last=self.last,
        )

    def through(self, cells: Sequence[Cell], concurrency: int) -> str | None:
        """Work through the cells; returns why it stopped early, or None. What was answered is always saved."""
        waiting = deque(cells)
        flying: dict[Future[Outcome], float] = {}
        stopped: str | None = None
        pool = ThreadPoolExecutor(concurrency, thread_name_prefix="collect")
        try:
            while flying or (waiting and stopped is None):
                while waiting and stopped is None and len(flying) < concurrency:
                    try:
                        reserved = self.purse.reserve(waiting[0][1], self.ask.at_most_usd(waiting[0]))
                    except SpendCapError as error:
                        stopped = None if flying else str(error)  # calls in flight may give money back
                        break
                    flying[pool.submit(self.ask, waiting.popleft())] = reserved
                for future in wait(flying, return_when=FIRST_COMPLETED).done:
                    outcome = future.result()
                    self._book(outcome, flying.pop(future))
            return stopped
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            for future, reserved in flying.items():
                if not future.cancelled() and future.exception() is None:
                    self._book(future.result(), reserved)
            self._save()

    def _book(self, outcome: Outcome, reserved_usd: float) -> None:
        self.purse.settle(reserved_usd, outcome.cost_usd)
        self.done += 1
        self.errors += outcome.error is not None
        self.last = outcome
        self.unsaved.append(outcome)
        if len(self.unsaved) >= self.checkpoint_calls:
            self._save()
        self.report(self.progress)

    def _save(self) -> None:
        if self.unsaved:
            self.table = self.table.append(self.unsaved)
            self.unsaved = []


def _opened(folder: Path, queries: Sequence[Query], models: Sequence[ModelCard], name: str | None) -> OutcomeTable:
    if not folder.exists():
        return OutcomeTable.create(folder, queries, models, name=name)
    table = OutcomeTable.open(folder).forget_failures()
    known = dict(table.queries.select("query_id", "prompt").iter_rows())
    strange = [query.id for query in queries if known.get(query.id) != query.text]
    if strange:
        raise InputError(
            str(folder),
            expected="a table of the same queries",
            got=f"{len(strange)} queries it does not hold, first {strange[0]!r}",
            fix="collect into a new folder",
        )
    return table


def _missing(table: OutcomeTable, queries: Sequence[Query], arms: Sequence[str], samples: int, seed: int) -> list[Cell]:
    keys = table.calls.filter(pl.col("turn") == 0).select("query_id", "arm", "sample")
    have = set(keys.iter_rows())
    order = stream(seed, "collect").permutation(len(queries))
    return [
        (queries[int(k)], arm, sample)
        for k in order
        for arm in arms
        for sample in range(samples)
        if (queries[int(k)].id, arm, sample) not in have
    ]


def _in_memory(table: OutcomeTable) -> OutcomeTable:
    return OutcomeTable.from_frames(
        table.queries, table.calls, answers=table.answers(), models=table.models, name=table.name
    )
