"""SQL by execution: the answer's one query returns what the reference's query returns.

Each runs in a new in-memory SQLite database, read only and within limits. Rows are a multiset unless ``ordered``;
column names do not count. A query that reads no table where the reference reads one has guessed. Knows nothing of
prompts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from routelab.core.errors import InputError, shorten
from routelab.core.sqlite import SQL_ERRORS, Rows, run_query
from routelab.workload.graders.grade import Grade
from routelab.workload.graders.json_text import fenced

LONGEST_QUERY = 20_000
RELATIVE_TOLERANCE = 1e-9

_QUERY = re.compile(r"(?:select|with|values)\b", re.IGNORECASE)
_SQL_MARK = re.compile(r"^\s*(?:(?:final\s)?answer|sql|query)\s?:\s*", re.IGNORECASE)


class SqlReference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The statements that make the database, the right query, and whether the order of its rows counts."""

    setup: str
    query: str
    ordered: bool = False


def sql(answer: str, reference: str) -> Grade:
    """1.0 where the answer is one query with the reference's rows; raises InputError for a broken reference.

    >>> sql("```sql\\nSELECT max(x) FROM t\\n```",
    ...     '{"setup": "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)", "query": "SELECT 2 FROM t LIMIT 1"}').score
    1.0
    """
    wanted, rows, reads = _expected(reference)
    query = _query(answer)
    if query is None:
        return Grade(0.0)
    try:
        found, found_reads = run_query(wanted.setup, query)
    except SQL_ERRORS:
        return Grade(0.0, shorten(query))
    right = (found_reads or not reads) and _same_rows(found, rows, wanted.ordered)
    return Grade(float(right), shorten(query))


@lru_cache(maxsize=1024)
def _expected(reference: str) -> tuple[SqlReference, Rows, bool]:
    try:
        wanted = msgspec.json.decode(reference, type=SqlReference)
        return wanted, *run_query(wanted.setup, wanted.query)
    except (msgspec.DecodeError, *SQL_ERRORS) as error:
        raise InputError(
            "reference",
            expected='{"setup": …, "query": …, "ordered": …} that runs',
            got=f"{shorten(reference)}: {error}",
            fix="correct the reference answer",
        ) from None


def _query(answer: str) -> str | None:
    """The only query of an answer: its one fence, or all of it."""
    blocks = fenced(answer)
    if len(blocks) > 1:
        return None
    text = _SQL_MARK.sub("", blocks[0] if blocks else answer, count=1).strip().strip("`").rstrip("; \n")
    return text if _QUERY.match(text) and len(text) <= LONGEST_QUERY else None


def _same_rows(found: Rows, wanted: Rows, ordered: bool) -> bool:
    if len(found) != len(wanted):
        return False
    pairs = zip(found, wanted) if ordered else zip(sorted(found, key=_rank), sorted(wanted, key=_rank))
    return all(len(row) == len(other) and all(map(_same_cell, row, other)) for row, other in pairs)


def _rank(row: Sequence[Any]) -> list[tuple[int, Any]]:
    """A sort key for cells of any type; close numbers stay neighbours."""
    kinds = {type(None): 0, int: 1, float: 1, str: 2, bytes: 3}
    return [(kinds[type(cell)], 0 if cell is None else cell) for cell in row]


def _same_cell(a: Any, b: Any) -> bool:
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b or math.isclose(a, b, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-12)
    return type(a) is type(b) and bool(a == b)
