"""Tables written in a text: a schema, SQL statements, comma-separated lines or a Markdown table.

A table is its name, its columns, and its rows where the text has any. Knows nothing of questions.
"""

from __future__ import annotations

import csv
import re
from itertools import groupby, takewhile

import msgspec

_TYPE = r"(?:INTEGER|INT|BIGINT|TEXT|REAL|FLOAT|DOUBLE|NUMERIC|DECIMAL|DATE|BOOLEAN|(?:VAR)?CHAR)\b"
_SCHEMA = re.compile(rf"\b(\w+) ?\(((?:\s*\w+ {_TYPE}[^,()]*,)*\s*\w+ {_TYPE}[^,()]*)\)", re.IGNORECASE)
_INSERT = re.compile(r"\bINSERT INTO \w+[^;]*;?", re.IGNORECASE)
_RULE = re.compile(r"\|?(?:\s*:?-{2,}:?\s*\|)+\s*(?::?-{2,}:?)?\s*\|?")
_NUMBER = re.compile(r"-?\d{1,18}(?:\.\d+)?")


class Table(msgspec.Struct, frozen=True):
    """A table by its name and the statements that make it; ``filled`` where it has rows; ``rest`` is the other text."""

    name: str
    columns: tuple[str, ...]
    setup: str
    filled: bool
    rest: str


def find_table(text: str) -> Table | None:
    """The one table of a text, None where there is none or more than one.

    >>> find_table("CSV: \\nitem,count\\nfigs,3").columns
    ('item', 'count')
    """
    schemas = {match[1].lower(): match for match in _SCHEMA.finditer(text)}
    if schemas:
        return _described(text, *schemas.values()) if len(schemas) == 1 else None
    lines = text.split("\n")
    for first, last, grid in (_markdown(lines), _comma_separated(lines)):
        if grid:
            return _listed(grid, "\n".join(lines[:first] + lines[last:]))
    return None


def _described(text: str, schema: re.Match[str]) -> Table:
    name, columns = schema[1], [column.split()[:2] for column in schema[2].split(",")]
    inserts = [insert[0].rstrip(";") for insert in _INSERT.finditer(text)]
    made = f"CREATE TABLE {quoted(name)} ({', '.join(f'{quoted(column)} {kind}' for column, kind in columns)})"
    return Table(
        name=name,
        columns=tuple(column for column, _ in columns),
        setup=";\n".join([made, *inserts]) + ";",
        filled=bool(inserts),
        rest=_SCHEMA.sub(name, _INSERT.sub("", text)),
    )


def _markdown(lines: list[str]) -> tuple[int, int, list[list[str]]]:
    """The first table with a rule under its header: its first line, the line after it, and its cells."""
    for k, line in enumerate(lines[1:], 1):
        header = lines[k - 1]
        if "|" in header and _RULE.fullmatch(line.strip()):
            body = list(takewhile(lambda row: "|" in row, lines[k + 1 :]))
            grid = [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in (header, *body)]
            return k - 1, k + 1 + len(body), grid
    return 0, 0, []


def _comma_separated(lines: list[str]) -> tuple[int, int, list[list[str]]]:
    """The longest run of lines with the same number of commas and no sentence among them, as ``_markdown`` gives it."""
    best, first = (0, 0), 0
    for commas, run in groupby(lines, key=lambda line: 0 if ", " in line else line.count(",")):
        last = first + len(list(run))
        if commas and last - first > max(1, best[1] - best[0]):
            best = first, last
        first = last
    return *best, list(csv.reader(lines[slice(*best)]))


def _listed(grid: list[list[str]], rest: str) -> Table | None:
    header, *rows = grid
    columns = tuple(name.strip() for name in header)
    if not rows or len(set(columns)) < len(columns) or any(len(row) != len(columns) for row in rows):
        return None
    if not all(re.fullmatch(r"[^\W\d][\w ]{0,40}", name) for name in columns):
        return None
    values = ", ".join(f"({', '.join(_literal(cell.strip()) for cell in row)})" for row in rows)
    names = ", ".join(quoted(name) for name in columns)
    return Table("t", columns, f"CREATE TABLE t ({names}); INSERT INTO t VALUES {values};", True, rest)


def _literal(cell: str) -> str:
    return cell if _NUMBER.fullmatch(cell) else text_literal(cell)


def text_literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
