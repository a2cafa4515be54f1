"""Any OpenAI-compatible chat endpoint as a ``Complete``: streamed, timed, retried.

The API key is read from a named environment variable when a call is made, is sent in one header and appears in
no error and no representation. Retries cover throttling, server errors and broken connections, as long as no
token has arrived. Knows no prices and no grading.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx2

from routelab.core import Arm, Completion, ContractError, PrerequisiteError, Sampling, Turn, derive
from routelab.core.errors import shorten

RETRIED_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
REFUSED_STATUS = {
    401: "the API key",
    403: "the permission of this API key",
    404: "the base URL and the model's name",
}
LONGEST_PAUSE_S = 60.0


class EndpointError(RuntimeError):
    """The endpoint failed on one request for good; the message never holds the key."""


class OpenAIChat:
    """One model behind ``base_url``; safe to share between threads.

    ``key_env`` names the environment variable that holds the key (None: no key is sent). ``effort`` is sent as
    ``reasoning_effort``. ``body`` overrides fields of the request; a null leaves the field out. A call is tried
    ``1 + retries`` times with exponential pauses, or the server's own.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        key_env: str | None = "OPENAI_API_KEY",
        effort: str | None = None,
        body: Mapping[str, Any] | None = None,
        timeout_s: float = 120.0,
        retries: int = 4,
        client: httpx2.Client | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._model, self._key_env, self._effort = model, key_env, effort
        self._overrides = dict(body or {})
        self._retries, self._pause = retries, pause
        self._client = client or httpx2.Client(timeout=httpx2.Timeout(timeout_s, connect=10.0))

    def __call__(self, turns: Sequence[Turn], sampling: Sampling) -> Completion:
        body = self._body(turns, sampling)
        for attempt in range(self._retries + 1):
            try:
                return self._ask(body)
            except _Again as again:
                if attempt == self._retries:
                    raise EndpointError(f"{self._model} gave up after {attempt + 1} tries: {again}") from None
                self._pause(min(again.after_s or _backoff_s(attempt), LONGEST_PAUSE_S))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _body(self, turns: Sequence[Turn], sampling: Sampling) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": turn.role, "content": turn.content} for turn in turns],
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "seed": sampling.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        if self._effort:
            body["reasoning_effort"] = self._effort
        return {name: value for name, value in (body | self._overrides).items() if value is not None}

    def _key(self) -> str | None:
        if self._key_env is None:
            return None
        key = os.environ.get(self._key_env)
        if not key:
            raise PrerequisiteError(
                f"endpoint of {self._model}",
                expected=f"an API key in the environment variable {self._key_env}",
                got="nothing",
                fix=f"export {self._key_env}=…, or name another variable with key_env",
            )
        return key

    def _ask(self, body: dict[str, Any]) -> Completion:
        key = self._key()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answer = _Streamed(time.perf_counter())
        try:
            with self._client.stream("POST", self._url, json=body, headers=headers) as response:
                if response.status_code != 200:
                    raise self._failure(response, key)
                for event in _events(_lines(response.iter_bytes())):
                    answer.receive(event)
        except httpx2.TransportError as error:
            problem = f"{type(error).__name__} {_without(str(error), key)}"
            raise EndpointError(problem) if answer.parts else _Again(problem) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ContractError(
                f"endpoint of {self._model}",
                expected="a stream of chat.completion.chunk events",
                got=_without(shorten(str(error)), key),
                fix="check that base_url points at an OpenAI-compatible API",
            ) from None
        if answer.finish_reason is None:
            problem = "the stream ended without a finish_reason"
            raise EndpointError(problem) if answer.parts else _Again(problem)
        return answer.completion(self._model)

    def _failure(self, response: httpx2.Response, key: str | None) -> Exception:
        detail = _without(shorten(response.read()[:2000].decode("utf-8", "replace")), key)
        status = response.status_code
        if status in RETRIED_STATUS:
            return _Again(f"HTTP {status} {detail}", _seconds(response.headers.get("retry-after")))
        if status in REFUSED_STATUS:
            return PrerequisiteError(
                f"endpoint of {self._model}",
                expected="HTTP 200",
                got=f"HTTP {status} {detail}",
                fix=f"check {REFUSED_STATUS[status]}",
            )
        return EndpointError(f"HTTP {status} {detail}")


def connect(arm: Arm, *, base_url: str | None = None, key_env: str | None = None, **options: Any) -> OpenAIChat:
    """The back-end ``openai``: an arm ``provider/model@effort`` at its provider's ``base_url``."""
    if base_url is None:
        raise PrerequisiteError(
            f"arm {arm}",
            expected="a base_url for its provider",
            got="none",
            fix="name the provider in the endpoints file, with backend openai and base_url",
        )
    model = arm.model.partition("/")[2] or arm.model
    return OpenAIChat(base_url, model, key_env=key_env, effort=arm.effort, **options)


class _Again(Exception):
    """A failure worth another try, perhaps after a pause the server asked for."""

    def __init__(self, problem: str, after_s: float | None = None) -> None:
        super().__init__(problem)
        self.after_s = after_s


class _Streamed:
    """Gathers the chunks of one answer."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.parts: list[str] = []
        self.usage: dict[str, Any] = {}
        self.model: str | None = None
        self.finish_reason: str | None = None
        self.ttft_s: float | None = None

    def receive(self, chunk: dict[str, Any]) -> None:
        if "error" in chunk:
            raise EndpointError(f"error event {shorten(chunk['error'])}")
        self.model = chunk.get("model") or self.model
        self.usage = chunk.get("usage") or self.usage
        for choice in chunk["choices"]:
            delta = choice.get("delta") or {}
            if self.ttft_s is None and (delta.get("content") or delta.get("reasoning_content")):
                self.ttft_s = time.perf_counter() - self.started
            if delta.get("content"):
                self.parts.append(delta["content"])
            self.finish_reason = choice.get("finish_reason") or self.finish_reason

    def completion(self, asked_model: str) -> Completion:
        """The usage is split so that reasoning comes on top of the output, as prices want it."""
        total = self.usage.get("completion_tokens")
        reasoning = (self.usage.get("completion_tokens_details") or {}).get("reasoning_tokens")
        return Completion(
            text="".join(self.parts),
            model=self.model or asked_model,
            finish_reason=self.finish_reason,
            input_tokens=self.usage.get("prompt_tokens"),
            cached_tokens=(self.usage.get("prompt_tokens_details") or {}).get("cached_tokens"),
            output_tokens=None if total is None else total - (reasoning or 0),
            reasoning_tokens=reasoning,
            ttft_s=self.ttft_s,
            latency_s=time.perf_counter() - self.started,
        )


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    """Split at line feeds only: an answer may hold other characters that Unicode calls line ends."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode() for line in whole)
    yield rest.decode()


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
        if data == "[DONE]":
            return
        if data:
            yield json.loads(data)


def _without(text: str, key: str | None) -> str:
    return text.replace(key, "[key]") if key else text


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None


def _backoff_s(attempt: int) -> float:
    """0.5, 1, 2, … seconds, spread by half so that many threads do not return at once."""
    spread = derive(threading.get_ident(), "backoff", attempt) / 2**64
    return float(0.5 * 2**attempt * (0.5 + spread))
