"""An OpenAI-compatible upstream on the loopback, and servers that run inside a test."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp


class Upstream:
    """Answers ``reply(model, text)``; ``refusal`` makes it fail, ``hang`` keeps it from answering to the end."""

    def __init__(self, reply: Callable[[str, str], str] = lambda model, text: f"{model} heard you") -> None:
        self.reply = reply
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.refusal: tuple[int, Any] | None = None
        self.hang = False
        self.breaks = False
        self.cancelled = threading.Event()
        self.app = Starlette(routes=[Route("/v1/chat/completions", self.chat, methods=["POST"])])

    async def chat(self, request: Request) -> Response:
        asked = await request.json()
        self.requests.append(asked)
        self.keys.append(request.headers.get("authorization"))
        if self.refusal is not None:
            status, body = self.refusal
            return JSONResponse(body, status, {"retry-after": "7"})
        text = self.reply(asked["model"], asked["messages"][-1]["content"])
        usage = {"prompt_tokens": 100, "completion_tokens": 20}
        if asked.get("stream"):
            return StreamingResponse(self._stream(text, usage), media_type="text/event-stream")
        if self.hang:
            await self._hang(request)
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return JSONResponse({"id": "c1", "object": "chat.completion", "choices": [choice], "usage": usage})

    async def _hang(self, request: Request) -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        self.cancelled.set()

    async def _stream(self, text: str, usage: dict[str, int]) -> AsyncIterator[str]:
        def event(chunk: dict[str, Any]) -> str:
            return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"

        yield event({"choices": [{"index": 0, "delta": {"role": "assistant"}}]})
        for word in text.split(" "):
            yield event({"choices": [{"index": 0, "delta": {"content": word + " "}}]})
            try:
                await asyncio.sleep(3600 if self.hang else 0)
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        if self.breaks:
            return
        yield event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        yield event({"choices": [], "usage": usage})
        yield "data: [DONE]\n\n"


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """The address of ``app``, served until the block ends; its shutdown has run by then."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    started = threading.Event()
    begin = server.startup

    async def startup(sockets: Any = None) -> None:
        await begin(sockets)
        started.set()

    server.startup = startup  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        assert started.wait(30)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join(30)
