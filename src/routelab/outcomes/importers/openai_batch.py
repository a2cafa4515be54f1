"""OpenAI batch files: the requests (input JSONL) beside their results (output and error JSONL).

Followed: the Batch API reference (input lines of ``custom_id``, ``url``, ``body``; result lines of
``custom_id``, ``response.status_code``, ``response.body``, ``error``), for chat completions and the
Responses API. Give a folder with all files, or the input file with ``--map output=FILE``. Batches have no
latency worth the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from routelab.core.errors import InputError
from routelab.outcomes.importers import traffic
from routelab.outcomes.importers.base import Imported, TableBuilder, checked_options, text_of
from routelab.outcomes.importers.messages import answer_of, turns_of
from routelab.outcomes.importers.record import Record

OPTIONS: Mapping[str, str] = {
    "output": "the results file that belongs to an input file",
    "provider": "the provider's name in the arms (default: openai)",
}

_CHAT = ("/v1/chat/completions", "/v1/responses", "/v1/completions")


class _Request(msgspec.Struct):
    custom_id: str
    body: dict[str, Any]
    url: str = "/v1/chat/completions"


class _Response(msgspec.Struct):
    status_code: int = 200
    body: Any = None


class _Result(msgspec.Struct):
    custom_id: str
    response: _Response | None = None
    error: Any = None


def recognises(row: Mapping[str, Any]) -> bool:
    """A request or a result."""
    return "custom_id" in row and bool({"body", "response"} & set(row))


def read(path: Path, *, options: Mapping[str, str]) -> Imported:
    """Read requests and results, whichever file each is in."""
    checked_options(options, OPTIONS, "openai-batch")
    table = TableBuilder(path)
    requests: dict[str, tuple[_Request, str]] = {}
    results: dict[str, tuple[_Result, str]] = {}
    for source in [path, *([Path(options["output"])] if "output" in options else [])]:
        for record in table.records(source):
            if "body" in record.row:
                _once(requests, record.fit(_Request), record)
            else:
                _once(results, record.fit(_Result), record)
    if not requests:
        raise InputError(
            str(path), expected="the batch's requests (lines with a body)", got="only results",
            fix="put the input file beside the output file, and import their folder",
        )  # fmt: skip
    for ident, (request, place) in requests.items():
        if ident not in results:
            table.drop(place, "a request without a result (give the output: --map output=FILE, or a folder)")
        elif request.url not in _CHAT:
            table.drop(place, f"a request to {request.url}, not a completion")
        else:
            logged = _logged(request, results[ident][0], options.get("provider", "openai"), place)
            traffic.add(table, logged, place)
    for ident, (_, place) in results.items():
        if ident not in requests:
            table.drop(place, "a result without its request")
    return table.finish()


def _once(known: dict[str, tuple[Any, str]], row: Any, record: Record) -> None:
    if row.custom_id in known:
        raise InputError(
            record.place, expected="each custom_id once", got=f"{row.custom_id!r} again",
            fix="import one batch at a time",
        )  # fmt: skip
    known[row.custom_id] = (row, record.place)


def _logged(request: _Request, result: _Result, provider: str, place: str) -> traffic.Logged:
    response = result.response or _Response(status_code=0)
    body = response.body if isinstance(response.body, dict) else {}
    model = request.body.get("model")
    if not isinstance(model, str):
        raise InputError(f"{place} field body.model", expected="a model's name", got=repr(model), fix="fill it in")
    failed = result.error is not None or response.status_code != 200
    error = result.error or body.get("error") or f"status {response.status_code}"
    return traffic.Logged(
        turns=turns_of(request.body.get("prompt", request.body), place),
        provider=provider,
        model=model,
        effort=traffic.effort_of(request.body, place),
        tokens=traffic.tokens_of(body.get("usage"), place),
        answer=None if failed else answer_of(body),
        error=text_of(error) if failed else None,
    )
