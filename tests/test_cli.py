"""The face as a user meets it: exit codes, one clear error, JSON that parses, equal bytes for equal seeds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import planted

ERROR = re.compile(r"^error .+: expected .+, got .+\. Fix: .+$", re.DOTALL)
QUICK = ("--repeats", "2", "--draws", "100", "--no-timing")


def routelab(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own."""
    command = [sys.executable, "-c", "from routelab.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cli")
    import numpy as np

    planted.table(planted.draw(np.random.default_rng(3), 90)).save(place / "table")
    (place / "own.py").write_text(
        "def fixed(prompt):\n    return 'strong'\n\ndef wrong(prompt):\n    return 'nobody'\n\nnumber = 3\n"
    )
    (place / "recipe.yaml").write_text("name: mine\nestimator: {type: ridge}\n")
    (place / "bad.yaml").write_text("name: mine\nestimator: {type: ridge, alpha: 3}\n")
    (place / "kind.yaml").write_text("name: mine\nestimator: {type: rigde}\n")
    (place / "text.json").write_text("{not json")
    return place


def test_evaluate_prints_the_contract(folder: Path) -> None:
    run = routelab(
        *("evaluate", "--table", folder / "table", "--router", folder / "own.py:fixed"),
        *("--router", folder / "recipe.yaml", "--json", *QUICK),
    )
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    names = [row["name"] for row in result["routers"]]
    assert set(names[:2]) == {"fixed", "mine"}
    assert {"random", "cheapest", "best-single", "task-best", "length-only", "knn", "shuffled"} <= set(names)
    assert {"oracle", "oracle-transferable", "oracle-small-pool", "hull"} <= set(names)
    for row in result["routers"]:
        for key in ("accuracy", "cost_per_1k_usd", "arena_score", "delta_vs_best_single", "delta_vs_hull", "collapse"):
            assert {"value", "low", "high"} <= row[key].keys(), (row["name"], key)
        assert {"selection", "cost", "accuracy"} <= row["optimality"].keys()
        assert row["accuracy"]["low"] <= row["accuracy"]["value"] <= row["accuracy"]["high"]
        assert row["baseline"] == (row["rank"] is None)


def test_equal_seeds_give_equal_bytes(folder: Path) -> None:
    arguments = ("evaluate", "--table", folder / "table", "--router", "ridge", "--seed", "7", "--json", *QUICK)
    assert routelab(*arguments).stdout == routelab(*arguments).stdout != ""


def test_a_condition_that_holds_fails_the_run(folder: Path) -> None:
    base = ("evaluate", "--table", folder / "table", "--router", folder / "own.py:fixed", *QUICK, "--fail-if")
    assert routelab(*base, "accuracy.value >= 0").returncode == 1
    assert routelab(*base, "fixed: delta_vs_best_single.low < -99pt").returncode == 0


def test_results_can_be_saved_reported_and_compared(folder: Path, tmp_path: Path) -> None:
    for seed in ("1", "2"):
        path = tmp_path / f"{seed}.json"
        run = routelab("evaluate", "--table", folder / "table", "--router", "ridge", "--seed", seed, "-o", path, *QUICK)
        assert run.returncode == 0, run.stderr
    found = json.loads(routelab("diff", tmp_path / "1.json", tmp_path / "2.json", "--json").stdout)
    assert found["same"]["table"] and not found["same"]["seed"]
    change = next(row for row in found["changes"] if row["name"] == "ridge")["accuracy"]
    assert change["low"] <= change["value"] <= change["high"]
    page = tmp_path / "page.html"
    assert routelab("report", tmp_path / "1.json", "-o", page).returncode == 0
    assert "<html" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "where", "got"),
    [
        (("evaluate", "--tabel", "x"), "routelab evaluate", "No such option"),
        (("season", "comit"), "routelab season", "comit"),
        (("evalute",), "routelab", "evalute"),
        (("suite", "show"), "routelab suite show", "Missing argument"),
    ],
)
def test_a_call_that_is_none_is_an_error_in_json_too(words: tuple[str, ...], where: str, got: str) -> None:
    run = routelab(*words, "--json")
    error = json.loads(run.stdout)["error"]
    assert (run.returncode, error["where"], error["fix"]) == (2, where, f"{where} --help")
    assert error["expected"] and got in error["got"] and got in run.stderr


BAD = {
    "no such table": ("evaluate", "--table", "nowhere"),
    "unknown router": ("evaluate", "--table", "{t}", "--router", "knnn"),
    "unknown arm": ("evaluate", "--table", "{t}", "--router", "{f}/own.py:wrong"),
    "not a router": ("evaluate", "--table", "{t}", "--router", "{f}/own.py:number"),
    "no such object": ("evaluate", "--table", "{t}", "--router", "{f}/own.py:fixd"),
    "no such file": ("evaluate", "--table", "{t}", "--router", "{f}/nope.py:x"),
    "unknown recipe key": ("evaluate", "--table", "{t}", "--router", "{f}/bad.yaml"),
    "unknown estimator": ("evaluate", "--table", "{t}", "--router", "{f}/kind.yaml"),
    "router twice": ("evaluate", "--table", "{t}", "--router", "ridge", "--router", "ridge"),
    "reserved name": ("evaluate", "--table", "{t}", "--router", "best-single"),
    "one fold": ("evaluate", "--table", "{t}", "--folds", "1"),
    "too many folds": ("evaluate", "--table", "{t}", "--folds", "5000"),
    "no repeats": ("evaluate", "--table", "{t}", "--repeats", "0"),
    "too few draws": ("evaluate", "--table", "{t}", "--draws", "3"),
    "margin is no number": ("evaluate", "--table", "{t}", "--margin", "nan"),
    "coverage above all": ("evaluate", "--table", "{t}", "--min-coverage", "7"),
    "no split": ("evaluate", "--table", "{t}", "--protocol", "split"),
    "wrong where": ("evaluate", "--table", "{t}", "--where", "task"),
    "too few clusters": ("evaluate", "--table", "{t}", "--cluster", "task", *QUICK),
    "unknown cluster": ("evaluate", "--table", "{t}", "--cluster", "tsk", *QUICK),
    "unknown where column": ("evaluate", "--table", "{t}", "--where", "tusk=law"),
    "unknown where value": ("evaluate", "--table", "{t}", "--where", "task=lwa"),
    "one arm left": (
        *("evaluate", "--table", "{t}", "--exclude", "cheap"),
        *("--exclude", "fair", "--exclude", "odd"),
    ),
    "broken condition": ("evaluate", "--table", "{t}", "--router", "ridge", *QUICK, "--fail-if", "accuracy maybe 3"),
    "unknown metric": ("evaluate", "--table", "{t}", "--router", "ridge", *QUICK, "--fail-if", "acuracy < 3"),
    "no predictions": ("evaluate", "--predictions", "nowhere.json"),
    "broken predictions": ("evaluate", "--predictions", "{f}/text.json"),
    "broken result": ("report", "{f}/text.json"),
    "diff of nothing": ("diff", "nowhere.json", "nowhere.json"),
    "diff of other json": ("diff", "{f}/table/manifest.json", "{f}/table/manifest.json"),
    "grade nothing": ("grade", "nowhere.jsonl", "--format", "routerarena"),
    "import nothing": ("import", "nowhere", "-o", "{o}"),
    "wrong date": ("table", "{t}", "--reprice", "yesterday"),
    "unknown flag": ("evaluate", "--tabel", "{t}"),
    "unknown command": ("evalute",),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_error_and_status_2(case: str, folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    words = [word.format(t=folder / "table", f=folder, o=output) for word in BAD[case]]
    run = routelab(*words, cwd=tmp_path)
    assert run.returncode == 2, (run.returncode, run.stdout[-300:], run.stderr[-600:])
    assert "Traceback" not in run.stderr
    if not case.startswith("unknown flag") and not case.startswith("unknown command"):
        assert ERROR.match(" ".join(run.stderr.split())), run.stderr
    assert not list(tmp_path.iterdir()), "nothing may be left behind"
