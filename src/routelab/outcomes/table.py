"""``OutcomeTable``: who was asked what, and how it went. The spine of routelab; it decides nothing.

One record is one call: (query, arm, sample, turn, parent) → score, tokens, cost, times, error, propensity.
Answers live beside the calls under the same identity and are read only when asked for.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from routelab.core.errors import InputError, nearest
from routelab.core.types import Arm, ModelCard, Outcome, Query, Turn
from routelab.outcomes import store
from routelab.outcomes.schema import (
    ANSWER_COLUMNS,
    CALL_COLUMNS,
    CALL_KEY,
    QUERY_COLUMNS,
    check_calls,
    check_queries,
    conform,
)


@dataclass(frozen=True)
class OutcomeTable:
    """An immutable table. ``append`` writes to its folder and returns the table as it is then.

    Attributes:
        queries: one row a query, columns of ``schema.QUERY_COLUMNS``.
        calls: one row a call, columns of ``schema.CALL_COLUMNS``.
        models: cards, with dated prices, of the models that the arms name.
        folder: where it lies, or None for a table in memory.
    """

    queries: pl.DataFrame
    calls: pl.DataFrame
    models: tuple[ModelCard, ...] = ()
    name: str = "table"
    notes: tuple[str, ...] = ()
    folder: Path | None = None
    _answers: pl.DataFrame | None = field(default=None, repr=False)

    # -- making one -------------------------------------------------------------------------------

    @classmethod
    def from_frames(
        cls,
        queries: pl.DataFrame,
        calls: pl.DataFrame,
        *,
        answers: pl.DataFrame | None = None,
        models: Iterable[ModelCard] = (),
        name: str = "table",
        notes: Sequence[str] = (),
        where: str | None = None,
    ) -> OutcomeTable:
        """Check and adopt two frames; raises InputError naming row, column and value of what is wrong."""
        place = where or name
        asked = conform(queries, QUERY_COLUMNS, f"{place} queries")
        made = conform(calls, CALL_COLUMNS, f"{place} outcomes")
        check_queries(asked, f"{place} queries")
        check_calls(made, f"{place} outcomes")
        stray = made.join(asked, on="query_id", how="anti")
        if stray.height:
            raise InputError(
                f"{place} outcomes",
                expected="query ids that the queries name",
                got=f"{stray.height} calls of unknown queries, first {stray['query_id'][0]!r}",
                fix="add these queries or drop the calls",
            )
        kept = None if answers is None else conform(answers, ANSWER_COLUMNS, f"{place} answers")
        return cls(asked, made, tuple(models), name, tuple(notes), None, kept)

    @classmethod
    def create(
        cls,
        folder: Path | str,
        queries: Sequence[Query],
        models: Iterable[ModelCard] = (),
        *,
        name: str | None = None,
        notes: Sequence[str] = (),
    ) -> OutcomeTable:
        """A new table on disk without calls yet; refuses a folder that already holds one."""
        place = Path(folder)
        table = cls.from_frames(
            query_frame(queries),
            pl.DataFrame(schema=CALL_COLUMNS),
            models=models,
            name=name or place.name,
            notes=notes,
        )
        return table.save(place)

    @classmethod
    def open(cls, folder: Path | str) -> OutcomeTable:
        """Read a table's folder. Answers stay on disk until ``answers()``."""
        place = Path(folder)
        manifest = store.read_manifest(place)
        return cls(
            store.read_parts(place, manifest, "queries", QUERY_COLUMNS),
            store.read_parts(place, manifest, "calls", CALL_COLUMNS),
            manifest.models,
            manifest.name,
            manifest.notes,
            place,
        )

    def save(self, folder: Path | str) -> OutcomeTable:
        """Write the whole table into a new folder, atomically."""
        place = Path(folder)
        store.create(
            place,
            store.Manifest(name=self.name, models=self.models, notes=self.notes),
            {"queries": self.queries, "calls": self.calls, "answers": self.answers()},
        )
        return replace(self, folder=place, _answers=None)

    def append(self, outcomes: Sequence[Outcome]) -> OutcomeTable:
        """Add calls to the folder, all or none, safely beside other writers; returns the grown table."""
        if self.folder is None:
            raise InputError(
                f"table {self.name!r}",
                expected="a table on disk",
                got="one in memory",
                fix="save it to a folder first",
            )
        calls = outcome_frame(outcomes)
        answers = answer_frame(outcomes)
        with store.locked(self.folder):
            known = OutcomeTable.open(self.folder)
            grown = OutcomeTable.from_frames(
                known.queries, pl.concat([known.calls, calls]), models=known.models, name=self.name
            )
            store.add_parts(self.folder, {"calls": calls, "answers": answers})
        return replace(grown, notes=known.notes, folder=self.folder)

    def forget_failures(self) -> OutcomeTable:
        """Take the calls that failed before there was an answer out of the folder, so that they can be made again."""
        failed = pl.col("error").is_not_null() & ~pl.col("error").str.starts_with("ungraded")
        if self.folder is None or self.calls.filter(failed).is_empty():
            return self
        with store.locked(self.folder):
            store.replace_part(self.folder, "calls", OutcomeTable.open(self.folder).calls.filter(~failed))
        return OutcomeTable.open(self.folder)

    # -- looking at it ----------------------------------------------------------------------------

    @cached_property
    def arms(self) -> tuple[str, ...]:
        """Every arm that was called, sorted."""
        return tuple(self.calls["arm"].unique().sort())

    @cached_property
    def hash(self) -> str:
        """The content's hash: equal for equal queries and calls, however they are laid out in files."""
        seen = hashlib.sha256()
        spoken = pl.col("turns").list.eval(pl.element().struct.json_encode()).list.join("\n")
        talks = self.queries["turns"].null_count() < self.queries.height
        queries = self.queries.with_columns(spoken) if talks else self.queries.drop("turns")
        for frame, key in ((queries, ["query_id"]), (self.calls, list(CALL_KEY))):
            for series in frame.sort(key):
                seen.update(series.name.encode())
                seen.update(_bytes(series))
        return seen.hexdigest()[:16]

    def answers(self) -> pl.DataFrame:
        """The answer texts of the calls, keyed like them."""
        kept = self._answers
        if kept is None:
            if self.folder is None:
                return pl.DataFrame(schema=ANSWER_COLUMNS)
            kept = store.read_parts(self.folder, store.read_manifest(self.folder), "answers", ANSWER_COLUMNS)
        return kept.join(self.calls, on=CALL_KEY, how="semi", maintain_order="left")

    def to_frame(self) -> pl.DataFrame:
        """One row a call, with its query's columns beside it."""
        return self.calls.join(self.queries, on="query_id", how="left")

    def query_list(self) -> list[Query]:
        """The queries as values, for collecting and grading."""
        return [_query(row) for row in self.queries.iter_rows(named=True)]

    # -- narrowing, joining, re-pricing -----------------------------------------------------------

    def select(
        self,
        *,
        arms: Iterable[str] | None = None,
        query_ids: Iterable[str] | None = None,
        where: Mapping[str, str] | None = None,
    ) -> OutcomeTable:
        """The table narrowed to some arms, some queries, or queries whose columns have given values."""
        queries, calls = self.queries, self.calls
        if arms is not None:
            wanted = list(arms)
            for arm in wanted:
                if arm not in self.arms:
                    raise InputError("arms", expected="an arm of the table", got=repr(arm), fix=nearest(arm, self.arms))
            calls = calls.filter(pl.col("arm").is_in(wanted))
        if query_ids is not None:
            queries = queries.filter(pl.col("query_id").is_in(list(query_ids)))
        for column, value in (where or {}).items():
            if column not in queries.columns:
                raise InputError(
                    "where",
                    expected="a column of the queries",
                    got=repr(column),
                    fix=nearest(column, queries.columns),
                )
            values = queries[column].drop_nulls().unique().to_list()
            if value not in values:
                raise InputError(
                    f"where {column}",
                    expected="a value that occurs",
                    got=repr(value),
                    fix=nearest(value, map(str, values)),
                )
            queries = queries.filter(pl.col(column) == value)
        if queries.height < self.queries.height:
            calls = calls.join(queries.select("query_id"), on="query_id", how="semi")
        return replace(self, queries=queries, calls=calls, _answers=self._answers)

    def split(self, column: str = "split") -> dict[str, OutcomeTable]:
        """One table for each value of a query column."""
        if column not in self.queries.columns:
            fix = nearest(column, self.queries.columns)
            raise InputError("split", expected="a column of the queries", got=repr(column), fix=fix)
        values = self.queries[column].drop_nulls().unique(maintain_order=True)
        return {str(value): self.select(where={column: value}) for value in values}

    def concat(self, *others: OutcomeTable) -> OutcomeTable:
        """Tables over the same or other queries, joined; a query or call known twice must not differ."""
        tables = (self, *others)
        models = {card.id: card for table in tables for card in table.models}
        return OutcomeTable.from_frames(
            pl.concat([table.queries for table in tables]).unique(maintain_order=True),
            pl.concat([table.calls for table in tables]).unique(maintain_order=True),
            answers=pl.concat([table.answers() for table in tables]).unique(maintain_order=True),
            models=models.values(),
            name="+".join(table.name for table in tables),
            notes=tuple(dict.fromkeys(note for table in tables for note in table.notes)),
        )

    def reprice(self, day: dt.date | None = None) -> OutcomeTable:
        """The same calls at the prices in force on ``day`` (default: the newest known).

        Calls whose model has no price by then, or whose tokens are unknown, get an unknown cost.
        """
        cards = {card.id: card for card in self.models}
        prices = {arm: card.price_on(day) for arm in self.arms if (card := cards.get(Arm.parse(arm).model))}
        rates = pl.DataFrame(
            [
                (
                    arm,
                    price.input_usd_per_mtok,
                    price.output_usd_per_mtok,
                    price.cached_input_usd_per_mtok,
                    price.reasoning_usd_per_mtok,
                    price.per_call_usd,
                )
                for arm, price in prices.items()
                if price is not None
            ],
            schema={
                "arm": pl.String,
                **dict.fromkeys(("_in", "_out", "_cached", "_reason", "_call"), pl.Float64),
            },
            orient="row",
        )
        cached, reasoning = pl.col("cached_tokens").fill_null(0), pl.col("reasoning_tokens").fill_null(0)
        bill = (
            (pl.col("input_tokens") - cached) * pl.col("_in")
            + cached * pl.coalesce("_cached", "_in")
            + pl.col("output_tokens") * pl.col("_out")
            + reasoning * pl.coalesce("_reason", "_out")
        ) / 1e6 + pl.col("_call")
        calls = self.calls.join(rates, on="arm", how="left", maintain_order="left").with_columns(cost_usd=bill)
        return replace(self, calls=calls.select(list(CALL_COLUMNS)))


def query_frame(queries: Sequence[Query]) -> pl.DataFrame:
    """Queries as rows of the table. ``turns`` is kept only where one user turn does not say it all."""
    rows = []
    for query in queries:
        row = {name: getattr(query, name) for name in QUERY_COLUMNS if hasattr(query, name)}
        simple = [turn.role for turn in query.turns] == ["user"]
        row |= {
            "query_id": query.id,
            "prompt": query.text if query.turns else None,
            "turns": None if simple or not query.turns else [msgspec.structs.asdict(turn) for turn in query.turns],
            "metadata": msgspec.json.encode(query.metadata, order="sorted").decode() if query.metadata else None,
        }
        rows.append(row)
    return pl.DataFrame(rows, schema=QUERY_COLUMNS)


def outcome_frame(outcomes: Sequence[Outcome]) -> pl.DataFrame:
    """Outcomes as rows of ``calls``."""
    return pl.DataFrame(
        [[getattr(outcome, name) for name in CALL_COLUMNS] for outcome in outcomes],
        schema=CALL_COLUMNS,
        orient="row",
    )


def answer_frame(outcomes: Sequence[Outcome]) -> pl.DataFrame:
    """The answer texts of those outcomes that have one."""
    rows = [[getattr(outcome, name) for name in ANSWER_COLUMNS] for outcome in outcomes if outcome.answer is not None]
    return pl.DataFrame(rows, schema=ANSWER_COLUMNS, orient="row")


def _query(row: dict[str, Any]) -> Query:
    turns = tuple(Turn(turn["role"], turn["content"]) for turn in row.pop("turns") or ())
    prompt, metadata = row.pop("prompt"), row.pop("metadata")
    if not turns and prompt is not None:
        turns = (Turn("user", prompt),)
    return Query(id=row.pop("query_id"), turns=turns, metadata=msgspec.json.decode(metadata) if metadata else {}, **row)


def _bytes(series: pl.Series) -> bytes:
    if series.dtype == pl.String:
        return "\x1f".join(value if value is not None else "\x00" for value in series.to_list()).encode()
    if series.dtype.is_temporal():
        series = series.dt.epoch("us")
    return np.ascontiguousarray(series.cast(pl.Float64).fill_null(float("nan")).to_numpy()).tobytes()
