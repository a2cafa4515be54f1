"""The leaderboard served live: its documents as JSON, and an open page that follows a new publication."""

from __future__ import annotations

import io

import httpx2
import polars as pl
import pytest

from chrome import BINARY, Chrome
from routelab.arena.leaderboard.serve import board_app
from sample_board import sample_board

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")
from fake_upstream import running

ROWS = "[...document.querySelectorAll('#board tbody.routers tr:not([hidden])')].map((row) => row.dataset.router)"
STARTED = """new Promise((done) => {
  const look = () => (typeof ready === 'undefined' ? setTimeout(look, 10) : ready.then(done));
  look();
})"""
TOLD = """(async () => {
  while (!document.getElementById('news').textContent) await new Promise((done) => setTimeout(done, 10));
  return document.getElementById('news').textContent;
})()"""


def test_the_server_gives_the_site_and_its_documents() -> None:
    now = sample_board(4, publications=3)
    app = board_app(lambda: now, refresh_s=0)
    with running(app) as address, httpx2.Client(base_url=address.removesuffix("/v1")) as client:
        assert client.get("/api/board").json() == now[0]
        assert client.get("/api/history").json() == now[1]
        assert pl.read_parquet(io.BytesIO(client.get("/board.parquet").content)).height == 9
        page = client.get("/")
        assert page.headers["content-type"].startswith("text/html")
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        version = client.get("/api/version")
        assert version.json() == {"sequence": 2}
        again = client.get("/api/version", headers={"if-none-match": version.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        now = sample_board(5, publications=4)
        newer = client.get("/api/version", headers={"if-none-match": version.headers["etag"]})
        assert newer.json() == {"sequence": 3}
        assert client.post("/api/board").status_code == 405
        assert client.get("/../pyproject.toml").status_code == 404


@pytest.mark.browser
@pytest.mark.skipif(BINARY is None, reason="no chromium on this machine")
def test_an_open_page_follows_a_new_publication_and_keeps_what_one_looked_at() -> None:
    now = sample_board(12, publications=3)
    with running(board_app(lambda: now, refresh_s=0.05)) as address, Chrome() as chrome:
        chrome.call("Page.navigate", url=f"{address.removesuffix('/v1')}/#board?text=knn&sort=accuracy:ascending")
        chrome.run(STARTED)
        chrome.run("document.getElementById('text').focus()")
        assert chrome.run(ROWS) == ["knn-1", "knn"]
        now = sample_board(24, publications=5)
        assert chrome.run(TOLD) == "The board was updated from publication 2 to 4."
        assert set(chrome.run(ROWS)) == {"knn", "knn-1", "knn-2"}
        assert chrome.run("document.querySelector('th.c-accuracy').getAttribute('aria-sort')") == "ascending"
        assert chrome.run("document.activeElement.id") == "text"
        assert chrome.problems == []
