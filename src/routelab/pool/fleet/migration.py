"""Live migration of a request's keys: pre-copy in stages while it decodes, then stop and copy the rest (OSDI'24)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routelab.pool.fleet.engine.interface import DECODING

if TYPE_CHECKING:
    from routelab.pool.fleet.control import Control

STAGES, LAST_BLOCKS = 3, 16


class Migration:
    """One request on its way. The target's blocks are set aside before each stage."""

    def __init__(self, fleet: Control, request: int, target: int, pause_s: float = 0.0) -> None:
        self.fleet, self.request, self.target, self.pause_s = fleet, request, target, pause_s
        self.copied = self.reserved = self.stage = self.preemptions = 0
        self.source = -1

    def begin(self) -> None:
        row = self._row()
        if row is None:
            return
        self.source, self.preemptions = int(row["server"]), int(row["preemptions"])
        self._copy(int(row["blocks"]))

    def _copy(self, blocks: int) -> None:
        """Send the blocks that are not there yet, if the target has room for them."""
        more = blocks - self.copied
        if not self.fleet.engine.reserve(self.target, more):
            self._give_up()
            return
        self.reserved += more
        self.copied = blocks
        self.stage += 1
        size = more * float(self.fleet.block_bytes[self.source])
        self.fleet.at(self.fleet.links[self.source].send(self.fleet.now, size), self._copied)

    def _copied(self) -> None:
        row = self._row()
        if row is None or int(row["server"]) != self.source or int(row["preemptions"]) != self.preemptions:
            self._give_up()
        elif int(row["blocks"]) - self.copied <= LAST_BLOCKS:
            self._switch(int(row["slot"]), int(row["blocks"]))
        elif self.stage >= STAGES:
            self._give_up()
        else:
            self._copy(int(row["blocks"]))

    def _switch(self, slot: int, blocks: int) -> None:
        """Stop it here; when the last blocks are there it goes on at the target."""
        moved = self.fleet.engine.withdraw(slot)
        size = max(blocks - self.copied, 1) * float(self.fleet.block_bytes[self.source])
        there = self.fleet.links[self.source].send(self.fleet.now, size) + self.pause_s

        def go_on() -> None:
            self._give_up()  # what was set aside is taken by the request itself
            self.fleet.engine.put(moved, self.target, front=True)

        self.fleet.at(there, go_on)

    def _give_up(self) -> None:
        self.fleet.engine.reserve(self.target, -self.reserved)
        self.reserved = 0

    def _row(self) -> np.void | None:
        rows = self.fleet.engine.live()
        found = rows[(rows["id"] == self.request) & (rows["state"] == DECODING)]
        return found[0] if len(found) else None
