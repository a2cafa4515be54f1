"""SPROUT (data sets CARROT-LLM-Routing/SPROUT and SPROUT-o3mini, arXiv 2502.03261): one row a prompt.

Layout: ``key``, ``dataset``, ``dataset_level``, ``dataset_idx``, ``prompt``, ``golden_answer`` and, for
each model, an object of ``num_input_tokens``, ``num_output_tokens``, ``response`` and ``score``. Scores
come from an LLM judge. No costs: give the table prices and re-price it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from routelab.core.errors import InputError
from routelab.core.types import Outcome, Query
from routelab.outcomes.importers.base import (
    Imported,
    TableBuilder,
    checked_options,
    prompt_id,
    split_of,
    text_of,
)
from routelab.outcomes.importers.record import Record

OPTIONS: Mapping[str, str] = {"split": "the split these rows belong to (default: from the file's name)"}


class _Prompt(msgspec.Struct):
    prompt: str
    key: str | int | None = None
    dataset: str | None = None
    dataset_level: str | int | None = None
    golden_answer: Any = None


class _Cell(msgspec.Struct):
    score: float | bool | None = None
    num_input_tokens: int | None = None
    num_output_tokens: int | None = None
    response: Any = None


def recognises(row: Mapping[str, Any]) -> bool:
    """A prompt beside objects with a score."""
    return "prompt" in row and bool(_models(row))


def read(path: Path, *, options: Mapping[str, str]) -> Imported:
    """Read Parquet or JSONL, one file or a folder of splits."""
    checked_options(options, OPTIONS, "sprout")
    table = TableBuilder(path)
    for record in table.records(path):
        row = record.fit(_Prompt)
        query = Query.ask(
            prompt_id(row.prompt) if row.key is None else str(row.key),
            row.prompt,
            dataset=row.dataset,
            task=row.dataset,
            difficulty=text_of(row.dataset_level),
            split=options.get("split") or split_of(record.place),
            reference=text_of(row.golden_answer),
            source="SPROUT",
        )
        table.query(query, record.place)
        models = _models(record.row)
        if not models:
            raise InputError(
                record.place,
                expected="an object with a score for each model",
                got="none",
                fix="check the format",
            )
        for model in models:
            cell = Record(f"{record.place} model {model}", record.row[model]).fit(_Cell)
            if cell.score is None:
                table.drop(record.place, f"no score of {model}")
                continue
            outcome = Outcome(
                query_id=query.id, arm=model, score=float(cell.score), input_tokens=cell.num_input_tokens,
                output_tokens=cell.num_output_tokens, answer=text_of(cell.response),
            )  # fmt: skip
            table.call(outcome, record.place)
    return table.finish()


def _models(row: Mapping[str, Any]) -> list[str]:
    return [name for name, value in row.items() if isinstance(value, dict) and "score" in value]
