"""The suite, season and grade commands as a user meets them."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from routelab.cli import cli, progress
from routelab.core import Outcome, Query
from routelab.core.errors import RoutelabError
from routelab.workload.graders.self_check import perfect_answer
from routelab.workload.suites import freeze, open_suite
from small_table import small_table

GENERATE = ["suite", "generate", "atlas", "--season", "2", "--items", "90"]


def run(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(cli, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*arguments: str | Path) -> str:
    with pytest.raises(RoutelabError) as caught:
        CliRunner().invoke(cli, list(map(str, arguments)), catch_exceptions=False)
    return str(caught.value)


class TestGenerate:
    def test_an_open_season(self, tmp_path: Path) -> None:
        found = run(*GENERATE, "--out", tmp_path / "one")
        assert found.keys() == {"items", "domains", "categories", "seconds", "hash", "commitment", "open"}
        assert (found["items"], found["domains"], found["open"], found["commitment"]) == (90, 10, True, None)
        again = run(*GENERATE, "--out", tmp_path / "two")
        assert again["hash"] == found["hash"] == open_suite(tmp_path / "one").hash

    def test_a_hidden_season(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("ab" * 16)
        hidden = [*GENERATE, "--secret-file", tmp_path / "secret"]
        bare = run(*hidden, "--out", tmp_path / "one")
        beacon = run(*hidden, "--beacon", "block 1", "--out", tmp_path / "two")
        assert not bare["open"] and len(bare["commitment"]) == 64
        assert bare["commitment"] == beacon["commitment"] and bare["hash"] != beacon["hash"]
        text = "".join(path.read_text() for path in (tmp_path / "two").iterdir())
        assert "abab" not in text

    def test_it_says_that_an_open_season_is_open(self, tmp_path: Path) -> None:
        result = CliRunner().invoke(cli, [*GENERATE, "--out", str(tmp_path / "one")])
        assert "open season" in result.output

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            (["--season", "0"], "from 1 on"),
            (["--items", "0"], "at least 1"),
            (["--secret-file", "nowhere"], "secret"),
            (["--beacon", "x"], "--secret-file"),
            (["--secret-file", "/dev/zero"], "more than 1024 bytes"),
            (["--secret-file", "/"], "directory"),
        ],
    )
    def test_bad_input_writes_nothing(self, more: list[str], said: str, tmp_path: Path) -> None:
        assert said in refused(*GENERATE, *more, "--out", tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_a_taken_folder_is_refused_before_anything_is_drawn(self, tmp_path: Path) -> None:
        (tmp_path / "mine.txt").write_text("mine")
        assert "other files" in refused(*GENERATE, "--out", tmp_path)


def test_perfect_answers_score_one_and_silence_is_counted(tmp_path: Path) -> None:
    run(*GENERATE, "--out", tmp_path / "suite")
    queries = [query for query in open_suite(tmp_path / "suite").queries if query.metric != "code"]
    lines = [{"id": q.id, "answer": perfect_answer(q.metric, q.reference)} for q in queries]
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = run("grade", tmp_path / "answers.jsonl", "--suite", tmp_path / "suite")
    assert found["accuracy"]["value"] == 1.0 and found["graded"] == len(queries)
    assert found["over_all"]["value"] == pytest.approx(len(queries) / 90, abs=1e-5)


def test_show_prints_the_composition_and_draws_it(tmp_path: Path) -> None:
    run(*GENERATE, "--out", tmp_path / "suite")
    found = run("suite", "show", tmp_path / "suite", "--plot", tmp_path / "plot.png")
    assert found["items"] == 90 and sum(found["domains"].values()) == 90 and len(found["domains"]) == 10
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    shown = CliRunner().invoke(cli, ["suite", "show", str(tmp_path / "suite")])
    assert "9 History and geography" in shown.output and "multilingual" in shown.output


def test_a_season_from_commitment_to_verification(tmp_path: Path) -> None:
    register, secret = tmp_path / "register.json", tmp_path / "secret"
    begun = run("season", "commit", register, "--season", "3", "--secret-file", secret)
    assert begun["commitment"] and begun["secret"] is None
    assert "frozen" in refused(
        "season", "draw", register, "--secret-file", secret, "--beacon", "b", "--out", tmp_path / "x"
    )
    run("season", "freeze", register, "--entry", "c0ffee00c0ffee00")
    drawn = run("season", "draw", register, "--secret-file", secret, "--beacon", "b", "--items", "60",
                "--out", tmp_path / "suite")  # fmt: skip
    assert drawn["suite"] == open_suite(tmp_path / "suite").hash
    assert "revealed" in refused("season", "verify", register, "--items", "60")
    run("season", "reveal", register, "--secret-file", secret)
    assert run("season", "verify", register)["verified"] and drawn["items"] == 60
    before = {key: value for key, value in json.loads(register.read_text()).items() if key != "items"}
    (tmp_path / "before.json").write_text(json.dumps(before))
    assert run("season", "verify", tmp_path / "before.json", "--items", "60")["verified"]
    other = CliRunner().invoke(
        cli, ["season", "verify", str(register), "--items", "61", "--json"], standalone_mode=False
    )
    assert other.return_value == 1 and not json.loads(other.stdout)["verified"]


def test_a_commitment_that_cannot_be_written_leaves_no_secret(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    commit = ["season", "commit", tmp_path / "file" / "r.json", "--season", "3", "--secret-file"]
    assert "can be written" in refused(*commit, tmp_path / "fresh")
    assert not (tmp_path / "fresh").exists()
    (tmp_path / "old").write_text("ab" * 16)
    refused(*commit, tmp_path / "old")
    assert (tmp_path / "old").exists()


def test_a_picture_over_a_folder_is_refused(tmp_path: Path) -> None:
    freeze(tmp_path / "suite", "mine", [Query.ask("q", "2 + 2?")])
    assert "can be written" in refused("suite", "show", tmp_path / "suite", "--plot", tmp_path)


def test_weights_make_a_recipe_block(tmp_path: Path) -> None:
    queries = [Query.ask(f"q{k}", "Add " + " and ".join(["7"] * (k % 9 + 1)) + ".") for k in range(90)]
    outcomes = [
        Outcome(query_id=q.id, arm=arm, score=float(k % 9 < most))
        for k, q in enumerate(queries)
        for arm, most in (("a/one", 4), ("a/two", 6))
    ]
    small_table(queries, outcomes).save(tmp_path / "table")
    found = run("suite", "weights", tmp_path / "table")
    assert found["weights"]["numbers"] > 0 and found["cuts"][0] < found["cuts"][1]


def test_a_season_is_drawn_once_with_a_beacon_and_revealed_once(tmp_path: Path) -> None:
    register, secret, out = tmp_path / "register.json", tmp_path / "secret", tmp_path / "suite"
    draw = ["season", "draw", register, "--secret-file", secret, "--items", "60", "--out"]
    run("season", "commit", register, "--season", "3", "--secret-file", secret)
    assert "a new file" in refused("season", "commit", register, "--season", "3", "--secret-file", tmp_path / "more")
    assert not (tmp_path / "more").exists()
    assert "artifact" in refused("season", "freeze", register, "--entry", "éééééééé")
    run("season", "freeze", register, "--entry", "c0ffee00c0ffee00")
    for bad in ("", " ", "\udcff"):
        assert "--beacon" in refused(*draw, out, "--beacon", bad)
    assert not out.exists()
    run(*draw, out, "--beacon", "b")
    assert "not drawn" in refused(*draw, tmp_path / "again", "--beacon", "c")
    assert not (tmp_path / "again").exists()
    run("season", "reveal", register, "--secret-file", secret)
    assert "revealed" in refused("season", "reveal", register, "--secret-file", secret)


@pytest.mark.parametrize("text", ['{"season": 1, "commitment": "", "secret": "zz"}', "[" * 50_000, ""])
def test_a_spoilt_register_is_one_clear_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "register.json").write_text(text)
    assert "restore the file" in refused("season", "verify", tmp_path / "register.json")


def test_brackets_in_a_name_are_no_markup(tmp_path: Path) -> None:
    freeze(tmp_path / "suite", "[bold]x[/red]", [Query.ask("q", "2 + 2?")], notes=("[/dim]",))
    shown = CliRunner().invoke(cli, ["suite", "show", str(tmp_path / "suite")], catch_exceptions=False)
    assert "[bold]x[/red]" in shown.output and "[/dim]" in shown.output
    query = Query.ask("q", "2 + 2?", domain="[/d]", category="[bold]c", language="[/x] :smile:")
    freeze(tmp_path / "other", "y", [query])
    shown = CliRunner().invoke(cli, ["suite", "show", str(tmp_path / "other")], catch_exceptions=False)
    assert all(text in shown.output for text in ("[/d]", "[bold]c", "[/x] :smile:"))


def test_brackets_in_what_is_under_way_are_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=StringIO(), force_terminal=True, width=120, markup=False)
    monkeypatch.setattr(progress, "console", lambda: terminal)
    with progress.progress_bar("building [/x]") as update:
        update(1, 2, "reading [/y]")
    shown = terminal.file.getvalue()  # type: ignore[attr-defined]
    assert "building [/x]" in shown and "reading [/y]" in shown


class TestBuild:
    """Recipes that must be refused, each in one clear error and before anything is written."""

    def recipe(self, folder: Path, text: str) -> Path:
        rows = [
            {"id": f"q{k}", "prompt": f"What is {k} + {7 * k}?", "reference": str(8 * k)}
            | {"metric": "number", "division": "510"}
            for k in range(12)
        ]
        (folder / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / "recipe.yaml").write_text(f"{{name: x, sources: [{{kind: file, path: own.jsonl{text}")
        return folder / "recipe.yaml"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("}]}", "licence dropped 12"),
            ("}, {kind: file, path: own.jsonl}]}", "'q0' from two, and 11 more"),
            ("}], difficulty: {weights: {words: .nan}, cuts: [1, 2]}}", "finite"),
            ("}], difficulty: {weights: {words: 1}, cuts: [.nan, 2]}}", "rising"),
            ("}], name: ''}", "name"),
        ],
    )
    def test_a_bad_recipe(self, text: str, said: str, tmp_path: Path) -> None:
        assert said in refused("suite", "build", self.recipe(tmp_path, text), "--out", tmp_path / "out")
        assert {path.name for path in tmp_path.iterdir()} == {"own.jsonl", "recipe.yaml"}

    def test_a_spoilt_copy_of_a_source_is_named(self, tmp_path: Path) -> None:
        recipe = tmp_path / "recipe.yaml"
        recipe.write_text("{name: x, sources: [{kind: season, items: 60}], gates: {languages: [none]}}")
        refused("suite", "build", recipe, "--out", tmp_path / "out")
        (copy,) = (tmp_path / ".out.work").iterdir()
        copy.write_text("{")
        assert copy.name in refused("suite", "build", recipe, "--out", tmp_path / "out")
