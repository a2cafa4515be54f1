"""The scripts that bring competitors to a board: listed, whole, and run where their package is installed."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import boards
from routelab.arena.leaderboard.board import Board, Config
from routelab.arena.rows import part_of
from routelab.data import default_table

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "competitors"
SCRIPTS = sorted(FOLDER.glob("run_*.py"))
PACKAGES = {
    "run_litellm.py": "litellm",
    "run_llmrouter.py": "llmrouter",
    "run_routellm.py": "routellm",
    "run_semantic_router.py": "semantic_router",
    "run_wayfinder.py": "wayfinder_router",
}


@pytest.mark.parametrize("script", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_every_script_compiles_and_is_listed(script: Path) -> None:
    compile(script.read_text(encoding="utf-8"), script.name, "exec")
    assert script.name in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_every_competitor_is_known_here() -> None:
    assert {script.name for script in SCRIPTS} == set(PACKAGES)


def test_competitors_learn_from_what_is_not_judged(tmp_path: Path) -> None:
    board = Board.create(tmp_path / "board", default_table(), Config())
    done = _run(FOLDER / "training.py", tmp_path / "board", tmp_path / "training.jsonl")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "training.jsonl").read_text().splitlines()]
    ids = {row["query_id"] for row in rows}
    assert ids == set(part_of(default_table(), "tuning").queries["query_id"])
    assert ids.isdisjoint(board.open.problem.batch.ids)
    calls = default_table().calls
    row = rows[7]
    for arm, score in row["score"].items():
        assert calls.filter(query_id=row["query_id"], arm=arm)["score"].to_list() == [score]


def test_a_board_that_judges_all_leaves_nothing_to_learn_from(tmp_path: Path) -> None:
    boards.small_board(tmp_path / "board")
    done = _run(FOLDER / "training.py", tmp_path / "board", tmp_path / "training.jsonl")
    assert done.returncode != 0
    assert "none is left to learn from" in done.stderr


def test_what_a_script_writes_is_a_submission_that_is_right(tmp_path: Path) -> None:
    """The shared part, with a package that is here in a competitor's place."""
    board = boards.small_board(tmp_path / "board")
    script = tmp_path / "one.py"
    script.write_text(
        "from competitor import read, write\n"
        "queries, training, out = read()\n"
        "weak, strong = training.ladder()[0], training.ladder()[-1]\n"
        "chosen = {name: strong if len(text) > 40 else weak for name, text in queries.items()}\n"
        "write(out, 'Some router', chosen, package='polars', description='long ones up', licence='MIT')\n"
    )
    batch = board.open.problem.batch
    pl.DataFrame({"query_id": batch.ids, "prompt": batch.texts}).write_ndjson(tmp_path / "queries.jsonl")
    arms = board.open.problem.arms
    known = {"prompt": "p", "score": dict.fromkeys(arms, 0.5), "cost_usd": {arm: k + 1.0 for k, arm in enumerate(arms)}}
    (tmp_path / "training.jsonl").write_text(json.dumps(known) + "\n")
    done = _run(script, tmp_path / "queries.jsonl", tmp_path / "training.jsonl", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    found = board.check(tmp_path / "out" / "some-router")
    assert found.ok, found.problems
    assert found.submission is not None
    assert re.match(r"polars \d.*: long ones up", found.submission.manifest.description)
    assert board.update(tmp_path / "out" / "some-router").to_json()["listed"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_competitor_decides_every_query(script: Path, tmp_path: Path) -> None:
    package = PACKAGES[script.name]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed; it has an environment of its own")
    board = Board.create(tmp_path / "board", default_table(), Config())
    batch = board.open.problem.batch
    pl.DataFrame({"query_id": batch.ids, "prompt": batch.texts}).write_ndjson(tmp_path / "queries.jsonl")
    _run(FOLDER / "training.py", tmp_path / "board", tmp_path / "training.jsonl")
    done = _run(script, tmp_path / "queries.jsonl", tmp_path / "training.jsonl", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    for folder in (tmp_path / "out").iterdir():
        assert board.check(folder).ok


def _run(script: Path, *arguments: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(FOLDER)},
    )
