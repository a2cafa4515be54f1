"""What `serve` logs: an outcome table with propensities and scores, from which other routers can be judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra `serve` is not installed")
pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

from fake_upstream import Upstream, running
from routelab.arena import evaluate
from routelab.arena.offpolicy import off_policy
from routelab.core import Outcome, Query
from routelab.gateway import DecisionLog, upstreams
from routelab.gateway.app import Gateway
from routelab.outcomes import OutcomeTable
from routelab.outcomes.store import verify
from routelab.router import Router, artifact_hash, catalogue, save_artifact
from served import HARD, ask, endpoints, fitted, gateway, outcomes


@pytest.fixture(scope="module")
def router() -> Router:
    return fitted()


@pytest.fixture
def upstream() -> Iterator[tuple[Upstream, str]]:
    fake = Upstream()
    with running(fake.app) as address:
        yield fake, address


def test_the_log_is_an_outcome_table(router: Router, upstream: tuple[Upstream, str], tmp_path: Path) -> None:
    with gateway(router, upstream[1], tmp_path / "log") as client:
        first = ask(client)
    with gateway(router, upstream[1], tmp_path / "log") as client:  # a second run appends
        second = ask(client, HARD)
    table = OutcomeTable.open(tmp_path / "log")
    ids = [reply.headers["x-routelab-decision-id"] for reply in (first, second)]
    assert table.calls["query_id"].to_list() == ids and not verify(tmp_path / "log")
    row = table.calls.row(0, named=True)
    assert row["cost_usd"] == pytest.approx((100 * 1 + 20 * 4) / 1e6) and row["latency_s"] > 0
    assert row["time"] is not None and row["error"] is None and row["score"] is None
    assert table.answers().is_empty()
    assert table.query_list()[0].metadata == {"artifact": artifact_hash(router), "why": "best utility"}


def test_feedback_reaches_its_row_before_and_after_it_was_written(
    router: Router, upstream: tuple[Upstream, str], tmp_path: Path
) -> None:
    def tell(client: httpx2.Client, decision: Any, score: Any) -> int:
        return client.post("/feedback", json={"decision_id": decision, "score": score}).status_code

    with gateway(router, upstream[1], tmp_path / "log") as client:
        ids = [ask(client).headers["x-routelab-decision-id"] for _ in range(3)]
        assert tell(client, ids[0], 0.25) == 200
        assert tell(client, "nobody", 1) == 404
        assert [tell(client, ids[1], wrong) for wrong in (2, "1", True, None)] == [400] * 4
    with gateway(router, upstream[1], tmp_path / "log") as client:
        assert (tell(client, ids[1], 0), tell(client, ids[0], 0.75)) == (200, 200)
        ids.append(ask(client).headers["x-routelab-decision-id"])
        assert tell(client, ids[3], 1.0) == 200
    table = OutcomeTable.open(tmp_path / "log")
    assert dict(table.calls.select("query_id", "score").iter_rows()) == dict(zip(ids, (0.75, 0.0, None, 1.0)))
    assert not verify(tmp_path / "log")


def test_a_full_batch_is_written_at_once(router: Router, upstream: tuple[Upstream, str], tmp_path: Path) -> None:
    known = endpoints(upstream[1])
    log = DecisionLog(tmp_path / "log", known.models, batch_calls=2)
    served = Gateway(router, upstreams(known, router.arms_), log, flush_s=3600)
    with running(served.app()) as own, httpx2.Client(base_url=own, timeout=30) as client:
        while OutcomeTable.open(tmp_path / "log").calls.is_empty():
            ask(client)


def test_what_cannot_be_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = DecisionLog(tmp_path / "log")
    for k in range(3):
        log.begin(f"d{k}")
        log.add(Query.ask(f"d{k}", "hi"), Outcome(query_id=f"d{k}", arm="a", propensity=0.5, answer="text"))
    assert log.score("d1", 0.5)
    with monkeypatch.context() as patch:
        patch.setattr("routelab.gateway.log.store.add_parts", _full_disk)
        with pytest.raises(OSError, match="full"):
            log.flush()
    log.flush()
    log.flush()
    assert log.score("d2", 1.0)
    with monkeypatch.context() as patch:
        patch.setattr("routelab.gateway.log.store.replace_part", _full_disk)
        with pytest.raises(OSError, match="full"):
            log.flush()
    log.flush()
    table = OutcomeTable.open(tmp_path / "log")
    assert table.calls["score"].to_list() == [None, 0.5, 1.0] and table.answers().is_empty()


def _full_disk(*_: Any) -> None:
    raise OSError("the disk is full")


# -- from the log to other routers ------------------------------------------------------------------


def test_a_log_of_the_gateway_judges_another_router_as_the_arena_does(
    router: Router, upstream: tuple[Upstream, str], tmp_path: Path
) -> None:
    """Traffic is served by chance in part and scored by its users; from the log alone, what another router would
    have earned is estimated, and the arena, which sees every arm's answer, must lie in the interval."""
    traffic = outcomes(600, 1, "traffic")
    truth = {(q, arm): score for q, arm, score in traffic.calls.select("query_id", "arm", "score").iter_rows()}
    shares = []
    with gateway(router, upstream[1], tmp_path / "log", explore=0.5) as client:
        for query in traffic.query_list():
            reply = ask(client, query.text)
            shares.append(float(reply.headers["x-routelab-propensity"]))
            told = {
                "decision_id": reply.headers["x-routelab-decision-id"],
                "score": truth[query.id, reply.headers["x-routelab-arm"]],
            }
            assert client.post("/feedback", json=told).status_code == 200
    assert set(shares) == {0.25, 0.75}
    other = fitted(catalogue.knn, 0.05)
    save_artifact(other, tmp_path / "other")
    judged = evaluate([str(tmp_path / "other")], traffic, draws=100, repeats=1)
    (arena,) = [row["accuracy"]["value"] for row in judged.data["routers"] if row["name"] == other.name]
    (row,) = off_policy(str(tmp_path / "other"), OutcomeTable.open(tmp_path / "log"))["routers"]
    for name in ("dr", "snips", "ips"):
        assert row["score"][name]["low"] <= arena <= row["score"][name]["high"], name
    assert np.isclose(row["mean_weight"], 1, atol=0.25)
