"""The outcomes a board has judged on: the open table, one a season, and a copy of every state a board was made of.

``tables/open`` may grow when missing outcomes are collected; ``tables/<hash>`` never changes, so that every past board
can be computed again. Knows nothing of submissions.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from routelab.arena.leaderboard.shared import Shared
from routelab.arena.leaderboard.store import SEASONS, Split, Store
from routelab.arena.rows import Part
from routelab.core.errors import InputError
from routelab.core.types import ModelCard
from routelab.outcomes import OutcomeTable

OPEN = "open"


class Tables:
    """Tables in a board's folder, made ready for judging when they are asked for, once each."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        part: Part,
        folds: int,
        repeats: int,
        seed: int,
        catalogue: tuple[ModelCard, ...] = (),
    ) -> None:
        self.folder, self.store = folder / "tables", store
        self._part, self._folds, self._repeats, self._seed = part, folds, repeats, seed
        self._catalogue = catalogue
        self._ready: dict[tuple[str, Split], Shared] = {}

    def shared(self, split: Split) -> Shared:
        """The outcomes behind a split now; raises InputError for a hidden one before the first season."""
        if split == OPEN:
            return self._of(OPEN, split)
        seasons = self.store.rows(SEASONS)
        if not seasons:
            raise InputError("hidden board", expected="a season", got="none yet", fix="routelab leaderboard season")
        return self._of(f"season-{seasons[-1]['number']}", split)

    def at(self, table_hash: str, split: Split) -> Shared:
        """The outcomes as they were when their table had this hash."""
        return self._of(table_hash, split)

    def remember(self, shared: Shared) -> None:
        """Keep a copy of the table as it is now, under its hash."""
        keep_table(self.folder, shared.table, shared.table.hash)

    def all(self) -> list[OutcomeTable]:
        """The open table and every season's."""
        names = [OPEN, *(f"season-{row['number']}" for row in self.store.rows(SEASONS))]
        return [OutcomeTable.open(self.folder / name) for name in names]

    def add_season(self, number: int, table: OutcomeTable, register: str) -> None:
        """Keep a season's table; the same one may come again, another one of this number may not."""
        known = self.store.row(SEASONS, number=number)
        if known and known["table_hash"] != table.hash:
            raise InputError(f"season {number}", expected="its table", got="another one", fix="begin a new season")
        keep_table(self.folder, table, f"season-{number}")
        self.store.keep(SEASONS, number=number, table_hash=table.hash, register=register)

    def _of(self, name: str, split: Split) -> Shared:
        if (name, split) not in self._ready:
            part: Part = self._part if split == OPEN else "all"
            table = OutcomeTable.open(self.folder / name)
            self._ready[name, split] = Shared.of(
                table,
                part,
                folds=self._folds,
                repeats=self._repeats,
                seed=self._seed,
                catalogue=self._catalogue,
            )
        return self._ready[name, split]


def keep_table(folder: Path, table: OutcomeTable, name: str) -> None:
    """A copy of the table in ``folder``, whole or not at all; one that is there already stays."""
    if (folder / name).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as made:
        table.save(Path(made) / name)
        with suppress(OSError):  # somebody else was quicker
            (Path(made) / name).rename(folder / name)
