"""What all request logs share: queries named by content, token usage, arms, and secrets kept out.

A logged request becomes a query named after the hash of its turns, so that the same question to two models
is one query with two calls. Logs rarely know whether an answer was good: scores stay unknown. Fields are
picked one by one, headers and keys are never among them, and text that looks like a credential is blotted
out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from routelab.core.types import Outcome, Query, Turn
from routelab.outcomes.importers.base import TableBuilder, prompt_id
from routelab.outcomes.importers.record import decoded, fitted

SECRET = "[secret]"

_SECRETS = re.compile(
    r"\b(sk|pk|rk|gsk|hf|xai|ghp|glpat)[-_][A-Za-z0-9_\-]{12,}"
    r"|\bAIza[A-Za-z0-9_\-]{20,}|\bAKIA[A-Z0-9]{12,}"
    r"|(?i:\bbearer\s+[A-Za-z0-9._\-+/=]{8,})"
)
_EFFORT = ("reasoning_effort", "effort")


class Tokens(msgspec.Struct, frozen=True):
    """The bill of one call. Cached is part of the input; reasoning comes on top of the output."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    reasoning: int | None = None


class _Details(msgspec.Struct):
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    input_tokens: int | None = None
    input: int | None = None
    completion_tokens: int | None = None
    output_tokens: int | None = None
    output: int | None = None
    prompt_tokens_details: _Details | None = None
    input_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None
    output_tokens_details: _Details | None = None
    cache_read_input_tokens: int | None = None
    input_cached_tokens: int | None = None
    output_reasoning_tokens: int | None = None


class Logged(msgspec.Struct, kw_only=True):
    """One logged call, whatever the tool that logged it."""

    turns: tuple[Turn, ...]
    provider: str | None = None
    model: str
    effort: str | None = None
    tokens: Tokens = Tokens()
    answer: str | None = None
    error: str | None = None
    cost_usd: float | None = None
    start: dt.datetime | None = None
    first_token: dt.datetime | None = None
    end: dt.datetime | None = None
    score: float | None = None


def add(table: TableBuilder, call: Logged, place: str) -> None:
    """Put a logged call into the table; one without messages is dropped and counted."""
    if not call.turns:
        table.drop(place, "no messages logged (many tools leave them out by default)")
        return
    turns = tuple(msgspec.structs.replace(turn, content=clean(turn.content, table, place)) for turn in call.turns)
    query = Query(id=prompt_id(*(f"{turn.role}:{turn.content}" for turn in turns)), turns=turns, source="log")
    table.query(query, place)
    outcome = Outcome(
        query_id=query.id,
        arm=arm(call, table, place),
        score=call.score,
        input_tokens=call.tokens.input,
        cached_tokens=call.tokens.cached,
        output_tokens=call.tokens.output,
        reasoning_tokens=call.tokens.reasoning,
        cost_usd=call.cost_usd,
        ttft_s=_seconds(call.start, call.first_token),
        latency_s=_seconds(call.start, call.end),
        time=call.start,
        answer=None if call.answer is None else clean(call.answer, table, place),
        error=None if call.error is None else clean(call.error, table, place),
    )
    table.call(outcome, place, repeats=True)


def arm(call: Logged, table: TableBuilder, place: str) -> str:
    """``provider/model@effort``; characters that an arm's written form reserves become dashes."""
    model = re.sub(r"[\s@#]", "-", call.model)
    if model != call.model:
        table.adjust(place, "a model's name had @, # or a space: written as -")
    if call.provider and not model.startswith(f"{call.provider}/"):
        model = f"{call.provider}/{model}"
    return f"{model}@{call.effort}" if call.effort else model


def clean(text: str, table: TableBuilder, place: str) -> str:
    """The text without anything that looks like a credential."""
    cleaned = _SECRETS.sub(SECRET, text)
    if cleaned != text:
        table.adjust(place, f"text that looks like a credential: replaced by {SECRET}")
    return cleaned


def tokens_of(usage: Any, place: str) -> Tokens:
    """Usage as OpenAI, Anthropic or Langfuse name it. Their output includes reasoning; ours does not."""
    known = fitted(usage or {}, _Usage, f"{place} usage", text=True)
    asked = known.prompt_tokens_details or known.input_tokens_details or _Details()
    given = known.completion_tokens_details or known.output_tokens_details or _Details()
    cached = _first(asked.cached_tokens, known.cache_read_input_tokens, known.input_cached_tokens)
    reasoning = _first(given.reasoning_tokens, known.output_reasoning_tokens)
    output = _first(known.completion_tokens, known.output_tokens, known.output)
    return Tokens(
        _first(known.prompt_tokens, known.input_tokens, known.input),
        None if output is None else max(0, output - (reasoning or 0)) if output >= 0 else output,
        cached,
        reasoning,
    )


def effort_of(parameters: Any, place: str) -> str | None:
    """The reasoning effort among a request's parameters."""
    if isinstance(parameters, str):
        parameters = decoded(parameters, place)
    if not isinstance(parameters, Mapping):
        return None
    if isinstance(parameters.get("reasoning"), Mapping):
        parameters = parameters["reasoning"]
    found = next((parameters[name] for name in _EFFORT if isinstance(parameters.get(name), str)), None)
    return None if found is None else re.sub(r"[\s@#]", "-", found)


def _first(*numbers: int | None) -> int | None:
    return next((number for number in numbers if number is not None), None)


def _seconds(start: dt.datetime | None, end: dt.datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds()
