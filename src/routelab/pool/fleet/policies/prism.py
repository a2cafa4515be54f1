"""Prism (OSDI'26, arXiv 2505.04021): models share devices, and memory goes to whom it is asked of.

Algorithm 1 puts models where the pressure on the memory for keys is least, by what they were asked for; Algorithm 2
says who of a device's one queue goes first, so that as many as possible begin to answer in time. The released code has
neither, and is here besides: it compares the memory that devices have for each request, and serves by deadline.

Ours, since not told: how often rates are taken and over how long (``period_s``, ``window_s``), and what gain is worth a
move (``threshold``, a share of what the pressure would be in perfect balance). Ours, since else it harms: models that
nobody asks for stay, and of the moves that Algorithm 1 proposes those are made, one at a time, that by themselves lower
the highest pressure of the devices as they are. Half of an exchange of two models can fill a device with weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.policies.deadlines import moore_hodgson
from routelab.pool.fleet.policies.elastic import Elastic
from routelab.pool.fleet.policies.kvpr import NOWHERE, least_pressure, pressures
from routelab.pool.fleet.policy import Admission, Request

Job = tuple[int, Request]


class PrismPaper(Elastic):
    """As in the paper; ``resulting`` follows its prose instead of its listing. ``tpot_s``: as ``ttft_s``.

    What waits at the servers of a device is at most a batch of prompts; the rest is held, and ordered anew.
    """

    window_s, threshold, resulting = 10.0, 0.2, False

    def __init__(
        self,
        expected: Mapping[str, float] | None = None,
        *,
        ttft_s: Mapping[str, float] | None = None,
        tpot_s: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(expected, ttft_s=ttft_s)
        self.tpot_s = tpot_s

    def begin(self, fleet: Control) -> None:
        self.tpot = self.limits("tpot_s", self.tpot_s, fleet.fleet.spec.slo.tpot_s)
        self.tokens, self.rate = np.zeros((2, len(self.models)))
        super().begin(fleet)

    # Algorithm 1.

    def pressure(self, fleet: Control) -> Floats:
        return self.kvpr(self.home)

    def kvpr(self, home: Ints) -> Floats:
        there = home != NOWHERE
        return pressures(home[there], self.weight[there], self.demand[there], self.room)

    def on_finish(self, ended: NDArray[np.void], fleet: Control) -> None:
        np.add.at(self.tokens, self.model_of[ended["server"]], ended["output_tokens"])
        super().on_finish(ended, fleet)

    def rebalance(self, fleet: Control) -> None:
        self.rate += (self.tokens / self.period_s - self.rate) * self.period_s / self.window_s
        self.tokens[:] = 0
        self.demand = self.rate * self.token_bytes / self.tpot
        asked = (self.home != NOWHERE) & (fleet.now - self.asked_s <= self.window_s)
        resting = (self.home != NOWHERE) & ~asked
        room: Floats = self.room - np.bincount(self.home[resting], self.weight[resting], len(self.room))
        now, weight, demand = self.home[asked], self.weight[asked], self.demand[asked]
        least = self.threshold * demand.sum() / max(room.sum() - weight.sum(), 1.0)
        try:
            then = least_pressure(weight, demand, room, resulting=self.resulting, now=now, threshold=least)
        except InputError:  # by demand alone the last ones may not fit; then all stay
            return
        highest = self.pressure(fleet).max()
        for model, device in zip(np.flatnonzero(asked)[then != now].tolist(), then[then != now].tolist(), strict=True):
            moved = np.where(np.arange(len(self.home)) == model, device, self.home)
            if not self.moving and self.settled(model) and highest - self.kvpr(moved).max() > least:
                self.move(model, device, fleet)

    # Algorithm 2.

    def dispatch(self, device: int, fleet: Control) -> None:
        if device in self.wanted.values():
            return  # what ends gives its memory to the weights
        jobs = [(model, request) for model in self.ready(device, fleet) for request in self.queue[model]]
        if not jobs:
            return
        servers = self.server[:, device]
        room = fleet.fleet.servers[servers[0]].spec.max_tokens
        room -= int((fleet.view.waiting_blocks * fleet.block_tokens)[servers].sum())
        for model, request in self.line_up(jobs, fleet.now) if room > 0 else ():
            if room <= 0:
                return
            self.queue[model].remove(request)
            self.tokens[model] += request.input_tokens
            room -= request.input_tokens
            fleet.send(request.id, int(servers[model]))

    def line_up(self, jobs: list[Job], now: float) -> list[Job]:
        deadlines = [request.arrival_s + self.ttft[model] for model, request in jobs]
        work = [request.input_tokens * self.token_s[model] for model, request in jobs]
        return [jobs[job] for job in moore_hodgson(deadlines, work, now)]

    def admit(self, server: int, fleet: Control) -> Admission:
        """A batch takes all that waits; then there is room for more of what is held."""
        device = int(self.device_of[server])
        fleet.at(fleet.now, lambda: self.dispatch(device, fleet))
        return Admission(int(fleet.queues[0][server]))


class PrismCode(Elastic):
    """As in the released code: everything is sent at once, and waits by deadline less the time that its prompt takes.

    A model moves where the memory for each request of one device is more than ``ratio`` times another's. Ours: it is
    the model with the most requests there.
    """

    ratio = 15.0

    def pressure(self, fleet: Control) -> Floats:
        """Requests for each byte that is free."""
        requests = fleet.outstanding[self.server].sum(axis=0)
        return np.asarray(np.maximum(requests, 1) / np.maximum(self.free(fleet), 1.0))

    def rebalance(self, fleet: Control) -> None:
        pressure = self.pressure(fleet)
        most, least = int(pressure.argmax()), int(pressure.argmin())
        here = [model for model in self.ready(most, fleet) if self.settled(model)]
        if here and not self.moving and pressure[most] > self.ratio * pressure[least]:
            self.move(max(here, key=lambda model: fleet.outstanding[self.server[model, most]]), least, fleet)

    def dispatch(self, device: int, fleet: Control) -> None:
        for model in self.ready(device, fleet):
            held, self.queue[model] = self.queue[model], []
            for request in held:
                fleet.send(request.id, int(self.server[model, device]))

    def order(self, server: int, fleet: Control) -> Ints:
        rows, model = fleet.queue(server), self.model_of[server]
        latest = rows["arrival_s"] + self.ttft[model] - rows["prompt"] * self.token_s[model]
        return np.asarray(rows["slot"][np.argsort(latest, kind="stable")])
