"""Scoring a RouterArena prediction file: what is found where, what is said when nothing is, malformed rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from routelab.arena.profiles import score_predictions
from routelab.core import InputError
from routelab.core.files import canonical_json
from shared import needs_shared, shared_data

Row = dict[str, Any]


def row(query: str, model: str, answer: str = r"\boxed{A}", **changes: Any) -> Row:
    generated = {
        "generated_answer": answer,
        "success": True,
        "token_usage": {"input_tokens": 1000, "output_tokens": 1000, "total_tokens": 3000},
        "provider": "p",
        "error": None,
    }
    base = {"global index": query, "prompt": "?", "prediction": model, "generated_result": generated}
    return base | {"cost": None, "accuracy": None} | changes


def cached(query: str, metric: str, truth: str) -> Row:
    return {
        "global_index": query,
        "generated_answer": "",
        "evaluation_result": {"ground_truth": truth, "score": 0.0, "metric": metric},
    }


PRICES = {
    name: {"input_token_price_per_million": 1.0, "output_token_price_per_million": rate}
    for name, rate in (("small", 1.0), ("large", 4.0))
}


@pytest.fixture
def layout(tmp_path: Path) -> Callable[..., Path]:
    """Write files in RouterArena's own layout and give the prediction file's path."""

    def write(rows: list[Row], references: list[Row] = [], **files: Any) -> Path:  # noqa: B006
        for folder in ("predictions", "cached_results", "robustness"):
            (tmp_path / folder).mkdir(exist_ok=True)
        if references:
            lines = "\n".join(map(json.dumps, references))
            (tmp_path / "cached_results" / "m.jsonl").write_text(lines, encoding="utf-8")
        for name, content in {"model_cost": PRICES, **files}.items():
            if content is not None:
                (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
        path = tmp_path / "predictions" / "mine.json"
        path.write_text(json.dumps(rows), encoding="utf-8")
        return path

    return write


def card(path: Path, **options: Any) -> Row:
    (router,) = score_predictions(path, draws=20, **options)["routers"]
    return dict(router)


def test_the_file_alone_is_enough_where_the_layout_beside_it_holds_the_rest(
    layout: Callable[..., Path],
) -> None:
    path = layout(
        [row("MMLU_1", "small"), row("MMLU_2", "large"), row("MMLU_3", "small", r"\boxed{B}")],
        [cached(f"MMLU_{n}", "mcq_accuracy", "A") for n in (1, 2, 3)],
    )
    robust = [
        {"global index": "MMLU_1", "prediction": "small"},
        {"global index": "MMLU_2", "prediction": "small"},
    ]
    (path.parent.parent / "robustness" / "mine-robustness.json").write_text(json.dumps(robust), encoding="utf-8")
    report = score_predictions(path, draws=20)
    assert report["table"] == {"queries": 3, "arms": 2, "hash": report["table"]["hash"]}
    assert (report["protocol"], report["profile"], report["confidence"]) == ("predictions", "routerarena", 0.95)
    router = report["routers"][0]
    assert router["accuracy"]["value"] == pytest.approx(2 / 3)
    # 1,000 input, 1,000 output and 1,000 reasoning tokens: 0.3, 0.9 and 0.3 cents.
    assert router["cost_per_1k_usd"]["value"] == pytest.approx(1000 * (0.003 + 0.009 + 0.003) / 3)
    assert router["robustness"]["value"] == 0.5
    assert router["scored_by"] == {"references beside the file": 3}
    assert router["slices"]["task"]["MMLU"]["queries"] == 3


def test_given_references_win_over_own_accuracy_which_wins_over_what_lies_beside(
    layout: Callable[..., Path],
) -> None:
    path = layout([row("MMLU_1", "small", accuracy=0.0)], [cached("MMLU_1", "mcq_accuracy", "A")])
    assert card(path)["accuracy"]["value"] == 0.0
    given = path.parent / "queries.parquet"
    pl.DataFrame({"query_id": ["MMLU_1"], "metric": ["mcq_accuracy"], "answer": ["A"]}).write_parquet(given)
    assert card(path, references=given)["accuracy"]["value"] == 1.0
    assert card(path, references=path.parent.parent / "cached_results")["scored_by"] == {"given references": 1}
    dataset = path.parent / "data.json"
    dataset.write_text(json.dumps([{"global index": "MMLU_1", "answer": "A"}]), encoding="utf-8")
    assert card(path, references=dataset)["accuracy"]["value"] == 1.0


def test_a_missing_instrument_is_not_a_wrong_answer(layout: Callable[..., Path]) -> None:
    path = layout(
        [row("MMLU_1", "small"), row("LiveCodeBench_1", "small"), row("Unheard_1", "small")],
        [cached("MMLU_1", "mcq_accuracy", "A"), cached("LiveCodeBench_1", "code_accuracy", "")],
    )
    router = card(path)
    assert router["accuracy"]["value"] == 1.0
    assert router["ungraded"]["rows"] == 2
    assert sorted(count for count in router["ungraded"]["why"].values()) == [1, 1]
    assert router["slices"]["task"]["LiveCodeBench"]["accuracy"]["value"] is None
    assert "why" in router["slices"]["task"]["LiveCodeBench"]["accuracy"]


def test_a_failed_call_is_a_wrong_answer_and_counted(layout: Callable[..., Path]) -> None:
    failed = row("MMLU_2", "small")
    failed["generated_result"] = failed["generated_result"] | {"success": False}
    empty = row("MMLU_3", "small")
    empty["generated_result"] = empty["generated_result"] | {"token_usage": {}}
    rows = [row("MMLU_1", "small"), failed, empty, row("MMLU_4", "small", generated_result=None)]
    router = card(layout(rows, [cached(f"MMLU_{n}", "mcq_accuracy", "A") for n in (1, 2, 3, 4)]))
    assert (router["accuracy"]["value"], router["abnormal"]) == (0.25, 3)
    assert router["cost_per_1k_usd"]["value"] == pytest.approx(0.003 / 4 * 1000)


def test_an_unpriced_model_is_free_in_one_profile_and_unknown_in_the_other(layout: Callable[..., Path]) -> None:
    path = layout([row("MMLU_1", "small", accuracy=1.0), row("MMLU_2", "mystery", accuracy=1.0)])
    loose, strict = card(path), card(path, profile="default")
    assert loose["cost_per_1k_usd"]["value"] == pytest.approx(1.5)
    assert loose["unpriced"] == strict["unpriced"] == {"mystery": 1}
    assert strict["cost_per_1k_usd"] == {
        "value": None,
        "low": None,
        "high": None,
        "why": "no price for mystery",
    }
    assert strict["arena_score"]["value"] is None


def test_the_model_that_really_answered_is_billed(layout: Callable[..., Path]) -> None:
    served = row("MMLU_1", "small", accuracy=1.0)
    served["generated_result"]["model_used"] = "large"
    assert card(layout([served]))["cost_per_1k_usd"]["value"] == pytest.approx(9.0)


def test_rows_of_the_other_models_give_optimality_and_nothing_else(layout: Callable[..., Path]) -> None:
    path = layout(
        [row("MMLU_1", "large", accuracy=1.0), row("MMLU_2", "large", accuracy=1.0)],
    )
    others = [
        row("MMLU_1", "small", accuracy=1.0, for_optimality=True),
        row("MMLU_2", "small", accuracy=0.0, for_optimality=True),
    ]
    path = layout([*json.loads(path.read_text(encoding="utf-8")), *others])
    router = card(path)
    assert router["accuracy"]["value"] == 1.0
    optimality = {name: metric["value"] for name, metric in router["optimality"].items()}
    assert optimality == {"selection": 0.5, "cost": pytest.approx((3 + 9) / (9 + 9)), "accuracy": 1.0}
    assert sum(router["picks"].values()) == 2


def test_what_a_prediction_file_cannot_tell_is_null_with_the_reason(layout: Callable[..., Path]) -> None:
    router = card(layout([row("MMLU_1", "small", accuracy=1.0)], model_cost=None))
    for name in ("delta_vs_best_single", "delta_vs_hull", "collapse", "robustness", "cost_per_1k_usd", "rank"):
        assert router[name].get("value") is None
        assert router[name]["why"]


def test_the_same_seed_gives_the_same_bytes(layout: Callable[..., Path]) -> None:
    path = layout([row(f"MMLU_{n}", "small", accuracy=float(n % 2)) for n in range(9)])
    assert canonical_json(score_predictions(path)) == canonical_json(score_predictions(path))
    assert canonical_json(score_predictions(path)) != canonical_json(score_predictions(path, seed=1))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"global index": 7}, r"row 2 global index: expected `str`, got 7"),
        ({"global index": "MMLU_1"}, r"row 2 global index: expected each query once"),
        ({"prediction": ""}, r"row 2 prediction: expected `str` of length >= 1"),
        ({"accuracy": 1.5}, r"row 2 accuracy: expected `float` <= 1.0, got 1.5"),
        ({"accuracy": True}, r"row 2 accuracy: expected `float \| null`, got True"),
        ({"cost": -1}, r"row 2 cost: .*got -1"),
        ({"generated_result": "none"}, r"row 2 generated_result: expected `object \| null`, got 'none'"),
        (
            {"generated_result": {"success": "False"}},
            r"row 2 generated_result.success: expected `bool`, got 'False'",
        ),
        (
            {"generated_result": {"success": True, "token_usage": {"output_tokens": "many"}}},
            r"row 2 generated_result.token_usage.output_tokens: .*got 'many'",
        ),
    ],
)
def test_a_malformed_row_is_named_with_its_field_and_value(
    layout: Callable[..., Path], change: Row, complaint: str
) -> None:
    path = layout([row("MMLU_1", "small"), row("MMLU_2", "small") | change])
    with pytest.raises(InputError, match=complaint):
        score_predictions(path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "at least one routed query"),
        ("[]", "at least one routed query"),
        ("[1]", r"row 1 as a whole: expected `object`, got 1"),
        ('{"a": 1}', r"line 1 as a whole: expected an object with"),
        ('[\n {"global index": }]', r"line 2 column 19: expected valid JSON"),
        ('[{"global index": "a"', "expected valid JSON"),
        ("[" * 100_000, "expected valid JSON"),
    ],
)
def test_a_broken_file_is_one_clear_error(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=complaint):
        score_predictions(path)


def test_prices_and_references_that_are_not_what_they_must_be(layout: Callable[..., Path]) -> None:
    path = layout([row("MMLU_1", "small")], model_cost={"small": {"input_token_price_per_million": -1}})
    with pytest.raises(InputError, match=r"model_cost.json small input_token_price_per_million: .*got -1"):
        score_predictions(path)
    path = layout([row("MMLU_1", "small")])
    prompts = path.parent / "router_data.json"
    prompts.write_text(json.dumps([{"global index": "MMLU_1", "prompt_formatted": "?"}]), encoding="utf-8")
    with pytest.raises(InputError, match="expected reference answers, got none"):
        score_predictions(path, references=prompts)
    torn = path.parent / "queries.parquet"
    torn.write_bytes(b"PAR1 torn")
    with pytest.raises(InputError, match="expected a Parquet file"):
        score_predictions(path, references=torn)
    with pytest.raises(InputError, match="check the path"):
        score_predictions(path.parent / "absent.json")


@needs_shared
def test_the_published_smoke_file_is_scored_end_to_end() -> None:
    report = score_predictions(shared_data("native", "routerarena", "predictions", "test1.json"))
    router = report["routers"][0]
    assert (report["table"]["queries"], report["table"]["arms"]) == (809, 4)
    assert router["scored_by"] == {"references beside the file": 771}
    assert router["ungraded"]["rows"] == 38
    assert router["abnormal"] == 0
    for name in ("accuracy", "cost_per_1k_usd", "arena_score"):
        assert router[name]["low"] < router[name]["value"] < router[name]["high"]
    given = score_predictions(
        shared_data("native", "routerarena", "predictions", "test1.json"),
        references=shared_data("routerarena", "queries.parquet"),
    )
    assert given["routers"][0]["accuracy"] == router["accuracy"]
