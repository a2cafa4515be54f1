"""What every importer shares: a builder that checks rows as they come, and the report of what became of them.

A row that is wrong is an error with its place; a row that is right but not wanted is *dropped*, and a value
that had to change is *adjusted*: both are counted under a reason with the first place, and shown to the
user.
"""

from __future__ import annotations

import math
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from routelab.core.errors import InputError, nearest, shorten
from routelab.core.files import WRITABLE, digest, usable
from routelab.core.types import ModelCard, Outcome, Query
from routelab.outcomes.importers import reading
from routelab.outcomes.importers.record import Record
from routelab.outcomes.schema import CALL_COLUMNS
from routelab.outcomes.store import MANIFEST
from routelab.outcomes.table import OutcomeTable, answer_frame, outcome_frame, query_frame

UNSAFE_ID = r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|[\x00-\x1f\x7f]"
"""Ways out of a folder and control characters, in ids that may one day name a file."""

_NUMBERS = tuple(name for name, kind in CALL_COLUMNS.items() if kind.is_numeric())
_UNIT = ("score", "propensity")
_LARGEST_INT = 2**63 - 1


class Tally(msgspec.Struct):
    """How often something happened, and where first."""

    count: int
    first: str


class Report(msgspec.Struct, kw_only=True):
    """What an importer read, kept, dropped and changed."""

    format: str = ""
    source: str
    read: int = 0
    queries: int = 0
    calls: int = 0
    answers: int = 0
    dropped: dict[str, Tally] = {}
    adjusted: dict[str, Tally] = {}
    notes: list[str] = []


@dataclass(frozen=True)
class Imported:
    """A table and the report of its making."""

    table: OutcomeTable
    report: Report


class Importer(Protocol):
    """What a module registered under ``routelab.importers`` offers."""

    OPTIONS: Mapping[str, str]
    """Names of the options it takes, and what each means."""

    def recognises(self, row: Mapping[str, Any]) -> bool:
        """Whether a file whose first record is ``row`` has this format."""
        ...

    def read(self, path: Path, *, options: Mapping[str, str]) -> Imported: ...


class TableBuilder:
    """Collects queries and calls. Every problem is raised with the place of the row that has it."""

    def __init__(self, source: Path) -> None:
        self.report = Report(source=str(source))
        self._source = source
        self._queries: dict[str, Query] = {}
        self._calls: list[Outcome] = []
        self._seen: set[tuple[str, str, int, int]] = set()
        self._samples: Counter[tuple[str, str]] = Counter()

    def records(self, path: Path) -> Iterator[Record]:
        """The rows of a file or folder, counted as read."""
        for record in reading.records(path):
            self.report.read += 1
            yield record

    def query(self, query: Query, place: str) -> None:
        """Add a query. It may come again, but not with another text under the same id."""
        known = self._queries.get(query.id)
        if known is None:
            checked_id(query.id, place, "a query id")
            self._queries[query.id] = query
        elif known.turns != query.turns:
            raise InputError(
                place,
                expected=f"one text for query {shorten(query.id)}",
                got=shorten(query.text or "none"),
                fix="give different queries different ids",
            )

    def call(self, outcome: Outcome, place: str, *, repeats: bool = False) -> None:
        """Add a call of a known query. With ``repeats`` a second call of the same arm is its next sample."""
        checked_id(outcome.arm, place, "an arm")
        for name in _NUMBERS:
            _check_number(name, getattr(outcome, name), place)
        if repeats:
            pair = (outcome.query_id, outcome.arm)
            outcome = msgspec.structs.replace(outcome, sample=self._samples[pair])
            self._samples[pair] += 1
        key = (outcome.query_id, outcome.arm, outcome.sample, outcome.turn)
        if key in self._seen:
            raise InputError(
                place,
                expected="each (query, arm, sample, turn) once",
                got=f"a second {shorten(key)}",
                fix="number repeated calls with `sample`, or drop the duplicates",
            )
        self._seen.add(key)
        self._calls.append(outcome)

    def drop(self, place: str, reason: str) -> None:
        """Count a row that was left out."""
        _count(self.report.dropped, reason, place)

    def adjust(self, place: str, what: str) -> None:
        """Count a value that was changed to fit."""
        _count(self.report.adjusted, what, place)

    def finish(
        self, *, name: str | None = None, models: Iterable[ModelCard] = (), notes: Sequence[str] = ()
    ) -> Imported:
        """The checked table and its report; a source without a single query is an error."""
        if not self._queries:
            reasons = "; ".join(f"{tally.count} × {reason}" for reason, tally in self.report.dropped.items())
            raise InputError(
                self.report.source,
                expected="at least one usable row",
                got=f"none ({reasons})" if reasons else "none",
                fix="check the file and its format",
            )
        answers = answer_frame(self._calls)
        table = OutcomeTable.from_frames(
            query_frame(list(self._queries.values())),
            outcome_frame(self._calls),
            answers=answers,
            models=models,
            name=name or self._source.name.partition(".")[0] or "table",
            notes=notes,
            where=self.report.source,
        )
        self.report.queries, self.report.calls = table.queries.height, table.calls.height
        self.report.answers = answers.height
        return Imported(table, self.report)


def checked_id(value: str, place: str, what: str) -> str:
    """An id that is neither empty nor a way out of a folder, without control characters."""
    if not value or not value.strip():
        raise InputError(place, expected=what, got=shorten(value), fix="fill it in")
    if re.search(UNSAFE_ID, value):
        raise InputError(
            place, expected=f"{what} without `..`, leading `/` or control characters", got=shorten(value),
            fix="rename it",
        )  # fmt: skip
    return value


def checked_options(options: Mapping[str, str], known: Mapping[str, str], importer: str) -> None:
    """Refuse an option that the importer does not have."""
    for name in options:
        if name not in known:
            raise InputError(
                f"option {name!r}",
                expected=f"an option of the importer {importer!r}",
                got=repr(name),
                fix=nearest(name, known) if known else "leave it out: there are none",
            )


def prompt_id(*parts: str) -> str:
    """An id for a query that has none: the hash of its text."""
    return digest("\x1f".join(parts).encode())


def split_of(place: str) -> str | None:
    """The split that a file's name tells: train, validation or test."""
    found = re.search(r"(?<![a-z])(train|validation|test)(?![a-z])", Path(place).name)
    return found[1] if found else None


def text_of(value: Any) -> str | None:
    """A reference or answer as text; what is not text is written as JSON."""
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value, order="sorted").decode()


def save_new(table: OutcomeTable, folder: Path) -> OutcomeTable:
    """Save into a folder that does not exist yet (or is empty): it appears whole or not at all."""
    refuse_taken(folder)
    with usable(folder, *WRITABLE):
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        table.save(temporary)
        temporary.chmod(0o755)
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return OutcomeTable.open(folder)


def refuse_taken(folder: Path) -> None:
    """Raise InputError where a new table cannot go."""
    with usable(folder, *WRITABLE):
        taken = (folder / MANIFEST).exists() or folder.is_file() or (folder.is_dir() and any(folder.iterdir()))
    if taken:
        raise InputError(
            str(folder),
            expected="a new or empty folder",
            got="one that holds something" if folder.is_dir() else "a file",
            fix="choose another folder",
        )


def _check_number(name: str, value: float | int | None, place: str) -> None:
    if value is None:
        return
    if name in _UNIT:
        good, expected = 0 <= value <= 1, "a number in [0, 1]"
    else:
        good, expected = 0 <= value <= _LARGEST_INT and math.isfinite(value), "a finite number of at least 0"
    if not good:
        raise InputError(
            f"{place} field {name}",
            expected=expected,
            got=shorten(value),
            fix="correct this value, or leave it empty where it is unknown",
        )


def _count(tallies: dict[str, Tally], reason: str, place: str) -> None:
    if reason in tallies:
        tallies[reason].count += 1
    else:
        tallies[reason] = Tally(1, place)
