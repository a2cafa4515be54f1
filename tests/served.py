"""A planted pool of two arms behind a gateway on the loopback, for tests of serving."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from fake_upstream import running
from routelab.arena.freeze import fit_whole
from routelab.core import ModelCard, Outcome, Price, Query, stream
from routelab.gateway import DecisionLog, upstreams
from routelab.gateway.app import Gateway
from routelab.outcomes import OutcomeTable
from routelab.pool.live import Endpoints, Provider
from routelab.router import Router, catalogue
from small_table import small_table

BIG, SMALL = "cloud/big", "cloud/small"
KEY, SECRET = "ROUTELAB_TEST_KEY", "sk-very-secret"
RIGHT = {("sum", BIG): 0.9, ("sum", SMALL): 0.9, ("proof", BIG): 0.8, ("proof", SMALL): 0.1}
WORDS = {"sum": "Add the numbers {k} and {j}, please", "proof": "Prove lemma {k} about ideals of rank {j} in full"}
EASY, HARD = WORDS["sum"].format(k=4001, j=4002), WORDS["proof"].format(k=4001, j=4002)


def outcomes(n: int, seed: int, name: str) -> OutcomeTable:
    """Every arm on every query."""
    rng = stream(seed, "planted")
    queries, calls = [], []
    for k in range(n):
        kind = "sum" if rng.random() < 0.5 else "proof"
        queries.append(Query.ask(f"{name}{k}", WORDS[kind].format(k=seed * 10_000 + k, j=3 * k)))
        for arm, cost in ((BIG, 0.01), (SMALL, 0.001)):
            score = float(rng.random() < RIGHT[kind, arm])
            calls.append(Outcome(query_id=f"{name}{k}", arm=arm, score=score, cost_usd=cost))
    return small_table(queries, calls, name)


def fitted(recipe: Any = catalogue.ridge, dial: float = 0.1) -> Router:
    """Sends sums to the small model and proofs to the big one."""
    return fit_whole(recipe, outcomes(200, 0, "train"), dial=dial)[0]


def endpoints(address: str, key: str | None = None) -> Endpoints:
    cards = [
        ModelCard(
            id=arm,
            prices=(Price(input_usd_per_mtok=x, output_usd_per_mtok=4 * x, date=dt.date(2026, 1, 1), source="test"),),
        )
        for arm, x in ((BIG, 10.0), (SMALL, 1.0))
    ]
    return Endpoints({"cloud": Provider("openai", {"base_url": address, "key_env": key})}, tuple(cards))


@contextmanager
def gateway(
    router: Router, address: str, log: Path, *, keep_answers: bool = False, key: str | None = None, **options: Any
) -> Iterator[httpx2.Client]:
    known = endpoints(address, key)
    decisions = DecisionLog(log, known.models, keep_answers=keep_answers)
    served = Gateway(router, upstreams(known, router.arms_), decisions, **({"flush_s": 3600} | options))
    with running(served.app()) as own, httpx2.Client(base_url=own, timeout=30) as client:
        yield client


def ask(client: httpx2.Client, text: str = EASY, model: str = "ridge", **more: Any) -> httpx2.Response:
    body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
    return client.post("/chat/completions", json=body)
