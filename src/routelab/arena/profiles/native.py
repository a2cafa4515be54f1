"""RouterArena's own files as typed rows: predictions, cached results, data sets, prices, configurations.

Strict where a wrong value would change a score, indifferent to fields it does not use. An error names the file,
the line or row, the field and its value. Knows nothing of grading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from routelab.core.errors import InputError, shorten
from routelab.core.files import read_text

T = TypeVar("T")
Name = Annotated[str, msgspec.Meta(min_length=1)]
Tokens = Annotated[float, msgspec.Meta(ge=0)]
Usd = Annotated[float, msgspec.Meta(ge=0)]
Score = Annotated[float, msgspec.Meta(le=1)]  # its METEOR can fall below zero


class TokenUsage(msgspec.Struct, frozen=True):
    """What a call consumed; what ``total_tokens`` holds beyond the other two is reasoning."""

    input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    total_tokens: Tokens | None = None

    @property
    def billed(self) -> tuple[float, float, float]:
        return self.input_tokens or 0.0, self.output_tokens or 0.0, self.total_tokens or 0.0


class Generation(msgspec.Struct, frozen=True):
    """One model's answer. It is valid if it succeeded and reports output tokens."""

    success: bool
    generated_answer: str | None = None
    token_usage: TokenUsage | None = None
    model_used: str | None = None

    @property
    def valid(self) -> bool:
        return self.success and self.token_usage is not None and bool(self.token_usage.output_tokens)


class Prediction(msgspec.Struct, frozen=True, rename={"query_id": "global index"}):
    """One row of a prediction or robustness file: the model a router chose, and what came of it."""

    query_id: Name
    prediction: Name
    generated_result: Generation | None = None
    cost: Usd | None = None
    accuracy: Score | None = None
    for_optimality: bool = False

    @property
    def valid(self) -> bool:
        return self.generated_result is not None and self.generated_result.valid


class Evaluation(msgspec.Struct, frozen=True):
    """What the evaluator published about one cached answer."""

    ground_truth: str
    score: Score
    metric: str


class CachedResult(msgspec.Struct, frozen=True):
    """One row of ``cached_results/<model>.jsonl``."""

    global_index: Name
    generated_answer: str | None = None
    evaluation_result: Evaluation | None = None


class DatasetRow(msgspec.Struct, frozen=True, rename={"query_id": "global index"}):
    """One row of a data-set JSON; the preparation script writes it without answers."""

    query_id: Name
    answer: str | None = None
    metric: str | None = None


class ModelPrice(msgspec.Struct, frozen=True):
    """USD per million tokens; reasoning costs what output costs unless a rate is given."""

    input_token_price_per_million: Usd
    output_token_price_per_million: Usd
    reasoning_token_price_per_million: Usd | None = None

    @property
    def rates(self) -> tuple[float, float, float]:
        output, reasoning = self.output_token_price_per_million, self.reasoning_token_price_per_million
        return self.input_token_price_per_million, output, output if reasoning is None else reasoning


class PipelineParams(msgspec.Struct, frozen=True):
    router_name: str
    models: list[str]


class Config(msgspec.Struct, frozen=True):
    """A router's configuration; its free fields are its own business."""

    pipeline_params: PipelineParams


def each_prediction(path: Path) -> Iterator[Prediction | InputError]:
    """Rows of a prediction file one by one, with an error in the place of every row that is wrong."""
    for where, part in _rows(path, msgspec.Raw):
        try:
            yield _decode(bytes(part).decode(), Prediction, where, path)
        except InputError as error:
            yield error


def read_predictions(path: Path) -> list[Prediction]:
    """Rows of a prediction or robustness file; a query, or a (query, other model) pair, may come only once."""
    rows = [row for _, row in _rows(path, Prediction)]
    seen: set[tuple[str, str]] = set()
    for place, row in enumerate(rows, 1):
        key = (row.query_id, row.prediction if row.for_optimality else "")
        if key in seen:
            raise InputError(
                f"{path} row {place} global index",
                expected="each query once",
                got=f"a second row for {shorten(row.query_id)}",
                fix="remove one of them",
            )
        seen.add(key)
    if not any(not row.for_optimality for row in rows):
        raise InputError(str(path), expected="at least one routed query", got="none", fix="give a prediction file")
    return rows


def read_cached(path: Path) -> Iterator[tuple[str, CachedResult]]:
    """Rows of a cached-results JSONL, each with its place for error messages."""
    return _rows(path, CachedResult)


def read_dataset(path: Path) -> list[DatasetRow]:
    """Rows of a data-set JSON."""
    return [row for _, row in _rows(path, DatasetRow)]


def read_prices(path: Path) -> dict[str, ModelPrice]:
    """A price file: model → price."""
    table = _decode(read_text(path, what="a price file"), dict[str, msgspec.Raw], str(path), path)
    return {
        model: _decode(bytes(price).decode(), ModelPrice, f"{path} {model}", path) for model, price in table.items()
    }


def read_config(path: Path) -> PipelineParams:
    """A router's configuration file."""
    return _decode(read_text(path, what="a configuration"), Config, str(path), path).pipeline_params


def _rows(path: Path, kind: type[T]) -> Iterator[tuple[str, T]]:
    """The rows of a JSON array or of JSON lines, each with where it stands."""
    text = read_text(path, what="a JSON or JSON-lines file")
    if text.lstrip()[:1] == "[":
        parts = enumerate(_decode(text, list[msgspec.Raw], str(path), path), 1)
        for place, part in parts:
            where = f"{path} row {place}"
            yield where, _decode(bytes(part).decode(), kind, where, path)
        return
    for place, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"{path} line {place}"
            yield where, _decode(line, kind, where, path, line=place)


def _decode(text: str, kind: type[T], where: str, path: Path, *, line: int = 1) -> T:
    """Decode and check; ``line`` is the file's line on which ``text`` begins."""
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        raise _wrong_value(str(error), msgspec.json.decode(text), where) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise _not_json(str(error), text, path, line) from None


def _not_json(message: str, text: str, path: Path, line: int) -> InputError:
    found = re.search(r"\(byte (\d+)\)", message)
    before = text.encode()[: int(found[1])].decode(errors="replace") if found else text
    column = len(before) - before.rfind("\n")
    return InputError(
        f"{path} line {line + before.count(chr(10))} column {column}",
        expected="valid JSON",
        got=shorten(text[len(before) : len(before) + 30]) if found else "a text that breaks off",
        fix="mend or remove this line",
    )


def _wrong_value(message: str, value: Any, where: str) -> InputError:
    """The error for a value of the wrong type; the path in msgspec's message leads to it."""
    message, _, path = message.partition(" - at `$")
    expected, _, got = message.partition(", got ")
    for key, index in re.findall(r"\.([^.\[`]+)|\[(\d+)\]", path):
        value = value[int(index)] if index else value[key]
    return InputError(
        f"{where} {path.strip('.`') or 'as a whole'}",
        expected=expected.removeprefix("Expected ").replace("Object missing", "an object with"),
        got=shorten(value) + (f", of type {got}" if got else ""),
        fix="correct this value",
    )
