"""RouteLLM's recorded answers (github.com/lm-sys/RouteLLM, ``routellm/evals``): who was right, by prompt.

Layout of ``mmlu/responses/mmlu_<subject>.csv`` and ``gsm8k/gsm8k_responses.csv``: ``prompt``, one
True/False column for each model and, for GSM8K, ``<model>_response``. Prompts have no ids and repeat, so a
query is named after its file and line. A folder of such files is one table; the file's name is the task.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from routelab.core.errors import InputError
from routelab.core.types import Outcome, Query
from routelab.outcomes.importers.base import Imported, TableBuilder, checked_options
from routelab.outcomes.importers.record import Record

OPTIONS: Mapping[str, str] = {}

_RESPONSE = "_response"
_NOT_MODELS = ("", "prompt", "Unnamed: 0")


class _Prompt(msgspec.Struct):
    prompt: str


class _Cell(msgspec.Struct):
    right: bool
    response: str | None = None


def recognises(row: Mapping[str, Any]) -> bool:
    """A prompt and nothing but True/False columns and responses beside it."""
    models = _models(row)
    return "prompt" in row and len(models) > 0 and all(str(row[model]).lower() in ("true", "false") for model in models)


def read(path: Path, *, options: Mapping[str, str]) -> Imported:
    """Read one CSV or a folder of them."""
    checked_options(options, OPTIONS, "routellm")
    table = TableBuilder(path)
    for record in table.records(path):
        prompt = record.fit(_Prompt).prompt
        file, _, line = record.place.rpartition(" ")
        task = Path(file.rpartition(" ")[0]).stem
        query = Query.ask(f"{task}/{line}", prompt, dataset=task.partition("_")[0], task=task, source="RouteLLM")
        table.query(query, record.place)
        models = _models(record.row)
        if not models:
            raise InputError(
                record.place, expected="a True/False column for each model", got="none", fix="check the format"
            )
        for model in models:
            values = {"right": record.row[model], "response": record.row.get(model + _RESPONSE)}
            cell = Record(f"{record.place} model {model}", values, record.text).fit(_Cell)
            outcome = Outcome(query_id=query.id, arm=model, score=float(cell.right), answer=cell.response)
            table.call(outcome, record.place)
    return table.finish()


def _models(row: Mapping[str, Any]) -> list[str]:
    return [name for name in row if name not in _NOT_MODELS and not name.endswith(_RESPONSE)]
