"""The OpenAI-compatible server that runs an artifact: it decides with ``Router.route``, relays, and logs.

It holds no routing logic of its own, and no key: that of a client is not looked at, those of the upstreams never
leave ``exchange``. Whoever exposes it beyond this machine puts a proxy with authentication before it.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from copy import copy
from typing import Any

import anyio
import httpx2
import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from routelab.core import InputError, Query, RoutelabError
from routelab.core.errors import nearest, shorten
from routelab.encode import QueryBatch
from routelab.gateway.exchange import Exchange
from routelab.gateway.http import Relayed, json_body, mistaken, refused, unless_gone
from routelab.gateway.log import DecisionLog
from routelab.gateway.messages import query_of
from routelab.gateway.upstream import Upstream
from routelab.router import Router, artifact_hash

LOG = logging.getLogger("routelab.gateway")
CLIENT_GONE, NAMED = 499, "asked for by name"


class Gateway:
    """The routes of the server. ``dial`` and ``explore`` (the share of chance) are the artifact's own where None."""

    def __init__(
        self,
        router: Router,
        served: Mapping[str, Upstream],
        log: DecisionLog,
        *,
        dial: float | None = None,
        explore: float | None = None,
        flush_s: float = 10.0,
    ) -> None:
        self.router, self.served, self.log, self.dial, self.flush_s = copy(router), served, log, dial, flush_s
        self.router.explore = router.explore if explore is None else explore
        self.hash = artifact_hash(router)
        self._full = asyncio.Event()
        self.router.route(QueryBatch.of(["warm up"]), dial=dial)  # what it lacks is told now, not to the first client

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
                Route("/v1/feedback", self.feedback, methods=["POST"]),
                Route("/v1/models", self.models),
                Route("/healthz", self.health),
            ],
            exception_handlers={RoutelabError: mistaken, HTTPException: refused},
            lifespan=self._lifespan,
        )

    async def chat(self, request: Request) -> Response:
        asked = await json_body(request)
        query = query_of(uuid.uuid4().hex, asked.get("messages"))
        arm, propensity, why = await self._decide(asked.get("model"), query)
        exchange = Exchange(self.served[arm], asked, self._client)
        headers = {
            "x-routelab-arm": arm,
            "x-routelab-artifact": self.hash,
            "x-routelab-propensity": f"{propensity:.6g}",
            "x-routelab-decision-id": query.id,
        }
        self.log.begin(query.id)

        async def settle() -> None:
            await exchange.close()
            asked_for = msgspec.structs.replace(query, metadata={"artifact": self.hash, "why": why})
            self.log.add(asked_for, exchange.meter.outcome(query.id, propensity))
            if self.log.full:
                self._full.set()

        answered = streams = False
        try:
            answered = await unless_gone(request, exchange.open)
            streams = answered and exchange.streams and exchange.refusal is None
        finally:
            if not streams:
                await settle()
        if not answered:
            return Response(status_code=CLIENT_GONE)
        if exchange.refusal is not None:
            return JSONResponse(exchange.refusal[1], exchange.refusal[0], headers | exchange.advice)
        if streams:
            return Relayed(exchange.events(), settle, headers)
        return Response(exchange.content, 200, headers, "application/json")

    async def _decide(self, model: Any, query: Query) -> tuple[str, float, str]:
        if model == self.router.name:
            chosen = await run_in_threadpool(self.router.route, QueryBatch.of([query.text]), dial=self.dial)
            return chosen.chosen_arms()[0], float(chosen.propensity[0]), chosen.reasons[int(chosen.reason[0])]
        if not isinstance(model, str) or model not in self.served:
            known = [self.router.name, *self.served]
            raise HTTPException(404, f"the model {shorten(model)} does not exist: {nearest(str(model), known)}")
        return model, 1.0, NAMED

    async def feedback(self, request: Request) -> Response:
        told = await json_body(request)
        decision, score = told.get("decision_id"), told.get("score")
        if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
            raise InputError("score", expected="a number in [0, 1]", got=shorten(score), fix="scale it")
        if not isinstance(decision, str) or not self.log.score(decision, float(score)):
            raise HTTPException(404, f"no decision {shorten(decision)} is remembered")
        return JSONResponse({"decision_id": decision, "score": score})

    async def models(self, request: Request) -> Response:
        rows = [{"id": name, "object": "model", "owned_by": "routelab"} for name in (self.router.name, *self.served)]
        return JSONResponse({"object": "list", "data": rows})

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "artifact": self.hash})

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        limits = httpx2.Limits(max_connections=None)
        async with httpx2.AsyncClient(limits=limits) as self._client, anyio.create_task_group() as group:
            group.start_soon(self._keep_flushing)
            yield
            group.cancel_scope.cancel()
        await run_in_threadpool(self.log.flush)

    async def _keep_flushing(self) -> None:
        while True:
            with anyio.move_on_after(self.flush_s):
                await self._full.wait()
            self._full.clear()
            try:
                await run_in_threadpool(self.log.flush)
            except (OSError, RoutelabError) as failure:
                LOG.error("the decision log could not be written, will try again: %s", failure)
