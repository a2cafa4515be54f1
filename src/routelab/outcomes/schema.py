"""Columns of the outcome table: names, types, what a value may be, and how older layouts become this one.

``SCHEMA_VERSION`` counts changes that need a migration. Version 0 is the bare long format that public data
often has (``queries.parquet`` keyed by ``id`` and ``outcomes.parquet`` with ``id`` and ``model``).
An older table keeps its version when it is appended to, so a migration leaves a frame that is newer as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from routelab.core.errors import InputError, shorten

SCHEMA_VERSION = 1

TURNS = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))

QUERY_COLUMNS: dict[str, pl.DataType] = {
    "query_id": pl.String(),
    "prompt": pl.String(),
    "turns": TURNS,
    "dataset": pl.String(),
    "task": pl.String(),
    "domain": pl.String(),
    "category": pl.String(),
    "difficulty": pl.String(),
    "form": pl.String(),
    "language": pl.String(),
    "split": pl.String(),
    "source": pl.String(),
    "metric": pl.String(),
    "reference": pl.String(),
    "metadata": pl.String(),
}

CALL_KEY = ("query_id", "arm", "sample", "turn")

CALL_COLUMNS: dict[str, pl.DataType] = {
    "query_id": pl.String(),
    "arm": pl.String(),
    "sample": pl.Int32(),
    "turn": pl.Int32(),
    "parent": pl.Int32(),
    "score": pl.Float64(),
    "input_tokens": pl.Int64(),
    "cached_tokens": pl.Int64(),
    "output_tokens": pl.Int64(),
    "reasoning_tokens": pl.Int64(),
    "cost_usd": pl.Float64(),
    "ttft_s": pl.Float64(),
    "latency_s": pl.Float64(),
    "energy_j": pl.Float64(),
    "error": pl.String(),
    "propensity": pl.Float64(),
    "time": pl.Datetime("us", "UTC"),
}

ANSWER_COLUMNS: dict[str, pl.DataType] = {
    "query_id": pl.String(),
    "arm": pl.String(),
    "sample": pl.Int32(),
    "turn": pl.Int32(),
    "answer": pl.String(),
}

_NON_NEGATIVE = (
    "sample", "turn", "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens",
    "cost_usd", "ttft_s", "latency_s", "energy_j",
)  # fmt: skip
_UNIT = ("score", "propensity")


def _from_long_format(frame: pl.DataFrame) -> pl.DataFrame:
    """Version 0 → 1: one name for each thing; ``model`` alone names an arm."""
    renames = {"id": "query_id", "model": "arm", "cost": "cost_usd"}
    return frame.rename({old: new for old, new in renames.items() if old in frame.columns and new not in frame.columns})


MIGRATIONS: dict[int, Callable[[pl.DataFrame], pl.DataFrame]] = {0: _from_long_format}


def migrate(frame: pl.DataFrame, version: int, where: str) -> pl.DataFrame:
    """Bring a frame of an older schema version up to date; a newer one is refused."""
    if version > SCHEMA_VERSION:
        raise InputError(
            where,
            expected=f"schema_version of at most {SCHEMA_VERSION}",
            got=str(version),
            fix="upgrade routelab, which wrote this table in a newer version",
        )
    for step in range(version, SCHEMA_VERSION):
        frame = MIGRATIONS[step](frame)
    return frame


def conform(frame: pl.DataFrame, columns: dict[str, pl.DataType], where: str) -> pl.DataFrame:
    """Cast to ``columns``, adding those that are absent as nulls and leaving unknown ones out.

    A call whose ``sample`` or ``turn`` is not told is the first one.
    A value that does not fit its column is one error that names row, column and value.
    """
    fitted = []
    for name, kind in columns.items():
        if name not in frame.columns:
            fitted.append(pl.lit(None, dtype=kind).alias(name).first())
            continue
        series = frame[name]
        if series.dtype != kind:
            cast = series.cast(kind, strict=False)
            lost = (cast.is_null() & series.is_not_null()).arg_true()
            if len(lost):
                raise InputError(
                    f"{where} row {lost[0] + 1} column {name}",
                    expected=f"a value of type {kind}",
                    got=shorten(series[lost[0]]),
                    fix="correct or empty this value",
                )
            series = cast
        fitted.append(pl.lit(series).alias(name))
    if not frame.height:
        return pl.DataFrame(schema=columns)
    return frame.select(fitted).with_columns(
        pl.col(name).fill_null(0) for name in ("sample", "turn") if name in columns
    )


def check_queries(frame: pl.DataFrame, where: str) -> None:
    """Query ids exist and are unique."""
    _check_ids(frame, ("query_id",), where)
    _check_unique(frame, ("query_id",), where)


def check_calls(frame: pl.DataFrame, where: str) -> None:
    """Every call has its identity once, scores and propensities in [0, 1], nothing negative or infinite."""
    for required in ("query_id", "arm"):
        _check_ids(frame, (required,), where)
    wrong: list[tuple[str, str, pl.Expr]] = []
    for name in _UNIT:
        column = pl.col(name)
        wrong.append((name, "a number in [0, 1]", column.is_nan() | (column < 0) | (column > 1)))
    for name in _NON_NEGATIVE:
        column = pl.col(name)
        bad = column < 0
        if CALL_COLUMNS[name].is_float():
            bad = bad | column.is_nan() | column.is_infinite()
        wrong.append((name, "a finite number of at least 0", bad))
    found = (
        frame.select([bad.fill_null(False).any().alias(name) for name, _, bad in wrong]).row(0) if frame.height else ()
    )
    for (name, expected, bad), is_bad in zip(wrong, found):
        if is_bad:
            row = int(frame.select(bad.fill_null(False).arg_true().first()).item())
            raise InputError(
                f"{where} row {row + 1} column {name}",
                expected=expected,
                got=shorten(frame[name][row]),
                fix="correct this value, or leave it empty where it is unknown",
            )
    _check_unique(frame, CALL_KEY, where)


def _check_ids(frame: pl.DataFrame, names: tuple[str, ...], where: str) -> None:
    for name in names:
        empty = (frame[name].is_null() | (frame[name] == "")).arg_true()
        if len(empty):
            raise InputError(
                f"{where} row {empty[0] + 1} column {name}", expected="an id", got="nothing", fix="fill it in"
            )


def _check_unique(frame: pl.DataFrame, key: tuple[str, ...], where: str) -> None:
    if frame.height == frame.select(pl.struct(key).n_unique()).item():
        return
    rows = frame.select(key).is_duplicated().arg_true()
    identity = dict(zip(key, frame.select(key).row(rows[0])))
    raise InputError(
        f"{where} row {rows[-1] + 1}",
        expected=f"each ({', '.join(key)}) once",
        got=f"a second {shorten(identity)}",
        fix="number repeated calls with `sample`, or drop the duplicates",
    )
