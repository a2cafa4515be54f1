"""The scripts that bring competitors to a board: listed, whole, and run where their package is installed."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import boards
from routelab.arena.freeze import fit_whole
from routelab.arena.leaderboard.board import Board, Config
from routelab.arena.problem import prepare
from routelab.arena.rows import part_of
from routelab.core import registry
from routelab.data import default_table
from routelab.router import load_artifact, save_artifact

DOCS = Path(__file__).resolve().parents[1] / "docs"
FOLDER = DOCS.parent / "examples" / "competitors"
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


def test_only_arms_that_are_judged_and_complete_rows_are_learned_from(tmp_path: Path) -> None:
    """Of an arm with few outcomes, and of prices that are not known, competitors see nothing."""
    table = boards.planted_table(240)
    few = pl.col("arm").ne(boards.ARMS[0]) | pl.int_range(pl.len()).over("arm").lt(10)
    table = replace(table, calls=table.calls.filter(few).with_columns(cost_usd=pl.lit(None, pl.Float64)))
    Board.create(tmp_path / "board", table, Config())
    _run(FOLDER / "training.py", tmp_path / "board", tmp_path / "training.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "training.jsonl").read_text().splitlines()]
    assert {*rows[0]["score"]} == {*boards.ARMS[1:]}
    assert {cost for row in rows for cost in row["cost_usd"].values()} == {0.0}


def test_ours_are_fitted_on_what_competitors_learn_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Yardsticks stand on every board, and are not submitted."""
    board = boards.small_board(tmp_path / "board", 240, part="claims", submissions_per_owner=100)
    folder = boards.decisions(tmp_path, board, "rival", owner="field")
    _run(FOLDER / "training.py", tmp_path / "board", tmp_path / "training.jsonl")
    known = [json.loads(line)["query_id"] for line in (tmp_path / "training.jsonl").read_text().splitlines()]
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setattr(registry, "names", lambda group: ["best-single", "complexity-tiers", "ridge"])
    runpy.run_path(str(FOLDER / "field.py"))["main"](board.folder, [folder])
    rows = {row["name"]: row for row in json.loads((tmp_path / "board" / "board.json").read_bytes())["routers"]}
    assert rows["rival"]["listed"]
    assert {rows[arm]["kind"] for arm in boards.ARMS} == {"decisions"}
    assert {rows[name]["kind"] for name in ("complexity-tiers", "ridge")} == {"artifact"}
    assert rows["best-single"]["kind"] == "baseline"
    artifact = load_artifact(board.folder / "submissions" / rows["ridge"]["submission"] / "artifact")
    prompts = board.open.table.select(query_ids=known)
    assert set(artifact.fitted_on_) == set(prepare(prompts).batch.fingerprints())


def test_a_board_that_judges_all_leaves_nothing_to_learn_from(tmp_path: Path) -> None:
    boards.small_board(tmp_path / "board")
    done = _run(FOLDER / "training.py", tmp_path / "board", tmp_path / "training.jsonl")
    assert done.returncode != 0
    assert "none is left to learn from" in done.stderr


def test_the_ladder_leaves_out_arms_that_a_cheaper_one_equals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without costs no arm is cheaper than another: all stay, the best last."""
    monkeypatch.syspath_prepend(str(FOLDER))
    training = importlib.import_module("competitor").Training
    score = {"good": 0.6, "poor": 0.2, "dear": 0.6, "best": 0.9}
    cost = {"good": 2.0, "poor": 1.0, "dear": 3.0, "best": 4.0}
    assert training(["p"], [score], [cost]).ladder() == ["poor", "good", "best"]
    assert training(["p"], [score], [dict.fromkeys(cost, 0.0)]).ladder() == ["poor", "good", "dear", "best"]


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
    known = {
        "prompt": "two\u2028lines",
        "score": dict.fromkeys(arms, 0.5),
        "cost_usd": {arm: k + 1.0 for k, arm in enumerate(arms)},
    }
    (tmp_path / "training.jsonl").write_text(json.dumps(known, ensure_ascii=False) + "\n")
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


def test_the_page_tells_what_stands_on_the_boards(tmp_path: Path) -> None:
    """Of single arms, an entry of ours, and a competitor that is the worst of hindsight."""
    board = boards.small_board(tmp_path / "board", 240, part="claims")
    problem = board.open.problem
    ids, best = problem.batch.ids, problem.arms[int(problem.score.mean(axis=0).argmax())]
    for arm in problem.arms:
        frame = pl.DataFrame({"query_id": ids, "arm": [arm] * len(ids)})
        board.update(boards.submission(tmp_path / arm, frame, name=arm, owner="routelab"))
    worst = [problem.arms[j] for j in problem.score.argmin(axis=1)]
    frame = pl.DataFrame({"query_id": ids, "arm": worst})
    about = "some-package 1.2: the worst of hindsight"
    board.update(boards.submission(tmp_path / "lost", frame, name="Lost", owner="field", description=about))
    router, problem = fit_whole("ridge", part_of(board.open.table, "tuning"))
    save_artifact(router, tmp_path / "ridge")
    board.update(tmp_path / "ridge", owner="routelab")

    page = tmp_path / "field.md"
    page.write_text("before\n<!-- measured: boards -->\nold\n<!-- end -->\nafter\n")
    runpy.run_path(str(DOCS / "field.py"))["main"]([board.folder], page)
    text = page.read_text()
    assert text.startswith("before\n<!-- measured: boards -->\n## planted\n")
    assert text.endswith("<!-- end -->\nafter\n")
    assert f"{len(ids)} judged prompts, {len(problem)} to learn from; 4 arms" in text
    assert re.search(rf"^\| \d–\d \| {best} \| single arm \| .* \| 0.0 ±0.0 \|", text, re.MULTILINE)
    assert re.search(r"^\| 6–6 \| Lost \| some-package 1.2 \| .* \| \*\*−[\d.]+ ±[\d.]+\*\* \|", text, re.MULTILINE)
    assert "Significantly below the best single arm: 1 of 1 competitor (`Lost`); above it: none." in text
    assert "Significantly above `Lost`: all of ours here." in text
    assert "Of ours here, significantly below a competitor: none." in text


def _run(script: Path, *arguments: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(FOLDER)},
    )
