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
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import yaml

from routelab import __version__
from routelab.arena.leaderboard import audits
from routelab.arena.leaderboard.audits.case import Case, Other
from routelab.arena.leaderboard.choices import Intake
from routelab.arena.leaderboard.decided import Decided
from routelab.arena.leaderboard.deciding import Answered, decide
from routelab.arena.leaderboard.intake import look
from routelab.arena.leaderboard.manifest import MANIFEST, Manifest, Submission, copy_files
from routelab.arena.leaderboard.publishing import publish
from routelab.arena.leaderboard.ranking import now
from routelab.arena.leaderboard.shared import Shared
from routelab.arena.leaderboard.store import AUDITS, DECISIONS, SEASONS, SUBMISSIONS, URL_VARIABLE, Split, Store, packed
from routelab.arena.rows import Part
from routelab.core.config import convert, load_yaml
from routelab.core.errors import InputError, RoutelabError
from routelab.core.files import usable, write_text
from routelab.data import default_table
from routelab.outcomes import OutcomeTable

CONFIG = "board.yaml"
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
            "why": row.get("why") if row else "outcomes are missing: they are collected by whoever runs the board",
            "rank": row.get("rank") or {"low": None, "high": None},
            "scores": scores,
            "audits": self.audits,
            "waiting": self.waiting,
            "sequence": self.sequence,
            "seconds": round(self.seconds, 2),
        }


def shared_outcomes(folder: Path | None) -> Shared:
    """What a submission is checked against: the board's outcomes, or the embedded ones as a new board would judge."""
    if folder is not None:
        return Board(folder).open
    of = Config()
    return Shared.of(default_table(), of.part, folds=of.folds, repeats=of.repeats, seed=of.seed)


class Board:
    """The board in a folder. ``create`` makes one; ``update`` takes a submission in and publishes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / CONFIG).is_file():
            fix = f"routelab leaderboard init --board {folder}"
            raise InputError(str(folder), expected=f"a board ({CONFIG})", got="none", fix=fix)
        self.config = convert(load_yaml(folder / CONFIG), Config, str(folder / CONFIG))
        self.store = Store(folder, os.environ.get(URL_VARIABLE))
        self._hidden: dict[int, Shared] = {}

    @classmethod
    def create(cls, folder: Path, table: OutcomeTable, config: Config) -> Board:
        """A new board on a table of shared outcomes, which is copied; an existing board is opened as it is."""
        if not (folder / CONFIG).is_file():
            with usable(folder, "a folder for the board"):
                folder.mkdir(parents=True, exist_ok=True)
            _keep_table(folder, table, "open")
            write_text(folder / CONFIG, yaml.safe_dump(msgspec.to_builtins(config), sort_keys=False))
        return cls(folder)

    @cached_property
    def open(self) -> Shared:
        """The outcomes that everybody may look at, and that the open board judges on."""
        return self._of("open", self.config.part)

    def _of(self, name: str, part: Part) -> Shared:
        of = self.config
        return Shared.of(OutcomeTable.open(self._table(name)), part, folds=of.folds, repeats=of.repeats, seed=of.seed)

    def _table(self, name: str) -> Path:
        return self.folder / "tables" / name

    def shared(self, split: Split) -> Shared:
        """The outcomes behind a split; raises InputError for a hidden one before the first season."""
        if split == "open":
            return self.open
        seasons = self.store.rows(SEASONS)
        if not seasons:
            raise InputError(
                "--split", expected="open", got="hidden before the first season", fix="score a season first"
            )
        if seasons[-1]["number"] not in self._hidden:
            self._hidden[seasons[-1]["number"]] = self._of(f"season-{seasons[-1]['number']}", "all")
        return self._hidden[seasons[-1]["number"]]

    def tables(self) -> list[OutcomeTable]:
        """Every table that the board has judged on."""
        names = ["open", *(f"season-{row['number']}" for row in self.store.rows(SEASONS))]
        return [OutcomeTable.open(self._table(name)) for name in names]

    def add_season(self, number: int, table: OutcomeTable, register: str) -> None:
        """Keep a season's table; the same one may come again, another one of this number may not."""
        known = self.store.row(SEASONS, number=number)
        if known and known["table_hash"] != table.hash:
            raise InputError(
                f"season {number}", expected="a new number", got="a season scored before", fix="begin a new one"
            )
        _keep_table(self.folder, table, f"season-{number}")
        self.store.keep(SEASONS, number=number, table_hash=table.hash, register=register)

    def check(self, path: Path | str) -> Intake:
        """Everything that is wrong with a submission; nothing is kept."""
        return look(path, self.open)

    def update(self, path: Path | str) -> Update:
        """Take a submission in, decide, audit, rank and publish. Raises InputError for the first problem it has."""
        started = time.perf_counter()
        found = self.check(path)
        if found.submission is None or not found.ok:
            raise _first(found)
        kept = self._receive(found.submission)
        done = self._judge(kept, found, "open")
        done.seconds = time.perf_counter() - started
        return done

    def resume(self) -> list[str]:
        """Finish what was received and not published: after a crash, or when missing outcomes were collected."""
        finished = []
        for row in self.store.rows(SUBMISSIONS):
            if self._decided(row["id"], "open") is None or not self._audited(row["id"], "open"):
                kept = self.kept(row)
                found = look(kept.folder / MANIFEST if (kept.folder / MANIFEST).exists() else kept.folder, self.open)
                with suppress(RoutelabError):
                    if self._judge(kept, found, "open").row is not None:
                        finished.append(str(row["name"]))
        publish(self, "open", "resume")
        return finished

    # -- one step each ----------------------------------------------------------------------------

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
                "code_version": __version__,
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

    def _judge(self, one: Submission, found: Intake, split: Split) -> Update:
        shared = self.shared(split)
        update = Update(one.manifest.name, None)
        if found.missing:
            update.waiting = [{"arm": arm, "calls": calls, "usd": usd} for arm, calls, usd in found.missing]
            return update
        answered: Answered | None = None
        if self._decided(one.id, split) is None:
            answered = decide(one, found, shared)
            self._keep(DECISIONS, one, split, decided=answered.decided.to_bytes(), facts=packed(answered.facts))
        if not self._audited(one.id, split):
            verdicts = audits.audit(self._case(one, found, answered or decide(one, found, shared), split))
            self._keep(AUDITS, one, split, verdicts=packed(verdicts))
        board = publish(self, split, one.manifest.name)
        update.sequence = board["board"]["sequence"]
        update.row = next((row for row in board["routers"] if row["submission"] == one.id), None)
        update.audits = update.row["audits"] if update.row else []
        return update

    def _keep(self, table: Any, one: Submission, split: Split, **values: Any) -> None:
        self.store.keep(table, submission=one.id, split=split, table_hash=self.shared(split).table.hash, **values)

    def _decided(self, submission: str, split: Split) -> Decided | None:
        row = self.store.row(DECISIONS, submission=submission, split=split, table_hash=self.shared(split).table.hash)
        return None if row is None else Decided.from_bytes(row["decided"])

    def _audited(self, submission: str, split: Split) -> bool:
        key = {"submission": submission, "split": split, "table_hash": self.shared(split).table.hash}
        return self.store.row(AUDITS, **key) is not None

    def _case(self, one: Submission, found: Intake, answered: Answered, split: Split) -> Case:
        shared = self.shared(split)
        others, earlier = [], []
        for row in self.store.rows(SUBMISSIONS):
            decided = None if row["id"] == one.id else self._decided(row["id"], split)
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


def _keep_table(folder: Path, table: OutcomeTable, name: str) -> None:
    """A copy of the table in the board's folder, whole or not at all."""
    place = folder / "tables" / name
    if place.exists():
        return
    place.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        table.save(Path(made) / name)
        with suppress(OSError):  # somebody else was quicker
            (Path(made) / name).rename(place)


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
