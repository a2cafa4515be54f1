"""One request relayed to an upstream, chunk by chunk where it is streamed.

Nothing is tried twice: the caller hears of every failure, with the upstream's own status. The key appears in no
answer, error or outcome. Knows nothing of routers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx2
import msgspec

from routelab.core.errors import shorten
from routelab.gateway.meter import CANCELLED, Meter, json_object
from routelab.gateway.upstream import Upstream, streaming

UNREACHABLE, TOO_SLOW = 502, 504
CONNECT_S = 10.0
ADVICE = ("retry-after", "retry-after-ms")


def problem(message: str, kind: str, code: str | None = None) -> dict[str, Any]:
    """An error in the form that OpenAI's clients read."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


class Exchange:
    """One call: ``open`` it, hand on ``content`` or ``events``, and ``close`` it whatever happens.

    ``open`` raises nothing of the transport: afterwards ``refusal`` is the (status, error) for the caller, or None,
    and ``advice`` the headers that say when to come again.
    """

    def __init__(self, upstream: Upstream, asked: dict[str, Any], client: httpx2.AsyncClient) -> None:
        self._upstream, self._client, self._key = upstream, client, upstream.key
        self._body = upstream.body(asked)
        self._bill_wanted = bool(streaming(asked).get("include_usage"))
        self._response: httpx2.Response | None = None
        self.meter = Meter(upstream)
        self.streams, self.content = bool(asked.get("stream")), b""
        self.advice: dict[str, str] = {}
        self.refusal: tuple[int, dict[str, Any]] | None = None

    async def open(self) -> None:
        """Send the request; wait for the whole answer, or for the head of one that is streamed."""
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        timeout = httpx2.Timeout(self._upstream.options.timeout_s, connect=CONNECT_S)
        try:
            request = self._client.build_request(
                "POST", self._upstream.url, json=self._body, headers=headers, timeout=timeout
            )
            self._response = await self._client.send(request, stream=True)
            if not (self._response.is_success and self.streams):
                self.content = await self._response.aread()
                self._judge(self._response)
        except (httpx2.HTTPError, httpx2.InvalidURL) as failure:
            status = TOO_SLOW if isinstance(failure, httpx2.TimeoutException) else UNREACHABLE
            self._refuse(status, self._told(failure))

    def _judge(self, response: httpx2.Response) -> None:
        text = self._clean(self.content.decode("utf-8", "replace"))
        answer = json_object(text)
        if response.is_success:
            if not self.meter.whole(answer):
                self._refuse(UNREACHABLE, "the upstream's answer is no chat completion")
            return
        self.advice = {name: response.headers[name] for name in ADVICE if name in response.headers}
        status = response.status_code if response.status_code >= 400 else UNREACHABLE
        self._refuse(status, f"HTTP {response.status_code} {shorten(text)}")
        if isinstance(answer.get("error"), dict):
            self.refusal = status, {"error": answer["error"]}

    def _refuse(self, status: int, why: str) -> None:
        self.meter.error = why
        self.refusal = status, problem(f"{self._upstream.arm}: {why}", "upstream_error")

    async def events(self) -> AsyncIterator[bytes]:
        """The server-sent events as they come; a stream that breaks ends with an error event."""
        broken = "the upstream's stream ended early"
        try:
            async for event in self._split():
                if self.meter.event(event) or self._bill_wanted:
                    yield event + b"\n\n"
        except httpx2.HTTPError as failure:
            broken = self._told(failure)
        if self.meter.error == CANCELLED:
            self.meter.error = broken
            yield b"data: " + msgspec.json.encode(problem(broken, "upstream_error")) + b"\n\n"

    async def _split(self) -> AsyncIterator[bytes]:
        assert self._response is not None
        rest = b""
        async for chunk in self._response.aiter_bytes():
            *events, rest = (rest + chunk).replace(b"\r\n", b"\n").split(b"\n\n")
            for event in events:
                yield event
        if rest.strip():
            yield rest.strip()

    def _told(self, failure: Exception) -> str:
        return shorten(self._clean(f"{type(failure).__name__} {failure}".strip()))

    def _clean(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text

    async def close(self) -> None:
        """Give the connection back; ends the upstream's work where it goes on."""
        if self._response is not None:
            with anyio.CancelScope(shield=True):
                await self._response.aclose()
