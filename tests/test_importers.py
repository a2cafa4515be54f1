"""Every public format becomes the same table: what is kept, what is dropped, and what both are called."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from import_rows import scores, write_csv, write_jsonl
from routelab.arena.problem import prepare
from routelab.cli.imports import import_command
from routelab.core.errors import InputError, PrerequisiteError
from routelab.outcomes import OutcomeTable
from routelab.outcomes.importers import formats, import_table, open_table
from shared import needs_shared, shared_data

# -- long folders -----------------------------------------------------------------------------------


def test_a_long_folder_keeps_prompts_costs_and_answers(tmp_path: Path) -> None:
    pl.DataFrame({"id": ["q1", "q2"], "prompt": ["2+2?", None]}).write_parquet(tmp_path / "queries.parquet")
    pl.DataFrame(
        {
            "id": ["q1", "q1", "q2"],
            "model": ["a (May)", "b", "b"],
            "score": [1.0, 0.5, 0.0],
            "cost_usd": [0.1, None, None],
            "answer": ["4", None, "no"],
            "output_chars": [1, 2, 3],
        }
    ).write_parquet(tmp_path / "outcomes.parquet")

    imported = import_table(tmp_path)

    assert imported.report.format == "long"
    assert scores(imported.table) == {("q1", "a (May)"): 1.0, ("q1", "b"): 0.5, ("q2", "b"): 0.0}
    assert imported.table.answers()["answer"].to_list() == ["4", "no"]
    assert imported.table.name == tmp_path.name
    assert "output_chars" in imported.report.notes[0]


def test_scores_outside_the_unit_interval_are_clipped_only_on_request(tmp_path: Path) -> None:
    pl.DataFrame({"id": ["q"]}).write_parquet(tmp_path / "queries.parquet")
    pl.DataFrame({"id": ["q"], "model": ["m"], "score": [-0.03]}).write_parquet(tmp_path / "outcomes.parquet")
    imported = import_table(tmp_path, options={"clip": "scores"})
    assert scores(imported.table) == {("q", "m"): 0.0}
    assert [tally.count for tally in imported.report.adjusted.values()] == [1]


def test_costs_nobody_measured_are_listed_prices_and_the_table_says_so(tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    line = "{input_usd_per_mtok: 1.0, output_usd_per_mtok: 4.0, date: 2024-01-01, source: a list}"
    prices.write_text(f"a: {line}\nb: {line}\n")
    folder = tmp_path / "long"
    folder.mkdir()
    pl.DataFrame({"id": ["q"], "prompt": ["x" * 40]}).write_parquet(folder / "queries.parquet")
    calls = {
        "id": ["q", "q"],
        "model": ["a", "b"],
        "score": [1.0, 0.0],
        "output_chars": [8, None],
        "cost_usd": [None, 0.5],
    }
    pl.DataFrame(calls).write_parquet(folder / "outcomes.parquet")

    table = import_table(folder, options={"prices": str(prices)}).table
    cost = dict(table.calls.select("arm", "cost_usd").iter_rows())
    assert cost == {"a": pytest.approx((10 * 1 + 2 * 4) / 1e6), "b": 0.5}
    assert table.calls["output_tokens"].null_count() == 2, "a guess is no record"
    assert prepare(table).costs == "listed" and prepare(import_table(folder).table).costs == "unknown"

    pl.DataFrame(calls).drop("cost_usd").write_parquet(folder / "outcomes.parquet")
    with pytest.raises(InputError, match="arm b: expected lengths of prompt and answer"):
        import_table(folder, options={"prices": str(prices)})
    with pytest.raises(InputError, match="a whole number of tokens"):
        import_table(folder, options={"prices": str(prices), "output_tokens": "many"})
    assumed = import_table(folder, options={"prices": str(prices), "output_tokens": "5"}).table
    assert assumed.calls["cost_usd"].to_list() == pytest.approx([18e-6, 30e-6])
    prices.write_text(f"a: {line}\n")
    with pytest.raises(InputError, match="expected a list price of this model"):
        import_table(folder, options={"prices": str(prices), "output_tokens": "5"})
    with pytest.raises(InputError, match="prices to bill them by"):
        import_table(folder, options={"output_tokens": "5"})
    for price in ("-1.0", ".nan", ".inf"):
        prices.write_text(f"a: {line}\nb: {line.replace('1.0', price)}\n")
        with pytest.raises(InputError, match="input_usd_per_mtok"):
            import_table(folder, options={"prices": str(prices), "output_tokens": "5"})


# -- plain rows -------------------------------------------------------------------------------------


def test_rows_with_the_tables_own_column_names_need_no_map(tmp_path: Path) -> None:
    rows = [
        {"id": "q1", "prompt": "hi", "model": "m", "score": True, "cost": 0.25, "task": "t", "color": "red"},
        {"id": "q1", "prompt": "hi", "model": "m", "score": 0.5, "sample": 1, "answer": {"a": 1}},
    ]
    imported = import_table(write_jsonl(tmp_path / "log.jsonl", rows))
    assert imported.report.format == "jsonl"
    assert imported.table.calls["score"].to_list() == [1.0, 0.5]
    assert imported.table.calls["cost_usd"].to_list() == [0.25, None]
    assert imported.table.answers()["answer"].to_list() == ['{"a":1}']
    assert imported.report.notes == ["columns left out: color"]


def test_a_column_map_reaches_into_nested_objects(tmp_path: Path) -> None:
    rows = [{"qid": 7, "llm": "m", "acc": 0.5, "usage": {"out": 12}, "time": "2026-01-02T03:04:05Z"}]
    options = {"query_id": "qid", "arm": "llm", "score": "acc", "output_tokens": "usage.out"}
    table = open_table(write_jsonl(tmp_path / "x.jsonl", rows), format="jsonl", options=options)
    call = table.calls.row(0, named=True)
    assert (call["query_id"], call["output_tokens"]) == ("7", 12)
    assert call["time"] == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize("wide", ["gpt-x,tiny", "*"])
def test_wide_csv_has_one_score_column_a_model(tmp_path: Path, wide: str) -> None:
    path = write_csv(
        tmp_path / "wide.csv",
        [{"prompt": "a, b?", "gpt-x": "1", "tiny": "0.5"}, {"prompt": "c\nd?", "gpt-x": "true", "tiny": ""}],
    )
    imported = import_table(path, format="csv", options={"wide": wide})
    assert imported.table.calls.select("arm", "score").rows() == [("gpt-x", 1.0), ("tiny", 0.5), ("gpt-x", 1.0)]
    assert imported.report.dropped["no score of tiny"].count == 1
    assert imported.table.queries["prompt"].to_list() == ["a, b?", "c\nd?"]


def test_conversations_keep_their_turns(tmp_path: Path) -> None:
    turns = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
    path = write_jsonl(tmp_path / "t.jsonl", [{"query_id": "q", "arm": "m", "score": 1, "turns": turns}])
    (query,) = open_table(path).query_list()
    assert [turn.role for turn in query.turns] == ["system", "user"]
    assert query.text == "hi"


@pytest.mark.parametrize("suffix", ["zip", "gz"])
def test_archives_are_unpacked_on_the_way(tmp_path: Path, suffix: str) -> None:
    inner = write_jsonl(tmp_path / "rows.jsonl", [{"id": "q", "model": "m", "score": 1}])
    path = tmp_path / f"rows.jsonl.{suffix}"
    if suffix == "gz":
        path.write_bytes(gzip.compress(inner.read_bytes()))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(inner, "data/rows.jsonl")
    imported = import_table(path)
    assert scores(imported.table) == {("q", "m"): 1.0}
    assert (imported.table.name, imported.report.source) == ("rows", str(path))


LONG_SETS = [
    "alpaca_eval1", "alpaca_eval2", "eval_arena_code", "llmrouter_nim9", "mmlu_pro", "omnisbench", "routellm",
    "open_llm_lb_v2_carrot", "routerbench_part", "routerdc_7b_pool", "superhard_2026", "trustedrouter_2026",
]  # fmt: skip


@needs_shared
@pytest.mark.parametrize("name", LONG_SETS)
def test_every_public_long_set_opens_whole(name: str) -> None:
    folder = shared_data("routing", name)
    rows = pl.scan_parquet(folder / "outcomes.parquet").select(pl.len()).collect().item()
    imported = import_table(folder)
    assert imported.report.calls == rows
    assert not imported.report.dropped


# -- other benchmarks -------------------------------------------------------------------------------

ROUTERBENCH = [
    {
        "sample_id": "mmlu.1", "prompt": "['Which?']", "eval_name": "mmlu", "gpt": 1.0, "tiny": None,
        "gpt|model_response": "['A']", "tiny|model_response": None, "gpt|total_cost": 0.01,
        "tiny|total_cost": None, "oracle_model_to_route_to": "gpt",
    }
]  # fmt: skip


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_routerbench(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"routerbench.{suffix}"
    if suffix == "csv":
        write_csv(path, ROUTERBENCH)
    else:
        pl.DataFrame(ROUTERBENCH).write_parquet(path)
    imported = import_table(path)
    assert imported.report.format == "routerbench"
    assert imported.table.calls.select("arm", "score", "cost_usd").rows() == [("gpt", 1.0, 0.01)]
    assert imported.table.answers()["answer"].to_list() == ["['A']"]
    assert imported.report.dropped["no score of tiny"].count == 1


def test_routellm(tmp_path: Path) -> None:
    row = {"prompt": "Which?\nA. x", "mixtral": "True", "gpt-4": "False", "mixtral_response": "A"}
    write_csv(tmp_path / "evals" / "gsm8k_responses.csv", [row])
    write_csv(tmp_path / "evals" / "mmlu_anatomy.csv", [{k: row[k] for k in ("prompt", "mixtral", "gpt-4")}] * 2)
    imported = import_table(tmp_path / "evals")
    assert imported.report.format == "routellm"
    assert imported.table.queries["task"].to_list() == ["gsm8k_responses", "mmlu_anatomy", "mmlu_anatomy"]
    assert imported.table.calls["score"].to_list() == [1.0, 0.0] * 3
    assert imported.report.answers == 1


def test_llmrouterbench(tmp_path: Path) -> None:
    record = {
        "index": 1, "origin_query": "2+2?", "prompt": "Q: 2+2?", "prediction": "4", "ground_truth": 4,
        "score": 1.0, "prompt_tokens": 15, "completion_tokens": 5, "cost": 0.0001, "raw_output": "It is 4.",
    }  # fmt: skip
    for stamp, score in (("20250101", 0.0), ("20250202", 1.0)):
        file = tmp_path / "bench" / "aime" / "test" / "qwen" / f"{stamp}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        run = {"performance": 1, "counts": 1, "records": [record | {"score": score}]}
        file.write_text(json.dumps(run, indent=1))
    imported = import_table(tmp_path / "bench")
    assert scores(imported.table) == {("aime/test/1", "qwen"): 1.0}
    assert imported.table.queries.select("prompt", "reference", "split").rows() == [("2+2?", "4", "test")]
    assert imported.table.answers()["answer"].to_list() == ["It is 4."]
    assert [tally.count for tally in imported.report.dropped.values()] == [1]

    bare = write_jsonl(tmp_path / "bare.jsonl", [record | {"model": "m", "dataset": "d"}])
    assert scores(open_table(bare)) == {("d/1", "m"): 1.0}


def test_embedllm_repeats_become_samples(tmp_path: Path) -> None:
    row = {
        "prompt_id": 3,
        "model_id": 1,
        "category": "mmlu",
        "label": 1,
        "prompt": "Which?",
        "model_name": "q/w",
    }
    path = write_csv(tmp_path / "train.csv", [row, row | {"label": 0}])
    imported = import_table(path)
    assert imported.report.format == "embedllm"
    assert imported.table.calls.select("arm", "sample", "score").rows() == [("q/w", 0, 1.0), ("q/w", 1, 0.0)]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_sprout(tmp_path: Path, suffix: str) -> None:
    cell = {"num_input_tokens": 5, "num_output_tokens": 7, "response": "A", "score": 0.5}
    row = {"key": "k1", "dataset": "math", "prompt": "Which?", "golden_answer": "A", "gpt": cell}
    path = tmp_path / f"validation-00000.{suffix}"
    if suffix == "jsonl":
        write_jsonl(path, [row])
    else:
        pl.DataFrame([row]).write_parquet(path)
    imported = import_table(path)
    assert imported.report.format == "sprout"
    assert imported.table.calls.select("arm", "score", "output_tokens").rows() == [("gpt", 0.5, 7)]
    assert imported.table.queries["split"].to_list() == ["validation"]


def test_xroutebench(tmp_path: Path) -> None:
    row = {
        "task_name": "gsm8k", "query": "Janet?", "ground_truth": "2", "metric": "GSM8K", "choices": None,
        "model_name": "m", "response": "2", "token_num": 453, "input_tokens": 449, "output_tokens": 4,
        "response_time": 1.5, "api_key_used": "rivTkKeBPm", "performance": 1.0, "embedding_id": 42,
    }  # fmt: skip
    path = write_jsonl(tmp_path / "default_routing_train_data.jsonl", [row, row | {"model_name": "n"}])
    imported = import_table(path)
    assert scores(imported.table) == {("gsm8k/42", "m"): 1.0, ("gsm8k/42", "n"): 1.0}
    assert imported.table.queries.select("split", "metric").rows() == [("train", "GSM8K")]
    assert imported.table.calls["latency_s"].to_list() == [1.5, 1.5]


# -- the hub ----------------------------------------------------------------------------------------


def test_a_hub_data_set_is_downloaded_and_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_jsonl(tmp_path / "snapshot" / "rows.jsonl", [{"id": "q", "model": "m", "score": 1}])
    asked: dict[str, Any] = {}

    def snapshot_download(name: str, **how: Any) -> str:
        asked.update(how, name=name)
        return str(tmp_path / "snapshot")

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(snapshot_download=snapshot_download))
    imported = import_table("hf:owner/some-set", options={"files": "*.jsonl"})
    assert scores(imported.table) == {("q", "m"): 1.0}
    assert (imported.table.name, imported.report.source) == ("some-set", "hf:owner/some-set")
    assert (asked["name"], asked["repo_type"], asked["allow_patterns"]) == (
        "owner/some-set",
        "dataset",
        ["*.jsonl"],
    )


def test_an_unreachable_hub_or_an_absent_package_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def snapshot_download(name: str, **how: Any) -> str:
        raise OSError("no route to host")

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(snapshot_download=snapshot_download))
    with pytest.raises(PrerequisiteError, match=r"reachable hub.*no route to host"):
        open_table("hf:owner/set")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(PrerequisiteError, match=r"pip install 'routelab\[hub\]'"):
        open_table("hf:owner/set")


# -- the command ------------------------------------------------------------------------------------


def test_the_command_writes_a_table_and_says_what_it_did(tmp_path: Path) -> None:
    rows = [{"id": "q", "model": "m", "score": 1}, {"id": "q", "model": "n", "score": 0}]
    path = write_jsonl(tmp_path / "rows.jsonl", rows)
    arguments = [str(path), "-o", str(tmp_path / "table"), "--name", "mine"]
    result = CliRunner().invoke(import_command, arguments, catch_exceptions=False)
    assert "2 rows read → 1 queries, 2 arms, 2 calls" in " ".join(result.output.split())
    saved = OutcomeTable.open(tmp_path / "table")
    assert (saved.name, saved.arms) == ("mine", ("m", "n"))

    copy = [str(tmp_path / "table"), "-o", str(tmp_path / "copy"), "--json"]
    report = json.loads(CliRunner().invoke(import_command, copy, catch_exceptions=False).output)
    assert report["report"]["format"] == "table"
    assert report["table"] == {"name": "mine", "queries": 1, "arms": ["m", "n"], "hash": saved.hash}


def test_every_format_has_a_name() -> None:
    assert set(formats()) >= {
        "table", "long", "jsonl", "csv", "routerarena", "routerbench", "routellm", "llmrouterbench", "embedllm",
        "sprout", "xroutebench", "litellm", "langfuse", "otel", "openai-batch", "hf",
    }  # fmt: skip
