"""Past boards of a leaderboard: nothing is lost, everything can be computed again, and a difference says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from threadpoolctl import threadpool_info, threadpool_limits

from boards import decisions, small_board
from routelab.arena.leaderboard import board as module
from routelab.arena.leaderboard.board import Board
from routelab.arena.leaderboard.made_by import code_hash
from routelab.arena.leaderboard.manifest import read_submission
from routelab.arena.leaderboard.publishing import current, differs, history, published
from routelab.arena.leaderboard.ranking import SCHEMA_VERSION, document
from routelab.arena.leaderboard.store import BOARDS, DECISIONS, SUBMISSIONS
from routelab.cli import cli
from routelab.core import InputError


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return small_board(tmp_path / "board")


def test_every_past_board_is_computed_again_byte_for_byte(tmp_path: Path, board: Board) -> None:
    for seed in range(3):
        board.update(decisions(tmp_path, board, f"r{seed}", seed=seed))
    for row in board.store.rows(BOARDS):
        assert differs(board, "open", row["sequence"]) is None
        assert published(board, "open", row["sequence"])["board"]["sequence"] == row["sequence"]
    with pytest.raises(InputError, match="a published board"):
        differs(board, "open", 99)


def test_a_board_that_comes_out_otherwise_says_whether_other_code_made_it(
    tmp_path: Path, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    board.update(decisions(tmp_path, board, "dice"))
    made, here = board.store.last_board("open")["code_hash"], code_hash()
    assert made == here and len(here) == 64 and board.store.rows(SUBMISSIONS)[0]["code_hash"] == here
    monkeypatch.setattr("routelab.arena.leaderboard.publishing.code_hash", lambda: "f" * 64)
    assert differs(board, "open", 0) is None, "other code, the same bytes"
    monkeypatch.setattr("routelab.arena.leaderboard.ranking.EXAMPLES", 3)
    assert differs(board, "open", 0) == f"made by other code (hash {here[:12]}, here {'f' * 12})"
    run = CliRunner().invoke(
        cli, ["leaderboard", "show", "--board", str(board.folder), "--verify"], standalone_mode=False
    )
    assert run.return_value == 1 and "DIFFERS; made by other code" in " ".join(run.output.split())
    monkeypatch.undo()
    monkeypatch.setattr("routelab.arena.leaderboard.ranking.EXAMPLES", 3)
    assert differs(board, "open", 0) == "made by the same code, perhaps with other libraries"


def test_a_board_of_an_older_layout_is_published_anew_before_it_is_shown(
    tmp_path: Path, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        for module in ("ranking", "publishing"):
            older.setattr(f"routelab.arena.leaderboard.{module}.SCHEMA_VERSION", SCHEMA_VERSION - 1)
        board.update(decisions(tmp_path, board, "dice"))
    found = current(board, "open")
    assert (found["schema_version"], found["board"]["sequence"]) == (SCHEMA_VERSION, 1)
    assert current(board, "open") == found and published(board, "open", 0)["schema_version"] == SCHEMA_VERSION - 1
    assert [entry["trigger"] for entry in history(board, "open")][-1] == f"schema {SCHEMA_VERSION}"


def test_boards_are_computed_on_one_thread_since_sums_depend_on_how_many(
    tmp_path: Path, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def spied(*given: Any, **options: Any) -> dict[str, Any]:
        seen.extend(pool["num_threads"] for pool in threadpool_info())
        return document(*given, **options)

    monkeypatch.setattr("routelab.arena.leaderboard.publishing.document", spied)
    with threadpool_limits(2):
        board.update(decisions(tmp_path, board, "dice"))
    assert seen and set(seen) == {1}


@pytest.mark.parametrize("stage", ["received", "decided", "audited"])
def test_an_update_that_was_cut_off_goes_on_where_it_was(
    tmp_path: Path, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = small_board(tmp_path / "board")
    path = decisions(tmp_path, board, "dice")
    current(board, "open")
    cut = {"received": (module, "decide"), "decided": (module.audits, "audit"), "audited": (module, "publish")}[stage]
    before = (board.folder / "board.json").read_bytes()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(*cut, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        board.update(path)
    assert (board.folder / "board.json").read_bytes() == before
    if stage == "decided":
        assert board.update(path).to_json()["listed"]
    else:
        Board(board.folder).resume()
    assert current(Board(board.folder), "open")["routers"][0]["name"] == "dice"
    kept = read_submission(path).id
    assert len(board.store.rows(SUBMISSIONS)) == 1 and len(board.store.rows(DECISIONS, submission=kept)) == 1
