"""RouterArena's own files, as its repository lays them out."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from import_rows import scores, write_jsonl
from routelab.outcomes.importers import import_table
from routelab.outcomes.importers.routerarena_files import read_pool, read_predictions, read_prices
from shared import needs_shared, shared_data

CACHED = {
    "global_index": "MMLUPro_computer science_12",
    "question": "Which?",
    "llm_selected": "m",
    "generated_answer": "\\boxed{A}",
    "token_usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 18},
    "success": True,
    "provider": "p",
    "error": None,
    "evaluation_result": {
        "extracted_answer": "A",
        "ground_truth": "A",
        "score": 1.0,
        "metric": "mcq_accuracy",
        "inference_cost": 0.001,
    },
}


def test_routerarena_cached_results_are_one_arm_a_file(tmp_path: Path) -> None:
    failed = CACHED | {"llm_selected": "n", "success": False, "error": "timeout", "evaluation_result": None}
    judged = CACHED["evaluation_result"] | {"score": -0.03}  # type: ignore[operator]
    write_jsonl(tmp_path / "r" / "m.jsonl", [CACHED])
    write_jsonl(tmp_path / "r" / "n.jsonl", [failed])
    write_jsonl(tmp_path / "r" / "o.jsonl", [CACHED | {"llm_selected": "o", "evaluation_result": judged}])

    imported = import_table(tmp_path / "r")

    query = imported.table.queries.row(0, named=True)
    assert (query["dataset"], query["task"]) == ("MMLUPro", "MMLUPro_computer science")
    assert (query["metric"], query["reference"]) == ("mcq_accuracy", "A")
    assert list(scores(imported.table).values()) == [1.0, None, 0.0]
    assert imported.table.calls["error"].to_list() == [None, "timeout", None]
    assert imported.table.calls["reasoning_tokens"][0] == 3
    assert imported.report.adjusted["a score below 0 counts as 0"].count == 1
    assert imported.table.notes[0].startswith("evaluation only")


def predicted(ident: str, arm: str, **more: Any) -> dict[str, Any]:
    made = {"generated_answer": "x", "success": True, "token_usage": CACHED["token_usage"], "error": None}
    return {
        "global index": ident, "prompt": f"prompt of {ident}", "prediction": arm, "generated_result": made,
        "cost": None, "accuracy": None,
    } | more  # fmt: skip


def test_routerarena_predictions_with_prices_and_a_pool(tmp_path: Path) -> None:
    path = tmp_path / "router.json"
    rows = [
        predicted("A_1", "m", accuracy=1.0, for_optimality=False),
        predicted("A_1", "n", for_optimality=True),
        predicted("A_2", "stranger"),
        predicted("A_3", "m", generated_result=None),
    ]
    path.write_text(json.dumps(rows))
    rates = {"input_token_price_per_million": 1.0, "output_token_price_per_million": 10.0}
    (tmp_path / "prices.json").write_text(json.dumps({"m": rates}))
    (tmp_path / "config.json").write_text(json.dumps({"pipeline_params": {"models": ["m", "n"]}}))
    options = {
        "prices": str(tmp_path / "prices.json"), "date": "2026-08-29", "config": str(tmp_path / "config.json")
    }  # fmt: skip

    imported = import_table(path, options=options)

    assert scores(imported.table) == {("A_1", "m"): 1.0, ("A_1", "n"): None}
    assert imported.table.calls["cost_usd"].to_list() == [pytest.approx((10 + 5 * 10 + 3 * 10) / 1e6), None]
    assert imported.table.query_list()[0].metadata == {"predicted_arm": "m"}
    assert [tally.count for tally in imported.report.dropped.values()] == [1, 1]
    assert imported.table.models[0].price_on(dt.date(2026, 9, 1)) is not None
    assert [row.prediction for row in read_predictions(path)] == ["m", "n", "stranger", "m"]


def test_routerarena_robustness_prompts_are_queries_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "mine-robustness.json"
    path.write_text(json.dumps([predicted("A_1", "m", generated_result=None)]))
    imported = import_table(path)
    (query,) = imported.table.query_list()
    assert query.id == "A_1/robustness"
    assert query.metadata == {"original_id": "A_1", "perturbed": True, "predicted_arm": "m"}
    assert imported.table.calls.height == 0


def test_routerarena_prepared_data_set(tmp_path: Path) -> None:
    path = tmp_path / "router_data.json"
    path.write_text(json.dumps([{"prompt_formatted": "Which?", "global index": "AIME_1"}]))
    imported = import_table(path)
    assert imported.table.queries.select("query_id", "dataset", "prompt").rows() == [("AIME_1", "AIME", "Which?")]


@needs_shared
def test_routerarena_native_files() -> None:
    native = shared_data("native", "routerarena")
    cached = import_table(native / "cached_results")
    assert (cached.report.queries, cached.report.calls, len(cached.table.arms)) == (809, 1618, 2)
    assert cached.table.calls["cost_usd"].null_count() == 0
    assert import_table(native).table.hash == cached.table.hash
    picks = import_table(native / "predictions" / "test1.json").table
    assert (picks.queries.height, picks.calls.height, len(picks.arms)) == (809, 809, 4)
    for file in sorted((native / "robustness").iterdir()):
        assert import_table(file).report.queries == 420
    cards = read_prices(native / "model_cost.json", dt.date(2026, 8, 29))
    assert len(cards) == 82
    assert len(read_pool(native / "config" / "vllm-sr.json")) == 8
