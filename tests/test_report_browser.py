"""The page in a real browser: it draws, sorts, follows the chosen router and logs no error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chrome import BINARY, Chrome
from routelab.arena.report import write_html
from sample_result import sample_result

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BINARY is None, reason="no chromium on this machine"),
]
ORDER = "[...document.querySelectorAll('#board .routers tr')].map((row) => row.dataset.router)"
DRAWN = """(async () => {
  for (const node of document.querySelectorAll('.chart')) {
    if (node.closest('[hidden]')) continue;
    node.scrollIntoView({ behavior: 'instant' });
    const drawn = () => node.querySelector('svg path') || node.classList.contains('empty');
    while (!drawn()) await new Promise(requestAnimationFrame);
  }
  return document.querySelectorAll('.chart svg').length;
})()"""
CELL = "document.querySelector('#board td.c-accuracy')"
TIP = "document.getElementById('tip').hidden ? null : document.getElementById('tip').textContent"


@pytest.fixture(scope="module")
def chrome() -> Iterator[Chrome]:
    with Chrome() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("page") / "report.html"
    write_html(sample_result(injected="</script><script>document.title = 'owned'</script>"), target)
    return target


def test_charts_are_drawn_without_a_console_error(chrome: Chrome, page: Path) -> None:
    for dark in (False, True):
        chrome.open(page, dark=dark)
        assert chrome.run(DRAWN) == 3
    assert chrome.problems == []


def test_injected_text_does_not_run(chrome: Chrome, page: Path) -> None:
    chrome.open(page)
    assert chrome.run("document.title") == "starter · routelab"


def test_a_header_sorts_and_sorts_back(chrome: Chrome, page: Path) -> None:
    chrome.open(page)
    assert chrome.run(ORDER)[0] == "bilinear-utility"
    chrome.run("document.querySelector('[data-sort=cost]').click()")
    assert chrome.run(ORDER)[0] == "cheapest-sufficient"
    assert chrome.run("document.querySelector('th.c-cost').getAttribute('aria-sort')") == "ascending"
    chrome.run("document.querySelector('[data-sort=cost]').click()")
    assert chrome.run(ORDER)[-1] == "cheapest-sufficient"


def test_undefined_values_sort_last_both_ways(chrome: Chrome, page: Path) -> None:
    for direction in ("ascending", "descending"):
        chrome.open(page, f"#sort=saving:{direction}")
        assert set(chrome.run(ORDER)[-3:]) == {"bradley-terry", "length-cascade", "cheapest-sufficient"}


def test_the_chosen_router_is_followed_and_kept_in_the_address(chrome: Chrome, page: Path) -> None:
    chrome.open(page)
    chrome.run("document.querySelector('[data-pick=knn-threshold]').click()")
    shown = "[...document.querySelectorAll('.panel:not([hidden])')].map((panel) => panel.dataset.router)"
    assert chrome.run(shown) == ["knn-threshold"]
    fragment = chrome.run("location.hash")
    chrome.open(page, fragment)
    assert chrome.run(shown) == ["knn-threshold"]
    assert chrome.run("document.getElementById('router').value") == "knn-threshold"


def test_numbers_explain_themselves_by_pointer_and_by_keyboard(chrome: Chrome, page: Path) -> None:
    chrome.open(page)
    chrome.run(f"{CELL}.dispatchEvent(new PointerEvent('pointerover', {{ bubbles: true }}))")
    assert chrome.run(TIP) == "74.10 %, 95 % interval 72.40 to 75.80"
    chrome.run(f"{CELL}.focus()")
    key = {"key": "ArrowDown", "code": "ArrowDown", "windowsVirtualKeyCode": 40}
    chrome.call("Input.dispatchKeyEvent", type="keyDown", **key)
    assert chrome.run("document.activeElement.parentElement.dataset.router") == "linear-guarded"
    assert chrome.run(TIP).startswith("73.60")


def test_a_phone_needs_no_sideways_scrolling(chrome: Chrome, page: Path) -> None:
    chrome.open(page, width=375, height=800)
    assert chrome.run(DRAWN) == 3
    assert chrome.run("document.documentElement.scrollWidth") == 375


def test_without_costs_the_accuracies_are_drawn_alone(chrome: Chrome, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    write_html(sample_result(costs=False), target)
    chrome.open(target)
    assert chrome.run(DRAWN) == 3
    assert chrome.problems == []
