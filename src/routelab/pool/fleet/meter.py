"""What servers use while they are there: seconds, and joules at the clocks that they run at. Knows no request."""

from __future__ import annotations

import numpy as np

from routelab.core.decisions import Floats
from routelab.pool.fleet.build import Fleet
from routelab.pool.fleet.cost.power import power_w
from routelab.pool.fleet.engine import CompiledEngine

USAGE = ("busy_s", "compute_s", "memory_s", "links_s")


class Meter:
    """Begins with every server on, at the first clock of its pool. ``on``: on, or starting."""

    def __init__(self, fleet: Fleet, engine: CompiledEngine) -> None:
        self._fleet, self._engine = fleet, engine
        n = len(fleet.servers)
        self.on = np.ones(n, dtype=bool)
        self.since_s = np.zeros(n)
        self._on_s = np.zeros(n)
        self._clock = np.array([server.pool.clocks[0] for server in fleet.servers])
        self._read = np.zeros((n, len(USAGE)))
        self._busy_j = np.zeros(n)

    def turn(self, server: int, on: bool) -> None:
        """A server comes, or goes."""
        if self.on[server] and not on:
            self._on_s[server] += self._engine.now - self.since_s[server]
        self.on[server], self.since_s[server] = on, self._engine.now

    def set_clock(self, server: int, clock: float) -> None:
        """From now on it draws what it does at a share of its full clock."""
        self._engine.observe()  # what its run of steps has used by now
        self._add_joules(server)
        self._clock[server] = clock

    def on_seconds(self, start: float) -> Floats:
        """How long each server was there since a time."""
        running = np.where(self.on, self._engine.now - np.maximum(self.since_s, start), 0.0)
        return np.maximum(self._on_s + running, 0.0)

    def usage(self) -> dict[str, Floats]:
        """Seconds that each server was busy, computed, moved bytes and communicated, and the joules of its steps."""
        for server in range(len(self.on)):
            self._add_joules(server)
        return {name: self._engine.servers[name].copy() for name in USAGE} | {"busy_j": self._busy_j.copy()}

    def _add_joules(self, server: int) -> None:
        """Of its steps since the last time, by the shares of its peak and of its bandwidth."""
        now = np.array([float(self._engine.servers[name][server]) for name in USAGE])
        busy, compute, memory, _ = now - self._read[server]
        self._read[server] = now
        if busy > 0:
            shares = np.minimum(np.array([compute, memory]) / busy, 1.0)
            there = self._fleet.servers[server]
            self._busy_j[server] += (
                there.devices
                * busy
                * float(power_w(there.device, shares[0], shares[1], clock=float(self._clock[server])))
            )
