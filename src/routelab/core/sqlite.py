"""Runs one foreign SQL query on a database of its own, in memory: nothing outside it can be read or written.

The statements that fill the database may attach nothing and set nothing; the query may only read. Instructions, rows
and the size of a value are limited. Knows nothing of answers or scores.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

MOST_ROWS = 10_000
MOST_INSTRUCTIONS = 2_000_000
LONGEST_VALUE_BYTES = 10_000

_STEP = 10_000
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_LEAVING = {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA}
_FORBIDDEN_FUNCTIONS = {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}

Rows = tuple[tuple[Any, ...], ...]
SQL_ERRORS = (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError, MemoryError)
"""What ``run_query`` raises for SQL that is wrong, forbidden or too much."""


def run_query(setup: str, query: str) -> tuple[Rows, bool]:
    """The rows of ``query`` after ``setup``, and whether it read a table; raises one of ``SQL_ERRORS``.

    >>> run_query("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)", "SELECT max(x) FROM t")
    (((2,),), True)
    """
    steps, filling, reads = MOST_INSTRUCTIONS // _STEP, True, False

    def tick() -> bool:
        nonlocal steps
        steps -= 1
        return steps < 0

    def allow(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        nonlocal reads
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FORBIDDEN_FUNCTIONS:
            return sqlite3.SQLITE_DENY
        reads = reads or (action == sqlite3.SQLITE_READ and not filling)
        allowed = action not in _LEAVING if filling else action in _READING
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    with closing(sqlite3.connect(":memory:")) as database:
        database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        database.set_authorizer(allow)
        database.set_progress_handler(tick, _STEP)
        database.executescript(setup)
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE_BYTES)
        steps, filling = MOST_INSTRUCTIONS // _STEP, False
        cursor = database.execute(query)
        rows = cursor.fetchmany(MOST_ROWS + 1)
        if cursor.description is None or len(rows) > MOST_ROWS:
            raise ValueError("no rows, or too many")
        return tuple(rows), reads
