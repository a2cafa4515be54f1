"""The leaderboard, from a dropped submission to a published board."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from click.testing import CliRunner

from boards import decisions, planted_table, small_board, submission
from routelab.arena.freeze import fit_whole
from routelab.arena.leaderboard.board import Board, Config
from routelab.arena.leaderboard.drawn import dial_curves
from routelab.arena.leaderboard.manifest import read_submission
from routelab.arena.leaderboard.publishing import current, differs, history
from routelab.arena.leaderboard.store import AUDITS, BOARDS, SUBMISSIONS
from routelab.cli import cli
from routelab.core import InputError, Outcome
from routelab.outcomes import OutcomeTable
from routelab.router import save_artifact


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return small_board(tmp_path / "board")


def row_of(board: Board, name: str) -> dict:
    return next(row for row in current(board, "open")["routers"] if row["name"] == name)


# -- what can be submitted --------------------------------------------------------------------------


def test_one_file_or_one_folder_is_a_submission_and_its_name_and_kind_are_read_off_it(tmp_path: Path) -> None:
    artifact = tmp_path / "art"
    save_artifact(fit_whole("knn", planted_table())[0], artifact)
    (tmp_path / "mine.yaml").write_text("name: mine\nestimator: {type: constant}\n")
    (tmp_path / "rules.py").write_text("def router(prompt): return 'cheap'\n")
    (tmp_path / "picks.csv").write_text("query_id,arm\nq,cheap\n")
    (tmp_path / "arena.json").write_text("[]")
    kinds = {}
    for path in (artifact, *(tmp_path / name for name in ("mine.yaml", "rules.py", "picks.csv", "arena.json"))):
        one = read_submission(path)
        kinds[one.manifest.name] = one.kind
    assert kinds == {"knn": "artifact", "mine": "recipe", "rules": "code", "picks": "decisions", "arena": "predictions"}
    assert read_submission("champion").kind == "recipe"


def test_a_submission_is_named_after_all_that_is_in_it(tmp_path: Path, board: Board) -> None:
    first, again = decisions(tmp_path / "a", board, "one"), decisions(tmp_path / "b", board, "one")
    other, owned = decisions(tmp_path / "c", board, "one", seed=1), decisions(tmp_path / "d", board, "one", owner="eve")
    ids = [read_submission(path).id for path in (first, again, other, owned)]
    assert ids[0] == ids[1] and len(set(ids)) == 3


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        ({"name": "x"}, "exactly one of"),
        ({"name": "x", "recipe": "knn", "code": "a.py:b"}, "exactly one of"),
        ({"name": "x", "recipes": "knn"}, "recipe"),
        ({"name": "x", "endpoint": "https://evil.example", "key_env": "ROUTELAB_BOARD_URL"}, "key_env"),
        ({"name": "<b>", "recipe": "knn"}, "name"),
        ({"name": "x", "decisions": "../../etc/passwd"}, "beside the manifest"),
    ],
)
def test_a_manifest_that_is_wrong_is_one_clear_error(tmp_path: Path, manifest: dict, expected: str) -> None:
    (tmp_path / "submission.yaml").write_text(yaml.safe_dump(manifest))
    with pytest.raises(InputError, match=expected):
        read_submission(tmp_path)


def test_a_link_that_leaves_the_submission_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    folder = tmp_path / "sub"
    folder.mkdir()
    (folder / "submission.yaml").write_text(yaml.safe_dump({"name": "x", "code": "r.py:router"}))
    (folder / "r.py").write_text("def router(prompt): return 'cheap'")
    (folder / "notes").symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="inside the submission"):
        read_submission(folder)


# -- submit check -----------------------------------------------------------------------------------


def test_everything_wrong_is_told_at_once(tmp_path: Path, board: Board) -> None:
    ids = list(board.open.problem.batch.ids)
    frame = pl.DataFrame(
        {
            "query_id": [*ids[:-2], ids[0], "strange"],
            "arm": ["cheep", *["cheap"] * (len(ids) - 1)],
            "overhead_usd": -1.0,
        }
    )
    found = board.check(submission(tmp_path / "bad", frame, name="bad"))
    told = "\n".join(map(str, found.problems))
    for part in (
        "one decision, got 2",
        "query 'strange'",
        f"each of {len(ids)} queries",
        'did you mean "cheap"',
        "dollars",
    ):
        assert part in told
    assert found.decided is None


def test_the_command_prints_the_contract_and_its_status_says_whether_all_is_well(tmp_path: Path, board: Board) -> None:
    good = CliRunner().invoke(
        cli, ["submit", "check", str(decisions(tmp_path, board, "good")), "--board", str(board.folder), "--json"]
    )
    told = json.loads(good.output)
    assert told["ok"] and told["problems"] == [] and told["kind"] == "decisions"
    bad = CliRunner().invoke(
        cli, ["submit", "check", str(tmp_path / "none"), "--board", str(board.folder), "--json"], standalone_mode=False
    )
    told = json.loads(bad.output)
    assert bad.return_value == 2 and not told["ok"]
    assert set(told["problems"][0]) == {"where", "expected", "got", "fix"}


def test_a_syntax_error_in_submitted_code_is_found_without_running_it(tmp_path: Path, board: Board) -> None:
    (tmp_path / "r.py").write_text("def router(prompt) return 1\n")
    (problem,) = board.check(tmp_path / "r.py").problems
    assert "Python" in problem.expected


# -- update -----------------------------------------------------------------------------------------


def test_a_submission_is_ranked_with_intervals_beside_the_baselines(tmp_path: Path, board: Board) -> None:
    told = board.update(decisions(tmp_path, board, "dice", owner="ann", description="thrown")).to_json()
    assert told["router"] == "dice" and told["rank"] == {"low": 1, "high": 1} and told["listed"]
    assert {"arena_score", "accuracy", "cost_per_1k_usd"} <= set(told["scores"])
    assert all({"name", "verdict", "evidence"} == set(verdict) for verdict in told["audits"]) and told["audits"]
    published = json.loads((board.folder / "board.json").read_bytes())
    names = [row["name"] for row in published["routers"]]
    assert names[0] == "dice" and {"best-single", "oracle", "knn", "hull", "shuffled"} <= set(names[1:])
    row = published["routers"][0]
    assert (row["owner"], row["description"], row["fit"]) == ("ann", "thrown", "unknown")
    truth = planted_table()
    picked = pl.read_parquet(tmp_path / "dice" / "decisions.parquet").join(truth.calls, on=["query_id", "arm"])
    assert row["accuracy"]["value"] == pytest.approx(picked["score"].mean(), abs=1e-5)


def test_the_same_submission_twice_changes_nothing(tmp_path: Path, board: Board) -> None:
    path = decisions(tmp_path, board, "dice")
    first = board.update(path)
    before = (board.folder / "board.json").read_bytes()
    second = board.update(path)
    assert first.sequence == second.sequence and (board.folder / "board.json").read_bytes() == before
    assert [len(board.store.rows(table)) for table in (SUBMISSIONS, AUDITS)] == [1, 1]


def test_a_newer_version_takes_the_place_of_the_older_one_and_history_keeps_both(tmp_path: Path, board: Board) -> None:
    board.update(decisions(tmp_path / "1", board, "dice", seed=1))
    board.update(decisions(tmp_path / "2", board, "dice", seed=2))
    listed = [row["name"] for row in current(board, "open")["routers"] if row["listed"]]
    assert listed == ["dice"]
    first, second = (entry["routers"]["dice"]["value"] for entry in history(board, "open")[-2:])
    assert first != second and [entry["trigger"] for entry in history(board, "open")][-2:] == ["dice", "dice"]


def test_names_that_clash_with_a_baseline_or_another_owner_are_told_apart(tmp_path: Path, board: Board) -> None:
    for owner in ("ann", "bob"):
        board.update(decisions(tmp_path / owner, board, "random", owner=owner, seed=len(owner) + ord(owner[0])))
    board.update("knn")
    names = [row["name"] for row in current(board, "open")["routers"]]
    assert {"random · ann", "random · bob", "random", "knn", "knn (baseline)"} <= set(names)
    assert len(set(names)) == len(names) and row_of(board, "knn")["kind"] == "recipe"


def test_nothing_is_fitted_on_a_table_for_evaluation_only(tmp_path: Path) -> None:
    table = replace(planted_table(), notes=("evaluation only: by the rule of its data",))
    board = Board.create(tmp_path / "board", table, Config(part="all", folds=3, repeats=1))
    with pytest.raises(InputError, match="evaluation only"):
        board.update("knn")
    board.update(decisions(tmp_path, board, "dice"))
    names = {row["name"] for row in current(board, "open")["routers"]}
    assert {"dice", "best-single", "oracle"} <= names and not {"knn", "shuffled", "length-only"} & names


def test_a_recipe_is_fitted_on_the_board_s_own_folds_and_has_a_curve(board: Board) -> None:
    board.update("ridge")
    row = row_of(board, "ridge")
    assert row["fit"] == "cross" and row["recipe_hash"] and len(row["curve"]) > 10 and row["robustness"] is not None


def test_the_points_of_a_curve_vary_with_the_main_figures_on_the_same_draws(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routelab.arena.leaderboard.drawn.TOGETHER", 1)
    for name in ("ridge", "knn"):
        board.update(name)
    for one in board.store.rows(SUBMISSIONS):
        row, decided = row_of(board, one["name"]), board.decided(one["id"])
        for point in row["curve"]:
            for metric in (point["accuracy"], point["cost_per_1k_usd"]):
                assert metric["low"] < metric["value"] < metric["high"]
        still = replace(decided, curve=np.repeat(decided.pick[:, None], len(row["curve"]), axis=1))
        for point in dial_curves(board.open, {"still": still})["still"]:
            assert (point["accuracy"], point["cost_per_1k_usd"]) == (row["accuracy"], row["cost_per_1k_usd"])


def test_several_calls_for_one_query_cost_their_sum_and_the_last_one_answers(tmp_path: Path, board: Board) -> None:
    ids = board.open.problem.batch.ids
    frame = pl.DataFrame({"query_id": ids, "calls": [["cheap", "strong"]] * len(ids)})
    board.update(submission(tmp_path / "both", frame, name="both"))
    row, truth = row_of(board, "both"), planted_table().calls
    means = {arm: truth.filter(pl.col("arm") == arm) for arm in ("cheap", "strong")}
    assert row["accuracy"]["value"] == pytest.approx(means["strong"]["score"].mean(), abs=1e-5)
    spent = means["cheap"]["cost_usd"].mean() + means["strong"]["cost_usd"].mean()
    assert row["cost_per_1k_usd"]["value"] == pytest.approx(1000 * spent, rel=1e-4) and row["calls_per_query"] == 2


def test_outcomes_that_are_missing_are_priced_and_waited_for(tmp_path: Path) -> None:
    table = planted_table()
    card = {
        "id": "new",
        "prices": [{"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 2.0, "date": "2026-01-01", "source": "s"}],
    }
    from routelab.core.config import convert
    from routelab.core.types import ModelCard

    priced = table.__class__(**{**vars(table), "models": (convert(card, ModelCard, "card"),)})

    board = Board.create(tmp_path / "board", priced, Config(part="all", folds=3, repeats=1))
    ids = board.open.problem.batch.ids
    frame = pl.DataFrame({"query_id": ids, "arm": ["new"] * 10 + ["cheap"] * (len(ids) - 10)})
    told = board.update(submission(tmp_path / "early", frame, name="early")).to_json()
    (cell,) = told["waiting"]
    assert (cell["arm"], cell["calls"]) == ("new", 10) and cell["usd"] > 0
    assert (told["listed"], told["why"]) == (False, f"waits for 10 outcomes of new, about ${cell['usd']:.2f}")
    assert told["rank"] == {"low": None, "high": None}
    assert "early" not in [row["name"] for row in current(board, "open")["routers"]]
    board.update(decisions(tmp_path, board, "dice"))
    price = priced.calls["cost_usd"].mean()
    table = OutcomeTable.open(board.folder / "tables" / "open")
    table.append([Outcome(query_id=name, arm="new", score=1.0, cost_usd=price) for name in ids[:10]])
    fresh = Board(board.folder)
    assert sorted(fresh.resume()) == ["dice", "early"], "what stood before is judged on the grown table too"
    assert {"dice", "early"} <= {row["name"] for row in current(fresh, "open")["routers"] if row["listed"]}
    assert not any(differs(fresh, "open", row["sequence"]) for row in fresh.store.rows(BOARDS)), "older tables are kept"


def test_a_model_of_the_board_s_price_list_is_waited_for_though_the_table_never_heard_of_it(tmp_path: Path) -> None:
    board = small_board(tmp_path / "board")
    ids = board.open.problem.batch.ids
    rows = [{"global index": name, "prediction": "new-7b" if k < 4 else "cheap"} for k, name in enumerate(ids)]
    (tmp_path / "arena.json").write_text(json.dumps(rows))
    (problem,) = board.check(tmp_path / "arena.json").problems
    assert "an arm of the board" in problem.expected and "new-7b" in problem.got
    price = {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 2.0, "date": "2026-01-01", "source": "s"}
    models = [{"id": "lab/new-7b", "prices": [price]}, {"id": "lab/cheap", "prices": [price]}]
    (board.folder / "endpoints.yaml").write_text(yaml.safe_dump({"models": models}))
    told = Board(board.folder).update(tmp_path / "arena.json").to_json()
    (cell,) = told["waiting"]
    assert (cell["arm"], cell["calls"]) == ("lab/new-7b", 4) and cell["usd"] > 0, "the board's own `cheap` stays it"
    assert not told["listed"] and told["why"].startswith("waits for 4 outcomes of lab/new-7b, about $0.0")


def test_an_older_version_that_comes_again_is_told_that_a_newer_one_stands(tmp_path: Path, board: Board) -> None:
    old = decisions(tmp_path / "1", board, "dice", seed=1)
    board.update(old)
    board.update(decisions(tmp_path / "2", board, "dice", seed=2))
    told = board.update(old).to_json()
    assert (told["listed"], told["why"]) == (False, "a newer submission of this router is ranked")


def test_an_artifact_fitted_on_the_judged_queries_is_shown_but_not_listed(tmp_path: Path, board: Board) -> None:
    save_artifact(fit_whole("knn", planted_table())[0], tmp_path / "cheat")
    told = board.update(tmp_path / "cheat").to_json()
    assert not told["listed"] and told["rank"] == {"low": None, "high": None} and "fitted-on-evaluation" in told["why"]
    assert told["scores"]["accuracy"]["value"] > 0


def test_whoever_runs_the_board_says_who_submits(tmp_path: Path, board: Board) -> None:
    board.update(decisions(tmp_path, board, "dice", owner="somebody famous"), owner="mallory")
    assert row_of(board, "dice")["owner"] == "mallory"


def test_an_owner_has_so_many_submissions_a_season(tmp_path: Path) -> None:
    board = small_board(tmp_path / "board", submissions_per_owner=1)
    board.update(decisions(tmp_path, board, "one"))
    with pytest.raises(InputError, match="at most 1 submissions"):
        board.update(decisions(tmp_path, board, "two", seed=2))
    board.update(decisions(tmp_path, board, "three", seed=3, owner="somebody else"))


def test_a_folder_without_a_board_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="leaderboard init"):
        Board(tmp_path)


# -- the commands -----------------------------------------------------------------------------------


def test_the_board_from_the_command_line_to_its_pages(tmp_path: Path) -> None:
    def run(*words: str) -> str:
        done = CliRunner().invoke(cli, ["leaderboard", *words], standalone_mode=False, catch_exceptions=False)
        assert done.return_value in (0, None)
        return done.output

    table = planted_table().save(tmp_path / "table")
    folder = ["--board", str(tmp_path / "board")]
    made = json.loads(run("init", *folder, "--table", str(tmp_path / "table"), "--json"))
    assert made["queries"] == 120 and made["hash"] == table.hash
    run("queries", *folder, "-o", str(tmp_path / "queries.jsonl"))
    queries = pl.read_ndjson(tmp_path / "queries.jsonl")
    assert queries.columns == ["query_id", "prompt", "task"], "nothing of the outcomes"
    queries.select("query_id", arm=pl.lit("strong")).write_csv(tmp_path / "always.csv")
    told = json.loads(run("update", *folder, "--submission", str(tmp_path / "always.csv"), "--json"))
    assert {"router", "rank", "scores", "audits", "seconds"} <= set(told) and told["router"] == "always"
    assert "rank 1–1" in run("update", *folder, "--submission", str(tmp_path / "always.csv"))
    assert json.loads(run("update", *folder, "--json")) == {"finished": []}
    shown = json.loads(run("show", *folder, "--json", "--verify"))
    assert shown["verified"] and shown["routers"][0]["name"] == "always"
    assert "always" in run("show", *folder, "--at", "1") and len(json.loads(run("history", *folder, "--json"))) == 2
    run("site", *folder, "--out", str(tmp_path / "site"))
    assert {"index.html", "board.csv", "board.parquet"} <= {path.name for path in (tmp_path / "site").iterdir()}
