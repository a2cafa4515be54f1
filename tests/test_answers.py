"""Grading somebody's answers to a frozen suite through the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from routelab.arena.answers import grade_answers
from routelab.core import InputError, Query
from routelab.workload.suites import Suite, freeze, open_suite


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    queries = [
        Query.ask(
            f"q{k}", f"What is {k} + {k}?", metric="number", reference=str(2 * k), domain="5 Science", difficulty="easy"
        )
        for k in range(10)
    ]
    freeze(tmp_path / "suite", "sums", queries)
    return open_suite(tmp_path / "suite")


def answers(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_accuracy_counts_answers_and_says_what_is_missing(suite: Suite, tmp_path: Path) -> None:
    rows = [{"id": f"q{k}", "answer": f"It is {2 * k if k < 4 else 99}."} for k in range(8)]
    found = grade_answers(answers(tmp_path / "a.jsonl", rows), suite)
    assert (found.items, found.answered, found.graded) == (10, 8, 8)
    assert found.accuracy["value"] == 0.5 and found.over_all["value"] == 0.4
    assert found.accuracy["low"] < 0.5 < found.accuracy["high"]
    assert found.by["domain"]["5 Science"]["value"] == 0.5
    assert {row.id for row in found.rows if row.score == 1} == {"q0", "q1", "q2", "q3"}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": "q1", "answer": "2"}, {"id": "q1", "answer": "3"}], "each id once"),
        ([{"id": "nobody", "answer": "2"}], "an id of the suite"),
        ([{"id": "q1"}], "answer"),
        ([{"id": "q1", "answer": 2}], "str"),
    ],
)
def test_bad_lines_are_one_clear_error(rows: list[dict[str, object]], said: str, suite: Suite, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        grade_answers(answers(tmp_path / "a.jsonl", rows), suite)


def test_the_command_prints_json(suite: Suite, tmp_path: Path) -> None:
    path = answers(tmp_path / "a.jsonl", [{"id": "q3", "answer": "6"}])
    command = [sys.executable, "-m", "routelab", "grade", str(path), "--suite", str(tmp_path / "suite"), "--json"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(run.stdout)
    assert found["accuracy"]["value"] == 1.0 and found["hash"] == suite.hash


def test_a_changed_suite_is_refused(suite: Suite, tmp_path: Path) -> None:
    path = tmp_path / "suite" / "queries.jsonl"
    path.write_text(path.read_text().replace('"4"', '"5"'))
    with pytest.raises(InputError, match="hash"):
        open_suite(tmp_path / "suite")


def test_a_taken_folder_is_left_alone(suite: Suite, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="other files"):
        freeze(folder, "sums", suite.queries)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_repeated_ids_are_no_suite(suite: Suite, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="repeated"):
        freeze(tmp_path / "twice", "sums", [*suite.queries, suite.queries[0]])
    assert not (tmp_path / "twice").exists()


def test_line_separators_and_a_byte_order_mark_are_part_of_no_line(suite: Suite, tmp_path: Path) -> None:
    lines = ['{"id": "q1", "answer": "The sum\u2028is\u00852"}', '{"id": "q2", "answer": "4"}', ""]
    path = tmp_path / "a.jsonl"
    path.write_bytes("\ufeff".encode() + "\r\n".join(lines).encode())
    assert grade_answers(path, suite).accuracy["value"] == 1.0


@pytest.mark.parametrize("text", ["", "\n \n", '{"a":' * 50_000])
def test_no_answers_and_deep_nesting_are_errors(text: str, suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(text)
    with pytest.raises(InputError):
        grade_answers(tmp_path / "a.jsonl", suite)


def test_a_suite_may_hold_line_separators(tmp_path: Path) -> None:
    freeze(tmp_path / "lines", "lines", [Query.ask("q", "one\u2028two\u0085three", reference="\u2028")])
    assert open_suite(tmp_path / "lines").queries[0].reference == "\u2028"


def test_freezing_an_equal_suite_again_keeps_what_lies_beside_it(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "suite" / "notes.txt").write_text("mine")
    (tmp_path / "suite" / "datasheet.md").unlink()
    (tmp_path / "link").symlink_to(tmp_path / "suite")
    freeze(tmp_path / "link", "sums", suite.queries)
    names = {path.name for path in (tmp_path / "suite").iterdir()}
    assert names == {"composition.json", "datasheet.md", "notes.txt", "queries.jsonl", "suite.json"}
    assert (tmp_path / "link").is_symlink()


def test_an_empty_folder_is_filled_even_where_one_stands_in_it(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    freeze(Path(), "sums", suite.queries)
    assert open_suite(tmp_path / "empty").hash == suite.hash


def test_a_target_below_a_file_is_one_clear_error(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="can be written"):
        freeze(tmp_path / "file" / "suite", "sums", suite.queries)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"items": 10', '"items": 5', "5 queries"),
        ('"schema": 1', '"schema": 2, "later": 1', "schema 1"),
    ],
)
def test_a_changed_manifest_is_refused(old: str, new: str, said: str, suite: Suite, tmp_path: Path) -> None:
    path = tmp_path / "suite" / "suite.json"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=said):
        open_suite(tmp_path / "suite")
