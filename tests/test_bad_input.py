"""Malformed inputs: each gives exactly one clear error, and nothing is left behind.

The table below is the specification. Every line writes something broken into a folder and says which words the
error must have; the grammar is always ``where: expected …, got …. Fix: …``.
"""

from __future__ import annotations

import gzip
import json
import pickle
import re
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from bad_inputs import (
    ARENA,
    BENCH,
    ROW,
    SPAN,
    SPEND,
    Case,
    endless_line,
    long_folder,
    lying_zip,
    manifest,
    mapped,
    native,
    other_part,
    outcomes,
    parquet,
    raw,
    row,
    rows,
    truncated_parquet,
    truncated_part,
    write,
    zip_of,
)
from routelab.cli.imports import import_command
from routelab.core.errors import RoutelabError

GRAMMAR = re.compile(r"(?s)[^:].*: expected .+, got .+\. Fix: .+")

CASES: dict[str, tuple[Case, str]] = {
    # values
    "score is text": (row(score="good"), r"line 2 field score: .*got 'good'"),
    "score is 2": (row(score=2), r"line 2 field score: expected a number in \[0, 1\], got 2"),
    "score is negative": (row(score=-0.5), r"line 2 field score: .*got -0.5"),
    "cost is negative": (row(cost_usd=-1), r"line 2 field cost_usd: .*at least 0, got -1"),
    "cost is text": (row(cost_usd="1 $"), r"line 2 field cost_usd: .*got '1 \$'"),
    "tokens are fractional": (row(output_tokens=1.5), r"line 2 field output_tokens: .*got 1.5"),
    "tokens do not fit 64 bits": (row(output_tokens=2**63), r"line 2 field output_tokens"),
    "latency is a list": (row(latency_s=[1]), r"line 2 field latency_s: .*got \[1\]"),
    "time is not a time": (row(time="yesterday"), r"line 2 field time: .*got 'yesterday'"),
    "propensity above 1": (row(propensity=1.5), r"line 2 field propensity: .*got 1.5"),
    "a turn without a role": (
        row(turns=[{"content": "hi"}]),
        r"line 2 field turns\[0\]: expected the field 'role'",
    ),
    "metadata is a number": (row(metadata=3), r"line 2 field metadata: .*got 3"),
    "JSON with NaN": (raw('{"id": "q", "model": "m", "score": NaN}\n'), r"line 1: expected valid JSON"),
    "JSON with a number beyond floats": (raw('{"id": "q", "model": "m", "score": 1e999}\n'), r"line 1"),
    "CSV with NaN cost": (
        raw("id,model,score,cost\nq,m,1,nan\n", "x.csv"),
        r"line 2 field cost_usd: .*got nan",
    ),
    "CSV with infinite latency": (
        raw("id,model,score,latency_s\nq,m,1,inf\n", "x.csv"),
        r"latency_s: .*got inf",
    ),
    "Parquet with NaN cost": (
        parquet(id=["q"], model=["m"], score=[1.0], cost=[float("nan")]),
        r"row 1 field cost_usd",
    ),
    # identities
    "the same call twice": (rows(ROW, ROW), r"line 2: expected each \(query, arm, sample, turn\) once"),
    "one id, two prompts": (rows(ROW, ROW | {"prompt": "3+3?", "model": "n"}), r"line 2: expected one text"),
    "empty id": (row(id=""), r"line 2: expected a query id, got ''"),
    "blank arm": (row(model="  "), r"line 2: expected an arm, got '  '"),
    "id that climbs out": (row(id="../../etc/passwd"), r"line 2: .*without `\.\.`.*passwd"),
    "absolute id": (row(id="/etc/passwd"), r"line 2: .*leading `/`"),
    "arm that climbs out": (row(model="a/../../b"), r"line 2: expected an arm without"),
    "id with a line break": (row(id="a\nb"), r"line 2: .*control characters"),
    "no id and no prompt": (rows({"model": "m", "score": 1}, name="x.csv.jsonl"), r"expected a known format"),
    # syntax
    "empty file": (raw(""), r"expected at least one row, got an empty file"),
    "only blank lines": (raw("\n\n  \n"), r"expected at least one row"),
    "CSV without rows": (raw("id,model,score\n", "x.csv"), r"expected at least one"),
    "truncated JSON line": (raw(json.dumps(ROW) + '\n{"id": "q2", "mod'), r"line 2: expected valid JSON"),
    "a list where an object should be": (
        raw(json.dumps(ROW) + "\n[1, 2]\n"),
        r"line 2: expected a JSON object",
    ),
    "truncated JSON document": (raw('[{"id": "q",', "x.json"), r"x\.json: expected valid JSON"),
    "deeply nested JSON": (raw('{"a":' * 100_000, "x.jsonl"), r"line 1: expected JSON of sane depth"),
    "deeply nested JSON document": (raw("[" * 100_000, "x.json"), r"expected JSON of sane depth"),
    "a line without end": (endless_line, r"line 2: expected a line of at most 16 MiB"),
    "Latin-1 text": (raw(b'{"id": "caf\xe9", "model": "m", "score": 1}\n'), r"line 1: expected UTF-8"),
    "Latin-1 CSV": (raw(b"id,model,score\ncaf\xe9,m,1\n", "x.csv"), r"line 2: expected UTF-8"),
    "UTF-16 with a mark": (raw(json.dumps(ROW).encode("utf-16")), r"got UTF-16 text"),
    "binary junk": (raw(bytes(range(256)), "x.dat"), r"got binary data"),
    "prose": (raw("Dear Sir or Madam,\n", "x.txt"), r"expected JSONL, JSON, CSV or Parquet"),
    "CSV with a column twice": (
        raw("id,id,model,score\na,b,m,1\n", "x.csv"),
        r"line 1: expected each column once",
    ),
    "CSV with a short row": (raw("id,model,score\nq,m\n", "x.csv"), r"line 2: expected 3 cells, got 2"),
    "CSV with an open quote": (raw('id,model,score\n"q,m,1\n', "x.csv"), r"expected well-formed CSV"),
    "Parquet that is text": (raw(json.dumps(ROW), "x.parquet"), r"expected a readable Parquet file"),
    "truncated Parquet": (truncated_parquet, r"expected a readable Parquet file"),
    # unsafe things
    "a pickle by name": (raw(b"\x80\x04.", "routerbench_0shot.pkl"), r"got a pickle.*to_parquet"),
    "a pickle by content": (raw(pickle.dumps(ROW), "data.bin"), r"got a pickle"),
    "a pickle called JSON": (raw(pickle.dumps(ROW), "data.json"), r"got a pickle"),
    "zip bomb": (zip_of("rows.jsonl", b"0" * (64 << 20)), r"expected an archive of at most 16 MiB"),
    "zip bomb that lies": (lying_zip, r"archive\.zip: expected"),
    "gzip bomb": (
        raw(gzip.compress(b"0" * (64 << 20)), "x.jsonl.gz"),
        r"expected an archive of at most 16 MiB",
    ),
    "truncated gzip": (
        raw(gzip.compress(json.dumps(ROW).encode())[:-9], "x.gz"),
        r"expected a whole gzip file",
    ),
    "zip member that climbs out": (zip_of("../../evil.jsonl", b"{}"), r"got '\.\./\.\./evil\.jsonl'"),
    "zip member with an absolute name": (zip_of("/etc/cron.d/evil", b"{}"), r"expected member names inside"),
    "zip member with backslashes": (zip_of("..\\..\\evil.jsonl", b"{}"), r"expected member names inside"),
    "a bad row inside a zip": (
        zip_of("rows.jsonl", b'{"id": "q"'),
        r"archive\.zip:rows\.jsonl line 1|archive\.zip",
    ),
    # paths and options
    "nothing there": (lambda folder: folder / "absent", r"expected a file or folder, got nothing there"),
    "an empty folder": (
        lambda folder: (folder / "empty").mkdir() or folder / "empty",
        r"a folder with data files",
    ),
    "a folder where a file is needed": (
        lambda folder: (folder / "x.jsonl").mkdir() or folder / "x.jsonl",
        r"a folder with data files",
    ),
    "unknown keys": (rows({"foo": 1}), r"expected a known format \(table, .*routerarena.*\), got .*foo"),
    "unknown format": (mapped(row(), "--format", "jsonll"), r"did you mean \"jsonl\"\?"),
    "map without =": (mapped(row(), "--map", "score"), r"--map: expected NAME=VALUE"),
    "map given twice": (mapped(row(), "--map", "score=a", "--map", "score=b"), r"'score' twice"),
    "map of an unknown column": (
        mapped(row(), "--format", "jsonl", "--map", "scor=x"),
        r"did you mean \"score\"\?",
    ),
    "map from an absent column": (
        mapped(row(), "--format", "jsonl", "--map", "score=scor"),
        r"--map score=scor.*did you mean \"score\"\?",
    ),
    "rows without an arm": (mapped(rows({"id": "q", "score": 1}), "--format", "jsonl"), r"--map arm=COLUMN"),
    "wide without score columns": (
        mapped(rows({"id": "q"}), "--format", "jsonl", "--map", "wide=*"),
        r"expected score columns",
    ),
    "wide with a column of text": (
        mapped(raw("id,a\nq,x\n", "x.csv"), "--format", "csv", "--map", "wide=a"),
        r"line 2 field score: .*got 'x'",
    ),
    "table name that climbs out": (mapped(row(), "--name", "../x"), r"name: expected a table name without"),
    "hub name that is none": (mapped(row(), "--format", "hf"), r"hf: expected a data set's owner/name"),
    # long folders
    "long: outcome of an unknown query": (outcomes(id=["q1", "q9"]), r"calls of unknown queries, first 'q9'"),
    "long: duplicate query": (
        long_folder({"id": ["q", "q"]}, {"id": ["q"], "model": ["m"]}),
        r"each \(query_id\) once",
    ),
    "long: duplicate outcome": (
        outcomes(id=["q1", "q1"]),
        r"expected each \(query_id, arm, sample, turn\) once",
    ),
    "long: score of 2": (outcomes(score=[0.5, 2.0]), r"outcomes row 2 column score: .*got 2.0"),
    "long: NaN cost": (outcomes(cost_usd=[float("nan"), 1.0]), r"outcomes row 1 column cost_usd: .*got nan"),
    "long: text for a score": (outcomes(score=["1.0", "high"]), r"outcomes row 2 column score: .*got 'high'"),
    "long: no model column": (
        long_folder({"id": ["q"]}, {"id": ["q"], "score": [1.0]}),
        r"outcomes\.parquet: expected a column 'arm'",
    ),
    "long: empty arm": (outcomes(model=["m", ""]), r"outcomes row 2 column arm: expected an id, got nothing"),
    "long: id that climbs out": (
        long_folder({"id": ["../q"]}, {"id": ["../q"], "model": ["m"]}),
        r"queries\.parquet row 1 column query_id",
    ),
    "long: no outcomes file": (long_folder({"id": ["q"]}, None), r"got no outcomes\.parquet"),
    # native tables
    "native: manifest of a newer version": (
        native(manifest(schema_version=99)),
        r"schema_version of at most 1, got 99",
    ),
    "native: manifest that climbs out": (
        native(manifest(calls=[{"file": "../x.parquet", "rows": 1, "sha256": ""}])),
        r"expected plain file names",
    ),
    "native: manifest of another shape": (native(manifest(name=3)), r"expected a table manifest"),
    "native: manifest that is not JSON": (
        native(lambda p: write(p / "manifest.json", "{")),
        r"a table manifest",
    ),
    "native: part with other rows": (native(other_part), r"expected 1 rows, got 2"),
    "native: truncated part": (native(truncated_part), r"expected a readable Parquet file"),
    "native: part is gone": (
        native(lambda place: [part.unlink() for part in place.glob("calls-*")]),
        r"expected a readable Parquet file",
    ),
    # formats
    "RouterArena: question is missing": (
        rows({k: v for k, v in ARENA.items() if k != "question"}),
        r"'question'",
    ),
    "RouterArena: score beyond repair": (
        rows(ARENA | {"evaluation_result": {"score": -7}}),
        r"line 1 field score: .*got -7",
    ),
    "RouterArena: a price file alone": (
        raw('{"m": {"input_token_price_per_million": 1}}', "model_cost.json"),
        r"results, predictions or prompts, got only m.*--map prices=FILE",
    ),
    "RouterArena: a configuration alone": (
        raw('{"pipeline_params": {"models": ["m"]}}', "config.json"),
        r"results, predictions or prompts.*--map config=FILE",
    ),
    "RouterArena: prices without a date": (
        mapped(rows(ARENA), "--map", "prices=p.json"),
        r"YYYY-MM-DD, got 'none'",
    ),
    "RouterArena: prices that are not there": (
        mapped(rows(ARENA), "--map", "prices=p.json", "--map", "date=2026-01-01"),
        r"p\.json: expected",
    ),
    "RouterBench: no priced model": (
        raw("sample_id,prompt,eval_name,gpt\n1,?,mmlu,1\n", "x.csv"),
        r"total_cost",
    ),
    "RouterBench: cost is text": (
        raw(BENCH + "1,?,mmlu,1,free\n", "x.csv"),
        r"line 2 model gpt field cost: .*'free'",
    ),
    "RouteLLM: maybe": (
        raw("prompt,a\n?,True\n?,maybe\n", "x.csv"),
        r"line 3 model a field right: .*got 'maybe'",
    ),
    "LLMRouterBench: record without a query": (
        rows({"performance": 1, "records": [{"index": 1}]}),
        r"record 1: expected origin_query or prompt",
    ),
    "EmbedLLM: label of 3": (raw("prompt_id,model_id,label\n1,2,3\n", "x.csv"), r"line 2 field score: .*got 3"),
    "SPROUT: tokens are text": (
        rows({"prompt": "?", "gpt": {"score": 1, "num_input_tokens": "x"}}),
        r"model gpt field num_input_tokens",
    ),
    "xRouteBench: no query text": (
        rows({"query": None, "model_name": "m", "performance": 1}),
        r"field query: .*got None",
    ),
    "LiteLLM: a message without a known role": (
        rows(SPEND | {"messages": [{"role": "wizard", "content": "hi"}]}),
        r"line 1: expected messages with a role",
    ),
    "LiteLLM: it ended before it began": (
        rows(SPEND | {"endTime": 1.0}),
        r"line 1 field latency_s: .*got -0.5",
    ),
    "LiteLLM: nothing but silence": (
        rows(SPEND | {"messages": None}),
        r"at least one usable row, got none \(1 × no",
    ),
    "Langfuse: a broken time": (
        rows({"type": "GENERATION", "level": "DEFAULT", "model": "m", "startTime": "noon"}),
        r"start_time: .*'noon'",
    ),
    "OpenTelemetry: spans are a number": (rows({"resourceSpans": [{"scopeSpans": 3}]}), r"scopeSpans: .*got 3"),
    "OpenTelemetry: no messages": (
        rows({"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}),
        r"at least one usable",
    ),
    "OpenAI batch: results only": (
        rows({"custom_id": "1", "response": {"status_code": 200}}),
        r"got only results",
    ),
    "OpenAI batch: an id twice": (
        rows({"custom_id": "1", "body": {"model": "m"}}, {"custom_id": "1", "body": {"model": "m"}}),
        r"'1' again",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_clear_error_and_nothing_left_behind(tmp_path: Path, name: str) -> None:
    build, words = CASES[name]
    (tmp_path / "in").mkdir()
    built = build(tmp_path / "in")
    path, options = built if isinstance(built, tuple) else (built, [])
    out = tmp_path / "out" / "table"

    result = CliRunner().invoke(import_command, [str(path), "-o", str(out), *options])

    error = result.exception
    assert isinstance(error, RoutelabError), f"{error!r}: {result.output}"
    message = str(error)
    assert GRAMMAR.fullmatch(message), message
    assert re.search(words, message, re.DOTALL), message
    assert len(message) < 1_000
    assert result.output == ""
    assert not out.exists() and not (tmp_path / "out").exists()


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 40


def test_a_folder_that_holds_something_is_never_touched(tmp_path: Path) -> None:
    path = row()(tmp_path)
    kept = write(tmp_path / "out" / "mine.txt", "dear to me")
    result = CliRunner().invoke(import_command, [str(path), "-o", str(kept.parent)])
    assert isinstance(result.exception, RoutelabError)
    assert "new or empty folder" in str(result.exception)
    assert [file.name for file in kept.parent.iterdir()] == ["mine.txt"]


def test_a_failure_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = row()(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    result = CliRunner().invoke(import_command, [str(path), "-o", str(tmp_path / "out")])
    assert isinstance(result.exception, OSError)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["rows.jsonl"]
