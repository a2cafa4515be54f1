"""The leaderboard in a real browser: it draws, sorts, filters and compares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chrome import BINARY, Chrome
from routelab.arena.leaderboard.site import write_site
from sample_board import sample_board
from sample_result import metric

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BINARY is None, reason="no chromium on this machine"),
]
HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
ROWS = "[...document.querySelectorAll('#board tbody.routers tr:not([hidden])')].map((row) => row.dataset.router)"
DRAWN = """(async () => {
  await ready;
  for (const node of document.querySelectorAll('.chart'))
    while (!node.querySelector('svg path') && !node.classList.contains('empty'))
      await new Promise(requestAnimationFrame);
  return document.querySelectorAll('.chart svg').length;
})()"""
PAGES = {"board": 0, "cost": 1, "slices": 0, "compare": 0, "history": 1, "router?name=knn": 1, "steady": 1, "about": 0}
TEXT = "document.getElementById('{}').textContent"


@pytest.fixture(scope="module")
def chrome() -> Iterator[Chrome]:
    with Chrome() as tab:
        yield tab


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("site")
    board, history = sample_board(20)
    board["routers"][1]["curve"] = board["routers"][1]["curve"] or [
        {"dial": dial, "accuracy": metric(0.5 + dial / 5, 0.01), "cost_per_1k_usd": metric(0.05 + dial, 0.002)}
        for dial in (0.0, 0.5, 1.0)
    ]
    write_site(board, history, site)
    return site / "index.html"


def visit(chrome: Chrome, page: Path, fragment: str = "", **window: Any) -> None:
    chrome.open(page, fragment, **window)
    chrome.run("ready")


def press(chrome: Chrome, key: str, code: int, text: str = "") -> None:
    for kind in ("keyDown", "keyUp"):
        chrome.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            code=key,
            windowsVirtualKeyCode=code,
            **({"text": text} if text else {}),
        )


@pytest.mark.parametrize("route", PAGES)
def test_every_page_draws_without_error_or_request(chrome: Chrome, page: Path, route: str) -> None:
    chrome.problems.clear()
    for dark in (False, True):
        visit(chrome, page, f"#{route}", dark=dark)
        assert chrome.run(DRAWN) == PAGES[route]
        assert chrome.run("document.querySelectorAll('h1').length") == 1
        assert chrome.run("performance.getEntriesByType('resource').map((one) => one.name)") == []
    assert chrome.problems == []


@pytest.mark.parametrize("route", PAGES)
@pytest.mark.parametrize("width", [360, 768])
def test_no_page_scrolls_sideways(chrome: Chrome, page: Path, route: str, width: int) -> None:
    visit(chrome, page, f"#{route}", width=width, height=800)
    chrome.run(DRAWN)
    assert chrome.run("document.documentElement.scrollWidth") == width


def test_hostile_text_stays_text(chrome: Chrome, tmp_path: Path) -> None:
    board, history = sample_board(6, injected=HOSTILE)
    board["routers"][0]["source_url"] = "javascript:document.title='owned'"
    write_site(board, history, tmp_path)
    chrome.problems.clear()
    for route in PAGES:
        visit(chrome, tmp_path / "index.html", f"#{route}")
        chrome.run(DRAWN)
        assert "owned" not in chrome.run("document.title").replace(HOSTILE, "")
        assert chrome.run("document.querySelectorAll('main img, main script, main iframe').length") == 0
    visit(chrome, tmp_path / "index.html", "#router")
    assert chrome.run("document.querySelectorAll('[href^=\"javascript\"]').length") == 0
    chrome.run("document.querySelector('.masthead nav a').click()")
    assert chrome.run("document.querySelector('#board').textContent").count(HOSTILE) >= 1
    assert chrome.problems == []


def test_a_link_of_a_submitter_passes_nothing_on(chrome: Chrome, page: Path) -> None:
    visit(chrome, page, "#router?name=knn")
    link = "document.querySelector('main a[target=_blank]')"
    assert chrome.run(f"{link}.protocol") == "https:"
    assert chrome.run(f"{link}.rel") == "nofollow noopener noreferrer"


def test_the_keyboard_sorts_and_sorts_back(chrome: Chrome, page: Path) -> None:
    visit(chrome, page)
    first = chrome.run(ROWS)
    chrome.run("document.getElementById('sort-cost_per_1k_usd').focus()")
    press(chrome, "Enter", 13, "\r")
    assert chrome.run("document.querySelector('th.c-cost_per_1k_usd').getAttribute('aria-sort')") == "ascending"
    up = chrome.run(ROWS)
    press(chrome, "Enter", 13, "\r")
    assert chrome.run(ROWS) == up[::-1] != first
    assert chrome.run("document.activeElement.id") == "sort-cost_per_1k_usd"
    address = chrome.run("location.hash")
    visit(chrome, page, address)
    assert chrome.run(ROWS) == up[::-1]


def test_arrow_keys_read_the_cells(chrome: Chrome, page: Path) -> None:
    visit(chrome, page)
    chrome.run("document.querySelector('td.c-accuracy').focus()")
    press(chrome, "ArrowDown", 40)
    assert chrome.run("document.activeElement.parentElement.dataset.router") == chrome.run(ROWS)[1]
    assert "95 % interval" in chrome.run(TEXT.format("tip"))
    press(chrome, "Escape", 27)
    assert chrome.run("document.getElementById('tip').hidden")


def test_filters_narrow_the_table_and_keep_the_focus(chrome: Chrome, page: Path) -> None:
    visit(chrome, page)
    chrome.run("document.getElementById('text').focus()")
    chrome.call("Input.insertText", text="knn")
    assert set(chrome.run(ROWS)) == {"knn", "knn-1", "knn-2"}
    assert chrome.run("document.activeElement.id") == "text"
    assert chrome.run(TEXT.format("shown")).startswith("4 rows of 25")
    chrome.run("document.getElementById('only-yardsticks').click()")
    assert chrome.run(TEXT.format("shown")).startswith("3 rows")
    visit(chrome, page, "#board?listed=only")
    assert chrome.run("document.querySelector('tbody.dropped').hidden")
    visit(chrome, page, "#board?text=nothing+like+it")
    assert "Nothing matches" in chrome.run(TEXT.format("shown"))


def test_a_router_that_is_not_listed_says_why(chrome: Chrome, page: Path) -> None:
    visit(chrome, page)
    assert "failed the audit" in chrome.run("document.querySelector('tbody.dropped .why').textContent")


def test_sorting_two_hundred_routers_only_moves_rows(chrome: Chrome, tmp_path: Path) -> None:
    write_site(*sample_board(200, queries=8400), tmp_path)
    visit(chrome, tmp_path / "index.html", "#board?columns=all")
    chrome.run("window.kept = document.querySelector('tbody.routers tr')")
    chrome.run("document.getElementById('sort-accuracy').click()")
    assert len(chrome.run(ROWS)) == 190
    assert chrome.run("window.kept.isConnected")


def test_head_to_head_says_what_the_pair_says(chrome: Chrome, page: Path) -> None:
    names = sample_board(20)[0]["pairs"]["names"]
    visit(chrome, page, f"#compare?a={names[0]}&b={names[-1]}")
    verdict = chrome.run(TEXT.format("verdict"))
    assert verdict.startswith(f"{names[0]} is better: +")
    chrome.run("document.getElementById('swap').click()")
    assert chrome.run(TEXT.format("verdict")) == verdict
    visit(chrome, page, f"#compare?a={names[0]}&b={names[1]}")
    assert chrome.run(TEXT.format("verdict")).startswith("Not told apart")
    assert chrome.run("document.querySelectorAll('#examples li').length") == 12
    visit(chrome, page, f"#compare?a={names[0]}&b=oracle")
    assert "No paired interval" in chrome.run(TEXT.format("verdict"))


def test_the_budget_slider_answers_with_the_best_it_pays_for(chrome: Chrome, page: Path) -> None:
    board = sample_board(20)[0]
    listed = [row for row in board["routers"] if row["listed"] and not row["baseline"]]
    best = max(listed, key=lambda row: round(row["accuracy"]["value"], 4))
    visit(chrome, page, "#cost")
    assert chrome.run(TEXT.format("answer")).startswith(best["name"])
    assert "Not told apart from it" in chrome.run(TEXT.format("answer"))
    chrome.run("document.getElementById('budget').focus()")
    press(chrome, "Home", 36)
    assert chrome.run(TEXT.format("answer")).startswith("local/smol-135m#direct")
    assert (
        chrome.run("document.getElementById('budget').getAttribute('aria-valuetext')") == "$0.00900 per 1,000 queries"
    )
    visit(chrome, page, "#cost?budget=0.06&dials=on")
    assert "with its dial at" in chrome.run(TEXT.format("answer"))
    assert re.search(r"dial at [\d.]+: [\d.]+ % \[[\d.]+, [\d.]+\]", chrome.run(TEXT.format("answer")))


def test_turned_dials_are_drawn_and_told_with_their_intervals(chrome: Chrome, page: Path) -> None:
    board = sample_board(20)[0]
    points = sum(len(row["curve"]) for row in board["routers"] if row["listed"] and not row["baseline"])
    visit(chrome, page, "#cost")
    chrome.run(DRAWN)
    chrome.run("document.querySelector('.as-table summary').click()")
    rows = "[...document.querySelectorAll('.as-table tbody tr')].map((row) => row.innerText)"
    chrome.run(f"(async () => {{ while (!{rows}.length) await new Promise(requestAnimationFrame); }})()")
    assert not [row for row in chrome.run(rows) if "dial at" in row]
    bands = "[...document.querySelectorAll('.chart svg path')].filter((one) => one.getAttribute('fill-opacity') < 0.2)"
    bands = f"{bands}.filter((one) => one.hasAttribute('fill-opacity')).length"
    assert chrome.run(bands) == 0
    chrome.run("document.getElementById('dials').click()")
    told = [row for row in chrome.run(rows) if "dial at" in row]
    assert len(told) >= points and all(re.search(r"\$\S+ \[\S+, \S+\]\s+\S+ % \[", row) for row in told)
    assert chrome.run(bands) > 3


def test_where_accuracy_ranks_the_budget_is_answered_by_paired_differences(chrome: Chrome, tmp_path: Path) -> None:
    board, history = sample_board(6)
    names = board["pairs"]["names"]
    board |= {"rank_metric": "accuracy", "arms": []}
    board["pairs"]["half"] = [[0.0] * len(names) for _ in names]
    write_site(board, history, tmp_path)
    visit(chrome, tmp_path / "index.html", "#cost")
    assert "all else is told apart" in chrome.run(TEXT.format("answer"))


def test_the_theme_turns_and_the_charts_with_it(chrome: Chrome, page: Path) -> None:
    visit(chrome, page, "#cost")
    chrome.run(DRAWN)
    paper = "getComputedStyle(document.body).backgroundColor"
    chart = "document.querySelector('.chart svg').outerHTML"
    light, drawn = chrome.run(paper), chrome.run(chart)
    chrome.run("document.getElementById('theme').click()")
    assert chrome.run(paper) != light
    assert chrome.run(chart) != drawn
    visit(chrome, page, "#cost", dark=True)
    assert chrome.run(paper) != light


def test_a_new_page_takes_the_focus_and_the_title(chrome: Chrome, page: Path) -> None:
    visit(chrome, page)
    chrome.run(
        """new Promise((done) => {
          addEventListener('hashchange', () => done());
          document.querySelector('tbody.routers a').click();
        })"""
    )
    assert chrome.run("document.activeElement.tagName") == "H1"
    assert chrome.run("document.title") == "Router · atlas-open"


def test_the_charts_have_a_table(chrome: Chrome, page: Path) -> None:
    visit(chrome, page, "#steady")
    chrome.run("document.querySelector('.as-table summary').click()")
    rows = "document.querySelectorAll('.as-table tbody tr').length"
    chrome.run(f"(async () => {{ while (!{rows}) await new Promise(requestAnimationFrame); }})()")
    assert chrome.run(rows) > 3
    assert chrome.run("document.querySelector('.as-table caption').textContent") == "Robustness and selectivity"


def test_an_empty_board_is_a_page_too(chrome: Chrome, tmp_path: Path) -> None:
    board, _ = sample_board(2)
    board |= {"routers": [], "pairs": {"names": [], "delta": [], "half": []}, "examples": [], "arms": [], "hull": []}
    write_site(board, [], tmp_path)
    chrome.problems.clear()
    for route in ("board", "cost", "slices", "compare", "history", "router", "steady", "about"):
        visit(chrome, tmp_path / "index.html", f"#{route}")
        assert chrome.run("document.querySelectorAll('h1').length") == 1
    assert chrome.problems == []
