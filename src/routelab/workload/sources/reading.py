"""From fetched rows to queries: in an order drawn from the seed, one at a time, without repeats.

A row without a public answer is passed over. Ids are made from the prompt, so that a query has the same id in every
sample. Knows no data set by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from routelab.core import InputError, Query, stream
from routelab.core.errors import nearest
from routelab.core.files import digest
from routelab.workload.dewey import DIVISIONS, domain_of
from routelab.workload.sources.catalogue import SOURCES
from routelab.workload.sources.fetch import Fetch
from routelab.workload.sources.source import Source, stated_licence


def read(source: str | Source, fetch: Fetch, limit: int | None = None, seed: int = 0) -> list[Query]:
    """At most ``limit`` queries of a source, drawn without replacement; a smaller limit gives the same first ones.

    Raises:
        InputError: for an unknown name, or rows that are not in the layout of this source.
        PrerequisiteError: where the rows cannot be had.
    """
    return list(islice(queries(named(source), fetch, seed), limit))


def queries(source: Source, fetch: Fetch, seed: int = 0) -> Iterator[Query]:
    """All queries of a source in an order drawn from the seed, made as they are asked for."""
    frame = fetch(source)
    seen: set[str] = set()
    for index in stream(seed, "sources", source.name).permutation(frame.height):
        query = _query(source, frame.row(int(index), named=True))
        if query is not None and query.id not in seen:
            seen.add(query.id)
            yield query


def named(source: str | Source) -> Source:
    """The source of that name; raises InputError with the nearest name where there is none."""
    if isinstance(source, Source):
        return source
    if source not in SOURCES:
        raise InputError("source", expected="a known one", got=repr(source), fix=nearest(source, SOURCES))
    return SOURCES[source]


def _query(source: Source, row: Mapping[str, Any]) -> Query | None:
    try:
        item = source.layout.item(row)
        division, subject = source.division_of(row), source.subject(row)
    except KeyError as error:
        raise InputError(
            f"source {source.name}",
            expected=f"the column {error.args[0]!r}",
            got=f"only {', '.join(map(str, row))}",
            fix=f"use the rows of {source.repo or source.name} as they are published",
        ) from None
    if item is None:
        return None
    licence = stated_licence(row) or source.licence or "unknown"
    return Query.ask(
        f"{source.name}-{digest(item.prompt)}",
        item.prompt,
        dataset=source.name,
        task=f"{source.name}_{subject}" if subject else source.name,
        domain=domain_of(division),
        category=DIVISIONS[division],
        language=source.language,
        split=source.split,
        source=source.repo or source.name,
        metric=source.metric,
        reference=item.reference,
        metadata={"division": division, "licence": licence, "label": "source"},
    )
