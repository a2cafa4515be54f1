"""A board: a folder with its configuration, its tables and its store, and what brings it up to date.

Every step of an update is kept before the next one starts and none is done twice, so an update that is killed leaves
the old board whole and goes on when the same command runs again. Updates may run side by side.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import msgspec
import yaml

from routelab.arena.leaderboard import audits
from routelab.arena.leaderboard.audits.case import Case, Other
from routelab.arena.leaderboard.choices import Intake, told_missing
from routelab.arena.leaderboard.decided import Decided
from routelab.arena.leaderboard.deciding import Answered, decide
from routelab.arena.leaderboard.intake import look
from routelab.arena.leaderboard.made_by import made_by
from routelab.arena.leaderboard.manifest import MANIFEST, Manifest, Submission, copy_files, owned_by
from routelab.arena.leaderboard.publishing import publish
from routelab.arena.leaderboard.ranking import now
from routelab.arena.leaderboard.shared import Shared
from routelab.arena.leaderboard.store import AUDITS, DECISIONS, SEASONS, SUBMISSIONS, URL_VARIABLE, Store, packed
from routelab.arena.leaderboard.tables import OPEN, Tables, keep_table
from routelab.arena.rows import Part
from routelab.core.config import convert, load_yaml
from routelab.core.errors import InputError, RoutelabError
from routelab.core.files import usable, write_text
from routelab.data import default_table
from routelab.outcomes import OutcomeTable
from routelab.pool.live.providers import endpoints

CONFIG, ENDPOINTS = "board.yaml", "endpoints.yaml"
SCORES = ("arena_score", "accuracy", "cost_per_1k_usd", "delta_vs_best_single", "delta_vs_hull")


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``board.yaml``. ``part`` are the prompts that are judged: of the embedded default those that no design was tried
    on, so that the others are free to fit on. ``step`` rounds what the hidden board tells (points of the rank metric).
    """

    name: str = "routelab"
    part: Part = "claims"
    folds: int = 5
    repeats: int = 3
    seed: int = 0
    submissions_per_owner: int = 20
    step: float = 0.005


@dataclass
class Update:
    """What one update did: the JSON contract of ``routelab leaderboard update``."""

    router: str
    row: dict[str, Any] | None
    audits: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    sequence: int = 0

    def to_json(self) -> dict[str, Any]:
        row = self.row or {}
        scores = {key: row[key] for key in SCORES if key in row}
        return {
            "router": row.get("name", self.router),
            "listed": bool(row.get("listed")),
            "why": row.get("why") if row else self._why_absent(),
            "rank": row.get("rank") or {"low": None, "high": None},
            "scores": scores,
            "audits": self.audits,
            "waiting": self.waiting,
            "sequence": self.sequence,
            "seconds": round(self.seconds, 2),
        }

    def _why_absent(self) -> str:
        if self.waiting:
            return f"waits for {'; '.join(map(told_missing, self.waiting))}"
        return "a newer submission of this router is ranked"


def shared_outcomes(folder: Path | None) -> Shared:
    """What a submission is checked against: the board's outcomes, or the embedded ones as a new board would judge."""
    if folder is not None:
        return Board(folder).open
    of = Config()
    known = endpoints().models
    return Shared.of(default_table(), of.part, folds=of.folds, repeats=of.repeats, seed=of.seed, catalogue=known)


class Board:
    """The board in a folder. ``create`` makes one; ``update`` takes a submission in and publishes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / CONFIG).is_file():
            fix = f"routelab leaderboard init --board {folder}"
            raise InputError(str(folder), expected=f"a board ({CONFIG})", got="none", fix=fix)
        self.config = convert(load_yaml(folder / CONFIG), Config, str(folder / CONFIG))
        self.store = Store(folder, os.environ.get(URL_VARIABLE))
        of = self.config
        known = endpoints(folder / ENDPOINTS if (folder / ENDPOINTS).is_file() else None)
        self.tables = Tables(folder, self.store, of.part, of.folds, of.repeats, of.seed, known.models)

    @classmethod
    def create(cls, folder: Path, table: OutcomeTable, config: Config) -> Board:
        """A new board on a table of shared outcomes, which is copied; an existing board is opened as it is."""
        if not (folder / CONFIG).is_file():
            with usable(folder, "a folder for the board"):
                folder.mkdir(parents=True, exist_ok=True)
            keep_table(folder / "tables", table, OPEN)
            write_text(folder / CONFIG, yaml.safe_dump(msgspec.to_builtins(config), sort_keys=False))
        return cls(folder)

    @property
    def open(self) -> Shared:
        """The outcomes that everybody may look at, and that the open board judges on."""
        return self.tables.shared("open")

    def check(self, path: Path | str) -> Intake:
        """Everything that is wrong with a submission; nothing is kept."""
        return look(path, self.open)

    def update(self, path: Path | str, owner: str | None = None) -> Update:
        """Take a submission in, decide, audit, rank and publish. Raises InputError for the first problem it has.

        ``owner`` is who submits, where the runner of the board knows better than the manifest.
        """
        started = time.perf_counter()
        found = self.check(path)
        if found.submission is None or not found.ok:
            raise _first(found)
        one = found.submission if owner is None else owned_by(found.submission, owner)
        self._catch_up()
        done = self._judge(self._receive(one), found)
        done.seconds = time.perf_counter() - started
        return done

    def resume(self) -> list[str]:
        """Finish what was received and not published: after a crash, or when missing outcomes were collected."""
        finished = self._catch_up(all_of_them=True)
        publish(self, "open", "resume")
        return finished

    # -- one step each ----------------------------------------------------------------------------

    def _catch_up(self, *, all_of_them: bool = False) -> list[str]:
        """Judge anew what stood on an earlier state of the open table, and with ``all_of_them`` what never stood."""
        done = {row["submission"] for row in self.store.rows(AUDITS, split="open")}
        finished = []
        for row in self.store.rows(SUBMISSIONS):
            if not self._audited(row["id"]) and (all_of_them or row["id"] in done):
                kept = self.kept(row)
                with suppress(RoutelabError):
                    if self._judge(kept, look(kept.folder, self.open)).row is not None:
                        finished.append(str(row["name"]))
        return finished

    def _receive(self, one: Submission) -> Submission:
        """Copy the files, then note the submission; both may have happened before."""
        place = self.folder / "submissions" / one.id
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as made:
                whole = Path(made) / one.id
                copy_files(one, whole)
                write_text(whole / MANIFEST, yaml.safe_dump(_plain(one.manifest), sort_keys=False))
                with suppress(OSError):  # somebody else brought the same one
                    whole.rename(place)
        self.store.receive(
            {
                "id": one.id,
                "received": now(),
                "owner": one.manifest.owner,
                "name": one.manifest.name,
                "kind": one.kind,
                "season": len(self.store.rows(SEASONS)) + 1,
                "manifest": packed(_plain(one.manifest)),
                **made_by(),
            },
            self.config.submissions_per_owner,
        )
        return Submission(one.manifest, place, one.id)

    def open_verdicts(self, submission: str) -> list[dict[str, Any]]:
        """What the audits said of it on the open board."""
        row = self.store.row(AUDITS, submission=submission, split="open", table_hash=self.open.table.hash)
        return [] if row is None else list(msgspec.json.decode(row["verdicts"]))

    def kept(self, row: dict[str, Any]) -> Submission:
        """A submission as the board keeps it."""
        manifest = msgspec.json.decode(row["manifest"], type=Manifest)
        return Submission(manifest, self.folder / "submissions" / str(row["id"]), str(row["id"]))

    def _judge(self, one: Submission, found: Intake) -> Update:
        shared = self.open
        update = Update(one.manifest.name, None)
        if found.missing:
            update.waiting = found.missing
            return update
        answered: Answered | None = None
        if self.decided(one.id) is None:
            answered = decide(one, found, shared)
            self._keep(DECISIONS, one, decided=answered.decided.to_bytes(), facts=packed(answered.facts))
        if not self._audited(one.id):
            verdicts = audits.audit(self._case(one, found, answered or decide(one, found, shared)))
            self._keep(AUDITS, one, verdicts=packed(verdicts))
        board = publish(self, "open", one.manifest.name)
        update.sequence = board["board"]["sequence"]
        update.row = next((row for row in board["routers"] if row["submission"] == one.id), None)
        update.audits = update.row["audits"] if update.row else []
        return update

    def _keep(self, table: Any, one: Submission, **values: Any) -> None:
        self.store.keep(table, submission=one.id, split="open", table_hash=self.open.table.hash, **values)

    def decided(self, submission: str) -> Decided | None:
        """What a submission decided on the open table as it is now."""
        row = self.store.row(DECISIONS, submission=submission, split="open", table_hash=self.open.table.hash)
        return None if row is None else Decided.from_bytes(row["decided"])

    def _audited(self, submission: str) -> bool:
        key = {"submission": submission, "split": "open", "table_hash": self.open.table.hash}
        return self.store.row(AUDITS, **key) is not None

    def _case(self, one: Submission, found: Intake, answered: Answered) -> Case:
        shared = self.open
        others, earlier = [], []
        for row in takewhile(lambda row: row["id"] != one.id, self.store.rows(SUBMISSIONS)):
            decided = self.decided(row["id"])
            if decided is None:
                continue
            if (row["owner"], row["name"]) == (one.manifest.owner, one.manifest.name):
                earlier.append(decided)
            else:
                others.append(Other(row["name"], row["owner"], decided))
        return Case(
            submission=one,
            problem=shared.problem,
            decided=answered.decided,
            table=shared.table,
            answers=shared.table.answers(),
            claimed=found.claimed,
            ask=answered.ask,
            fitted_on=answered.fitted_on,
            others=others,
            earlier=earlier,
        )


def _plain(manifest: Manifest) -> dict[str, Any]:
    """What the manifest says, without what it leaves open."""
    said: dict[str, Any] = msgspec.to_builtins(manifest)
    return {key: value for key, value in said.items() if value not in (None, [], "")}


def _first(found: Intake) -> RoutelabError:
    more = len(found.problems) - 1
    first = found.problems[0]
    if not more:
        return first
    fix = f"{first.fix} (and {more} more: routelab submit check tells them all)"
    return InputError(first.where, expected=first.expected, got=first.got, fix=fix)
