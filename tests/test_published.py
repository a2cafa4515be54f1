"""RouterArena's published leaderboard as a board of ours: as published, beside what its own figures make of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chrome import BINARY, Chrome
from routelab.arena.leaderboard.published import published_board
from routelab.arena.leaderboard.recomputed import QUERIES
from routelab.arena.leaderboard.site import write_site
from routelab.cli import cli
from routelab.core.errors import InputError
from shared import needs_shared, shared_data

ROWS = [
    {"Router Name": "Far Router", "Arena Score": 33.75, "Accuracy": 32.01, "Cost per 1k": 0.07},
    {"Router Name": "First", "Arena Score": 75.85, "Accuracy": 78.59, "Cost per 1k": 0.48, "Robustness Score": 98.33},
    {"Router Name": "second", "Arena Score": 75.75, "Accuracy": 78.14, "Cost per 1k": 0.4, "Robustness Score": None},
    {"Router Name": "odd", "Arena Score": 66.0, "Accuracy": 70.05, "Cost per 1k": 0.12},
]  # fmt: skip


def site(folder: Path, **files: Any) -> Path:
    """A checkout of the site in small: `name__json` in `deeper/`."""
    for name, content in {"leaderboard__json": ROWS, **files}.items():
        place = folder / "deeper" / name.replace("__", ".")
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps(content))
    return folder


def domains(accuracy: float) -> dict[str, Any]:
    scores = {"metrics": {"all": {"accuracy": accuracy, "cost": 0.0005, "robustness": 98.3}}}
    return {"categories": {f"{name.capitalize()} and more": scores for name in QUERIES}}


def by_name(board: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in board["routers"]}


def test_the_score_stands_as_published_with_the_interval_that_its_accuracy_allows(tmp_path: Path) -> None:
    board = published_board(site(tmp_path), published="2026-08-29T00:00:00Z")
    assert [row["name"] for row in board["routers"]] == ["First", "second", "odd", "Far Router"]
    evidence = {"paired": False, "note": "figures as published; not paired; recomputed where possible"}
    assert board["board"]["evidence"] == evidence
    first = by_name(board)["First"]
    assert first["arena_score"]["value"] == 0.7585
    assert first["accuracy"] == {
        "value": 0.7859,
        "low": pytest.approx(0.777, abs=1e-3),
        "high": pytest.approx(0.7945, abs=1e-3),
    }
    assert 0.74 < first["arena_score"]["low"] < 0.7585 < first["arena_score"]["high"] < 0.77
    assert first["cost_per_1k_usd"]["value"] == 0.48
    assert (first["cost_per_1k_usd"]["low"], first["delta_vs_hull"]["value"]) == (None, None)
    assert "not published" in first["delta_vs_hull"]["why"]
    assert {row["kind"] for row in board["routers"]} == {"published"}
    assert all(row["description"].startswith("As published.") for row in board["routers"])


def test_ranks_claim_no_more_than_the_intervals_do(tmp_path: Path) -> None:
    rows = by_name(published_board(site(tmp_path)))
    assert rows["First"]["rank"] == rows["second"]["rank"] == {"low": 1, "high": 2}
    assert (rows["odd"]["rank"], rows["Far Router"]["rank"]) == ({"low": 3, "high": 3}, {"low": 4, "high": 4})
    assert [row["group"] for row in rows.values()] == [1, 1, 2, 3]


def test_a_score_that_its_accuracy_and_cost_do_not_make_is_told(tmp_path: Path) -> None:
    rows = by_name(published_board(site(tmp_path)))
    assert [row["recomputed"]["arena_score"]["agrees"] for row in rows.values()] == [True, True, False, True]
    (verdict,) = rows["odd"]["audits"]
    assert (verdict["name"], verdict["verdict"]) == ("arena-score-recomputed", "fail")
    assert verdict["evidence"].startswith("published 66.00; from 70.05 % and $0.12 per 1,000 69.9")


def test_accuracy_from_domains_and_robustness_from_flips(tmp_path: Path) -> None:
    place = site(
        tmp_path,
        category_scores__json={"first": domains(78.6), "second_router": domains(70.0)},
        flip_labels_one__json=[{"global index": str(k), "flip": int(k < 7)} for k in range(420)],
        leaderboard_manifest__yaml={"routers": [{"website_name": "First", "flip_key": "one"}]},
        routers__json={"First": {"affiliation": "us", "type": "open-source", "githubUrl": "https://example.org"}},
    )
    rows = by_name(published_board(place))
    assert {key: one["agrees"] for key, one in rows["First"]["recomputed"].items()} == {
        "arena_score": True,
        "accuracy": True,
        "robustness": True,
    }
    assert rows["First"]["slices"]["domain"]["History and more"]["queries"] == 700
    assert (rows["First"]["owner"], rows["First"]["open_source"]) == ("us", True)
    assert rows["second"]["recomputed"]["accuracy"]["difference"] == pytest.approx(0.0814)
    assert rows["second"]["slices"] == {}, "domains of another version of the router are not shown as its own"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"leaderboard__json": [{"Router Name": "x"}]}, "Arena Score"),
        ({"leaderboard__json": [ROWS[0] | {"Accuracy": 120}]}, "Accuracy"),
        ({"leaderboard__parquet": []}, "name a folder that holds one"),
        ({"category_scores__json": {"first": 3}}, "own layout"),
    ],
)
def test_what_is_no_leaderboard_is_an_error_that_says_so(tmp_path: Path, files: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        published_board(site(tmp_path, **files))


def test_nothing_there_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(InputError):
            published_board(path)


def test_the_command_prints_the_board_and_what_does_not_fit(tmp_path: Path) -> None:
    place = site(tmp_path)
    done = CliRunner().invoke(cli, ["leaderboard", "published", str(place), "--out", str(tmp_path / "site")])
    assert done.exit_code == 0, done.output
    assert "arena_score recomputed: 3 of 4 within what rounding allows; not so: odd (-0.039" in done.output
    assert "robustness recomputed" not in done.output
    assert (tmp_path / "site" / "index.html").is_file()
    board = json.loads(CliRunner().invoke(cli, ["leaderboard", "published", str(place), "--json"]).output)
    assert len(board["routers"]) == 4


@pytest.mark.browser
@pytest.mark.skipif(BINARY is None, reason="no chromium on this machine")
def test_the_site_shows_it(tmp_path: Path) -> None:
    write_site(published_board(site(tmp_path, category_scores__json={"first": domains(78.6)})), [], tmp_path / "out")
    with Chrome() as chrome:
        for route in ("board", "cost", "slices", "compare", "history", "router?name=odd", "steady", "about"):
            chrome.open(tmp_path / "out" / "index.html", f"#{route}")
            chrome.run("ready")
            assert chrome.run("document.querySelectorAll('h1').length") == 1
        assert chrome.problems == []
        chrome.open(tmp_path / "out" / "index.html", "#about")
        chrome.run("ready")
        text = "document.querySelector('main').innerText"
        assert "as published; not paired; recomputed where possible" in chrome.run(text)
        for claim in ("same recorded answers", "0 folds", "bootstrap", "0 arms"):
            assert claim not in chrome.run(text)
        chrome.open(tmp_path / "out" / "index.html", "#compare?a=First&b=odd")
        chrome.run("ready")
        assert "as if the two had answered different queries" in chrome.run(text)
        assert "paired" not in chrome.run(text) and "on the same queries" not in chrome.run(text)


@needs_shared
def test_all_33_published_scores_follow_from_accuracy_and_cost_within_rounding() -> None:
    board = published_board(shared_data())
    told = [row["recomputed"] for row in board["routers"]]
    assert len(told) == 33
    assert all(one["arena_score"]["agrees"] for one in told)
    assert max(abs(one["arena_score"]["difference"]) for one in told) < 0.0004
    flips = [one["robustness"] for one in told if "robustness" in one]
    assert len(flips) == 18
    assert all(one["agrees"] for one in flips)


@needs_shared
def test_domain_scores_of_an_older_version_are_found_out() -> None:
    rows = by_name(published_board(shared_data()))
    stale = {name for name, row in rows.items() if not row["recomputed"].get("accuracy", {"agrees": True})["agrees"]}
    assert {"vllm", "notdiamond", "nirt_bert", "nadir-caliper"} <= stale
    assert {"Divyam", "Sqwish Router", "carrot", "RouterDC"}.isdisjoint(stale)
