"""RouterArena's files, typed: rows of results, predictions and data set, price file, pool configuration.

Knows their layout only; what becomes of them in a table is the importer's business.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import msgspec

from routelab.core.errors import InputError, shorten
from routelab.core.types import ModelCard, Price
from routelab.outcomes.importers.reading import document, records
from routelab.outcomes.importers.record import fitted

_Usd = Annotated[float, msgspec.Meta(ge=0)]


class TokenUsage(msgspec.Struct):
    """Tokens of one generation; what ``total`` has beyond input and output is reasoning."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0

    @property
    def reasoning_tokens(self) -> int | None:
        return max(0, self.total_tokens - self.input_tokens - self.output_tokens) or None


class Evaluation(msgspec.Struct):
    """What its graders said."""

    score: float | None = None
    metric: str | None = None
    ground_truth: Any = None
    inference_cost: float | None = None


class Cached(msgspec.Struct):
    """One line of a cached-results file."""

    global_index: str
    question: str
    llm_selected: str
    generated_answer: str | None = None
    token_usage: TokenUsage | None = None
    success: bool = True
    error: Any = None
    evaluation_result: Evaluation | None = None


class Generation(msgspec.Struct):
    """The answer inside a prediction."""

    generated_answer: str | None = None
    success: bool | None = None
    token_usage: TokenUsage | None = None
    error: Any = None
    model_used: str | None = None


class Prediction(msgspec.Struct):
    """One row of a prediction or robustness file."""

    prompt: str
    prediction: str
    id: str = msgspec.field(name="global index")
    generated_result: Generation | None = None
    cost: float | None = None
    accuracy: float | None = None
    for_optimality: bool | None = None


class Prepared(msgspec.Struct):
    """One row of the prepared data set."""

    prompt_formatted: str
    id: str = msgspec.field(name="global index")


class _Rates(msgspec.Struct):
    input_token_price_per_million: _Usd
    output_token_price_per_million: _Usd
    reasoning_token_price_per_million: _Usd | None = None


class _Pipeline(msgspec.Struct):
    models: tuple[str, ...]


class _Config(msgspec.Struct):
    pipeline_params: _Pipeline


def read_predictions(path: Path) -> list[Prediction]:
    """The rows of a prediction file, checked one by one."""
    return [record.fit(Prediction) for record in records(path)]


def read_prices(path: Path, date: dt.date) -> tuple[ModelCard, ...]:
    """A price file as model cards whose one price is of ``date``."""
    rates = fitted(document(path), dict[str, _Rates], str(path))
    return tuple(
        ModelCard(
            id=model,
            prices=(
                Price(
                    input_usd_per_mtok=rate.input_token_price_per_million,
                    output_usd_per_mtok=rate.output_token_price_per_million,
                    reasoning_usd_per_mtok=rate.reasoning_token_price_per_million,
                    date=date,
                    source=f"RouterArena {path.name}",
                ),
            ),
        )
        for model, rate in sorted(rates.items())
    )


def read_pool(path: Path) -> tuple[str, ...]:
    """The arms that a pipeline configuration names."""
    return fitted(document(path), _Config, str(path)).pipeline_params.models


def day(text: str | None) -> dt.date:
    """The date of a price file; raises InputError where it is absent or not a date."""
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        raise InputError(
            "option 'date'", expected="the day of the prices, YYYY-MM-DD", got=shorten(text or "none"),
            fix="add --map date=2026-08-29, or whichever day the price file is of",
        ) from None  # fmt: skip
