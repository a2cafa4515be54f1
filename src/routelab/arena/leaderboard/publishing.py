"""From the store to a published board: which entries stand, in which order, and the files that show it."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from routelab import __version__
from routelab.arena.baselines import learned_baselines
from routelab.arena.judge import unfit
from routelab.arena.leaderboard.decided import Decided
from routelab.arena.leaderboard.deciding import of_candidate
from routelab.arena.leaderboard.ladder import told
from routelab.arena.leaderboard.made_by import code_hash, made_by
from routelab.arena.leaderboard.ranking import SCHEMA_VERSION, Entry, document, now, to_bytes
from routelab.arena.leaderboard.shared import Shared
from routelab.arena.leaderboard.store import AUDITS, BOARDS, DECISIONS, SEASONS, SUBMISSIONS, Split, packed
from routelab.core.errors import InputError
from routelab.core.files import write_text
from routelab.core.threads import single_threaded

if TYPE_CHECKING:
    from routelab.arena.leaderboard.board import Board

SHOWN = 12
TOLD = ("description", "source_url", "licence", "open_source", "trained_on")


def publish(board: Board, split: Split, cause: str) -> dict[str, Any]:
    """The current board of a split, computed and kept if anything is new since the last one.

    Waits for others that publish; one of them may already have what this one wanted to add.
    """
    _prepare_baselines(board, split)
    with board.store.alone():
        last = board.store.last_board(split)
        entries = standing(board, split)
        key = packed(sorted(entries))
        shared = board.tables.shared(split)
        table_hash = shared.table.hash
        made_of = (key, table_hash, __version__)
        same = last and (last["entries"], last["table_hash"], last["code_version"]) == made_of
        found = _readable(last) if same else None
        if found is None:
            sequence, published = (last["sequence"] + 1 if last else 0), now()
            board.tables.remember(shared)
            found = compute(board, split, shared, entries, sequence, published)
            data = to_bytes(found)
            board.store.keep(
                BOARDS,
                split=split,
                sequence=sequence,
                published=published,
                cause=cause,
                entries=key,
                table_hash=table_hash,
                **made_by(),
                sha256=hashlib.sha256(data).hexdigest(),
                document=zlib.compress(data, 6),
            )
        _write_files(board, split, found)
    return found


def standing(board: Board, split: Split) -> list[str]:
    """Ids of what is ranked: of every owner's router the newest submission that is decided and audited."""
    table_hash = board.tables.shared(split).table.hash
    audited = {row["submission"] for row in board.store.rows(AUDITS, split=split, table_hash=table_hash)}
    newest = {}
    for row in board.store.rows(SUBMISSIONS):
        if row["id"] in audited:
            newest[row["owner"], row["name"]] = row["id"]
    return list(newest.values())


@single_threaded
def compute(
    board: Board, split: Split, shared: Shared, ids: Iterable[str], sequence: int, published: str
) -> dict[str, Any]:
    """The board of these submissions on these outcomes: the same bytes whenever it is computed."""
    table_hash = shared.table.hash
    wanted = set(ids)
    received = {row["id"]: row for row in board.store.rows(SUBMISSIONS)}
    decisions = {row["submission"]: row for row in board.store.rows(DECISIONS, split=split, table_hash=table_hash)}
    verdicts = {row["submission"]: row for row in board.store.rows(AUDITS, split=split, table_hash=table_hash)}
    entries = [
        _entry(row, decisions[name], msgspec.json.decode(verdicts[name]["verdicts"]))
        for name, row in received.items()
        if name in wanted and name in decisions
    ]
    entries += [
        Entry(
            name.partition(":")[2],
            "routelab",
            Decided.from_bytes(row["decided"]),
            {},
            msgspec.json.decode(row["facts"]),
            baseline=True,
        )
        for name, row in sorted(decisions.items())
        if name.startswith("baseline:")
    ]
    seasons = board.store.rows(SEASONS, table_hash=table_hash)
    head = {
        "name": board.config.name,
        "split": split,
        "sequence": sequence,
        "published": published,
        "season": next((row["number"] for row in seasons), None),
        "step": board.config.step if split == "hidden" else 0.0,
    }
    found = document(shared, entries, head, examples=split == "open") | {"routelab_version": __version__}
    return found if split == "open" else told(found, board.config.step, _told_before(board, sequence))


def _told_before(board: Board, sequence: int) -> dict[str, float]:
    """The best value that every owner was told on the hidden board before this publication."""
    best: dict[str, float] = {}
    for row in board.store.rows(BOARDS, split="hidden"):
        if row["sequence"] < sequence:
            found = _unpacked(row)
            for one in found["routers"]:
                value = one[found["rank_metric"]]["value"]
                if one["listed"] and value is not None:
                    best[one["owner"]] = max(value, best.get(one["owner"], value))
    return best


def published(board: Board, split: Split, sequence: int) -> dict[str, Any]:
    """A past board as it was."""
    return _unpacked(_row(board, split, sequence))


def differs(board: Board, split: Split, sequence: int) -> str | None:
    """Compute a past board again, byte for byte: None for the same bytes, else what may be behind the difference.

    Raises InputError where it cannot be computed.
    """
    row = _row(board, split, sequence)
    if row["code_version"] != __version__:
        fix = "compute it with that version"
        raise InputError("--at", expected=f"a board of version {__version__}", got=row["code_version"], fix=fix)
    shared = board.tables.at(row["table_hash"], split)
    again = compute(board, split, shared, msgspec.json.decode(row["entries"]), sequence, row["published"])
    if hashlib.sha256(to_bytes(again)).hexdigest() == row["sha256"]:
        return None
    then, here = row["code_hash"], code_hash()
    if then == here:
        return "made by the same code, perhaps with other libraries"
    return f"made by other code (hash {then[:SHOWN] if then else 'not recorded'}, here {here[:SHOWN]})"


def _row(board: Board, split: Split, sequence: int) -> dict[str, Any]:
    row = board.store.row(BOARDS, split=split, sequence=sequence)
    if row is None:
        fix = "see routelab leaderboard history"
        raise InputError("--at", expected="a published board", got=str(sequence), fix=fix)
    return row


def current(board: Board, split: Split) -> dict[str, Any]:
    """The newest published board; one is published where there is none yet, or none of this schema."""
    last = board.store.last_board(split)
    return _readable(last) or publish(board, split, f"schema {SCHEMA_VERSION}" if last else "init")


def history(board: Board, split: Split) -> list[dict[str, Any]]:
    """Every published board in short: when, why, and each router's value and rank."""
    return [_brief(row) for row in board.store.rows(BOARDS, split=split)]


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    board = _unpacked(row)
    metric = board["rank_metric"]
    return {
        "sequence": row["sequence"],
        "published": row["published"],
        "trigger": row["cause"],
        "routers": {
            one["name"]: {
                **{key: one[metric][key] for key in ("value", "low", "high")},
                "rank_low": one["rank"]["low"],
                "rank_high": one["rank"]["high"],
            }
            for one in board["routers"]
            if one["listed"]
        },
    }


def _readable(row: dict[str, Any] | None) -> dict[str, Any] | None:
    """A published board where there is one and it is laid out as boards are now."""
    found = _unpacked(row) if row else None
    return found if found and found["schema_version"] == SCHEMA_VERSION else None


def _unpacked(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(zlib.decompress(row["document"]))
    return found


def _entry(row: dict[str, Any], decision: dict[str, Any], verdicts: list[dict[str, Any]]) -> Entry:
    manifest = msgspec.json.decode(row["manifest"])
    failed = [verdict["name"] for verdict in verdicts if verdict["verdict"] == "fail"]
    about = {key: manifest[key] for key in TOLD if key in manifest}
    about |= {"owner": row["owner"], "kind": row["kind"], "submission": row["id"], "received": row["received"]}
    return Entry(
        row["name"],
        row["owner"],
        Decided.from_bytes(decision["decided"]),
        about | {"audits": verdicts},
        msgspec.json.decode(decision["facts"]),
        f"failed {', '.join(failed)}" if failed else None,
    )


def _prepare_baselines(board: Board, split: Split) -> None:
    """The baselines that learn are decided once for each table that they may be fitted on."""
    shared = board.tables.shared(split)
    for candidate in learned_baselines():
        if unfit(candidate, shared.problem):
            continue
        name = f"baseline:{candidate.name}"
        if board.store.row(DECISIONS, submission=name, split=split, table_hash=shared.table.hash) is None:
            answered = of_candidate(candidate, shared)
            board.store.keep(
                DECISIONS,
                submission=name,
                split=split,
                table_hash=shared.table.hash,
                decided=answered.decided.to_bytes(),
                facts=packed(answered.facts),
            )


def _write_files(board: Board, split: Split, found: dict[str, Any]) -> None:
    """What others read: the board as a file, replaced whole."""
    place = board.folder / ("board.json" if split == "open" else f"board-{split}.json")
    data = to_bytes(found).decode()
    if not place.is_file() or place.read_text(encoding="utf-8") != data:
        write_text(place, data)
