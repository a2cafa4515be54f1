"""Many models on few devices that they share, each where it was put: what Prism (arXiv 2505.04021) is compared with.

A model is a pool; pools share devices (``shared``) and begin without weights (``loaded: false``), which the policy
loads. How often models are asked for is not known here, but told to whoever wants to be told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from routelab.core.decisions import Ints
from routelab.core.errors import InputError
from routelab.pool.fleet.build import Server
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.cost.step import TIME
from routelab.pool.fleet.policies.kvpr import NOWHERE, least_pressure
from routelab.pool.fleet.policy import HOLD, Policy, Request


class Placed(Policy):
    """Where models and servers are told. Each model is put on a device by Prism's Algorithm 1, and stays.

    ``expected``: tokens a second by model, or what is in proportion to them; 1 where nothing is said. ``server[m, d]``:
    of model m on device d. ``home``: the device of each model.
    """

    def __init__(self, expected: Mapping[str, float] | None = None) -> None:
        self.expected = dict(expected or {})

    def start(self, fleet: Control) -> None:
        servers = fleet.fleet.servers
        self.models = list(dict.fromkeys(each.pool.model for each in servers))
        devices = list(dict.fromkeys(each.spec.device for each in servers))
        self.model_of = np.array([self.models.index(each.pool.model) for each in servers])
        self.device_of = np.array([devices.index(each.spec.device) for each in servers])
        self.server = np.full((len(self.models), len(devices)), NOWHERE)
        self.server[self.model_of, self.device_of] = np.arange(len(servers))
        if (self.server == NOWHERE).any() or devices[0] < 0 or any(each.pool.loaded for each in servers):
            fix = "give each model one pool with the same `shared`, and `loaded: false`"
            raise InputError("pools", expected="models that share all devices", got="others", fix=fix)
        first = [servers[place] for place in self.server[:, 0].tolist()]
        self.weight = np.array([each.weight_bytes for each in first])
        self.token_bytes = np.array([each.kv_token_bytes for each in first])
        self.token_s = np.array([_token_s(fleet, each) for each in first])
        self.room = np.array([float(servers[place].spec.device_bytes) for place in self.server[0].tolist()])
        self.demand = self.token_bytes * np.array([self.expected.get(name, 1.0) for name in self.models])
        self.home = self.placement()
        self.begin(fleet)

    def placement(self) -> Ints:
        """The device of each model, to begin with. Raises InputError where a model fits nowhere."""
        return least_pressure(self.weight, self.demand, self.room, resulting=True)

    def begin(self, fleet: Control) -> None:
        """Every model that has a home is there before the first request."""
        for model, device in enumerate(self.home.tolist()):
            if device != NOWHERE:
                fleet.load(int(self.server[model, device]), 0.0)

    def partition(self, fleet: Control) -> None:
        """Each model gets a part of the memory for keys, in proportion to what is expected of it."""
        for model, device in enumerate(self.home.tolist()):
            here, server = self.home == device, int(self.server[model, device])
            left = self.room[device] - self.weight[here].sum()
            part = left * self.demand[model] / self.demand[here].sum()
            fleet.set_limit(server, int(fleet.kv_blocks[server] - part // fleet.block_bytes[server]))

    def model(self, request: Request, fleet: Control) -> int:
        return int(self.model_of[fleet.candidates(request)[0]])

    def route(self, request: Request, fleet: Control) -> int:
        model = self.model(request, fleet)
        return int(self.server[model, self.home[model]])


class MuxServeLike(Placed):
    """Models stay; the memory for keys that their weights leave on a device is for all who are there."""


class StaticPartition(Placed):
    """Models stay, and each has memory for keys of its own."""

    def begin(self, fleet: Control) -> None:
        self.partition(fleet)
        super().begin(fleet)


class ServerlessLike(Placed):
    """One model at a time has a device. It leaves when others wait and what it was asked before is answered.

    As ServerlessLLM (OSDI'24) shares devices according to Prism; who waits longest comes next.
    """

    def placement(self) -> Ints:
        return np.full(len(self.models), NOWHERE)

    def begin(self, fleet: Control) -> None:
        self.waiting: dict[int, deque[int]] = {}

    def route(self, request: Request, fleet: Control) -> int:
        self.waiting.setdefault(self.model(request, fleet), deque()).append(request.id)
        fleet.at(fleet.now, partial(self.serve, fleet))
        return HOLD

    def on_finish(self, ended: NDArray[np.void], fleet: Control) -> None:
        self.serve(fleet)

    def serve(self, fleet: Control) -> None:
        """Who waits longest first; the device that it is to get takes no more requests until it is at rest."""
        taken: set[int] = set()
        for model in sorted(self.waiting, key=lambda each: self.waiting[each][0]):
            if self.home[model] == NOWHERE:
                self.enter(model, taken, fleet)
            if self.home[model] != NOWHERE and self.home[model] not in taken:
                server = int(self.server[model, self.home[model]])
                for request in self.waiting.pop(model):
                    fleet.send(request, server)

    def enter(self, model: int, taken: set[int], fleet: Control) -> None:
        """Of the devices that nobody else is to get, the one with the fewest requests, if it is at rest."""
        requests = fleet.outstanding[self.server].sum(axis=0)
        device = min(set(range(len(requests))) - taken, key=requests.__getitem__, default=NOWHERE)
        if device == NOWHERE or requests[device]:
            taken.add(device)
            return
        for last in np.flatnonzero(self.home == device).tolist():
            fleet.unload(int(self.server[last, device]))
        self.home[self.home == device] = NOWHERE
        if fleet.load(int(self.server[model, device])):
            self.home[model] = device


def _token_s(fleet: Control, server: Server) -> float:
    """Seconds a token of a prompt, in the largest batch."""
    tokens = server.spec.max_tokens
    return float(fleet.costs[server.spec.cost].tokens[tokens, TIME]) / tokens
