"""A decoding request moves to another server: its keys by live pre-copy (Llumnix, OSDI'24), or computed again there.

Pre-copy sends what is there while the request goes on, in stages; when little is left it stops, the rest follows, and
it goes on at the target. When and where to move is a policy's to know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routelab.pool.fleet.engine.interface import DECODING

if TYPE_CHECKING:
    from routelab.pool.fleet.verbs import Verbs

STAGES, LAST_BLOCKS = 3, 16


class Migration:
    """One request on its way. The target's blocks are set aside before each stage.

    Given up where the request ends or is preempted, the target has no room, or so many stages leave too much.
    ``over``: it arrived or was given up.
    """

    def __init__(self, fleet: Verbs, request: int, target: int) -> None:
        self.fleet, self.request, self.target = fleet, request, target
        self.over = False
        self.source = -1
        self._copied = self._reserved = self._stages = self._preemptions = 0

    def begin(self, *, recompute: bool = False) -> None:
        """Start copying; with ``recompute`` it stops at once, and the target computes its keys again."""
        row = self._row()
        if row is None:
            self._give_up()
            return
        self.source, self._preemptions = int(row["server"]), int(row["preemptions"])
        if recompute:
            self._start_over(int(row["slot"]), int(row["blocks"]))
        else:
            self._copy(int(row["blocks"]))

    def _copy(self, blocks: int) -> None:
        """Send the blocks that are not there yet, if the target has room for them."""
        if not self._set_aside(blocks):
            self._give_up()
            return
        more, self._copied = blocks - self._copied, blocks
        self._stages += 1
        self.fleet.at(self._send(more), self._arrived)

    def _arrived(self) -> None:
        """A stage is there."""
        row = self._row()
        if row is None or int(row["server"]) != self.source or int(row["preemptions"]) != self._preemptions:
            self._give_up()
        elif int(row["blocks"]) - self._copied <= LAST_BLOCKS:
            self._switch(int(row["slot"]), int(row["blocks"]))
        elif self._stages >= STAGES:
            self._give_up()
        else:
            self._copy(int(row["blocks"]))

    def _switch(self, slot: int, blocks: int) -> None:
        """Stop it here; when the last blocks are there it goes on at the target."""
        if not self._set_aside(blocks + 1):  # its next token may begin one
            self._give_up()
            return
        moved = self.fleet._engine.withdraw(slot)
        self.fleet.migrations += 1

        def go_on() -> None:
            self.fleet._land(moved, self.target)  # first in the queue, then what was set aside is free
            self._give_up()

        self.fleet.at(self._send(max(blocks - self._copied, 1)), go_on)

    def _start_over(self, slot: int, blocks: int) -> None:
        if self._set_aside(blocks + 1):
            moved = self.fleet._engine.withdraw(slot)
            self.fleet.migrations += 1
            self.fleet._land(moved._replace(computed=0), self.target)
        self._give_up()

    def _set_aside(self, blocks: int) -> bool:
        more = blocks - self._reserved
        if not self.fleet._engine.reserve(self.target, more):
            return False
        self._reserved = blocks
        return True

    def _send(self, blocks: int) -> float:
        """When so many blocks, sent now, are there."""
        link, size = self.fleet.between(self.source, self.target), float(self.fleet.block_bytes[self.source])
        return link.send(self.fleet.now, blocks * size)

    def _give_up(self) -> None:
        self.over = True
        self.fleet._engine.reserve(self.target, -self._reserved)
        self._reserved = 0

    def _row(self) -> np.void | None:
        rows = self.fleet._engine.live()
        found = rows[(rows["id"] == self.request) & (rows["state"] == DECODING)]
        return found[0] if len(found) else None
