"""LLMRouter's routing data, also known as xRouteBench (github.com/ulab-uiuc/LLMRouter, ``llmrouter/data``).

Layout of its data README for ``default_routing_{train,test}_data.jsonl``: ``task_name``, ``query``,
``ground_truth``, ``metric``, ``choices``, ``model_name``, ``response``, ``input_tokens``,
``output_tokens``, ``token_num`` (their sum), ``response_time`` (seconds), ``performance`` in [0, 1] and
``embedding_id``, which names a query across splits; ``cost`` where present. ``api_key_used`` is never read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from routelab.core.types import Outcome, Query
from routelab.outcomes.importers.base import (
    Imported,
    TableBuilder,
    checked_options,
    prompt_id,
    split_of,
    text_of,
)

OPTIONS: Mapping[str, str] = {"split": "the split these rows belong to (default: from the file's name)"}


class _Routed(msgspec.Struct):
    query: str
    model_name: str
    performance: float | bool | None
    task_name: str | None = None
    ground_truth: Any = None
    metric: str | None = None
    choices: Any = None
    response: Any = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    response_time: float | None = None
    cost: float | None = None
    embedding_id: int | str | None = None


def recognises(row: Mapping[str, Any]) -> bool:
    """Its names for arm and score."""
    return {"query", "model_name", "performance"} <= set(row)


def read(path: Path, *, options: Mapping[str, str]) -> Imported:
    """Read one JSONL file or a folder of splits."""
    checked_options(options, OPTIONS, "xroutebench")
    table = TableBuilder(path)
    for record in table.records(path):
        row = record.fit(_Routed)
        query = Query.ask(
            _ident(row), row.query, dataset=row.task_name, task=row.task_name, metric=row.metric,
            split=options.get("split") or split_of(record.place),
            reference=text_of(row.ground_truth), source="LLMRouter",
            metadata={} if row.choices is None else {"choices": row.choices},
        )  # fmt: skip
        table.query(query, record.place)
        outcome = Outcome(
            query_id=query.id,
            arm=row.model_name,
            score=None if row.performance is None else float(row.performance),
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            latency_s=row.response_time,
            cost_usd=row.cost,
            answer=text_of(row.response),
        )
        table.call(outcome, record.place)
    return table.finish()


def _ident(row: _Routed) -> str:
    parts = (row.task_name or "", row.query, text_of(row.ground_truth) or "", row.metric or "")
    return prompt_id(*parts) if row.embedding_id is None else f"{row.task_name}/{row.embedding_id}"
