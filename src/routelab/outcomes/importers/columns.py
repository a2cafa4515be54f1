"""Plain rows of JSONL, JSON, CSV or Parquet whose columns are the table's own, or are mapped onto them.

``--map score=acc`` takes ``score`` from the column ``acc`` (``usage.total`` reaches into nested objects);
``--map wide=gpt-x,llama-y`` reads one score column for each model, ``wide=*`` every column that nothing
else claims. Rows without a query id get the hash of their prompt.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from routelab.core.errors import InputError, nearest, shorten
from routelab.core.types import Outcome, Query, Turn
from routelab.outcomes.importers.base import Imported, TableBuilder, checked_options, prompt_id, text_of
from routelab.outcomes.importers.record import Record, decoded, moment
from routelab.outcomes.schema import ANSWER_COLUMNS, CALL_COLUMNS, QUERY_COLUMNS

Scalar = str | int | float | bool | None
Time = dt.datetime | float | None

_COLUMNS = QUERY_COLUMNS | CALL_COLUMNS | ANSWER_COLUMNS
_QUERY_TEXT = [name for name in QUERY_COLUMNS if name not in ("query_id", "prompt", "turns", "metadata")]
_CALL_NUMBERS = [
    name for name, kind in CALL_COLUMNS.items() if kind.is_numeric() and name not in ("sample", "turn", "score")
]
_ALIASES = {"id": "query_id", "model": "arm", "cost": "cost_usd"}

OPTIONS: Mapping[str, str] = {
    **{name: f"the column that holds {name}" for name in _COLUMNS},
    "wide": "score columns, one a model: a comma-separated list, or * for all that nothing else claims",
}


def _kind(name: str) -> Any:
    if name == "time":
        return Time
    if name in ("turns", "metadata", "reference", "answer", "error"):
        return Any
    number = _COLUMNS[name]
    return Scalar if not number.is_numeric() else int | None if number.is_integer() else float | bool | None


Row: Any = msgspec.defstruct("Row", [(name, _kind(name), None) for name in _COLUMNS])


def recognises(row: Mapping[str, Any]) -> bool:
    """The table's own column names, or the aliases of version 0; a log of prompts needs no score."""
    named = {"query_id", "id", "prompt"} & set(row) and {"arm", "model"} & set(row)
    return bool(named and {"score", "prompt"} & set(row))


def read(path: Path, *, options: Mapping[str, str]) -> Imported:
    """Read a file or a folder of files; raises InputError naming file, line, field and value."""
    checked_options(options, OPTIONS, "jsonl")
    table = TableBuilder(path)
    layout = _Layout(options)
    for record in table.records(path):
        for row in layout.rows(record, table):
            _add(table, Record(record.place, row, record.text), wide=layout.wide is not None)
    if layout.ignored:
        table.report.notes.append(f"columns left out: {', '.join(sorted(layout.ignored))}")
    return table.finish()


class _Layout:
    """Which column goes where; what nothing claims is remembered as ignored."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self.wide = options.get("wide")
        self.sources = {name: source for name, source in options.items() if name != "wide"}
        self.taken = {source.partition(".")[0] for source in self.sources.values()}
        self.ignored: set[str] = set()

    def rows(self, record: Record, table: TableBuilder) -> Iterator[dict[str, Any]]:
        """The record in the table's columns: once, or once for each model with a score of its own."""
        if table.report.read == 1:
            self._check(record)
        row = {name: _look_up(record.row, source) for name, source in self.sources.items()}
        scores = {}
        for column, value in record.row.items():
            name = _ALIASES.get(column, column)
            if column in self.taken:
                continue
            if self._is_score(column, name):
                scores[column] = value
            elif name in _COLUMNS and name not in row:
                row[name] = value
            else:
                self.ignored.add(column)
        if self.wide is None:
            yield row
        elif not scores:
            raise _absent("score columns, one a model", record, "--map wide=MODEL_A,MODEL_B")
        for model, score in scores.items():
            if score is None:
                table.drop(record.place, f"no score of {model}")
            yield row | ({} if score is None else {"arm": model, "score": score})

    def _is_score(self, column: str, name: str) -> bool:
        if self.wide is None:
            return False
        return name not in _COLUMNS if self.wide == "*" else column in self.wide.split(",")

    def _check(self, record: Record) -> None:
        """Every column that the options name is there in the first row."""
        listed = (self.wide or "*").split(",")
        named = [*self.sources.items(), *(("wide", name) for name in listed if name != "*")]
        for name, source in named:
            if source not in record.row and source.partition(".")[0] not in record.row:
                raise InputError(
                    f"{record.place} --map {name}={source}",
                    expected="a column of the first row",
                    got=repr(source),
                    fix=nearest(source, record.row),
                )


def _add(table: TableBuilder, record: Record, *, wide: bool) -> None:
    row, place = record.fit(Row), record.place
    turns = _turns(row.turns, record) if row.turns else ()
    if not turns and row.prompt is not None:
        turns = (Turn("user", str(row.prompt)),)
    if row.query_id is None and not turns:
        raise _absent("a query_id or a prompt", record, "--map query_id=COLUMN")
    if row.arm is None and not wide:
        raise _absent("an arm", record, "--map arm=COLUMN, or --map wide=* for one score column a model")
    ident = prompt_id(*(turn.content for turn in turns)) if row.query_id is None else str(row.query_id)
    said = {name: text_of(getattr(row, name)) for name in _QUERY_TEXT}
    table.query(Query(id=ident, turns=turns, metadata=_metadata(row.metadata, record), **said), place)
    if row.arm is None:
        return
    numbers = {name: getattr(row, name) for name in _CALL_NUMBERS}
    call = Outcome(
        query_id=ident,
        arm=str(row.arm),
        sample=row.sample or 0,
        turn=row.turn or 0,
        score=None if row.score is None else float(row.score),
        time=moment(row.time, f"{place} field time"),
        error=text_of(row.error),
        answer=text_of(row.answer),
        **numbers,
    )
    table.call(call, place)


def _absent(what: str, record: Record, flag: str) -> InputError:
    return InputError(
        record.place,
        expected=what,
        got=f"only {', '.join(record.row) or 'nothing that the table knows'}",
        fix=f"say which column holds it: {flag}",
    )


def _look_up(row: Mapping[str, Any], source: str) -> Any:
    if source in row:
        return row[source]
    value: Any = row
    for step in source.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _turns(value: Any, record: Record) -> tuple[Turn, ...]:
    listed = decoded(value, record.place) if isinstance(value, str) else value
    return tuple(Record(record.place, {"turns": listed}).fit(_Turns).turns)


class _Turns(msgspec.Struct):
    turns: list[Turn]


def _metadata(value: Any, record: Record) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            value = {"text": value}
    if value is not None and not isinstance(value, dict):
        raise InputError(
            f"{record.place} field metadata", expected="an object", got=shorten(value), fix="wrap it in one"
        )
    return value or {}
