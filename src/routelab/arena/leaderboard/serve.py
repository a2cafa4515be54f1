"""The leaderboard served live: the static site, which asks for a newer board, and the documents behind it as JSON.

``load`` gives the newest board and history; how they are stored is not known here. Pages hold no session and the
server takes no input but the address, so it needs no login; put a proxy before it for TLS.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from routelab.arena.leaderboard.site.folder import CSV, JSON, PAGE, PARQUET, site_files
from routelab.core.errors import need_extra

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

Load = Callable[[], tuple[dict[str, Any], list[dict[str, Any]]]]
TYPES = {
    PAGE: "text/html; charset=utf-8",
    CSV: "text/csv; charset=utf-8",
    PARQUET: "application/vnd.apache.parquet",
    JSON: "application/gzip",
}
HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": "frame-ancestors 'none'; object-src 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def board_app(load: Load, *, refresh_s: float = 10.0) -> Starlette:
    """The ASGI application; the board is loaded, and the page asks for it, at most every ``refresh_s`` seconds.

    Raises PrerequisiteError where the extra ``serve`` is not installed.
    """
    try:
        from starlette.applications import Starlette
        from starlette.concurrency import run_in_threadpool
        from starlette.middleware import Middleware
        from starlette.middleware.gzip import GZipMiddleware
        from starlette.responses import Response
        from starlette.routing import Route
    except ModuleNotFoundError as error:
        raise need_extra((error.name or "starlette").partition(".")[0], "serve", "serving the leaderboard") from None

    newest = _Newest(load, refresh_s)

    def at(path: str, name: str, media_type: str) -> Route:
        async def answer(request: Request) -> Response:
            file = (await run_in_threadpool(newest.files))[name]
            headers = HEADERS | {"etag": file.etag}
            known = request.headers.get("if-none-match", "")
            if file.etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
                return Response(status_code=304, headers=headers)
            return Response(file.content, headers=headers, media_type=media_type)

        return Route(path, answer)

    return Starlette(
        routes=[
            at("/", PAGE, TYPES[PAGE]),
            *(at(f"/{name}", name, media_type) for name, media_type in TYPES.items()),
            *(at(f"/api/{name}", f"api/{name}", "application/json") for name in ("board", "history", "version")),
        ],
        middleware=[Middleware(GZipMiddleware)],
    )


@dataclass(frozen=True)
class _File:
    content: bytes
    etag: str


class _Newest:
    """The files of the newest board; made once for each publication, whoever asks first."""

    def __init__(self, load: Load, refresh_s: float) -> None:
        self._load, self._refresh_s = load, refresh_s
        self._lock = threading.Lock()
        self._due = float("-inf")
        self._published: Any = None
        self._files: dict[str, _File] = {}

    def files(self) -> dict[str, _File]:
        with self._lock:
            if time.monotonic() >= self._due:
                board, history = self._load()
                if board["board"] != self._published:
                    self._files = self._made(board, history)
                    self._published = board["board"]
                self._due = time.monotonic() + self._refresh_s
            return self._files

    def _made(self, board: dict[str, Any], history: list[dict[str, Any]]) -> dict[str, _File]:
        contents = site_files(board, history, refresh_s=self._refresh_s) | {
            "api/board": msgspec.json.encode(board),
            "api/history": msgspec.json.encode(history),
            "api/version": msgspec.json.encode({"sequence": board["board"]["sequence"]}),
        }
        return {
            name: _File(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"') for name, content in contents.items()
        }
