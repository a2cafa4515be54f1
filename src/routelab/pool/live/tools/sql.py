"""SQL: runs a query written in a text on the table written there, or answers a question about that table.

A question becomes a query only where every word of it is understood: columns, comparisons, aggregates, groups, an
order, and words that carry nothing. Where the text has no rows but asks for a query, the query is the answer. Foreign
SQL runs within ``core.sqlite``'s limits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from routelab.core.sqlite import SQL_ERRORS, Rows, run_query
from routelab.pool.live.tools.prompt import Prompt
from routelab.pool.live.tools.tables import Table, find_table, quoted, text_literal

_QUERY = re.compile(r"\bSELECT\s.+?(?=;|```|\n\s*\n|\?(?:\s|$)|\s*$)", re.DOTALL)
_SQL_ASKED = re.compile(r"\bSQL\b|\bSELECT\b|\bquery\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.?!])\s+|\n+")

_COMPARED = {
    ">": r"(?:is |are )?(?:greater|more|larger|higher|above|over|after|>)(?: than)?",
    "<": r"(?:is |are )?(?:less|fewer|smaller|lower|below|under|before|<)(?: than)?",
    ">=": r"(?:is |are |of )?(?:at least|>=|≥)",
    "<=": r"(?:is |are |of )?(?:at most|<=|≤)",
    "!=": r"(?:is |are )(?:not|other than)(?: equal to)?|!=|<>",
    "=": r"(?:is |are )?(?:equal to|equals|=)|is|are|",
}
_VALUE = r"'[^']*'|\"[^\"]*\"|“[^”]*”|-?\d+(?:\.\d+)?\b"
_AGGREGATES = {
    "SUM": "sum|total",
    "AVG": "average|mean",
    "MAX": "highest|largest|greatest|maximum|most|max|latest",
    "MIN": "lowest|smallest|least|minimum|min|earliest",
}
_EMPTY_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a all also among an and answer are array as change compute each every find for from get give gives good
        has have how i in is it json key keys list many me need now number object objects of one only please
        query return returns row rows select show so sql sqlite statement table tell that the them their there
        these this want what where which whose with write""",
    )
)


def answer(prompt: Prompt) -> str | None:
    """The rows that the text's query or question gives, or the query it asks for; None where it is not understood."""
    here = find_table(prompt.text)
    table = here or find_table(prompt.earlier)
    if table is None:
        return None
    question = here.rest if here else prompt.text
    written = _QUERY.search(question)
    query = written[0] if written and table.filled else translate(question, table)
    if query is None:
        return None
    if not table.filled:
        return query if _SQL_ASKED.search(prompt.text) else None
    try:
        rows, _ = run_query(table.setup, query)
    except SQL_ERRORS:
        return None
    return _shown(rows) if rows else None


def _shown(rows: Rows) -> str:
    """One column as a list with commas, several as a JSON array of rows."""
    if len(rows[0]) > 1:
        return json.dumps(rows, ensure_ascii=False)
    return ", ".join(str(cell) for (cell,) in rows)


def translate(text: str, table: Table) -> str | None:
    """The query that the one sentence about the table's columns asks for, None where a word of it stays unread.

    >>> ages = find_table("people(name TEXT, age INT)")
    >>> translate("Which names have age over 30?", ages)
    'SELECT "name" FROM "people" WHERE "age" > 30'
    """
    column = "|".join(re.escape(name) for name in sorted(table.columns, key=len, reverse=True))
    about = [part for part in _SENTENCE.split(text) if re.search(rf"\b(?:{column})s?\b", part, re.IGNORECASE)]
    return _Reading(about[0], table, rf"(?P<column>{column})s?").query() if len(about) == 1 else None


class _Reading:
    """A sentence that is read piece by piece: what is understood is blanked out, what is left must say nothing."""

    def __init__(self, sentence: str, table: Table, column: str) -> None:
        self._left = sentence
        self._table = table
        self._column = column

    def query(self) -> str | None:
        """The query, None where something is left over or the pieces do not fit together."""
        where = [f"{name} {sign} {value}" for sign, name, value in self._conditions()]
        order = [
            f"{name}{' DESC' if (match['down'] or '').lower().startswith('desc') else ''}"
            for match, name in self._columns(
                r"(?:sorted|ordered|order) by (?:the )?{}(?:,? (?P<down>(?:de|a)scending))?"
            )
        ]
        shown = [
            (match.start(), f"{function}({name})")
            for function, words in _AGGREGATES.items()
            for match, name in self._columns(rf"(?:{words}) (?:of )?(?:the |their |all )*{{}}")
        ]
        shown += [
            (match.start(), "COUNT(*)") for match in self._take(r"(?:number of|how many|count of)(?: the| all)? rows")
        ]
        aggregated = bool(shown)
        groups = [(match.start(), name) for match, name in self._columns(r"(?:for |per )?(?:each|every|per|by) {}")]
        plain = [(match.start(), name) for match, name in self._columns(r"{}")]
        words = set(re.findall(r"[^\W_]+", self._left.lower())) - _EMPTY_WORDS - {self._table.name.lower()}
        if words or not (shown or groups or plain) or (aggregated and plain) or (groups and not aggregated):
            return None
        listed = ", ".join(expression for _, expression in sorted(shown + groups + plain))
        parts = [f"SELECT {listed} FROM {quoted(self._table.name)}"]
        for keyword, pieces, joint in (
            ("WHERE", where, " AND "),
            ("GROUP BY", [name for _, name in groups], ", "),
            ("ORDER BY", order, ", "),
        ):
            parts += [f"{keyword} {joint.join(pieces)}"] if pieces else []
        return " ".join(parts)

    def _conditions(self) -> Iterator[tuple[str, str, str]]:
        for sign, words in _COMPARED.items():
            for match, name in self._columns(rf"{{}} (?:{words}) ?(?P<value>{_VALUE})"):
                value = match["value"]
                yield sign, name, value if value[0] in "-0123456789" else text_literal(value[1:-1])

    def _columns(self, pattern: str) -> Iterator[tuple[re.Match[str], str]]:
        """Pieces with a column in them, each with the column's name as SQL writes it."""
        known = {name.lower(): name for name in self._table.columns}
        for match in self._take(pattern.format(self._column)):
            yield match, quoted(known[match["column"].lower()])

    def _take(self, pattern: str) -> list[re.Match[str]]:
        """Every place of a pattern; they are blanked out, so that other places stay where they are."""
        found = list(re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", self._left, re.IGNORECASE))
        for match in found:
            self._left = self._left[: match.start()] + " " * len(match[0]) + self._left[match.end() :]
        return found
