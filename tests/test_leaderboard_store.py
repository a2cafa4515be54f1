"""The board's memory under crowds and crashes, in SQLite and in PostgreSQL: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

import postgres
from boards import decisions, small_board
from routelab.arena.leaderboard.board import Board
from routelab.arena.leaderboard.made_by import code_hash
from routelab.arena.leaderboard.publishing import current, differs
from routelab.arena.leaderboard.store import (
    AUDITS,
    BOARDS,
    DECISIONS,
    MIGRATIONS,
    SUBMISSIONS,
    URL_VARIABLE,
    Store,
)
from routelab.core import InputError, PrerequisiteError

needs_postgres = pytest.mark.skipif(postgres.INITDB is None, reason="PostgreSQL is not installed")


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with postgres.server(Path(folder)) as url:
            yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_postgres)])
def url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str | None]:
    """The store's address: None for the file in the folder, or a database that is emptied afterwards."""
    if request.param == "sqlite":
        monkeypatch.delenv(URL_VARIABLE, raising=False)
        yield None
        return
    address = request.getfixturevalue("database")
    monkeypatch.setenv(URL_VARIABLE, address)
    yield address
    from sqlalchemy import create_engine

    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


def start(board: Board, path: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "routelab", "leaderboard", "update", "--board", str(board.folder), "--json"]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*command, "--submission", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )


def finish(process: subprocess.Popen[bytes]) -> None:
    """Wait for an update that must succeed."""
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()[-500:]


def check(board: Board, names: set[str]) -> None:
    """Every router once, each with decisions and audits, and every board that was published computes again."""
    fresh = Board(board.folder)
    listed = [row["name"] for row in current(fresh, "open")["routers"] if not row["baseline"]]
    assert sorted(listed) == sorted(names)
    assert sorted(row["name"] for row in fresh.store.rows(SUBMISSIONS)) == sorted(names)
    numbers = [row["number"] for row in fresh.store.rows(SUBMISSIONS)]
    assert numbers == list(range(1, len(names) + 1))
    ids = {row["id"] for row in fresh.store.rows(SUBMISSIONS)}
    assert {row["submission"] for row in fresh.store.rows(AUDITS)} == ids
    assert {row["submission"] for row in fresh.store.rows(DECISIONS)} >= ids
    sequences = [row["sequence"] for row in fresh.store.rows(BOARDS)]
    assert sequences == list(range(len(sequences))) and differs(fresh, "open", sequences[-1]) is None
    assert json.loads((board.folder / "board.json").read_bytes()) == current(fresh, "open")


def crowd(board: Board, tmp_path: Path, updates: int) -> None:
    paths = [decisions(tmp_path, board, f"r{seed}", seed=seed) for seed in range(updates)]
    running = [start(board, path) for path in [*paths, paths[0]]]
    for process in running:
        finish(process)
    check(board, {path.name for path in paths})


def crashes(board: Board, tmp_path: Path, kills: int, seed: int) -> None:
    """Kill updates at random points; each is run again later, as whoever runs a board would."""
    rng = np.random.default_rng(seed)
    first, second = (decisions(tmp_path, board, name, seed=1000 + len(name)) for name in ("first", "second"))
    finish(start(board, first))
    begun = time.perf_counter()
    finish(start(board, second))
    whole = time.perf_counter() - begun
    paths = [decisions(tmp_path, board, f"k{place}", seed=place) for place in range(kills)]
    killed = 0
    for one in paths:
        before = (board.folder / "board.json").read_bytes()
        process = start(board, one)
        try:
            process.communicate(timeout=float(rng.uniform(0.1, 1.0)) * whole)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            killed += 1
        assert json.loads((board.folder / "board.json").read_bytes())["routers"], before[:80]
    assert killed
    for one in paths:
        finish(start(board, one))
    check(board, {path.name for path in [*paths, first, second]})


def test_updates_that_run_at_once_are_all_there_once(tmp_path: Path, url: str | None) -> None:
    crowd(small_board(tmp_path / "board", n=40, repeats=1), tmp_path, 4)


def test_updates_that_are_killed_leave_a_whole_board_and_complete(tmp_path: Path, url: str | None) -> None:
    crashes(small_board(tmp_path / "board", n=40, repeats=1), tmp_path, 3, seed=0)


@pytest.mark.slow
def test_a_crowd_of_twenty(tmp_path: Path, url: str | None) -> None:
    crowd(small_board(tmp_path / "board", n=40, repeats=1), tmp_path, 20)


@pytest.mark.slow
def test_fifty_kills(tmp_path: Path, url: str | None) -> None:
    crashes(small_board(tmp_path / "board", n=40, repeats=1, submissions_per_owner=100), tmp_path, 50, seed=1)


def test_an_older_schema_is_migrated_and_a_newer_one_refused(
    tmp_path: Path, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routelab.arena.leaderboard.store.MIGRATIONS", MIGRATIONS[:1])
    old = Store(tmp_path, url)
    old.receive({"id": "x", "received": "t", "owner": "o", "name": "n", "kind": "recipe", "season": 1,
                 "manifest": "{}", "code_version": "0"}, 1)  # fmt: skip
    old.close()
    monkeypatch.setattr("routelab.arena.leaderboard.store.MIGRATIONS", MIGRATIONS)
    from routelab.arena.leaderboard.store import SEASONS

    new = Store(tmp_path, url)
    assert [row["id"] for row in new.rows(SUBMISSIONS)] == ["x"] and new.rows(SEASONS) == []
    new.close()
    monkeypatch.setattr("routelab.arena.leaderboard.store.MIGRATIONS", MIGRATIONS[:1])
    with pytest.raises(InputError, match="schema version 1 or older"):
        Store(tmp_path, url)


def test_rows_from_before_code_was_hashed_stay_and_have_no_hash(tmp_path: Path, url: str | None) -> None:
    board = small_board(tmp_path / "board", n=40, repeats=1)
    current(board, "open")
    with board.store._engine.begin() as connection:
        for table in ("submissions", "boards"):
            connection.execute(text(f"ALTER TABLE {table} DROP COLUMN code_hash"))
        connection.execute(text("DELETE FROM schema_version WHERE version = 3"))
    board.store.close()
    fresh = Board(board.folder)
    assert fresh.store.last_board("open")["code_hash"] is None
    assert differs(fresh, "open", 0) is None
    fresh.update(decisions(tmp_path, fresh, "dice"))
    assert [row["code_hash"] for row in fresh.store.rows(BOARDS)] == [None, code_hash()]
    assert [row["code_hash"] for row in fresh.store.rows(SUBMISSIONS)] == [code_hash()]


def test_a_database_that_does_not_answer_is_one_error_without_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = small_board(tmp_path / "board", n=40)
    for address in ("postgresql://me:hunter2@127.0.0.1:1/x", "nonsense://me:hunter2@x"):
        monkeypatch.setenv(URL_VARIABLE, address)
        with pytest.raises((PrerequisiteError, InputError)) as error:
            Board(board.folder)
        assert "hunter2" not in str(error.value)
