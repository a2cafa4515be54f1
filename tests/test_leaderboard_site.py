"""The site of a leaderboard: small, whole or absent, safe against what submitters write, and usable by keyboard."""

from __future__ import annotations

import gzip
import io
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from routelab.arena.leaderboard.serve import board_app
from routelab.arena.leaderboard.site import site_files, write_site
from routelab.core.errors import InputError, PrerequisiteError
from sample_board import sample_board

HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
FILES = {"index.html", "board.csv", "board.json.gz", "board.parquet"}


def read_json(folder: Path) -> dict[str, Any]:
    return msgspec.json.decode(gzip.decompress((folder / "board.json.gz").read_bytes()))


# ---- the sample itself


@pytest.mark.parametrize("routers", [2, 12, 40])
def test_the_sample_is_a_board(routers: int) -> None:
    board, history = sample_board(routers)
    listed = [row for row in board["routers"] if row["listed"] and not row["baseline"]]
    names = [row["name"] for row in listed]
    assert board["pairs"]["names"] == names
    assert [row["arena_score"]["value"] for row in listed] == sorted(
        (row["arena_score"]["value"] for row in listed), reverse=True
    )
    for i, row in enumerate(listed):
        better = sum(d < -h for d, h in zip(board["pairs"]["delta"][i], board["pairs"]["half"][i]))
        assert row["rank"]["low"] == 1 + better <= row["rank"]["high"] <= len(listed)
    assert [row["group"] for row in listed] == sorted(row["group"] for row in listed)
    assert set(history[-1]["routers"]) == set(names)
    assert sample_board(routers) == (board, history)
    assert msgspec.json.decode(msgspec.json.encode(board)) == board


# ---- the files


def test_two_hundred_routers_fit_in_a_megabyte(tmp_path: Path) -> None:
    write_site(*sample_board(200, queries=8400, publications=100), tmp_path / "site")
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "site").iterdir()}
    assert sum(sizes.values()) < 1_000_000, sizes


def test_equal_boards_give_equal_bytes() -> None:
    assert site_files(*sample_board(6)) == site_files(*sample_board(6))


def test_every_download_holds_the_same_numbers(tmp_path: Path) -> None:
    write_site(*sample_board(12), tmp_path)
    routers = read_json(tmp_path)["routers"]
    parquet, csv = (
        pl.read_parquet(tmp_path / "board.parquet"),
        pl.read_csv(tmp_path / "board.csv", infer_schema_length=None),
    )
    assert parquet.columns == csv.columns
    for table in (parquet, csv):
        assert table["name"].to_list() == [row["name"] for row in routers]
        assert table["rank_high"].to_list() == [row["rank"] and row["rank"]["high"] for row in routers]
        for end in ("value", "low", "high"):
            column = "accuracy" if end == "value" else f"accuracy_{end}"
            assert table[column].to_list() == [row["accuracy"][end] for row in routers]
            column = column.replace("accuracy", "robustness")
            assert table[column].to_list() == [row["robustness"] and row["robustness"][end] for row in routers]
        assert table["optimality_cost"].to_list() == [row["optimality"]["cost"]["value"] for row in routers]


def test_the_document_says_what_the_board_says(tmp_path: Path) -> None:
    board, history = sample_board(9, publications=5)
    write_site(board, history, tmp_path)
    small, names = read_json(tmp_path), board["pairs"]["names"]
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            assert small["pairs"]["delta"][i][j - i - 1] * small["pairs"]["unit"] == pytest.approx(
                board["pairs"]["delta"][i][j], abs=5.1e-5
            )
    for name in names:
        seen = [index for index, one in enumerate(history) if name in one["routers"]]
        steps = small["history"]["routers"][name]
        assert steps[0][0] == seen[0]
        assert steps[-1][4:] == [history[-1]["routers"][name][end] for end in ("rank_low", "rank_high")]
    first = board["routers"][0]
    form = small["routers"][0]["slices"]["form"]
    assert form["label"] == list(first["slices"]["form"])
    low = [value - below / 1000 for value, below in zip(form["accuracy"]["value"], form["accuracy"]["below"])]
    assert low == pytest.approx([one["accuracy"]["low"] for one in first["slices"]["form"].values()], abs=5.1e-4)
    assert small["examples"][3]["picks"][0] == board["examples"][3]["picks"][first["name"]]


def test_every_point_of_a_curve_keeps_its_interval(tmp_path: Path) -> None:
    board, history = sample_board(9)
    write_site(board, history, tmp_path)
    curves = [
        (router["curve"], small["curve"]) for router, small in zip(board["routers"], read_json(tmp_path)["routers"])
    ]
    assert sum(len(curve) > 0 for curve, _ in curves) > 2
    for curve, small in curves:
        assert small["dial"] == [point["dial"] for point in curve]
        for place, point in enumerate(curve):
            for metric, unit, near in (
                ("accuracy", 1.0, 5.1e-4),
                ("cost_per_1k_usd", point["cost_per_1k_usd"]["value"], 6e-3),
            ):
                value, below, above = (small[metric][end][place] for end in ("value", "below", "above"))
                ends = [value, value - below * unit / 1000, value + above * unit / 1000]
                assert ends == pytest.approx([point[metric][end] for end in ("value", "low", "high")], abs=near * unit)


def test_a_router_that_leaves_the_board_leaves_its_history() -> None:
    board, history = sample_board(4, publications=3)
    name = board["routers"][0]["name"]
    del history[-1]["routers"][name]
    small = msgspec.json.decode(gzip.decompress(site_files(board, history)["board.json.gz"]))
    assert small["history"]["routers"][name][-1] == [2]


def test_an_older_site_is_replaced_and_nothing_else_is_touched(tmp_path: Path) -> None:
    site, other = tmp_path / "site", tmp_path / "site" / "CNAME"
    write_site(*sample_board(4), site)
    other.write_text("example.org")
    write_site(*sample_board(5), site)
    assert len(read_json(site)["routers"]) == 5 + 5
    assert {path.name for path in site.iterdir()} == FILES | {"CNAME"}
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_failure_leaves_the_older_site_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_site(*sample_board(4), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    whole = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name.startswith(".board.parquet"):
            raise OSError(28, "No space left on device")
        return whole(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="No space left"):
        write_site(*sample_board(5), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_foreign_page_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<h1>my home page</h1>")
    with pytest.raises(InputError, match="choose a new folder"):
        write_site(*sample_board(4), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim, site = tmp_path / "victim", tmp_path / "site"
    victim.write_text("mine")
    site.mkdir()
    (site / "board.csv").symlink_to(victim)
    write_site(*sample_board(4), site)
    assert victim.read_text() == "mine"


# ---- what submitters write


def test_no_text_of_a_submitter_stands_in_the_page_as_markup() -> None:
    page = site_files(*sample_board(4, injected=HOSTILE))["index.html"].decode()
    assert "onerror" not in page.replace("URL.createObjectURL", "")
    assert page.count("<script") == page.count("</script>")


def test_the_policy_allows_only_what_the_page_brought() -> None:
    static = site_files(*sample_board(2))["index.html"].decode()
    live = site_files(*sample_board(2), refresh_s=5)["index.html"].decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', static)[1]
    assert "unsafe" not in policy and "default-src 'none'" in policy and "connect-src 'none'" in policy
    assert "connect-src 'self'" in live


def test_no_script_of_the_site_parses_markup() -> None:
    assets = Path(__file__).parents[1] / "src/routelab/arena/leaderboard/site/assets"
    for script in assets.glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", script.read_text()
        ), script


def test_a_spreadsheet_runs_no_formula() -> None:
    board, history = sample_board(3)
    board["routers"][0]["licence"] = '=HYPERLINK("https://example.org")'
    files = site_files(board, history)
    assert pl.read_csv(io.BytesIO(files["board.csv"]))["licence"][0].startswith("'=")
    assert pl.read_parquet(io.BytesIO(files["board.parquet"]))["licence"][0].startswith("=")


def test_without_the_extra_the_server_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    with pytest.raises(PrerequisiteError, match=r"'starlette'.*routelab\[serve\]"):
        board_app(lambda: sample_board(2))
