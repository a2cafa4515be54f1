"""The hidden board: entries frozen before the season's items existed, scored on them once, told in rounded figures.

The order is the register's (``routelab season``): commit to a secret, freeze the board's entries, draw with a beacon
that nobody knew, collect the arms' answers, score. Decisions are not taken here: whoever makes them has seen the
prompts. An endpoint may hoard prompts, which its row says; items are therefore used in one season only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from routelab.arena.candidates import Candidate
from routelab.arena.leaderboard.audits import Case
from routelab.arena.leaderboard.audits.choices import season_drop
from routelab.arena.leaderboard.board import Board
from routelab.arena.leaderboard.decided import Decided
from routelab.arena.leaderboard.deciding import candidate_of, of_candidate
from routelab.arena.leaderboard.manifest import Kind, Submission
from routelab.arena.leaderboard.publishing import publish, standing
from routelab.arena.leaderboard.shared import Shared
from routelab.arena.leaderboard.store import AUDITS, DECISIONS, SUBMISSIONS, packed
from routelab.arena.live import fitted
from routelab.arena.problem import prepare
from routelab.core.errors import InputError, RoutelabError
from routelab.core.files import read_text
from routelab.outcomes import OutcomeTable
from routelab.router import Router
from routelab.workload.generate.register import Register, freeze_entries, open_register
from routelab.workload.suites import suite_hash

KINDS: tuple[Kind, ...] = ("recipe", "artifact", "code", "endpoint")
HOARDS = "an endpoint: it saw these prompts and may have kept them"

Progress = Callable[[int, int, str], None]


def freeze(board: Board, register: Path) -> Register:
    """Close the season's list of entries: everything that stands on the open board and can be asked."""
    standing_now = set(standing(board, "open"))
    rows = [row for row in board.store.rows(SUBMISSIONS) if row["id"] in standing_now and row["kind"] in KINDS]
    return freeze_entries(register, tuple(row["id"] for row in rows))


def score_season(board: Board, table: OutcomeTable, register: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Score the frozen entries on the outcomes of the drawn items, and publish the hidden board.

    Raises InputError for a season that is not drawn, for other items than it drew and for items that were used
    before. Goes on where it was stopped.
    """
    known = open_register(register)
    _check(board, table, known, register)
    board.tables.add_season(known.season, table, read_text(register))
    shared = board.tables.shared("hidden")
    entries = [row for row in board.store.rows(SUBMISSIONS) if row["id"] in known.entries]
    for done, row in enumerate(entries):
        if progress:
            progress(done, len(entries), str(row["name"]))
        _decide(board, shared, row)
    return publish(board, "hidden", f"season {known.season}")


def _check(board: Board, table: OutcomeTable, known: Register, place: Path) -> None:
    if known.suite is None:
        raise InputError(str(place), expected="a drawn season", got="one not drawn yet", fix="routelab season draw")
    if suite_hash(table.query_list()) != known.suite:
        raise InputError(
            f"table {table.name!r}",
            expected="outcomes of all items that the season drew, and of no others",
            got="other queries",
            fix="collect outcomes of the drawn suite",
        )
    prints = prepare(table).batch.fingerprints()
    for earlier in board.tables.all():
        if earlier.hash != table.hash:
            seen = int(np.isin(prints, prepare(earlier).batch.fingerprints()).sum())
            if seen:
                raise InputError(
                    f"table {table.name!r}",
                    expected="items that were never used",
                    got=f"{seen} that table {earlier.name!r} has",
                    fix="draw another season",
                )


def _decide(board: Board, shared: Shared, row: dict[str, Any]) -> None:
    key = {"submission": row["id"], "split": "hidden", "table_hash": shared.table.hash}
    if board.store.row(AUDITS, **key):
        return
    one = board.kept(row)
    try:
        answered = of_candidate(_frozen(one, board, shared), shared)
    except RoutelabError as error:
        verdict = [{"name": "answers", "verdict": "fail", "evidence": str(error)}]
        board.store.keep(AUDITS, **key, verdicts=packed(verdict))
        return
    board.store.keep(DECISIONS, **key, decided=answered.decided.to_bytes(), facts=packed(answered.facts))
    verdicts: Sequence[Any] = [*board.open_verdicts(one.id), season_drop(_case(one, board, shared, answered.decided))]
    if one.kind == "endpoint":
        verdicts = [*verdicts, {"name": "prompts-kept-secret", "verdict": "not_applicable", "evidence": HOARDS}]
    board.store.keep(AUDITS, **key, verdicts=packed(verdicts))


def _case(one: Submission, board: Board, shared: Shared, decided: Decided) -> Case:
    """What it decided on the open queries beside what it decides on unseen ones."""
    open_board, known = board.open, board.decided(one.id)
    assert known is not None, "it stood on the open board when the list was closed"
    unseen = (shared.problem, decided)
    return Case(one, open_board.problem, known.on(open_board.problem), open_board.table, hidden=unseen)


def _frozen(one: Submission, board: Board, shared: Shared) -> Candidate:
    """The entry as it stood when the list was closed: a recipe is fitted on the open outcomes, whole."""
    candidate = candidate_of(one, shared)
    if one.kind != "recipe":
        return candidate
    router = candidate.make(board.config.seed)
    if not isinstance(router, Router):
        return candidate
    (frozen,) = fitted([router.recipe], board.open.table, shared.problem.arms, board.config.seed)
    return replace(frozen, name=one.manifest.name)
