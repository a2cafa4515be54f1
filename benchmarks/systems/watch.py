"""What a run's rows do not keep: for how long requests that had begun to answer stood still."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from routelab.core.decisions import Floats
from routelab.pool.fleet.engine.interface import RUNNING, WAITING
from routelab.pool.fleet.simulator import Simulation


class Stalls:
    """Looks at a simulation every ``period_s``, to which its figures are exact.

    ``lost_s``: by request, all seconds without its keys, waiting or computed again, after its first token.
    ``longest_s``: the longest time without a new token.
    """

    def __init__(self, simulation: Simulation, period_s: float) -> None:
        self.fleet, self.period_s = simulation.control, period_s
        self.lost_s: defaultdict[int, float] = defaultdict(float)
        self.longest_s: defaultdict[int, float] = defaultdict(float)
        self._since: dict[int, tuple[int, float]] = {}
        self.fleet.at(0.0, self._look)

    def _look(self) -> None:
        rows, now = self.fleet.live(), self.fleet.now
        begun = rows[rows["produced"] > 0]
        again = (begun["state"] == RUNNING) | ((begun["state"] == WAITING) & (begun["computed"] == 0))
        for request in begun["id"][again].tolist():
            self.lost_s[request] += self.period_s
        before, self._since = self._since, {}
        for request, produced in zip(begun["id"].tolist(), begun["produced"].tolist(), strict=True):
            tokens, since = before.get(request, (produced, now))
            self._since[request] = (produced, now) if produced != tokens else (tokens, since)
            if now - since > self.longest_s[request]:
                self.longest_s[request] = now - since
        self.fleet.at(now + self.period_s, self._look)

    def longest(self, ids: np.ndarray) -> Floats:
        """The longest stand-still of each of some requests."""
        return np.array([self.longest_s.get(request, 0.0) for request in ids.tolist()])
