"""Many routers on many tables: resumable jobs, and claims that hold over all of them."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from rich.console import Console

from routelab.arena import compare as module
from routelab.arena.compare import Design, compare, side_by_side
from routelab.arena.report.comparison import (
    by_table_markdown,
    comparison_markdown,
    comparison_tables,
    tables_markdown,
)
from routelab.arena.report.format import POINTS
from routelab.arena.result import Result
from routelab.arena.rows import part_of, thinned
from routelab.cli import cli
from routelab.core import InputError
from routelab.data import default_table
from routelab.outcomes import OutcomeTable
from routelab.router import catalogue

DESIGN = Design(routers=("ridge", "clusters"), most_queries=300, folds=3, repeats=1, draws=100)


@pytest.fixture(scope="module")
def whole() -> OutcomeTable:
    return default_table()


@pytest.fixture(scope="module")
def run(whole: OutcomeTable, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("comparison")
    return folder, compare([whole], DESIGN, folder)


def test_a_finished_job_is_never_done_again(run, whole: OutcomeTable, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    folder, found = run
    assert len(list(folder.glob("*.json"))) == 2
    monkeypatch.setattr(module, "evaluate", lambda *_, **__: pytest.fail("judged again"))
    assert compare([whole], DESIGN, folder) == found
    with pytest.raises(pytest.fail.Exception):
        compare([whole], replace(DESIGN, seed=1), folder)


def test_code_without_a_recipe_is_judged_anew(whole: OutcomeTable, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from routelab.arena import as_router\n\n@as_router\ndef one(prompt):\n    return 'x'\n"
    )
    recipe, code = replace(DESIGN, routers=("ridge",)), replace(DESIGN, routers=(f"{tmp_path / 'mine.py'}:one",))
    assert all(job.lasting for job in module.jobs([whole], recipe, tmp_path))
    assert not any(job.lasting for job in module.jobs([whole], code, tmp_path))


def test_a_table_of_one_task_is_refused_before_anything_is_judged(whole: OutcomeTable, tmp_path: Path) -> None:
    task = whole.queries["task"].mode()[0]
    alone = whole.select(where={"task": task})
    with pytest.raises(InputError, match="two tasks or more"):
        compare([whole, OutcomeTable.from_frames(alone.queries, alone.calls, name="alone")], DESIGN, tmp_path)
    assert list(tmp_path.glob("*.json")) == []


def test_every_router_and_baseline_stands_beside_the_others_under_both_protocols(run) -> None:  # type: ignore[no-untyped-def]
    _, found = run
    assert set(found["protocols"]) == {"cross-fit", "leave-task-out"}
    for side in found["protocols"].values():
        names = [router["name"] for router in side["routers"]]
        assert names[:2] == sorted(["ridge", "clusters"], key=names.index) and {"knn", "oracle", "random"} <= set(names)
        best = next(router for router in side["routers"] if router["name"] == "best-single")
        assert best["overall"]["delta_vs_best_single"]["value"] == 0
    text = comparison_markdown(found) + tables_markdown(found["protocols"]["cross-fit"])
    text += by_table_markdown(found["protocols"]["cross-fit"], "delta_vs_best_single", POINTS)
    assert text.count("| ridge |") == 3 and "atlas-default" in text


def test_thinning_keeps_every_task_in_its_proportion(whole: OutcomeTable) -> None:
    thin = thinned(whole, 500, seed=3)
    assert thin.queries.height == 500 and thinned(whole, 500, seed=3).hash == thin.hash
    before = dict(whole.queries["domain"].value_counts().iter_rows())
    after = dict(thin.queries["domain"].value_counts().iter_rows())
    for domain, count in before.items():
        assert after[domain] == pytest.approx(count * 500 / whole.queries.height, abs=8)


def test_designs_and_claims_never_share_a_prompt(whole: OutcomeTable) -> None:
    tuning, claims = (part_of(whole, part) for part in ("tuning", "claims"))
    prompts = [set(table.queries["prompt"]) for table in (tuning, claims)]
    assert not prompts[0] & prompts[1] and prompts[0] | prompts[1] == set(whole.queries["prompt"])
    assert 0.28 < tuning.queries.height / whole.queries.height < 0.39
    fewer = whole.select(query_ids=whole.queries["query_id"][::2].to_list())
    assert set(part_of(fewer, "tuning").queries["prompt"]) == prompts[0] & set(fewer.queries["prompt"])
    assert part_of(whole, "all") is whole


@pytest.mark.parametrize("width", [80, 112, 132])
def test_the_comparison_fits_a_terminal(run, width: int) -> None:  # type: ignore[no-untyped-def]
    _, found = run
    terminal = Console(width=width, file=io.StringIO())
    for table in comparison_tables(found, width):
        terminal.print(table)
    shown = terminal.file.getvalue()  # type: ignore[attr-defined]
    lines = [line for line in shown.splitlines() if line.lstrip().startswith(("ridge ", "clusters "))]
    assert len(lines) == 4 and all(line.count("±") > 1 and "/1" in line for line in lines), shown


def test_a_claim_on_one_table_is_corrected_for_the_others() -> None:
    def result(name: str, p: float) -> Result:
        metric = {"value": 0.01, "low": 0.0, "high": 0.02}
        row = {"name": "r", "baseline": False, "delta_vs_best_single": metric}
        row |= {"beats_best_single": {"p_adjusted": p, "significant": p < 0.05}}
        others = [{"name": n, "baseline": True, "accuracy": metric} for n in ("best-single", "oracle-transferable")]
        table = {"name": name, "queries": 1, "arms": 2, "hash": name, "costs": "measured"}
        return Result({"table": table, "routers": [row, *others], "folds": 5})

    (router, *_) = side_by_side({"a": result("a", 0.012), "b": result("b", 0.03), "c": result("c", 0.2)})["routers"]
    assert router["claims"]["beats_best_single"] == {"tested": 3, "holds": ["a"]}
    overall = router["overall"]["delta_vs_best_single"]
    assert overall["high"] - overall["low"] == pytest.approx(0.02 / 3**0.5, abs=1e-5)


def test_tables_of_one_name_and_tables_for_evaluation_only_are_refused(whole: OutcomeTable, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a name for each"):
        compare([whole, whole], DESIGN, tmp_path)
    guarded = OutcomeTable.from_frames(whole.queries, whole.calls, name="x", notes=("evaluation only: by its rule",))
    with pytest.raises(InputError, match="evaluation only"):
        compare([guarded], DESIGN, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_and_prints_the_contract(run) -> None:  # type: ignore[no-untyped-def]
    folder, found = run
    options = ["--router", "ridge", "--router", "clusters", "--most-queries", "300", "--folds", "3"]
    call = ["compare", *options, "--repeats", "1", "--draws", "100", "-o", str(folder)]
    printed = CliRunner().invoke(cli, [*call, "--json"], catch_exceptions=False)
    assert json.loads(printed.stdout) == json.loads(msgspec.json.encode(found))
    assert "leave-task-out" in CliRunner().invoke(cli, call, catch_exceptions=False).stdout
    assert json.loads((folder / "compare.json").read_text())["design"]["most_queries"] == 300


def test_the_catalogue_tells_what_was_measured_of_each_entry_as_it_is_now() -> None:
    listed = json.loads(CliRunner().invoke(cli, ["routers", "--json"], catch_exceptions=False).stdout)["routers"]
    standing = {entry["name"]: entry["standing"] for entry in listed}
    assert standing["champion"] is not None and standing["champion"]["recipe_hash"] == catalogue.champion.hash
    assert standing["champion"]["claims"]["above_hull"]["tested"] > 1
    heavy = {entry["name"] for entry in listed if "routelab[torch]" in entry["needs"]}
    loaded = {entry["name"] for entry in listed if "pool state" in entry["needs"]}  # measured in joint runs
    changed = [name for name, one in standing.items() if one is None]
    assert set(changed) <= {"best-single", "cheapest", "random"} | heavy | loaded, f"measure again: {changed}"
