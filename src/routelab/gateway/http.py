"""What the server's routes share: reading a body, watching the client, streams that settle, errors in OpenAI's form."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import msgspec
import uvicorn
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from routelab.core import InputError
from routelab.core.errors import shorten
from routelab.gateway.exchange import problem

LARGEST_REQUEST_BYTES = 64 << 20


async def json_body(request: Request) -> dict[str, Any]:
    """The request's JSON object; raises InputError for anything else, HTTPException for one that is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_REQUEST_BYTES:
            raise HTTPException(413, f"a request has at most {LARGEST_REQUEST_BYTES >> 20} MiB")
    try:
        told = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise InputError("body", expected="JSON", got=str(error), fix="correct it") from None
    if not isinstance(told, dict):
        raise InputError("body", expected="a JSON object", got=shorten(told), fix="correct it")
    return told


async def unless_gone(request: Request, work: Callable[[], Awaitable[None]]) -> bool:
    """Do the work, and stop it when the client goes away; whether it was finished."""
    finished = False

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        await work()
        finished = True
        group.cancel_scope.cancel()
    return finished


class Relayed(StreamingResponse):
    """A stream of events that settles its account however it ends."""

    def __init__(
        self, events: AsyncIterator[bytes], settle: Callable[[], Awaitable[None]], headers: dict[str, str]
    ) -> None:
        super().__init__(events, headers=headers | {"cache-control": "no-cache"}, media_type="text/event-stream")
        self._settle = settle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._settle()


async def mistaken(request: Request, error: Exception) -> Response:
    """A RoutelabError as an answer: the caller's own mistake, or a gateway that lacks something."""
    mine = not isinstance(error, InputError)
    return JSONResponse(problem(str(error), "server_error" if mine else "invalid_request_error"), 500 if mine else 400)


async def refused(request: Request, error: Exception) -> Response:
    """An HTTPException as an answer."""
    assert isinstance(error, HTTPException)
    return JSONResponse(problem(error.detail, "invalid_request_error"), error.status_code, error.headers)


def serve(app: ASGIApp, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Run until told to stop by a signal; ``ready`` is called with the address (port 0: any free one)."""
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(f"{host}:{port}", expected="an address to listen on", got=why, fix="choose another") from None
    with listening:
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{listening.getsockname()[1]}/v1")
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listening])
