"""RouterArena's own queries from a Parquet file of them: for evaluation only, so not one of the sources.

Columns: query_id, dataset, subset, metric, domain, category, prompt, answer (null where it is not public). Prompts
stay as RouterArena sends them; the division comes from its category.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from routelab.core import InputError, Query, stream
from routelab.core.config import convert
from routelab.core.errors import nearest
from routelab.outcomes.importers.routerarena import EVALUATION_ONLY
from routelab.outcomes.store import read_parquet
from routelab.workload.dewey import DIVISIONS, domain_of
from routelab.workload.sources.divisions import ROUTERARENA


class _Row(msgspec.Struct):
    query_id: str
    dataset: str
    subset: str
    metric: str
    category: str
    prompt: str
    answer: str | None


def routerarena(path: Path, limit: int | None = None, seed: int = 0) -> list[Query]:
    """At most ``limit`` of RouterArena's queries; raises InputError for a file that is not of this kind."""
    frame = read_parquet(path)
    order = stream(seed, "sources", "routerarena").permutation(frame.height)
    return [_query(frame.row(int(index), named=True), f"{path} row {index + 1}") for index in islice(order, limit)]


def _query(values: Mapping[str, Any], place: str) -> Query:
    row = convert(values, _Row, place)
    if row.category not in ROUTERARENA:
        raise InputError(
            f"{place} category", expected="one of RouterArena's", got=repr(row.category),
            fix=nearest(row.category, ROUTERARENA),
        )  # fmt: skip
    division = ROUTERARENA[row.category]
    return Query.ask(
        row.query_id,
        row.prompt,
        dataset=row.dataset,
        task=row.subset,
        domain=domain_of(division),
        category=DIVISIONS[division],
        source="RouterArena",
        metric=row.metric,
        reference=row.answer,
        metadata={"division": division, "licence": "unknown", "label": "source", "use": EVALUATION_ONLY},
    )
