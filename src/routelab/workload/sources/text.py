"""A user's own questions, from any JSONL, JSON, CSV or Parquet file, by naming its columns.

Nothing is reworded and nothing is drawn: rows become queries in the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from routelab.core import InputError, Query, registry
from routelab.core.errors import nearest
from routelab.core.files import digest
from routelab.outcomes.importers.base import checked_id, text_of
from routelab.outcomes.importers.reading import records
from routelab.outcomes.importers.record import Record
from routelab.workload.dewey import CLASSES, DIVISIONS, domain_of
from routelab.workload.sources.source import stated_licence

FIELDS = ("id", "prompt", "reference", "metric", "division", "domain", "licence")


def own(
    path: Path,
    columns: Mapping[str, str] | None = None,
    *,
    values: Mapping[str, str] | None = None,
    licence: str | None = None,
    limit: int | None = None,
) -> list[Query]:
    """At most ``limit`` queries of a file.

    Args:
        columns: which column holds a field of FIELDS; a field that is not named is the column of that name.
        values: fields that are the same for every row, such as ``{"metric": "exact_match", "division": "510"}``.
        licence: under which the questions may be used, where a row states none; unknown when not said.

    Raises:
        InputError: for a field that there is none of, an absent column, an unknown metric, division or domain, an
            empty prompt or an id that comes twice.
    """
    columns, values = columns or {}, values or {}
    _known({*columns, *values}, FIELDS, "field")
    rows = (_fields(record, columns, values) for record in records(path))
    return list(islice(_queries(rows, path.stem, licence or "unknown"), limit))


def _fields(record: Record, columns: Mapping[str, str], values: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    for field, column in columns.items():
        if column not in record.row:
            raise InputError(
                f"{record.place} column of {field}", expected="a column of this row", got=repr(column),
                fix=nearest(column, record.row),
            )  # fmt: skip
    row = {**record.row, "licence": stated_licence(record.row)}
    found = {field: text_of(row.get(columns.get(field, field))) for field in FIELDS}
    return record.place, {field: text for field, text in found.items() if text is not None} | dict(values)


def _queries(rows: Iterable[tuple[str, dict[str, str]]], name: str, licence: str) -> Iterator[Query]:
    seen: set[str] = set()
    for place, fields in rows:
        prompt = fields.get("prompt", "")
        if not prompt.strip():
            raise InputError(place, expected="a prompt", got="none", fix="name its column: prompt=COLUMN")
        ident = checked_id(fields.get("id") or f"{name}-{digest(prompt)}", place, "an id")
        if ident in seen:
            raise InputError(place, expected="each id once", got=f"a second {ident!r}", fix="drop the repeated row")
        seen.add(ident)
        metric, division, domain = (fields.get(field) for field in ("metric", "division", "domain"))
        _known({metric} - {None}, registry.names("routelab.graders"), f"{place} metric")
        _known({division} - {None}, DIVISIONS, f"{place} division")
        _known({domain} - {None}, CLASSES.values(), f"{place} domain")
        yield Query.ask(
            ident,
            prompt,
            dataset=name,
            task=name,
            domain=domain_of(division) if division else domain,
            category=DIVISIONS[division] if division else None,
            source=name,
            metric=metric,
            reference=fields.get("reference"),
            metadata={"licence": fields.get("licence", licence), "label": "source"}
            | ({"division": division} if division else {}),
        )


def _known(words: Iterable[str | None], known: Iterable[str], where: str) -> None:
    choices = list(known)
    for word in sorted(str(word) for word in words):
        if word not in choices:
            raise InputError(where, expected="a known one", got=repr(word), fix=nearest(word, choices))
