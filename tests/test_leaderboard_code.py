"""Python that somebody submitted: it routes in the sandbox, and whatever else it tries fails closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from boards import small_board
from routelab.arena.leaderboard.board import Board
from routelab.arena.leaderboard.publishing import current
from routelab.arena.leaderboard.store import SUBMISSIONS
from routelab.core import InputError, PrerequisiteError, RoutelabError
from routelab.core.sandbox import why_not

needs_sandbox = pytest.mark.skipif(why_not() is not None, reason=f"no sandbox here: {why_not()}")


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return small_board(tmp_path / "board")


def row_of(board: Board, name: str) -> dict:
    return next(row for row in current(board, "open")["routers"] if row["name"] == name)


@needs_sandbox
def test_submitted_code_routes_in_the_sandbox(tmp_path: Path, board: Board) -> None:
    (tmp_path / "rules.py").write_text("def router(prompt):\n    return 'strong' if '-' in prompt else 'cheap'\n")
    told = board.update(tmp_path / "rules.py").to_json()
    assert told["listed"] and row_of(board, "rules")["kind"] == "code"
    assert {pick["arm"] for pick in row_of(board, "rules")["picks"]} <= {"strong", "cheap"}


ESCAPES = {
    "network": ("import socket\ndef router(p):\n    socket.create_connection(('1.1.1.1', 53), 2)", "unreachable"),
    "file": ("def router(p):\n    return open('/etc/shadow').read()", "No such file"),
    "home": ("import os\ndef router(p):\n    return os.listdir(os.path.expanduser('~root'))[0]", "No such file"),
    "truth": ("from routelab.data import default_table\ndef router(p):\n    return default_table()", "no manifest"),
    "beside": ("def router(p):\n    return open('/submission/secret').read()", "No such file"),
    "write": ("def router(p):\n    open('/submission/x', 'w')", "Read-only"),
    "forks": ("import os\ndef router(p):\n    while True: os.fork()", "temporarily unavailable"),
    "memory": ("def router(p):\n    return str(len(bytearray(1 << 40)))", "MemoryError"),
    "output": ("def router(p):\n    return 'x' * (1 << 28)", "too large"),
    "exit": ("import os\ndef router(p):\n    os._exit(0)", "''"),
    "nonsense": ("def router(p):\n    return 7", "not iterable"),
}


@needs_sandbox
def test_submitted_code_may_make_several_calls(tmp_path: Path, board: Board) -> None:
    (tmp_path / "both.py").write_text(
        "def router(prompt):\n    return ['cheap', 'strong'] if '-' in prompt else ['cheap']\n"
    )
    board.update(tmp_path / "both.py")
    assert 1 < row_of(board, "both")["calls_per_query"] < 2


@needs_sandbox
@pytest.mark.parametrize("answer", ["['cheap', 'tool/calculator']", "'tool/calculator'"])
def test_code_that_names_a_model_without_outcomes_is_one_clear_error(tmp_path: Path, board: Board, answer: str) -> None:
    assert "tool/calculator" in {card.id for card in board.open.catalogue}
    (tmp_path / "new.py").write_text(f"def router(prompt):\n    return {answer}\n")
    with pytest.raises(RoutelabError, match="tool/calculator"):
        board.update(tmp_path / "new.py")


@needs_sandbox
@pytest.mark.parametrize("escape", sorted(ESCAPES))
def test_an_escape_fails_closed_and_is_told(tmp_path: Path, escape: str) -> None:
    board = small_board(tmp_path / "board", n=30)
    code, why = ESCAPES[escape]
    (tmp_path / "secret").write_text("cheap")
    (tmp_path / f"{escape}.py").write_text(code)
    (problem,) = board.check(tmp_path / f"{escape}.py").problems
    assert why in problem.got
    assert board.store.rows(SUBMISSIONS) == []


def test_without_a_sandbox_code_is_refused(tmp_path: Path, board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routelab.core.sandbox.why_not", lambda: "no bwrap")
    monkeypatch.delenv("ROUTELAB_UNSAFE_SANDBOX", raising=False)
    (tmp_path / "r.py").write_text("def router(prompt): return 'cheap'\n")
    found = board.check(tmp_path / "r.py")
    assert not found.ok and "bubblewrap" in found.problems[0].expected
    with pytest.raises((InputError, PrerequisiteError)):
        board.update(tmp_path / "r.py")


@pytest.mark.parametrize("recipe", ["evil.py:router", "{folder}/evil.py:router", "os:getcwd", "http://127.0.0.1:1"])
def test_a_recipe_cannot_be_code_in_disguise(tmp_path: Path, board: Board, recipe: str) -> None:
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\ndef router(prompt): return 'cheap'\n")
    (tmp_path / "submission.yaml").write_text(f"name: x\nrecipe: {recipe.format(folder=tmp_path)}\n")
    (problem,) = board.check(tmp_path).problems
    assert "a catalogue name" in problem.expected and not (tmp_path / "ran").exists()
