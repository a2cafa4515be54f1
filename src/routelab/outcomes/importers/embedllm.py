"""EmbedLLM (github.com/richardzhuang0412/EmbedLLM, data RZ412/EmbedLLM, arXiv 2410.02223): who was right.

Layout of ``train.csv``, ``val.csv`` and ``test.csv``: ``prompt_id``, ``model_id``, ``label`` (0 or 1),
``prompt``, ``category``, and ``model_name`` in newer files, which then names the arm. Some pairs occur
twice upstream; they become samples of one call. No tokens, costs or answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from routelab.core.types import Outcome, Query, Turn
from routelab.outcomes.importers.base import Imported, TableBuilder, checked_options, text_of

OPTIONS: Mapping[str, str] = {}


class _Label(msgspec.Struct):
    prompt_id: str | int
    model_id: str | int
    label: float | bool
    prompt: str | None = None
    category: str | int | None = None
    model_name: str | None = None


def recognises(row: Mapping[str, Any]) -> bool:
    """The three ids of its long layout."""
    return {"prompt_id", "model_id", "label"} <= set(row)


def read(path: Path, *, options: Mapping[str, str]) -> Imported:
    """Read CSV or Parquet, one file or a folder of splits."""
    checked_options(options, OPTIONS, "embedllm")
    table = TableBuilder(path)
    for record in table.records(path):
        row = record.fit(_Label)
        query = Query(
            id=str(row.prompt_id),
            turns=() if row.prompt is None else (Turn("user", row.prompt),),
            task=text_of(row.category),
            category=text_of(row.category),
            source="EmbedLLM",
        )
        table.query(query, record.place)
        outcome = Outcome(query_id=query.id, arm=row.model_name or str(row.model_id), score=float(row.label))
        table.call(outcome, record.place, repeats=True)
    return table.finish()
