"""LLMRouterBench (github.com/ynulihao/LLMRouterBench, arXiv 2601.07206): one JSON file a data set and model.

Layout of its README: ``results/bench/<dataset>/<split>/<model>/<timestamp>.json`` with ``records`` of
``index``, ``origin_query``, ``prompt``, ``prediction``, ``ground_truth``, ``score``, ``prompt_tokens``,
``completion_tokens``, ``cost`` and ``raw_output``. The router reads ``origin_query``, as upstream's
baselines do. Bare records that name their ``model`` (JSONL) are read too. Of several runs the newest file
counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from routelab.core.errors import InputError
from routelab.core.types import Outcome, Query
from routelab.outcomes.importers.base import Imported, TableBuilder, checked_options, text_of
from routelab.outcomes.importers.reading import data_files
from routelab.outcomes.importers.record import Record

OPTIONS: Mapping[str, str] = {
    "model": "the model of a single file that lies outside its folders",
    "dataset": "the data set of such a file",
    "split": "the split of such a file",
}


class _Answered(msgspec.Struct):
    index: int | str
    origin_query: str | None = None
    prompt: Any = None
    prediction: Any = None
    ground_truth: Any = None
    score: float | bool | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None
    raw_output: Any = None


class _Run(msgspec.Struct):
    records: list[dict[str, Any]]
    model_name: str | None = None
    dataset_name: str | None = None
    split: str | None = None


class _Named(msgspec.Struct):
    model: str
    dataset: str | None = None
    split: str | None = None


def recognises(row: Mapping[str, Any]) -> bool:
    """A run (``records`` and ``performance``) or a bare record (``origin_query``)."""
    return "origin_query" in row or {"records", "performance"} <= set(row)


def read(path: Path, *, options: Mapping[str, str]) -> Imported:
    """Read one run, a tree of runs, or bare records."""
    checked_options(options, OPTIONS, "llmrouterbench")
    table = TableBuilder(path)
    for file in _newest(path, table):
        for record in table.records(file):
            if "records" not in record.row:
                named = Record(record.place, dict(options) | record.row, record.text).fit(_Named)
                _add(record, named, table)
                continue
            run = record.fit(_Run)
            named = _place_of(file, run, options)
            table.report.read += len(run.records) - 1
            for number, row in enumerate(run.records, 1):
                _add(Record(f"{record.place} record {number}", row), named, table)
    return table.finish()


def _newest(path: Path, table: TableBuilder) -> list[Path]:
    """Files in order; within one <dataset>/<split>/<model> folder only the last by name (a timestamp)."""
    if path.is_file():
        return [path]
    newest: dict[Path, Path] = {}
    for file in data_files(path):
        folder = file.parent if file.suffix == ".json" and file.parent != path else file
        if folder in newest:
            table.drop(str(newest[folder]), "an older run of the same model and data set")
        newest[folder] = file
    return list(newest.values())


def _place_of(file: Path, run: _Run, options: Mapping[str, str]) -> _Named:
    model, split, dataset = (*(folder.name for folder in file.resolve().parents), "", "", "")[:3]
    model = options.get("model") or run.model_name or model
    if not model:
        raise InputError(str(file), expected="a model's folder", got="none", fix="name it: --map model=NAME")
    return _Named(
        model, options.get("dataset") or run.dataset_name or dataset, options.get("split") or run.split or split
    )


def _add(record: Record, named: _Named, table: TableBuilder) -> None:
    row = record.fit(_Answered)
    prompt = row.origin_query or text_of(row.prompt)
    if prompt is None:
        raise InputError(
            record.place, expected="origin_query or prompt", got="neither", fix="drop the record, or fill it in"
        )
    ident = "/".join(part for part in (named.dataset, named.split, str(row.index)) if part)
    query = Query.ask(
        ident, prompt, dataset=named.dataset, task=named.dataset, split=named.split,
        reference=text_of(row.ground_truth), source="LLMRouterBench",
    )  # fmt: skip
    table.query(query, record.place)
    outcome = Outcome(
        query_id=ident,
        arm=named.model,
        score=None if row.score is None else float(row.score),
        input_tokens=row.prompt_tokens,
        output_tokens=row.completion_tokens,
        cost_usd=row.cost,
        answer=text_of(row.raw_output if row.raw_output is not None else row.prediction),
    )
    table.call(outcome, record.place)
