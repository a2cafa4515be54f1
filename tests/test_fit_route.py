"""`fit`, `route`, `add-arm`: a router frozen for use, asked why, and taught one more arm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import planted
from routelab.arena.freeze import fit_whole, teach_arm
from routelab.cli import cli
from routelab.core import InputError
from routelab.encode import QueryBatch
from routelab.outcomes import OutcomeTable
from routelab.router import Router, artifact_hash, catalogue, load_artifact, save_artifact

PROMPTS = ["0.1 0.2 0.3 0.4", "-1.0 2.0 0.5 0.5", "1.5 -0.2 0.1 0.0"]


@pytest.fixture(scope="module")
def table() -> OutcomeTable:
    return planted.table(planted.draw(np.random.default_rng(5), 150))


@pytest.fixture
def folder(tmp_path: Path, table: OutcomeTable) -> Path:
    table.save(tmp_path / "table")
    save_artifact(fit_whole(catalogue.ridge, table, dial=0.2)[0], tmp_path / "artifact")
    return tmp_path


def run(*arguments: Any, input: str | None = None) -> Any:
    """What a command prints with --json."""
    done = CliRunner().invoke(cli, [*map(str, arguments), "--json"], input=input, catch_exceptions=False)
    return json.loads(done.stdout)


def test_fit_freezes_what_the_arena_would_fit(folder: Path, table: OutcomeTable) -> None:
    told = run("fit", "--table", folder / "table", "--router", "ridge", "--dial", "0.2", "-o", folder / "new")
    assert told["artifact_hash"] == artifact_hash(load_artifact(folder / "artifact"))
    assert (told["router"], told["dial"], told["arms"]) == ("ridge", 0.2, sorted(planted.ARMS))
    assert told["table"] == {"name": "planted", "hash": table.hash, "queries": 150}
    untouched = fit_whole(catalogue.ridge, table)[0]
    assert untouched.recipe == catalogue.ridge
    shown = CliRunner().invoke(
        cli, ["fit", "--table", str(folder / "table"), "--router", "ridge", "-o", str(folder / "again")]
    )
    assert shown.output.startswith("ridge at dial 0, fitted on 150 queries and 4 arms:")


def test_nothing_is_fitted_on_what_is_for_evaluation_only(table: OutcomeTable) -> None:
    closed = OutcomeTable.from_frames(table.queries, table.calls, notes=["evaluation only: the data's rule"])
    with pytest.raises(InputError, match="for evaluation only"):
        fit_whole("ridge", closed)
    with pytest.raises(InputError, match="for evaluation only"):
        teach_arm(Router(catalogue.ridge), closed, "odd")


@pytest.mark.parametrize("frozen", ["artifact", "own"])
def test_only_a_recipe_can_be_fitted(folder: Path, table: OutcomeTable, frozen: str) -> None:
    (folder / "own.py").write_text("def mine(prompt):\n    return 'odd'\n")
    spec = str(folder / "artifact") if frozen == "artifact" else f"{folder / 'own.py'}:mine"
    with pytest.raises(InputError, match="expected a recipe that can be fitted"):
        fit_whole(spec, table)


# -- route ------------------------------------------------------------------------------------------


def test_prompts_come_as_texts_lines_or_a_file(folder: Path) -> None:
    rows = [{"prompt": PROMPTS[0]}, {"messages": [{"role": "user", "content": PROMPTS[1]}]}, {"prompt": PROMPTS[2]}]
    (folder / "rows.jsonl").write_text("\n\n".join(json.dumps(row) for row in rows))
    lines = run("route", folder / "artifact", input="\n".join(PROMPTS))
    assert lines == run("route", folder / "artifact", folder / "rows.jsonl")
    assert lines["decisions"][0] == run("route", folder / "artifact", PROMPTS[0])["decisions"][0]
    expected = load_artifact(folder / "artifact").route(QueryBatch.of(PROMPTS)).chosen_arms()
    assert [row["arm"] for row in lines["decisions"]] == expected
    assert set(lines["decisions"][0]) == {"prompt", "arm", "reason", "beat", "dial"}


def test_explain_shows_the_belief_in_every_arm(folder: Path) -> None:
    (why,) = run("route", folder / "artifact", PROMPTS[0], "--explain", "--dial", "0")["decisions"]
    beliefs = {row["arm"]: row for row in why["beliefs"]}
    assert set(beliefs) == set(planted.ARMS) and why["dial"] == 0
    assert max(beliefs.values(), key=lambda row: row["score"])["arm"] == why["arm"]
    shown = CliRunner().invoke(cli, ["route", str(folder / "artifact"), PROMPTS[0], "--explain"])
    assert all(arm in shown.output for arm in planted.ARMS) and "doubt" in shown.output


def test_the_dial_moves_the_choice(folder: Path) -> None:
    rows = run("route", folder / "artifact", "--dial", "1", input="\n".join(PROMPTS))["decisions"]
    assert {row["arm"] for row in rows} == {"cheap"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "at least one prompt"),
        ("{", "line 1: expected a JSON object"),
        ('{"prompt": 3}', "a row with prompt or messages"),
        ('\n{"messages": []}', "line 2"),
    ],
)
def test_a_file_that_is_wrong_names_its_line(folder: Path, content: str, says: str) -> None:
    (folder / "rows.jsonl").write_text(content)
    with pytest.raises(InputError) as error:
        run("route", folder / "artifact", folder / "rows.jsonl")
    assert says in str(error.value)


# -- add-arm ----------------------------------------------------------------------------------------


def test_an_arm_joins_and_the_old_artifact_stays(folder: Path, table: OutcomeTable) -> None:
    without = table.select(arms=["cheap", "fair", "strong"])
    old = fit_whole(catalogue.ridge, without)[0]
    old_hash = save_artifact(old, folder / "old")
    before = {path.name: path.read_bytes() for path in (folder / "old").iterdir()}
    told = run("add-arm", folder / "old", "--table", folder / "table", "--arm", "odd", "-o", folder / "new")
    assert told["parent_hash"] == old_hash != told["artifact_hash"]
    assert before == {path.name: path.read_bytes() for path in (folder / "old").iterdir()}
    grown, batch = load_artifact(folder / "new"), QueryBatch.of(PROMPTS)
    assert list(grown.arms_) == told["arms"] == ["cheap", "fair", "odd", "strong"]
    kept = [0, 1, 3]
    np.testing.assert_array_equal(grown.estimate(batch).mean[:, kept], old.estimate(batch).mean)


def test_only_rows_that_the_newcomer_answered_are_learnt_from(table: OutcomeTable) -> None:
    three = table.select(arms=["cheap", "fair", "strong"])
    half = table.queries["query_id"][:80]
    few = table.calls.filter((table.calls["arm"] != "odd") | table.calls["query_id"].is_in(half.implode()))
    grown, same = (
        teach_arm(fit_whole(catalogue.ridge, three)[0], known, "odd")
        for known in (OutcomeTable.from_frames(table.queries, few), table.select(query_ids=half))
    )
    assert artifact_hash(grown) == artifact_hash(same)


def test_what_cannot_join_is_refused(folder: Path) -> None:
    where = ("add-arm", folder / "artifact", "--table", folder / "table")
    with pytest.raises(InputError, match="a new arm"):
        run(*where, "--arm", "odd", "-o", folder / "new")
    with pytest.raises(InputError, match="an arm of the table"):
        run(*where, "--arm", "even", "-o", folder / "new")
    with pytest.raises(InputError, match="another folder"):
        run(*where, "--arm", "odd", "-o", folder / "artifact")
    assert not (folder / "new").exists()
