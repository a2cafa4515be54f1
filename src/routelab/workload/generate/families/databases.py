"""Questions to a small table, answered by one SQLite query. Knows nothing of how queries are executed and compared."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np

from routelab.core import Turn
from routelab.workload.generate.draws import integer, one_of, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family


class _Theme(NamedTuple):
    table: str
    group: str
    values: list[str]
    numbers: tuple[tuple[str, int, int], tuple[str, int, int]]


_THEMES = (
    _Theme("books", "genre", words("novel poetry travel cooking"), (("pages", 80, 600), ("price", 5, 60))),
    _Theme("players", "team", words("reds blues greens whites"), (("goals", 0, 90), ("age", 16, 40))),
    _Theme("ships", "port", words("Oslo Genoa Dover Brest"), (("length", 20, 300), ("crew", 4, 120))),
    _Theme("horses", "stable", words("north south east west"), (("weight", 300, 700), ("wins", 0, 60))),
    _Theme("cafes", "district", words("harbour market station castle"), (("seats", 8, 140), ("rent", 400, 3000))),
    _Theme("courses", "faculty", words("law physics music history"), (("students", 5, 300), ("hours", 10, 120))),
    _Theme("films", "country", words("Spain Japan Chile Norway"), (("minutes", 60, 220), ("votes", 10, 900))),
    _Theme("plants", "bed", words("rose herb rock pond"), (("height", 3, 250), ("age", 1, 60))),
)
_NAMES = words("Amber Birch Cedar Delta Ember Fjord Grove Heath Iris Jade Kite Lotus Maple Nova Opal Pearl Quill Raven")
_ROWS = 18


class _Table(NamedTuple):
    theme: _Theme
    setup: str
    number: str
    other: str
    bound: int
    group: str

    @property
    def told(self) -> str:
        (first, *_), (second, *_) = self.theme.numbers
        return f"{self.theme.table}(name TEXT, {self.theme.group} TEXT, {first} INTEGER, {second} INTEGER)"


def _table(rng: np.random.Generator) -> _Table:
    """A filled table and a bound that about half of the rows pass."""
    theme = one_of(rng, _THEMES)
    (first, *one), (second, *two) = theme.numbers
    names = some_of(rng, _NAMES, _ROWS)
    rows = [(name, one_of(rng, theme.values), integer(rng, *one), integer(rng, *two)) for name in names]
    kind = integer(rng, 0, 1)
    number, other = (first, second) if kind == 0 else (second, first)
    bound = sorted(row[2:][kind] for row in rows)[integer(rng, 5, 12)]
    filled = ", ".join(f"('{name}', '{group}', {a}, {b})" for name, group, a, b in rows)
    setup = (
        f"CREATE TABLE {theme.table} (name TEXT, {theme.group} TEXT, {first} INTEGER, {second} INTEGER); "
        f"INSERT INTO {theme.table} VALUES {filled};"
    )
    return _Table(theme, setup, number, other, bound, one_of(rng, sorted({row[1] for row in rows})))


def _reference(table: _Table, query: str, *, ordered: bool = False) -> str:
    return json.dumps({"setup": table.setup, "query": query, "ordered": ordered})


@family("000", "databases", "sql", form=Form.STRUCTURED, bloom="apply")
def write_sql_query(rng: np.random.Generator, level: Level) -> Draft:
    """One condition; two conditions and an aggregate; groups filtered by a condition on their rows."""
    table = _table(rng)
    theme, sign, least = table.theme, one_of(rng, "<>"), integer(rng, 2, 3)
    than = f"{table.number} {'greater' if sign == '>' else 'less'} than {table.bound}"
    aim, condition = level.of(
        (
            f"the name of every row with {than}",
            f"SELECT name FROM {theme.table} WHERE {table.number} {sign} {table.bound}",
        ),
        (
            f"the number of rows, and the highest {table.other}, among rows whose {theme.group} is not "
            f"'{table.group}' and with {than}",
            f"SELECT COUNT(*), MAX({table.other}) FROM {theme.table} "
            f"WHERE {theme.group} <> '{table.group}' AND {table.number} {sign} {table.bound}",
        ),
        (
            f"each {theme.group} that has at least {least} rows with {than}, and the highest {table.other} among all "
            "of its rows",
            f"SELECT {theme.group}, MAX({table.other}) FROM {theme.table} GROUP BY {theme.group} "
            f"HAVING SUM({table.number} {sign} {table.bound}) >= {least}",
        ),
    )
    return Draft(
        facts=condition,
        says=(
            f"SQLite table: {table.told}. Write one query that returns {aim}. Reply with the SQL only.",
            f"Given the table {table.told}, which SQL query gives {aim}? SQL only.",
            f"I have {table.told} in SQLite. I want {aim}. Answer with a single SELECT statement.",
            f"Table {table.told}\nNeeded: {aim}.\nReply with one SQL query and nothing else.",
        ),
        reference=_reference(table, condition),
    )


@family("000", "databases", "sql", form=Form.MULTI_TURN, bloom="create")
def refine_sql_query(rng: np.random.Generator, level: Level) -> Draft:
    """Add a condition; count by group instead; also drop small groups, add a sum and an order."""
    table = _table(rng)
    theme, sign, least = table.theme, one_of(rng, "<>"), integer(rng, 2, 3)
    than = f"{'more' if sign == '>' else 'less'} than {table.bound}"
    where = f"{theme.table} WHERE {table.number} {sign} {table.bound}"
    wish, query = level.of(
        (
            f"the names of rows with {table.number} {than} and {theme.group} '{table.group}'",
            f"SELECT name FROM {where} AND {theme.group} = '{table.group}'",
        ),
        (
            f"instead each {theme.group} with the number of such rows",
            f"SELECT {theme.group}, COUNT(*) FROM {where} GROUP BY {theme.group}",
        ),
        (
            f"instead each {theme.group} with the number of such rows and the sum of their {table.other}, without a "
            f"{theme.group} that has fewer than {least} of them, the largest sum first, equal sums by {theme.group}",
            f"SELECT {theme.group}, COUNT(*), SUM({table.other}) FROM {where} GROUP BY {theme.group} "
            f"HAVING COUNT(*) >= {least} ORDER BY SUM({table.other}) DESC, {theme.group}",
        ),
    )
    opening = f"SQLite table: {table.told}. Write a query for the names of rows with {table.number} {than}."
    given = f"SELECT name FROM {where};"
    return Draft(
        facts=query,
        says=tuple(
            (Turn("user", opening), Turn("assistant", given), Turn("user", then))
            for then in (
                f"Now return {wish}. Reply with the SQL only.",
                f"Good. Change it so that it gives {wish}. SQL only.",
                f"I need {wish}. Please rewrite the query and reply with nothing else.",
                f"Refine that query: it should return {wish}. Answer with one SQL query.",
            )
        ),
        reference=_reference(table, query, ordered=level is Level.HARD),
    )
