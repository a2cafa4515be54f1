"""What a prediction file is judged against: references, prices and robustness rows, given or lying beside it.

Beside ``predictions/<name>.json`` RouterArena has ``../cached_results/*.jsonl``, ``../model_cost.json`` and
``<name>-robustness.json``. Knows of files and of graders; computes no metric.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import msgspec
import polars as pl

from routelab.arena.profiles.native import (
    ModelPrice,
    Prediction,
    read_cached,
    read_config,
    read_dataset,
    read_predictions,
    read_prices,
)
from routelab.arena.profiles.routerarena import METRIC_OF_TASK, task_of
from routelab.core.errors import InputError, RoutelabError
from routelab.workload.graders import grade


class Reference(msgspec.Struct, frozen=True):
    """A reference answer and the metric it is graded with."""

    metric: str
    answer: str


class Judge:
    """Scores rows by what is at hand: given references, else the row's own accuracy, else files beside it."""

    def __init__(self, given: dict[str, Reference], beside: Path) -> None:
        self.given, self.folder = given, beside
        self.sources: Counter[str] = Counter()
        self.why: Counter[str] = Counter()

    @cached_property
    def beside(self) -> dict[str, Reference]:
        """References in the cached results beside the file, read when first needed."""
        return _from_cached(self.folder)

    def score(self, row: Prediction) -> float | None:
        """A score, or None where the answer cannot be graded; a call without a valid answer scores 0."""
        if not row.valid:
            return self._count("no valid answer", 0.0)
        score, why = _graded(row, self.given)
        if score is not None:
            return self._count("given references", score)
        if row.accuracy is not None:
            return self._count("the file's own accuracy", row.accuracy)
        score, why_beside = _graded(row, self.beside)
        if score is not None:
            return self._count("references beside the file", score)
        self.why[why_beside or why or "no reference answer"] += 1
        return None

    def metric(self, query_id: str) -> str | None:
        """The metric of a query: its reference's, else its data set's."""
        known = self.given.get(query_id)
        return known.metric if known else METRIC_OF_TASK.get(task_of(query_id))

    def _count(self, source: str, score: float) -> float:
        self.sources[source] += 1
        return score


def judge_for(predictions: Path, references: Path | None) -> Judge:
    """The judge of one prediction file."""
    given = load_references(references) if references else {}
    return Judge(given, predictions.parent.parent / "cached_results")


def load_references(path: Path) -> dict[str, Reference]:
    """References by query id from cached results (file or folder), a data-set JSON or a ``queries.parquet``."""
    if path.is_dir():
        found = _from_cached(path)
    elif path.suffix == ".parquet":
        found = _from_parquet(path)
    elif path.suffix == ".jsonl":
        found = dict(_cached_references(path))
    else:
        found = {
            row.query_id: Reference(row.metric or METRIC_OF_TASK[task_of(row.query_id)], row.answer)
            for row in read_dataset(path)
            if row.answer is not None and (row.metric or task_of(row.query_id) in METRIC_OF_TASK)
        }
    if not found:
        raise InputError(
            str(path),
            expected="reference answers",
            got="none",
            fix="give cached results, a queries.parquet or a data set with answers",
        )
    return found


def find_prices(predictions: Path) -> dict[str, ModelPrice] | None:
    """The price file beside the predictions, in either of the two places where RouterArena keeps it."""
    root = predictions.parent.parent
    for place in (root / "model_cost.json", root / "model_cost" / "model_cost.json"):
        if place.is_file():
            return read_prices(place)
    return None


def find_robustness(predictions: Path) -> list[Prediction] | None:
    """The router's rows on rewritten prompts, beside the predictions or in ``../robustness``."""
    name = f"{predictions.stem}-robustness.json"
    for place in (predictions.parent / name, predictions.parent.parent / "robustness" / name):
        if place.is_file():
            return read_predictions(place)
    return None


def find_pool(predictions: Path) -> list[str] | None:
    """The models a router may choose, from its configuration beside the predictions."""
    place = predictions.parent.parent / "config" / predictions.name
    return read_config(place).models if place.is_file() else None


def _graded(row: Prediction, references: dict[str, Reference]) -> tuple[float | None, str | None]:
    """A score, or why there is none; (None, None) where nothing is known about the query."""
    reference = references.get(row.query_id)
    if reference is None or row.generated_result is None:
        return None, None
    try:
        return grade(reference.metric, row.generated_result.generated_answer or "", reference.answer).score, None
    except RoutelabError as error:
        return None, str(error)


def _from_cached(folder: Path) -> dict[str, Reference]:
    found: dict[str, Reference] = {}
    for path in sorted(folder.glob("*.jsonl")):
        found |= dict(_cached_references(path))
    return found


def _cached_references(path: Path) -> Iterator[tuple[str, Reference]]:
    for _, row in read_cached(path):
        if row.evaluation_result:
            yield row.global_index, Reference(row.evaluation_result.metric, row.evaluation_result.ground_truth)


def _from_parquet(path: Path) -> dict[str, Reference]:
    try:
        frame = pl.read_parquet(path, columns=["query_id", "metric", "answer"])
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            str(path),
            expected="a Parquet file with query_id, metric and answer",
            got=str(error).splitlines()[0],
            fix="write it again",
        ) from None
    return {key: Reference(metric, answer) for key, metric, answer in frame.drop_nulls().iter_rows()}
