"""RouterBench (withmartian/routerbench, arXiv 2403.12031): one row a prompt, three columns a model.

Layout of the published ``routerbench_0shot`` and ``routerbench_5shot`` frames: ``sample_id``, ``prompt``,
``eval_name``, for each model its score under its bare name, ``<model>|model_response`` and
``<model>|total_cost`` (USD), and ``oracle_model_to_route_to``, which is hindsight and left out. A prompt
that is a list is a conversation of user turns. Upstream ships pickles, which are refused: convert them to
CSV or Parquet in a place where running foreign code does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from routelab.core.errors import InputError
from routelab.core.types import Outcome, Query, Turn
from routelab.outcomes.importers.base import Imported, TableBuilder, checked_options, text_of
from routelab.outcomes.importers.record import Record

OPTIONS: Mapping[str, str] = {}

_COST, _RESPONSE = "|total_cost", "|model_response"


class _Sample(msgspec.Struct):
    sample_id: str | int
    prompt: str | list[str]
    eval_name: str | None = None


class _Cell(msgspec.Struct):
    score: float | bool | None = None
    cost: float | None = None
    response: Any = None


def recognises(row: Mapping[str, Any]) -> bool:
    """``sample_id`` and ``eval_name`` beside at least one priced model."""
    return {"sample_id", "eval_name"} <= set(row)


def read(path: Path, *, options: Mapping[str, str]) -> Imported:
    """Read CSV or Parquet of the wide layout."""
    checked_options(options, OPTIONS, "routerbench")
    table = TableBuilder(path)
    models: dict[str, None] = {}
    for record in table.records(path):
        sample = record.fit(_Sample)
        asked = [sample.prompt] if isinstance(sample.prompt, str) else sample.prompt
        query = Query(
            id=str(sample.sample_id),
            turns=tuple(Turn("user", text) for text in asked),
            dataset=sample.eval_name,
            task=sample.eval_name,
            source="RouterBench",
        )
        table.query(query, record.place)
        models |= {key.removesuffix(_COST): None for key in record.row if key.endswith(_COST)}
        if not models:
            raise InputError(
                record.place,
                expected=f"columns <model>{_COST}",
                got=f"only {', '.join(list(record.row)[:10])}",
                fix="import it as plain columns: --format csv --map query_id=sample_id --map wide=*",
            )
        for model in models:
            cell = _cell(record, model)
            if cell.score is None:
                table.drop(record.place, f"no score of {model}")
                continue
            outcome = Outcome(
                query_id=query.id, arm=model, score=float(cell.score), cost_usd=cell.cost,
                answer=text_of(cell.response),
            )  # fmt: skip
            table.call(outcome, record.place)
    return table.finish()


def _cell(record: Record, model: str) -> _Cell:
    row = record.row
    cell = {"score": row.get(model), "cost": row.get(model + _COST), "response": row.get(model + _RESPONSE)}
    return Record(f"{record.place} model {model}", cell, record.text).fit(_Cell)
