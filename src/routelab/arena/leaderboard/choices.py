"""Choices as they are written in files, checked against the board: ids, arms, calls, and outcomes still missing.

Collects problems in an ``Intake`` instead of stopping at the first.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from routelab.arena.leaderboard.decided import Calls, Decided
from routelab.arena.leaderboard.manifest import Submission
from routelab.arena.leaderboard.shared import Shared
from routelab.core.errors import InputError, RoutelabError, nearest, shorten
from routelab.core.files import usable

MOST_CALLS = 16
MOST_TOLD = 20


@dataclass
class Intake:
    """What was found. ``decided`` is there for decisions and predictions without problems.

    ``missing`` lists outcomes that the board does not have yet: ``arm``, ``calls`` and ``usd``, None where no price is
    known. They are no problem of the submission: whoever runs the board collects them once.
    """

    submission: Submission | None = None
    decided: Decided | None = None
    claimed: pl.DataFrame | None = None
    missing: list[dict[str, Any]] = field(default_factory=list)
    problems: list[InputError] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def add(self, where: str, *, expected: str, got: str, fix: str) -> None:
        self.problems.append(InputError(where, expected=expected, got=got, fix=fix))

    def take(self, error: RoutelabError) -> None:
        """A problem that somebody else found."""
        self.add(error.where, expected=error.expected, got=error.got, fix=error.fix)

    def attempt(self, what: Callable[[], Any]) -> Any:
        """The result, or None with the problem noted."""
        try:
            return what()
        except RoutelabError as error:
            self.take(error)
            return None


def decision_frame(path: Path) -> pl.DataFrame:
    readers: dict[str, Callable[[Path], pl.DataFrame]] = {
        ".parquet": pl.read_parquet,
        ".csv": lambda place: pl.read_csv(place, infer_schema=False),
        ".jsonl": lambda place: pl.read_ndjson(place, infer_schema_length=None),
    }
    reader = readers.get(path.suffix)
    if reader is None:
        raise InputError(
            path.name, expected=f"one of {', '.join(readers)}", got=path.suffix or "none", fix="convert it"
        )
    with usable(path, "a table of decisions"):
        try:
            return reader(path)
        except (pl.exceptions.PolarsError, ValueError) as error:
            got = str(error).partition("\n")[0]
            raise InputError(path.name, expected="a readable table", got=shorten(got), fix="write it again") from None


def overhead(found: Intake, frame: pl.DataFrame, where: str) -> list[float] | None:
    if "overhead_usd" not in frame.columns:
        return None
    values = frame["overhead_usd"].cast(pl.Float64, strict=False).fill_null(math.nan).to_list()
    wrong = [row for row, value in enumerate(values, 1) if not (math.isfinite(value) and value >= 0)]
    if wrong:
        found.add(
            f"{where} row {wrong[0]} overhead_usd",
            expected="dollars, 0 or more",
            got=f"something else in {len(wrong)} rows",
            fix="correct them",
        )
        return None
    return values


def keep(
    found: Intake, ids: list[str], chosen: Sequence[Any], overhead: list[float] | None, shared: Shared, where: str
) -> None:
    """Check ids and choices against the board, and keep what is right."""
    judged = set(shared.problem.batch.ids)
    known = judged | set(shared.table.queries["query_id"])
    for name, count in Counter(ids).items():
        if count > 1:
            found.add(f"{where} query {name}", expected="one decision", got=str(count), fix="keep one of them")
    _some(found, where, [name for name in dict.fromkeys(ids) if name not in known], "a query of the board", known)
    absent = [name for name in shared.problem.batch.ids if name not in set(ids)]
    if absent:
        found.add(
            where,
            expected=f"a decision for each of {len(judged)} queries",
            got=f"none for {len(absent)}, {absent[0]} among them",
            fix="decide every query of `routelab leaderboard queries`",
        )
    plans = read_plans(found, ids, chosen, shared, where)
    if found.ok:
        money = None if overhead is None else np.array(overhead)
        found.decided = Decided.of(ids, plans, money).on(shared.problem)
        found.missing = missing_cells(found.decided, shared)


def read_plans(found: Intake, ids: list[str], chosen: Sequence[Any], shared: Shared, where: str) -> list[Calls]:
    """Every choice as the calls it makes, in the board's names; unknown arms are told once each."""
    names = arm_names(shared)
    read: dict[str, Calls | None] = {}
    plans: list[Calls] = []
    for name, choice in zip(ids, chosen):
        key = str(choice)
        if key not in read:
            read[key] = _calls(choice, names)
            if read[key] is None:
                wrong = [one for one in _parts(choice) or [choice] if str(one) not in names]
                found.add(
                    f"{where} query {name}",
                    expected=f"an arm of the board, or 1 to {MOST_CALLS} of them"
                    if wrong
                    else f"at most {MOST_CALLS} calls",
                    got=shorten(wrong[0] if wrong else choice),
                    fix=nearest(str(wrong[0] if wrong else choice), names),
                )
        plans.append(read[key] or ("",))
    return plans


def arm_names(shared: Shared) -> dict[str, str]:
    """Arms by their names, and by their names without the provider where no other arm has the same.

    Models that have a card and no outcomes are arms too; those of the catalogue take no name from the table's.
    """
    own = dict.fromkeys([*shared.wide.arms, *(card.id for card in shared.table.models)])
    others = dict.fromkeys(card.id for card in shared.catalogue if card.id not in own)
    return {**_short(others), **_short(own), **{arm: arm for arm in (*others, *own)}}


def _short(arms: Iterable[str]) -> dict[str, str]:
    """Arms by their names without the provider, where that tells them apart."""
    bare = Counter(arm.partition("/")[2] for arm in arms)
    return {name: arm for arm in arms if bare[name := arm.partition("/")[2]] == 1}


def _parts(choice: Any) -> list[Any] | None:
    if isinstance(choice, str) and choice.startswith("["):
        try:
            choice = msgspec.json.decode(choice)
        except msgspec.DecodeError:
            return None
    return list(choice) if isinstance(choice, list | tuple) else [choice]


def _calls(choice: Any, names: dict[str, str]) -> Calls | None:
    parts = _parts(choice)
    if not parts or len(parts) > MOST_CALLS or not all(isinstance(part, str) and part in names for part in parts):
        return None
    return tuple(names[part] for part in parts)


def missing_cells(decided: Decided, shared: Shared) -> list[dict[str, Any]]:
    """Outcomes that these decisions need and the board lacks, by arm, with what collecting them would cost."""
    place = {arm: column for column, arm in enumerate(shared.wide.arms)}
    wanted: Counter[str] = Counter()
    for k, plan in enumerate(decided.plans):
        rows = (decided.pick == k).any(axis=0)
        for arm, times in Counter(plan).items():
            has = shared.known[:, place[arm]] if arm in place else np.zeros(len(rows), bool)
            wanted[arm] += int((rows & ~has).sum()) + (times - 1) * int(rows.sum())
    return [
        {"arm": arm, "calls": calls, "usd": shared.price_of(arm, calls)}
        for arm, calls in sorted(wanted.items())
        if calls
    ]


def told_missing(cell: Mapping[str, Any]) -> str:
    """An entry of ``Intake.missing`` in words.

    >>> told_missing({"arm": "lab/new", "calls": 1200, "usd": 0.5})
    '1,200 outcomes of lab/new, about $0.50'
    """
    price = "no price is known" if cell["usd"] is None else f"about ${cell['usd']:.2f}"
    return f"{cell['calls']:,} {'outcome' if cell['calls'] == 1 else 'outcomes'} of {cell['arm']}, {price}"


def claims(rows: Sequence[Any], shared: Shared) -> pl.DataFrame:
    """What a prediction file says of its own calls; see ``Case.claimed``."""
    names = arm_names(shared)
    made = [(row, row.generated_result, row.generated_result and row.generated_result.token_usage) for row in rows]
    return pl.DataFrame(
        [
            {
                "query_id": row.query_id,
                "arm": names.get(row.prediction, row.prediction),
                "answer": made and made.generated_answer,
                "success": made.success if made else None,
                "input_tokens": usage and usage.input_tokens,
                "output_tokens": usage and usage.output_tokens,
                "total_tokens": usage and usage.total_tokens,
                "model_used": made and made.model_used,
                "cost_usd": row.cost,
                "score": row.accuracy,
            }
            for row, made, usage in made
        ],
        schema={
            "query_id": pl.String, "arm": pl.String, "answer": pl.String, "success": pl.Boolean,
            "input_tokens": pl.Float64, "output_tokens": pl.Float64, "total_tokens": pl.Float64,
            "model_used": pl.String, "cost_usd": pl.Float64, "score": pl.Float64,
        },
    )  # fmt: skip


def _some(found: Intake, where: str, wrong: list[str], expected: str, known: Iterable[str]) -> None:
    for name in wrong[:MOST_TOLD]:
        found.add(f"{where} query {shorten(name)}", expected=expected, got="an unknown id", fix="remove this row")
    if len(wrong) > MOST_TOLD:
        found.add(where, expected=expected, got=f"{len(wrong)} unknown ids in all", fix="use this board's queries")
