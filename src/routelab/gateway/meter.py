"""What the answer to one request tells as it passes: text, tokens, times, errors. Knows no transport."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import msgspec

from routelab.core import Outcome
from routelab.core.errors import shorten
from routelab.gateway.upstream import Upstream

CANCELLED = "cancelled: the client closed the connection"
DONE = b"[DONE]"


class Meter:
    """Reads an answer, whole or event by event. ``error`` is why there is none (yet), None once it is complete."""

    def __init__(self, upstream: Upstream) -> None:
        self._arm, self._price = str(upstream.arm), upstream.price
        self._usage: dict[str, Any] = {}
        self._text: list[str] = []
        self._started, self._time = time.perf_counter(), dt.datetime.now(dt.UTC)
        self._ttft_s: float | None = None
        self.error: str | None = CANCELLED

    def whole(self, answer: dict[str, Any]) -> bool:
        """Read a chat completion; False for something else."""
        if not isinstance(answer.get("choices"), list):
            return False
        self._read(answer, "message")
        self.error = None
        return True

    def event(self, event: bytes) -> bool:
        """Read one server-sent event; False for one that holds a bill and nothing else."""
        data = b"\n".join(line[5:].strip() for line in event.split(b"\n") if line.startswith(b"data:"))
        if data == DONE:
            self.error = None if self.error == CANCELLED else self.error
        chunk = json_object(data)
        if "error" in chunk:
            self.error = shorten(str(chunk["error"]))
        if self._read(chunk, "delta") and self._ttft_s is None:
            self._ttft_s = time.perf_counter() - self._started
        return bool(chunk.get("choices")) or not chunk.get("usage")

    def _read(self, chunk: dict[str, Any], field: str) -> bool:
        """Whether any choice said something: text, reasoning or a tool call."""
        self._usage = _object(chunk.get("usage")) or self._usage
        choices, spoke = chunk.get("choices"), False
        for choice in map(_object, choices if isinstance(choices, list) else ()):
            said = _object(choice.get(field))
            spoke = spoke or any(said[key] for key in said if key != "role")
            if choice.get("index", 0) == 0 and isinstance(said.get("content"), str):
                self._text.append(said["content"])
        return spoke

    def outcome(self, decision_id: str, propensity: float) -> Outcome:
        """The call as it stands. Reasoning comes on top of the output, as prices want it."""
        usage = self._usage
        asked, written = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
        cached = _count(_object(usage.get("prompt_tokens_details")), "cached_tokens")
        reasoning = _count(_object(usage.get("completion_tokens_details")), "reasoning_tokens")
        output = written if written is None or (reasoning or 0) > written else written - (reasoning or 0)
        cost = None
        if self._price is not None and asked is not None and output is not None:
            cost = self._price.cost_usd(asked, output, min(cached or 0, asked), reasoning or 0)
        return Outcome(
            query_id=decision_id,
            arm=self._arm,
            input_tokens=asked,
            cached_tokens=cached,
            output_tokens=output,
            reasoning_tokens=reasoning,
            cost_usd=cost,
            ttft_s=self._ttft_s,
            latency_s=time.perf_counter() - self._started,
            error=self.error,
            propensity=propensity,
            time=self._time,
            answer="".join(self._text) or None,
        )


def json_object(data: str | bytes) -> dict[str, Any]:
    """A JSON object, empty where the text is none."""
    try:
        return _object(msgspec.json.decode(data))
    except msgspec.DecodeError:
        return {}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(usage: dict[str, Any], name: str) -> int | None:
    """A number of tokens, None where the upstream tells none: a log must take whatever it says."""
    value = usage.get(name)
    return value if isinstance(value, int) and 0 <= value < 2**53 else None
