"""Request logs become queries named by content, calls without scores, and no secrets."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from import_rows import write_csv, write_jsonl
from routelab.outcomes import OutcomeTable
from routelab.outcomes.importers import import_table

KEY = "sk-proj-abcdefghijklmnop1234"
MESSAGES = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 9,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 6},
}
REPLY = {"choices": [{"message": {"role": "assistant", "content": "hello"}}], "usage": USAGE}


def everything(table: OutcomeTable) -> str:
    """All text of a table, to look for what must not be there."""
    frames = (table.queries.drop("turns"), table.calls, table.answers())
    turns = json.dumps(table.queries["turns"].to_list())
    return turns + "".join(frame.write_csv() for frame in frames)


def test_litellm_standard_payloads(tmp_path: Path) -> None:
    row = {
        "id": "1", "call_type": "acompletion", "model": "gpt-x", "custom_llm_provider": "openai",
        "status": "success", "response_cost": 0.5, "prompt_tokens": 10, "completion_tokens": 9,
        "startTime": 1_700_000_000.0, "completionStartTime": 1_700_000_000.5, "endTime": 1_700_000_002.0,
        "messages": MESSAGES, "response": REPLY, "model_parameters": {"reasoning_effort": "high"},
        "api_base": "https://secret.example",
        "metadata": {"user_api_key_hash": KEY},
    }  # fmt: skip
    failed = row | {"status": "failure", "error_str": f"Incorrect API key provided: {KEY}.", "response": None}
    embedded = row | {"call_type": "aembedding"}
    silent = row | {"messages": None}
    imported = import_table(write_jsonl(tmp_path / "spend.jsonl", [row, failed, embedded, silent]))

    call, error = imported.table.calls.iter_rows(named=True)
    assert imported.report.format == "litellm"
    assert call["arm"] == "openai/gpt-x@high"
    assert (call["input_tokens"], call["cached_tokens"], call["output_tokens"], call["reasoning_tokens"]) == (
        10,
        4,
        3,
        6,
    )
    assert (call["cost_usd"], call["ttft_s"], call["latency_s"], call["score"]) == (0.5, 0.5, 2.0, None)
    assert call["time"] == dt.datetime.fromtimestamp(1_700_000_000, dt.UTC)
    assert (error["sample"], error["error"]) == (1, "Incorrect API key provided: [secret].")
    assert imported.table.answers()["answer"].to_list() == ["hello"]
    assert imported.table.queries["prompt"].to_list() == ["hi"]
    assert [tally.count for tally in imported.report.dropped.values()] == [1, 1]
    assert "secret.example" not in everything(imported.table)
    assert KEY not in everything(imported.table)


def test_litellm_spend_log_rows_as_csv(tmp_path: Path) -> None:
    row = {
        "request_id": "r", "call_type": "acompletion", "api_key": KEY, "spend": "0.25", "prompt_tokens": "3",
        "completion_tokens": "4", "startTime": "2026-01-01 00:00:00.000", "endTime": "2026-01-01 00:00:01.500",
        "model": "anthropic/claude", "custom_llm_provider": "anthropic", "messages": json.dumps(MESSAGES),
        "response": json.dumps(REPLY), "status": "",
    }  # fmt: skip
    table = import_table(write_csv(tmp_path / "spend.csv", [row])).table
    (call,) = table.calls.iter_rows(named=True)
    assert (call["arm"], call["cost_usd"], call["latency_s"]) == ("anthropic/claude", 0.25, 1.5)
    assert table.answers()["answer"].to_list() == ["hello"]
    assert KEY not in everything(table)


@pytest.mark.parametrize("spelling", ["api", "blob"])
def test_langfuse_observations(tmp_path: Path, spelling: str) -> None:
    api = {
        "id": "o", "type": "GENERATION", "model": "gpt-x", "level": "DEFAULT", "input": {"messages": MESSAGES},
        "output": {"role": "assistant", "content": "hello"}, "startTime": "2026-01-01T00:00:00.000Z",
        "completionStartTime": "2026-01-01T00:00:00.250Z", "endTime": "2026-01-01T00:00:01.000Z",
        "usageDetails": {"input": 10, "output": 9}, "calculatedTotalCost": 0.5, "modelParameters": {},
    }  # fmt: skip
    blob = {
        "id": "o", "type": "GENERATION", "provided_model_name": "gpt-x", "level": "DEFAULT",
        "input": json.dumps(MESSAGES), "output": "hello", "start_time": "2026-01-01 00:00:00.000000",
        "completion_start_time": "2026-01-01 00:00:00.250000", "end_time": "2026-01-01 00:00:01.000000",
        "usage_details": {"input": 10, "output": 9}, "total_cost": 0.5,
    }  # fmt: skip
    row = api if spelling == "api" else blob
    failed = row | {"level": "ERROR", "statusMessage": "overloaded", "status_message": "overloaded"}
    if spelling == "api":
        del failed["status_message"]
    path = write_jsonl(tmp_path / "observations.jsonl", [row, row | {"type": "SPAN"}, failed])
    imported = import_table(path)
    call, error = imported.table.calls.iter_rows(named=True)
    assert imported.report.format == "langfuse"
    assert (call["arm"], call["input_tokens"], call["output_tokens"]) == ("gpt-x", 10, 9)
    assert (call["ttft_s"], call["latency_s"], call["cost_usd"]) == (0.25, 1.0, 0.5)
    assert error["error"] == "overloaded"
    assert imported.table.answers()["answer"].to_list() == ["hello"]
    assert [tally.count for tally in imported.report.dropped.values()] == [1]


def attributes(**values: Any) -> list[dict[str, Any]]:
    kinds = {str: "stringValue", int: "intValue", float: "doubleValue"}
    return [
        {"key": key, "value": {kinds[type(value)]: str(value) if isinstance(value, int) else value}}
        for key, value in values.items()
    ]


def export(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


def test_otel_genai_spans(tmp_path: Path) -> None:
    asked = [{"role": "user", "parts": [{"type": "text", "content": "hi"}, {"type": "blob", "data": "…"}]}]
    span = {
        "name": "chat gpt-x",
        "startTimeUnixNano": "1700000000000000000",
        "endTimeUnixNano": "1700000001500000000",
        "attributes": attributes(
            **{
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-x",
                "gen_ai.input.messages": json.dumps(asked),
                "gen_ai.output.messages": json.dumps(
                    [{"role": "assistant", "parts": [{"type": "text", "content": "hello"}]}]
                ),
                "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "be brief"}]),
                "gen_ai.usage.input_tokens": 10,
                "gen_ai.usage.output_tokens": 9,
                "gen_ai.usage.cache_read.input_tokens": 4,
                "http.request.header.authorization": f"Bearer {KEY}",
            }
        ),
    }
    old = {
        "name": "openai.chat",
        "status": {"code": 2, "message": "overloaded"},
        "attributes": attributes(
            **{
                "gen_ai.system": "openai",
                "gen_ai.request.model": "gpt-x",
                "gen_ai.prompt.0.role": "user",
                "gen_ai.prompt.0.content": "older",
            }
        ),
    }
    tool = {"name": "execute_tool", "attributes": attributes(**{"gen_ai.operation.name": "execute_tool"})}
    imported = import_table(write_jsonl(tmp_path / "traces.jsonl", [export(span, tool), export(old)]))

    call, error = imported.table.calls.iter_rows(named=True)
    assert imported.report.format == "otel"
    assert imported.report.read == 3
    assert (call["arm"], call["input_tokens"], call["cached_tokens"], call["latency_s"]) == (
        "openai/gpt-x",
        10,
        4,
        1.5,
    )
    assert [turn.content for turn in imported.table.query_list()[0].turns] == ["be brief", "hi\n[blob]"]
    assert (error["error"], imported.table.queries["prompt"][1]) == ("overloaded", "older")
    assert imported.table.answers()["answer"].to_list() == ["hello"]
    assert KEY not in everything(imported.table)


def test_openai_batch_pairs_requests_with_results(tmp_path: Path) -> None:
    body = {"model": "gpt-x", "messages": MESSAGES, "reasoning_effort": "low"}
    asked = {"model": "gpt-y", "instructions": "be brief", "input": "hi"}
    said = {
        "output": [
            {"type": "reasoning", "summary": []},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hello"}]},
        ],
        "usage": {"input_tokens": 10, "output_tokens": 9, "output_tokens_details": {"reasoning_tokens": 6}},
    }
    requests = [
        {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": body},
        {"custom_id": "2", "method": "POST", "url": "/v1/responses", "body": asked},
        {"custom_id": "3", "method": "POST", "url": "/v1/chat/completions", "body": body},
        {"custom_id": "4", "method": "POST", "url": "/v1/chat/completions", "body": body},
    ]
    results = [
        {"id": "b", "custom_id": "2", "response": {"status_code": 200, "body": said}, "error": None},
        {"id": "a", "custom_id": "1", "response": {"status_code": 200, "body": REPLY}, "error": None},
        {
            "id": "c",
            "custom_id": "3",
            "response": {"status_code": 429, "body": {"error": {"message": "slow down"}}},
        },
    ]
    write_jsonl(tmp_path / "input.jsonl", requests)
    write_jsonl(tmp_path / "output.jsonl", results)

    folder = import_table(tmp_path)
    named = import_table(tmp_path / "input.jsonl", options={"output": str(tmp_path / "output.jsonl")})

    assert folder.table.hash == named.table.hash
    assert folder.report.format == "openai-batch"
    assert folder.table.queries.height == 1, "the same conversation, whichever API it was sent to"
    assert folder.table.calls.select("arm", "sample", "output_tokens", "reasoning_tokens").rows() == [
        ("openai/gpt-x@low", 0, 3, 6),
        ("openai/gpt-y", 0, 3, 6),
        ("openai/gpt-x@low", 1, None, None),
    ]
    assert "slow down" in folder.table.calls["error"][2]
    assert folder.table.answers()["answer"].to_list() == ["hello", "hello"]
    assert [tally.count for tally in folder.report.dropped.values()] == [1]


def test_credentials_inside_messages_are_blotted_out_and_reported(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": f"my key is {KEY}, use Bearer abc.def-123456"}]
    row = {"custom_id": "1", "body": {"model": "m@20240620", "messages": messages}}
    result = {"custom_id": "1", "response": {"status_code": 200, "body": REPLY}}
    imported = import_table(write_jsonl(tmp_path / "batch.jsonl", [row, result]))
    assert imported.table.queries["prompt"].to_list() == ["my key is [secret], use [secret]"]
    assert imported.table.arms == ("openai/m-20240620",)
    assert len(imported.report.adjusted) == 2
