"""Models that come when they are asked for, go when they are not, and move between devices while they serve.

What released code and paper of Prism (arXiv 2505.04021) have in common. An idle model leaves where memory is wanted:
for keys, when it was idle for long; for the weights of one that is asked for, at once. It moves by being loaded
elsewhere, and what it has begun follows by live migration.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.engine.interface import DECODING
from routelab.pool.fleet.migration import Migration
from routelab.pool.fleet.policies.kvpr import NOWHERE
from routelab.pool.fleet.policies.placed import Placed
from routelab.pool.fleet.policy import HOLD, Request

WEIGHTS_GB, LOADING_S = (17.0, 30.0, 142.0), (0.7, 1.3, 1.5)
"""What Prism's pool of engines takes at most to load 8, 14 and 70 billion parameters; lines between them are ours."""


class Elastic(Placed):
    """``ttft_s``: the limits that requests of each model are to keep, by default that of the fleet for all.

    ``queue``: by model, what is held. ``wanted``: the device of each model that is asked for and does not fit.
    """

    period_s, idle_s, switch_s, spare = 1.0, 45.0, 0.02, 0.1

    def __init__(
        self, expected: Mapping[str, float] | None = None, *, ttft_s: Mapping[str, float] | None = None
    ) -> None:
        super().__init__(expected)
        self.ttft_s = ttft_s

    def placement(self) -> Ints:
        """As for good, or `NOWHERE` where not all fit."""
        try:
            return super().placement()
        except InputError:
            return np.full(len(self.models), NOWHERE)

    def begin(self, fleet: Control) -> None:
        n = len(self.models)
        self.ttft = self.limits("ttft_s", self.ttft_s, fleet.fleet.spec.slo.ttft_s)
        self.queue: list[list[Request]] = [[] for _ in range(n)]
        self.asked_s = np.zeros(n)
        self.moving: set[int] = set()
        self.leaving: set[int] = set()
        self.carried: dict[int, Migration] = {}
        self.wanted: dict[int, int] = {}
        self.short = False
        super().begin(fleet)

    def limits(self, name: str, given: Mapping[str, float] | None, default: float | None) -> Floats:
        """A limit of each model. Raises InputError where there is none."""
        found = [(given or {}).get(model, default) for model in self.models]
        if None in found:
            model = self.models[found.index(None)]
            raise InputError(
                f"slo {name}", expected=f"seconds for {model}", got="none", fix="set it in the fleet's slo"
            )
        return np.array(found, dtype=float)

    def free(self, fleet: Control) -> Floats:
        """Bytes of each device that nobody has."""
        free: Floats = (fleet.view.available * fleet.block_bytes)[self.server].max(axis=0)
        return free

    @abstractmethod
    def pressure(self, fleet: Control) -> Floats:
        """By device; a model that is asked for comes to the least."""

    @abstractmethod
    def dispatch(self, device: int, fleet: Control) -> None:
        """Send what is held for the models of a device."""

    @abstractmethod
    def rebalance(self, fleet: Control) -> None:
        """Move models."""

    def ready(self, device: int, fleet: Control) -> list[int]:
        """The models of a device that have their weights."""
        return [m for m in np.flatnonzero(self.home == device).tolist() if fleet.active[self.server[m, device]]]

    def route(self, request: Request, fleet: Control) -> int:
        model = self.model(request, fleet)
        self.queue[model].append(request)
        self.asked_s[model] = fleet.now
        fleet.at(fleet.now, partial(self.asked, model, fleet))
        return HOLD

    def asked(self, model: int, fleet: Control) -> None:
        if self.home[model] == NOWHERE:
            self.activate(model, fleet)
        else:
            self.dispatch(int(self.home[model]), fleet)

    def activate(self, model: int, fleet: Control) -> None:
        """To the device of the least pressure where it fits, if need be in the place of idle ones."""
        order = np.argsort(self.pressure(fleet), kind="stable").tolist()
        for device in order:
            if self.load(model, device, fleet):
                self.home[model] = device
                self.wanted.pop(model, None)
                return
        self.wanted[model] = order[0]

    def load(self, model: int, device: int, fleet: Control) -> bool:
        server = int(self.server[model, device])
        after_s = self.loading_s(model)
        while not fleet.load(server, after_s):
            if not self.evict(device, fleet):
                return False
        fleet.at(fleet.now + after_s, partial(self.dispatch, device, fleet))
        return True

    def loading_s(self, model: int) -> float:
        return float(np.interp(self.weight[model] / 1e9, WEIGHTS_GB, LOADING_S))

    def evict(self, device: int, fleet: Control, idle_s: float = 0.0) -> bool:
        """The model of a device that was not asked for longest leaves, if it is idle."""
        for model in sorted(self.ready(device, fleet), key=self.asked_s.__getitem__):
            idle = fleet.now - self.asked_s[model] >= idle_s and not self.queue[model]
            if idle and self.settled(model) and fleet.unload(int(self.server[model, device])):
                self.home[model] = NOWHERE
                return True
        return False

    def move(self, model: int, device: int, fleet: Control) -> None:
        """It serves where it is until it is loaded there."""
        server = int(self.server[model, device])
        after_s = self.loading_s(model) + self.switch_s
        if fleet.load(server, after_s):
            self.moving.add(model)
            fleet.at(fleet.now + after_s, partial(self.switch, model, device, fleet))

    def switch(self, model: int, device: int, fleet: Control) -> None:
        self.moving.remove(model)
        self.leaving.add(int(self.server[model, self.home[model]]))
        self.home[model] = device
        self.carry(fleet)
        self.dispatch(device, fleet)

    def carry(self, fleet: Control) -> None:
        """What decodes where its model no longer is follows it, once; the last one makes room."""
        for server in list(self.leaving):
            rows, model = fleet.live(), self.model_of[server]
            decoding = rows["id"][(rows["server"] == server) & (rows["state"] == DECODING)].tolist()
            for request in decoding:
                if request not in self.carried:
                    target = int(self.server[model, self.home[model]])
                    self.carried[request] = fleet.migrate(request, target)
        self.retire(fleet)

    def retire(self, fleet: Control) -> None:
        awaited = {each.source for each in self.carried.values() if not each.over}
        self.leaving -= {server for server in self.leaving - awaited if fleet.unload(server)}
        if not self.leaving:
            self.carried.clear()

    def settled(self, model: int) -> bool:
        """Neither on its way to another device, nor still on the one before."""
        return model not in self.moving and not any(self.model_of[server] == model for server in self.leaving)

    def on_pressure(self, server: int, times: int, fleet: Control) -> None:
        self.short = True

    def on_finish(self, ended: NDArray[np.void], fleet: Control) -> None:
        self.retire(fleet)
        for model in list(self.wanted):
            self.activate(model, fleet)

    def on_tick(self, fleet: Control) -> None:
        devices = range(len(self.room))
        if self.short or (self.free(fleet) < self.spare * self.room).any():
            for device in devices:
                self.evict(device, fleet, self.idle_s)
        self.short = False
        self.carry(fleet)
        self.rebalance(fleet)
        for device in devices:
            self.dispatch(device, fleet)
