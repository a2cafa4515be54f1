"""``HttpRouter``: any OpenAI-compatible endpoint that picks a model and says which. One token is asked for.

The arm is the ``model`` field of its answer. Addresses are shown without credentials and query; the API key is
read from a named environment variable, is sent in one header and appears in no error.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

import httpx2

from routelab.core.errors import ContractError, InputError, PrerequisiteError, shorten
from routelab.encode import QueryBatch

PATH = "/v1/chat/completions"
BUSY = frozenset({408, 429, 502, 503, 504})


class HttpRouter:
    """Asks ``url`` to answer each prompt and reads which model it chose.

    ``url`` may end at the host, at ``/v1`` or at ``/v1/chat/completions``; ``?model=NAME`` or ``#NAME`` names
    the router behind it (default ``auto``). Broken connections and busy answers are tried again ``retries``
    times. Raises PrerequisiteError where the endpoint cannot be used and ContractError where it answers with
    something else.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float = 30.0,
        concurrency: int = 8,
        api_key_env: str | None = None,
        retries: int = 2,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = _split(url)
        query = dict(parse_qsl(parts.query))
        self.model = parts.fragment or query.pop("model", "auto")
        path = parts.path.rstrip("/")
        path = path if path.endswith("/chat/completions") else path.removesuffix("/v1") + PATH
        self._url = urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), ""))
        self.shown = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", ""))
        self.name = f"{self.model} at {parts.netloc.rpartition('@')[2]}"
        self._timeout_s, self._concurrency, self._retries = timeout_s, concurrency, retries
        self._key_env, self._pause = api_key_env, pause

    def route(self, batch: QueryBatch, /) -> list[str]:
        """The model that the endpoint names for every prompt, in order."""
        key = self._key()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        with httpx2.Client(timeout=self._timeout_s, headers=headers) as client:
            pool = ThreadPoolExecutor(self._concurrency)
            try:
                asked = [
                    pool.submit(self._ask, client, text, f"router {self.shown} query {query_id}", key)
                    for query_id, text in zip(batch.ids, batch.texts or ())
                ]
                return [answer.result() for answer in asked]
            finally:
                pool.shutdown(cancel_futures=True)

    def _key(self) -> str | None:
        if self._key_env is None:
            return None
        key = os.environ.get(self._key_env)
        if not key:
            raise PrerequisiteError(
                f"router {self.shown}",
                expected=f"an API key in the environment variable {self._key_env}",
                got="nothing",
                fix=f"export {self._key_env}=…",
            )
        return key

    def _ask(self, client: httpx2.Client, text: str, where: str, key: str | None) -> str:
        body = {"model": self.model, "messages": [{"role": "user", "content": text}], "max_tokens": 1}
        for attempt in range(self._retries + 1):
            if attempt:
                self._pause(0.5 * 2**attempt)
            try:
                response = client.post(self._url, json=body)
            except httpx2.TransportError as error:
                problem = type(error).__name__
                continue
            if response.status_code not in BUSY:
                return _chosen(response, where, key)
            problem = f"HTTP {response.status_code}"
        raise PrerequisiteError(
            where,
            expected="an endpoint that answers",
            got=f"{problem} in each of {self._retries + 1} tries",
            fix="check the address, that it is up, and the timeout",
        )


def _split(url: str) -> SplitResult:
    """The parts of an address; an error about it never shows it, since it may hold a password."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InputError("router address", expected="http(s)://host[:port]", got="something else", fix="write it whole")
    return parts


def _chosen(response: httpx2.Response, where: str, key: str | None) -> str:
    """The ``model`` of a completion; an error shows what came instead, without the key."""
    detail = shorten(response.text[:2000].replace(key, "[key]") if key else response.text[:2000])
    if response.status_code in (401, 403):
        raise PrerequisiteError(
            where,
            expected="to be let in",
            got=f"HTTP {response.status_code} {detail}",
            fix="pass HttpRouter(url, api_key_env='NAME') the variable that holds the key",
        )
    try:
        answer: Any = response.json()
    except ValueError:
        answer = None
    model = answer.get("model") if isinstance(answer, dict) else None
    if response.status_code != 200 or not isinstance(model, str) or not model:
        raise ContractError(
            where,
            expected="HTTP 200 and a JSON object that names its model",
            got=f"HTTP {response.status_code} {detail}",
            fix="point it at an OpenAI-compatible router",
        )
    return model
