"""RouterArena's own files (github.com/RouteWorks/RouterArena, layouts of August 2026): evaluation only.

- cached results, ``<model>.jsonl``: question, answer, tokens, score, cost; a folder of them, one arm each, or
  the checkout that holds it;
- predictions, a JSON array: the router's pick for every query, usually with its generation;
- robustness files, ``*-robustness.json``: the same for perturbed prompts, kept as queries of their own;
- the data set as its preparation script writes it: ``prompt_formatted`` and ``global index``.

A price file and a pool configuration come along as options. Its rule is that nobody fits on this data; the
table carries that as a note. Published scores below 0 (its METEOR can be) count as 0 and are reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from routelab.core.errors import InputError
from routelab.core.types import ModelCard, Outcome, Query, Turn
from routelab.outcomes.importers.base import Imported, TableBuilder, checked_options, text_of
from routelab.outcomes.importers.record import Record
from routelab.outcomes.importers.routerarena_files import (
    Cached,
    Evaluation,
    Prediction,
    Prepared,
    TokenUsage,
    day,
    read_pool,
    read_prices,
)

EVALUATION_ONLY = "evaluation only: RouterArena's rule is that no router is fitted on this data"

OPTIONS: Mapping[str, str] = {
    "prices": "a price file (model_cost.json); fills costs that the results lack",
    "date": "the day of these prices, YYYY-MM-DD",
    "config": "a pipeline configuration; keeps only the arms of its pool",
}

_RATE = "input_token_price_per_million"
_ROBUSTNESS = "-robustness"


def recognises(row: Mapping[str, Any]) -> bool:
    """Cached results, predictions and prompts by their ids; side files too, to say where they belong."""
    rates = any(isinstance(value, dict) and _RATE in value for value in row.values())
    return bool({"global index", "pipeline_params"} & set(row)) or {"global_index", "llm_selected"} <= set(row) or rates


def read(path: Path, *, options: Mapping[str, str]) -> Imported:
    """Read results, predictions, robustness prompts or the data set."""
    checked_options(options, OPTIONS, "routerarena")
    models = read_prices(Path(options["prices"]), day(options.get("date"))) if "prices" in options else ()
    pool = set(read_pool(Path(options["config"]))) if "config" in options else None
    cards = {card.id: card for card in models}
    table = TableBuilder(path)
    results = path / "cached_results"
    for record in table.records(results if results.is_dir() else path):
        query, outcome = _entry(record, table)
        if pool is not None and outcome is not None and outcome.arm not in pool:
            table.drop(record.place, "an arm that is not in the configured pool")
            continue
        table.query(query, record.place)
        if outcome is not None:
            table.call(_priced(outcome, cards), record.place)
    return table.finish(models=models, notes=(EVALUATION_ONLY,))


def _entry(record: Record, table: TableBuilder) -> tuple[Query, Outcome | None]:
    if "llm_selected" in record.row:
        return _cached(record.fit(Cached), record.place, table)
    if "prediction" in record.row:
        row = record.fit(Prediction)
        if _ROBUSTNESS in Path(record.place).name:
            return _perturbed(row), None
        return _predicted(row, record.place, table)
    if "global index" not in record.row:
        raise InputError(
            record.place,
            expected="RouterArena's results, predictions or prompts",
            got=f"only {', '.join(list(record.row)[:3])} …",
            fix="name the others beside them: --map prices=FILE --map date=DAY --map config=FILE",
        )
    prepared = record.fit(Prepared)
    return _query(prepared.id, prepared.prompt_formatted), None


def _query(ident: str, prompt: str, **fields: Any) -> Query:
    task = ident.rpartition("_")[0] or ident
    return Query(
        id=ident, turns=(Turn("user", prompt),), dataset=task.partition("_")[0], task=task,
        source="RouterArena", **fields,
    )  # fmt: skip


def _cached(row: Cached, place: str, table: TableBuilder) -> tuple[Query, Outcome]:
    judged = row.evaluation_result or Evaluation()
    query = _query(row.global_index, row.question, metric=judged.metric, reference=text_of(judged.ground_truth))
    outcome = _outcome(
        query.id, row.llm_selected, row.token_usage, row.success, row.error, row.generated_answer,
        score=_score(judged.score, place, table), cost_usd=judged.inference_cost,
    )  # fmt: skip
    return query, outcome


def _predicted(row: Prediction, place: str, table: TableBuilder) -> tuple[Query, Outcome | None]:
    query = _query(row.id, row.prompt, metadata={} if row.for_optimality else {"predicted_arm": row.prediction})
    made = row.generated_result
    if made is None:
        table.drop(place, "a prediction without a generation (its query is kept)")
        return query, None
    outcome = _outcome(
        query.id, row.prediction, made.token_usage, made.success, made.error, made.generated_answer,
        score=_score(row.accuracy, place, table), cost_usd=row.cost,
    )  # fmt: skip
    return query, outcome


def _perturbed(row: Prediction) -> Query:
    metadata = {"original_id": row.id, "perturbed": True, "predicted_arm": row.prediction}
    query = _query(row.id, row.prompt, form="perturbed", metadata=metadata)
    return msgspec.structs.replace(query, id=f"{row.id}/robustness")


def _outcome(
    ident: str, arm: str, usage: TokenUsage | None, success: bool | None, error: Any, answer: str | None,
    **numbers: float | None,
) -> Outcome:  # fmt: skip
    """A generation is valid when it succeeded and has output tokens, as its own scoring has it."""
    tokens = usage or TokenUsage()
    failed = success is not True or tokens.output_tokens <= 0
    return Outcome(
        query_id=ident,
        arm=arm,
        input_tokens=tokens.input_tokens if usage else None,
        output_tokens=tokens.output_tokens if usage else None,
        reasoning_tokens=tokens.reasoning_tokens,
        error=(text_of(error) or "no valid generation") if failed else None,
        answer=answer,
        **numbers,  # type: ignore[arg-type]
    )


def _score(score: float | None, place: str, table: TableBuilder) -> float | None:
    if score is not None and -1 <= score < 0:
        table.adjust(place, "a score below 0 counts as 0")
        return 0.0
    return score


def _priced(outcome: Outcome, cards: Mapping[str, ModelCard]) -> Outcome:
    price = cards[outcome.arm].price_on() if outcome.arm in cards else None
    if price is None or outcome.cost_usd is not None or outcome.input_tokens is None:
        return outcome
    cost = price.cost_usd(outcome.input_tokens, outcome.output_tokens or 0, reasoning=outcome.reasoning_tokens or 0)
    return msgspec.structs.replace(outcome, cost_usd=cost)
