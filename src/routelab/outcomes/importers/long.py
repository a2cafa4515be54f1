"""Long-format folders: ``queries.parquet`` and ``outcomes.parquet`` side by side, one outcome a row.

Schema version 0 of ``schema.py``: queries keyed by ``id``, outcomes by (``id``, ``model``); current column
names are taken as well. Whole columns at a time, so a million rows take a second. Prompts, tokens, costs
and answers may be absent. Models keep the ids they have.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from routelab.core.errors import InputError, shorten
from routelab.outcomes.importers.base import UNSAFE_ID, Imported, Report, Tally, checked_options
from routelab.outcomes.listed import CHARACTERS_PER_TOKEN, at_list_prices, read_list
from routelab.outcomes.schema import ANSWER_COLUMNS, CALL_COLUMNS, QUERY_COLUMNS, migrate
from routelab.outcomes.store import read_parquet
from routelab.outcomes.table import OutcomeTable

OPTIONS: Mapping[str, str] = {
    "clip": "`scores`: scores outside [0, 1] become 0 or 1, and are reported",
    "prices": "a YAML list of prices by model; fills costs that the outcomes lack, with tokens guessed from lengths",
    "output_tokens": "with `prices`: how long an answer is taken to be where neither tokens nor `output_chars` say",
}
FILES = ("queries.parquet", "outcomes.parquet")
LENGTH = "output_chars"


def recognises(row: Mapping[str, Any]) -> bool:
    """A folder is recognised by its file names, never by a row."""
    return False


def read(path: Path, *, options: Mapping[str, str]) -> Imported:
    """Read a folder; raises InputError naming file, row, column and value."""
    checked_options(options, OPTIONS, "long")
    if "output_tokens" in options and "prices" not in options:
        raise InputError("output_tokens", expected="prices to bill them by", got="none", fix="add --map prices=FILE")
    report = Report(source=str(path))
    queries = _frame(path / FILES[0], ("query_id",), QUERY_COLUMNS, report)
    lengths = {LENGTH: pl.Int64()} if "prices" in options else {}
    outcomes = _frame(path / FILES[1], ("query_id", "arm"), CALL_COLUMNS | ANSWER_COLUMNS | lengths, report)
    if options.get("clip") == "scores" and "score" in outcomes.columns:
        outcomes = _clipped(outcomes, path / FILES[1], report)
    answers = None
    if "answer" in outcomes.columns:
        key = [name for name in ANSWER_COLUMNS if name in outcomes.columns]
        answers = outcomes.select(key).filter(pl.col("answer").is_not_null())
        missing = [name for name in ("sample", "turn") if name not in key]
        answers = answers.with_columns(pl.lit(0).alias(name) for name in missing)
    table = OutcomeTable.from_frames(queries, outcomes, answers=answers, name=path.resolve().name, where=str(path))
    if "prices" in options:
        table = at_list_prices(table, read_list(Path(options["prices"])), _guessed(outcomes, options))
    report.read = outcomes.height
    report.queries, report.calls = table.queries.height, table.calls.height
    report.answers = 0 if answers is None else answers.height
    return Imported(table, report)


def _frame(file: Path, required: tuple[str, ...], columns: Mapping[str, pl.DataType], report: Report) -> pl.DataFrame:
    if not file.is_file():
        raise InputError(
            str(file.parent),
            expected=f"a folder with {' and '.join(FILES)}",
            got=f"no {file.name}",
            fix="check the path",
        )
    frame = migrate(read_parquet(file), 0, file.name)
    for name in required:
        if name not in frame.columns:
            raise InputError(
                str(file),
                expected=f"a column {name!r}",
                got=f"only {', '.join(frame.columns[:10])}",
                fix="rename the column that holds it",
            )
        _check_ids(frame[name].cast(pl.String, strict=False), name, file)
    extra = [name for name in frame.columns if name not in columns]
    if extra:
        report.notes.append(f"{file.name}: columns the table does not have were left out: {', '.join(extra)}")
    return frame.drop(extra)


def _check_ids(series: pl.Series, name: str, file: Path) -> None:
    unsafe = series.str.contains(UNSAFE_ID).fill_null(False).arg_true()
    if len(unsafe):
        raise InputError(
            f"{file} row {unsafe[0] + 1} column {name}",
            expected="an id without `..`, leading `/` or control characters",
            got=shorten(series[unsafe[0]]),
            fix="rename it",
        )


def _guessed(outcomes: pl.DataFrame, options: Mapping[str, str]) -> pl.Series:
    """How many tokens each answer may have had, null where nothing says."""
    given = options.get("output_tokens")
    if given is not None and not given.isdecimal():
        raise InputError("output_tokens", expected="a whole number of tokens", got=given, fix="write a number like 200")
    characters = outcomes[LENGTH] if LENGTH in outcomes.columns else pl.repeat(None, outcomes.height, eager=True)
    tokens = (characters.cast(pl.Int64) / CHARACTERS_PER_TOKEN).ceil()
    return tokens if given is None else tokens.fill_null(int(given))


def _clipped(outcomes: pl.DataFrame, file: Path, report: Report) -> pl.DataFrame:
    score = outcomes["score"]
    outside = ((score < 0) | (score > 1)).fill_null(False).arg_true()
    if len(outside):
        report.adjusted["a score outside [0, 1] became 0 or 1"] = Tally(len(outside), f"{file} row {outside[0] + 1}")
    return outcomes.with_columns(pl.col("score").clip(0, 1))
