"""Llumnix (OSDI'24, arXiv 2406.03243), and the dispatcher that it is measured against.

Freeness is how many blocks of keys each request of a server may still take. Servers are equal and have one model. As in
the system's code, a queue counts whole where requests are dispatched, and by its first request alone where they move:
what stands behind can go elsewhere once that one is in. The paper's memory headroom for priorities is left out.
"""

from __future__ import annotations

import numpy as np

from routelab.core.decisions import Floats, Ints
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.engine.interface import DECODING
from routelab.pool.fleet.migration import Migration
from routelab.pool.fleet.policy import Policy, Request


class InfaasLike(Policy):
    """To the server with the most memory free, less what all of its queue asks for.

    ``scaling``: the fleet's freeness below which a server is started, and above which the one with the fewest requests
    is emptied and stopped, looked at every ``scale_every_s``; None keeps all servers on.
    """

    period_s = 0.05
    scale_every_s, cold_start_s = 10.0, 15.0

    def __init__(self, scaling: tuple[float, float] | None = None) -> None:
        self.scaling = scaling

    def start(self, fleet: Control) -> None:
        self.moving: list[Migration] = []
        self.leaving: set[int] = set()
        self._starting: set[int] = set()
        self._scale_at = self.scale_every_s

    def free(self, fleet: Control) -> Floats:
        """Blocks that neither requests hold nor the queue asks for, by server."""
        return np.asarray(fleet.view.available - fleet.view.waiting_blocks, dtype=float)

    def score(self, fleet: Control) -> Floats:
        """What the chosen server has most of."""
        return self.free(fleet)

    def open(self, fleet: Control) -> Ints:
        """The servers that take new requests."""
        return np.array([server for server in np.flatnonzero(fleet.active).tolist() if server not in self.leaving])

    def route(self, request: Request, fleet: Control) -> int:
        servers = self.open(fleet)
        return int(servers[self.score(fleet)[servers].argmax()])

    def on_tick(self, fleet: Control) -> None:
        if self.scaling is None:
            return
        awaited = {each.target for each in self.moving}
        for server in [each for each in self.leaving - awaited if fleet.outstanding[each] == 0]:
            fleet.stop(server)
            self.leaving.remove(server)
        if fleet.now >= self._scale_at:
            self._scale_at += self.scale_every_s
            self._scale(fleet, *self.scaling)

    def _scale(self, fleet: Control, low: float, high: float) -> None:
        servers, requests = self.open(fleet), fleet.outstanding
        self._starting -= set(servers.tolist())
        off = sorted(set(np.flatnonzero(~fleet.active).tolist()) - self._starting)
        freeness = self.free(fleet)[servers].sum() / max(requests[servers].sum(), 1)
        if freeness > high and len(servers) > 1:
            self.leaving.add(int(servers[requests[servers].argmin()]))
        elif freeness < low and self.leaving:
            self.leaving.pop()
        elif freeness < low and off:
            self._starting.add(off[0])
            fleet.start(off[0], self.cold_start_s)


class Llumnix(InfaasLike):
    """To the server of the greatest freeness; running requests move from servers that lack it to those that have it.

    Every 50 ms the neediest server below ``move_below`` is paired with the freest above ``move_above``, and so on. The
    least important and then shortest request goes, one at a time from or to a server. A server that leaves has no
    freeness at all, and so is emptied.
    """

    move_below = move_above = 3.0
    recompute = False

    def score(self, fleet: Control) -> Floats:
        return self.free(fleet) / np.maximum(fleet.outstanding, 1)

    def freeness(self, fleet: Control) -> Floats:
        """By which requests move: of a queue, its first request alone counts."""
        view = fleet.view
        requests = np.maximum(view.running + np.minimum(view.waiting, 1), 1)
        freeness = np.asarray((view.available - view.first_blocks) / requests, dtype=float)
        freeness[list(self.leaving)] = -np.inf
        return freeness

    def on_tick(self, fleet: Control) -> None:
        self.moving = [each for each in self.moving if not each.over]
        self._move(fleet)
        super().on_tick(fleet)

    def _move(self, fleet: Control) -> None:
        freeness = self.freeness(fleet)
        taken = {server for each in self.moving for server in (each.source, each.target)}
        order = [s for s in np.argsort(freeness, kind="stable").tolist() if fleet.active[s] and s not in taken]
        needy = [server for server in order if freeness[server] < self.move_below]
        freest = [server for server in reversed(order) if freeness[server] > self.move_above]
        if not needy or not freest:
            return
        rows = fleet.live()
        for source, target in zip(needy, freest, strict=False):
            movable = rows[(rows["server"] == source) & (rows["state"] == DECODING)]
            if len(movable):
                first = movable[np.lexsort([movable["computed"], movable["priority"]])[0]]
                self.moving.append(fleet.migrate(int(first["id"]), target, recompute=self.recompute))


class LlumnixRecompute(Llumnix):
    """The control: the same decisions without live migration; who moves is computed again at the target."""

    recompute = True
