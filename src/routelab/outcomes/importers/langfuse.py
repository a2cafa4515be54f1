"""Langfuse exports of observations: JSONL, JSON or CSV from its API, its table view or its blob storage.

Followed: the fields of ``ObservationsView`` (API, camelCase) and of the blob-storage export (snake_case;
langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields, 2026). Generations are kept,
spans and events are dropped and counted. Times come from the time stamps, since the exports disagree on
units of latency.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from routelab.outcomes.importers import traffic
from routelab.outcomes.importers.base import Imported, TableBuilder, checked_options
from routelab.outcomes.importers.messages import answer_of, turns_of
from routelab.outcomes.importers.record import Record, decoded, fitted, moment

OPTIONS: Mapping[str, str] = {}

_Time = dt.datetime | None


class _Observation(msgspec.Struct):
    type: str
    model: str | None = None
    provided_model_name: str | None = None
    input: Any = None
    output: Any = None
    model_parameters: Any = None
    usage_details: Any = None
    usage: Any = None
    cost_details: Any = None
    total_cost: float | None = None
    calculated_total_cost: float | None = None
    level: str | None = None
    status_message: str | None = None
    start_time: _Time = None
    completion_start_time: _Time = None
    end_time: _Time = None


class _Costs(msgspec.Struct):
    total: float | None = None


def recognises(row: Mapping[str, Any]) -> bool:
    """An observation's type, level and start, in either spelling."""
    return {"type", "level", "start_time"} <= {_snake(key) for key in row}


def read(path: Path, *, options: Mapping[str, str]) -> Imported:
    """Read an export."""
    checked_options(options, OPTIONS, "langfuse")
    table = TableBuilder(path)
    for record in table.records(path):
        values = {_snake(key): value for key, value in record.row.items()}
        row = Record(record.place, values, record.text).fit(_Observation)
        if row.type.upper() != "GENERATION":
            table.drop(record.place, f"an observation of type {row.type}, not a generation")
        elif not (model := row.provided_model_name or row.model):
            table.drop(record.place, "a generation without a model")
        else:
            traffic.add(table, _logged(row, model, record), record.place)
    return table.finish()


def _logged(row: _Observation, model: str, record: Record) -> traffic.Logged:
    usage = _details(row.usage_details, record) or _details(row.usage, record)
    costs = _details(row.cost_details, record)
    billed = (row.total_cost, row.calculated_total_cost, fitted(costs, _Costs, f"{record.place} costs").total)
    place, failed = record.place, row.level == "ERROR"
    return traffic.Logged(
        turns=turns_of(row.input, place),
        model=model,
        effort=traffic.effort_of(row.model_parameters, place),
        tokens=traffic.tokens_of(usage, place),
        answer=None if failed else answer_of(row.output),
        error=(row.status_message or "error") if failed else None,
        cost_usd=next((cost for cost in billed if cost is not None), None),
        start=moment(row.start_time, place),
        first_token=moment(row.completion_start_time, place),
        end=moment(row.end_time, place),
    )


def _details(value: Any, record: Record) -> dict[str, Any]:
    """A nested object, which CSV holds as JSON text."""
    if isinstance(value, str):
        value = decoded(value, record.place)
    return value if isinstance(value, dict) else {}


def _snake(name: str) -> str:
    """``completionStartTime`` and ``Completion Start Time`` as ``completion_start_time``."""
    return re.sub(r"(?<=[a-z0-9])[ _]?(?=[A-Z])|[ ]", "_", name).lower()
