"""OpenTelemetry spans with GenAI attributes, as OTLP/JSON: one export a line, or one document.

Followed: OTLP 1.x JSON encoding (``resourceSpans`` → ``scopeSpans`` → ``spans``) and the GenAI semantic
conventions as of schema 1.42 (``gen_ai.provider.name``, ``gen_ai.input.messages``,
``gen_ai.usage.input_tokens`` …), with the older names that instrumentations still send (``gen_ai.system``,
``gen_ai.prompt``, numbered ``gen_ai.prompt.0.*``, prompt events). Spans that are not inference are dropped
and counted; other attributes are never read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from routelab.core.types import Turn
from routelab.outcomes.importers import traffic
from routelab.outcomes.importers.base import Imported, TableBuilder, checked_options
from routelab.outcomes.importers.messages import answer_of, content_of, turns_of
from routelab.outcomes.importers.record import Record, decoded, fitted, moment

OPTIONS: Mapping[str, str] = {}

_INFERENCE = ("chat", "text_completion", "generate_content", "completion")
_READ = ("gen_ai.", "error.type")
_ERROR = (2, "STATUS_CODE_ERROR")


class _Value(msgspec.Struct):
    """OTLP's tagged value; 64-bit integers travel as text."""

    stringValue: str | None = None
    boolValue: bool | None = None
    intValue: int | None = None
    doubleValue: float | None = None
    arrayValue: _Array | None = None
    kvlistValue: _Object | None = None

    @property
    def plain(self) -> Any:
        if self.arrayValue is not None:
            return [value.plain for value in self.arrayValue.values]
        if self.kvlistValue is not None:
            return {item.key: item.value.plain for item in self.kvlistValue.values}
        scalars = (self.stringValue, self.boolValue, self.intValue, self.doubleValue)
        return next((value for value in scalars if value is not None), None)


class _Attribute(msgspec.Struct):
    key: str
    value: _Value = msgspec.field(default_factory=_Value)


class _Array(msgspec.Struct):
    values: list[_Value] = []


class _Object(msgspec.Struct):
    values: list[_Attribute] = []


class _Event(msgspec.Struct):
    attributes: list[_Attribute] = []


class _Status(msgspec.Struct):
    code: int | str = 0
    message: str | None = None


class _Span(msgspec.Struct):
    attributes: list[_Attribute] = []
    events: list[_Event] = []
    status: _Status = msgspec.field(default_factory=_Status)
    startTimeUnixNano: int | None = None
    endTimeUnixNano: int | None = None


class _Scope(msgspec.Struct):
    spans: list[_Span] = []


class _Resource(msgspec.Struct):
    scopeSpans: list[_Scope] = []


class _Export(msgspec.Struct):
    resourceSpans: list[_Resource]


def recognises(row: Mapping[str, Any]) -> bool:
    """The root of an export."""
    return "resourceSpans" in row


class _Known(msgspec.Struct, rename=lambda name: "gen_ai." + name.replace("__", ".")):
    """The attributes that are read, by their names in the conventions (``__`` stands for a dot)."""

    operation__name: str = "chat"
    request__model: str | None = None
    response__model: str | None = None
    provider__name: str | None = None
    system: str | None = None
    input__messages: Any = None
    prompt: Any = None
    output__messages: Any = None
    system_instructions: Any = None
    request__reasoning__level: str | None = None
    request__reasoning_effort: str | None = None
    usage__input_tokens: int | None = None
    usage__prompt_tokens: int | None = None
    usage__output_tokens: int | None = None
    usage__completion_tokens: int | None = None
    usage__cache_read__input_tokens: int | None = None
    usage__reasoning__output_tokens: int | None = None
    usage__cost: float | None = None


def read(path: Path, *, options: Mapping[str, str]) -> Imported:
    """Read exports."""
    checked_options(options, OPTIONS, "otel")
    table = TableBuilder(path)
    for record in table.records(path):
        table.report.read -= 1
        for number, span in enumerate(_spans(record), 1):
            table.report.read += 1
            place = f"{record.place} span {number}"
            attributes = _attributes(span)
            known = fitted(attributes, _Known, place, text=True)
            model = known.request__model or known.response__model
            if not model or known.operation__name not in _INFERENCE:
                table.drop(place, "a span that is not a model's inference")
                continue
            traffic.add(table, _logged(span, known, attributes, model, place), place)
    return table.finish()


def _spans(record: Record) -> Iterator[_Span]:
    for resource in fitted(record.row, _Export, record.place, text=True).resourceSpans:
        for scope in resource.scopeSpans:
            yield from scope.spans


def _attributes(span: _Span) -> dict[str, Any]:
    """What the span and its events say of the model; nothing else of them is read."""
    groups = [span.attributes, *(event.attributes for event in span.events)]
    return {item.key: item.value.plain for group in groups for item in group if item.key.startswith(_READ)}


def _logged(span: _Span, known: _Known, attributes: dict[str, Any], model: str, place: str) -> traffic.Logged:
    failed = span.status.code in _ERROR or "error.type" in attributes
    said = known.output__messages or _numbered(attributes, "gen_ai.completion")
    usage = {
        "input_tokens": _either(known.usage__input_tokens, known.usage__prompt_tokens),
        "output_tokens": _either(known.usage__output_tokens, known.usage__completion_tokens),
        "cache_read_input_tokens": known.usage__cache_read__input_tokens,
        "output_reasoning_tokens": known.usage__reasoning__output_tokens,
    }
    effort = known.request__reasoning__level or known.request__reasoning_effort
    return traffic.Logged(
        turns=_asked(known, attributes, place),
        provider=known.provider__name or known.system,
        model=model,
        effort=traffic.effort_of({"effort": effort}, place),
        tokens=traffic.tokens_of(usage, place),
        answer=None if failed else answer_of(said),
        error=(span.status.message or str(attributes.get("error.type", "error"))) if failed else None,
        cost_usd=known.usage__cost,
        start=_time(span.startTimeUnixNano, place),
        end=_time(span.endTimeUnixNano, place),
    )


def _asked(known: _Known, attributes: dict[str, Any], place: str) -> tuple[Turn, ...]:
    asked = known.input__messages or known.prompt or _numbered(attributes, "gen_ai.prompt")
    turns = turns_of(asked, place)
    told = known.system_instructions
    if isinstance(told, str) and told[:1] == "[":
        told = decoded(told, f"{place} gen_ai.system_instructions")
    return (Turn("system", content_of(told)), *turns) if told and turns else turns


def _numbered(attributes: dict[str, Any], prefix: str) -> list[dict[str, Any]]:
    """``gen_ai.prompt.0.role``, ``gen_ai.prompt.0.content`` … as messages."""
    found: dict[int, dict[str, Any]] = {}
    for key, value in attributes.items():
        number, _, field = key.removeprefix(prefix + ".").partition(".")
        if key.startswith(prefix) and number.isdecimal() and field in ("role", "content"):
            found.setdefault(int(number), {})[field] = value
    return [found[number] for number in sorted(found)]


def _either(new: int | None, old: int | None) -> int | None:
    return old if new is None else new


def _time(nanoseconds: int | None, place: str) -> dt.datetime | None:
    return moment(nanoseconds / 1e9, place) if nanoseconds else None
