"""Servers that break down and come back, each by draws of its own."""

from __future__ import annotations

from collections.abc import Callable

from routelab.core.seeds import stream
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.policy import Policy
from routelab.pool.fleet.spec import Faults
from routelab.pool.fleet.watchdog import Hooks


class Breakdowns:
    """Draws when servers break down, from the start on, and tells the policy."""

    def __init__(self, fleet: Control, policy: Policy, hooks: Hooks) -> None:
        self.fleet, self.policy, self.hooks = fleet, policy, hooks
        self._draws = [stream(fleet.seed, "fleet", "faults", place) for place in range(len(fleet))]

    def begin(self) -> None:
        for place, server in enumerate(self.fleet.fleet.servers):
            if server.pool.faults:
                self._after(place, server.pool.faults.mtbf_s, self._break)

    def _after(self, server: int, mean_s: float, then: Callable[[int], None]) -> None:
        self.fleet.at(self.fleet.now + self._draws[server].exponential(mean_s), lambda: then(server))

    def _faults(self, server: int) -> Faults:
        faults = self.fleet.fleet.servers[server].pool.faults
        assert faults is not None
        return faults

    def _break(self, server: int) -> None:
        lost = self.fleet.fail(server)
        self._after(server, self._faults(server).repair_s, self._repair)
        self.hooks.enter("on_fault")
        self.policy.on_fault(server, lost, self.fleet)
        self.hooks.running = ""

    def _repair(self, server: int) -> None:
        self.fleet.repair(server)
        self._after(server, self._faults(server).mtbf_s, self._break)
        self.hooks.enter("on_recover")
        self.policy.on_recover(server, self.fleet)
        self.hooks.running = ""
