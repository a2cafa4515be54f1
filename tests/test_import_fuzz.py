"""Whatever one value of a good row is replaced with: an importer imports it or gives one clear error."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from routelab.core.errors import RoutelabError
from routelab.outcomes.importers import import_table

MESSAGES = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
USAGE = {
    "prompt_tokens": 1, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 1},
}  # fmt: skip
CHAT = {"choices": [{"message": {"role": "assistant", "content": "yes"}}], "usage": USAGE}
SAID = {"output": [{"type": "message", "content": [{"type": "output_text", "text": "yes"}]}], "usage": USAGE}

GOOD: dict[str, list[Any]] = {
    "jsonl": [
        {
            "id": "q",
            "prompt": "?",
            "model": "m",
            "score": 1,
            "time": 1.5,
            "turns": [{"role": "user", "content": ""}],
        }
    ],
    "routerarena": [
        {
            "global_index": "A_1",
            "question": "?",
            "llm_selected": "m",
            "generated_answer": "x",
            "success": True,
            "token_usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2},
            "error": None,
            "evaluation_result": {"ground_truth": "A", "score": 1.0, "metric": "mcq", "inference_cost": 0.1},
        },
        {
            "global index": "A_2",
            "prompt": "?",
            "prediction": "m",
            "cost": 0.1,
            "accuracy": 1.0,
            "generated_result": {"generated_answer": "x", "success": True, "token_usage": {"output_tokens": 1}},
        },
        {"global index": "A_3", "prompt_formatted": "?"},
    ],
    "routerbench": [
        {
            "sample_id": "1",
            "prompt": "?",
            "eval_name": "e",
            "m": 1.0,
            "m|total_cost": 0.1,
            "m|model_response": "x",
        }
    ],
    "routellm": [{"prompt": "?", "m": True, "m_response": "x"}],
    "llmrouterbench": [
        {
            "performance": 1,
            "records": [{"index": 1, "origin_query": "?", "score": 1, "cost": 0.1, "raw_output": "x"}],
        },
        {"index": 2, "origin_query": "?", "model": "m", "dataset": "d", "score": 0.5},
    ],
    "embedllm": [{"prompt_id": 1, "model_id": 2, "label": 1, "prompt": "?", "category": "c", "model_name": "m"}],
    "sprout": [{"key": "k", "prompt": "?", "m": {"score": 1, "num_input_tokens": 1, "response": "x"}}],
    "xroutebench": [{"query": "?", "model_name": "m", "performance": 1.0, "task_name": "t", "embedding_id": 1}],
    "litellm": [
        {
            "call_type": "completion",
            "model": "m",
            "custom_llm_provider": "p",
            "messages": MESSAGES,
            "response": CHAT,
            "response_cost": 0.1,
            "startTime": 1.0,
            "completionStartTime": 1.5,
            "endTime": 2.0,
            "error_str": "",
            "model_parameters": {"reasoning": {"effort": "low"}},
            "prompt_tokens": 1,
            "completion_tokens": 2,
        }
    ],
    "langfuse": [
        {
            "type": "GENERATION",
            "model": "m",
            "level": "DEFAULT",
            "input": {"messages": MESSAGES},
            "output": CHAT,
            "startTime": "2026-01-01T00:00:00Z",
            "usageDetails": {"input": 1, "output": 2},
            "costDetails": {"total": 0.1},
        }
    ],
    "otel": [
        {
            "resourceSpans": [
                {
                    "scopeSpans": [
                        {
                            "spans": [
                                {
                                    "startTimeUnixNano": "1",
                                    "endTimeUnixNano": "2",
                                    "status": {"code": 0},
                                    "attributes": [
                                        {"key": "gen_ai.request.model", "value": {"stringValue": "m"}},
                                        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "3"}},
                                        {"key": "gen_ai.usage.cost", "value": {"doubleValue": 0.1}},
                                        {
                                            "key": "gen_ai.input.messages",
                                            "value": {
                                                "arrayValue": {
                                                    "values": [
                                                        {
                                                            "kvlistValue": {
                                                                "values": [
                                                                    {
                                                                        "key": "role",
                                                                        "value": {"stringValue": "user"},
                                                                    }
                                                                ]
                                                            }
                                                        }
                                                    ]
                                                }
                                            },
                                        },
                                        {
                                            "key": "gen_ai.output.messages",
                                            "value": {"stringValue": json.dumps(MESSAGES)},
                                        },
                                    ],
                                }
                            ]
                        }
                    ]
                }
            ]
        }
    ],
    "openai-batch": [
        {
            "custom_id": "1",
            "url": "/v1/responses",
            "body": {"model": "m", "instructions": "be brief", "input": "hi"},
        },
        {"custom_id": "1", "response": {"status_code": 200, "body": SAID}, "error": None},
    ],
}

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([-1, 0, 2**63, 2**80, 0.5, 1e300, "", "x", "[", "{}", "[1]", "../x"]),
    st.sampled_from([[], [None], [3], ["x"], [[]], [{}], {}, {"x": None}, {"role": 3}, {"content": 3}, {"text": []}]),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of every value inside a JSON value, its own included."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    changed = copy.deepcopy(value)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = junk
    return changed


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_value_may_be_wrong(data: st.DataObject) -> None:
    format = data.draw(st.sampled_from(sorted(GOOD)))
    path = data.draw(st.sampled_from(places(GOOD[format])[1:]))
    rows = replaced(GOOD[format], path, data.draw(JUNK))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        try:
            import_table(file, format=format, options={"model": "m"} if format == "llmrouterbench" else None)
        except RoutelabError as error:
            assert str(error)
