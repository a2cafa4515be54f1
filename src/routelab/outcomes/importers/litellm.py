"""LiteLLM's logs: standard logging payloads and spend-log rows, as JSONL, JSON or CSV.

Followed: the StandardLoggingPayload specification (docs.litellm.ai/docs/proxy/logging_spec, 2026) and the
columns of ``LiteLLM_SpendLogs``. Messages and responses are there only when LiteLLM was told to store
prompts; calls without them are dropped and counted. API keys, bases, users and headers are never read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from routelab.outcomes.importers import traffic
from routelab.outcomes.importers.base import Imported, TableBuilder, checked_options
from routelab.outcomes.importers.messages import answer_of, turns_of
from routelab.outcomes.importers.record import fitted, moment

OPTIONS: Mapping[str, str] = {}

_OTHER_CALLS = ("embedding", "image", "rerank", "speech", "transcription", "moderation")
_Time = dt.datetime | float | None


class _Call(msgspec.Struct):
    model: str
    call_type: str | None = None
    custom_llm_provider: str | None = None
    messages: Any = None
    response: Any = None
    model_parameters: Any = None
    status: str | None = None
    error_str: str | None = None
    response_cost: float | None = None
    spend: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    startTime: _Time = None
    completionStartTime: _Time = None
    endTime: _Time = None


def recognises(row: Mapping[str, Any]) -> bool:
    """A call type with either of its two names for the bill."""
    return {"call_type", "startTime", "model"} <= set(row) and bool({"response_cost", "spend"} & set(row))


def read(path: Path, *, options: Mapping[str, str]) -> Imported:
    """Read a log."""
    checked_options(options, OPTIONS, "litellm")
    table = TableBuilder(path)
    for record in table.records(path):
        row = record.fit(_Call)
        if any(name in (row.call_type or "") for name in _OTHER_CALLS):
            table.drop(record.place, f"a call of type {row.call_type}, not a completion")
            continue
        traffic.add(table, _logged(row, record.place), record.place)
    return table.finish()


def _logged(row: _Call, place: str) -> traffic.Logged:
    usage = row.response.get("usage") if isinstance(row.response, dict) else None
    detailed = fitted(usage or {}, dict[str, Any], f"{place} response.usage")
    counted = {"prompt_tokens": row.prompt_tokens, "completion_tokens": row.completion_tokens}
    failed = row.status == "failure" or bool(row.error_str)
    first, end = moment(row.completionStartTime, place), moment(row.endTime, place)
    return traffic.Logged(
        turns=turns_of(row.messages, place),
        provider=row.custom_llm_provider,
        model=row.model,
        effort=traffic.effort_of(row.model_parameters, place),
        tokens=traffic.tokens_of(detailed | {k: n for k, n in counted.items() if n is not None}, place),
        answer=None if failed else answer_of(row.response),
        error=(row.error_str or "failure") if failed else None,
        cost_usd=row.response_cost if row.response_cost is not None else row.spend,
        start=moment(row.startTime, place),
        first_token=None if first == end else first,
        end=end,
    )
