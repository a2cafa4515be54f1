"""Grading published answers again: agreement on real files, corrupted scores found, malformed rows named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from routelab.arena.regrade import regrade
from routelab.cli.grade import grade_command
from routelab.core import InputError
from shared import needs_shared, shared_data


def line(query: str, score: float = 1.0, metric: str = "mcq_accuracy", **changes: Any) -> str:
    evaluation = {"ground_truth": "A", "score": score, "metric": metric, "extracted_answer": None}
    return json.dumps(
        {"global_index": query, "generated_answer": r"\boxed{A}", "evaluation_result": evaluation} | changes
    )


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "model.jsonl"
    rows = [line("MMLU_1"), "", line("MMLU_2", 0.0), line("LiveCodeBench_3", 1.0, "code_accuracy")]
    rows.append(line("MMLU_4", evaluation_result=None))
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_rows_agree_disagree_or_say_why_they_are_not_graded(published: Path) -> None:
    report = regrade(published)
    assert (report.rows, report.graded, report.agree) == (4, 2, 1)
    (wrong,) = report.disagree
    assert (wrong.id, wrong.published, wrong.ours, wrong.extracted, wrong.reference) == (
        "MMLU_2",
        0.0,
        1.0,
        "A",
        "A",
    )
    assert sorted(reason.partition(":")[0] for reason in report.ungraded) == [
        "code_accuracy",
        "no published evaluation",
    ]


def test_the_command_prints_a_summary_or_the_contract_s_json(published: Path) -> None:
    plain = CliRunner().invoke(grade_command, [str(published)])
    assert plain.exit_code == 0
    assert "4 rows, 2 graded: 1 agree, 1 do not." in plain.output
    assert "MMLU_2" in plain.output
    report = json.loads(CliRunner().invoke(grade_command, [str(published), "--json"]).output)
    assert {"rows", "graded", "agree", "disagree"} <= set(report)
    assert report["disagree"][0]["id"] == "MMLU_2"


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        ('{"global_index": "x",', r"line 2 .*expected valid JSON"),
        ('{"global_index": tru}', r"line 2 column \d+: expected valid JSON"),
        ("17", r"line 2 as a whole: expected `object`, got 17"),
        ("{}", r"line 2 as a whole: expected an object with .*global_index"),
        (line("q", 3.0), r"line 2 evaluation_result.score: expected `float` <= 1.0, got 3.0"),
        (line("q", float("nan")), r"line 2 column \d+: expected valid JSON"),
        (line("q", "high"), r"line 2 evaluation_result.score: expected `float`, got 'high'"),  # type: ignore[arg-type]
        (line("q", generated_answer=[]), r"line 2 generated_answer: expected `str \| null`, got \[\]"),
    ],
)
def test_a_malformed_row_names_file_line_column_and_value(tmp_path: Path, bad: str, complaint: str) -> None:
    path = tmp_path / "model.jsonl"
    path.write_text(line("ok") + "\n" + bad, encoding="utf-8")
    with pytest.raises(InputError, match=complaint) as caught:
        regrade(path)
    assert caught.value.where.startswith(str(path))


def test_bytes_that_are_not_text_and_absent_files(tmp_path: Path) -> None:
    path = tmp_path / "model.jsonl"
    path.write_bytes(b'{"global_index": "\xff"}')
    with pytest.raises(InputError, match="not UTF-8"):
        regrade(path)
    with pytest.raises(InputError, match="check the path"):
        regrade(tmp_path / "absent.jsonl")


@pytest.mark.parametrize("model", ["claude-3-haiku-20240307", "gemini-2.0-flash-001"])
@needs_shared
def test_real_files_agree_and_k_corrupted_scores_are_exactly_those_k(model: str, tmp_path: Path) -> None:
    source = shared_data("native", "routerarena", "cached_results", f"{model}.jsonl")
    clean = regrade(source)
    assert (clean.rows, clean.graded, clean.agree, clean.disagree) == (809, 771, 771, [])
    rows = [json.loads(text) for text in source.read_text(encoding="utf-8").splitlines()]
    gradable = [row for row in rows if row["evaluation_result"]["metric"] != "code_accuracy"]
    corrupted = gradable[::97]
    for row in corrupted:
        score = row["evaluation_result"]["score"]
        row["evaluation_result"]["score"] = 1.0 - score if score in (0.0, 1.0) else score / 2
    path = tmp_path / "corrupted.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = regrade(path)
    assert [wrong.id for wrong in found.disagree] == [row["global_index"] for row in corrupted]
    assert found.agree == 771 - len(corrupted)
