"""Runs a router and a fleet together: at each arrival the router sees the query and an aged view of the pool.

The score of an answer and its tokens come from the outcome table, its latency from the engine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routelab.arena.joint.believed import Believed
from routelab.arena.joint.hosting import Hosting
from routelab.arena.problem import Problem
from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Floats, Ints
from routelab.core.pool_view import PoolView
from routelab.pool.fleet.build import Fleet
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.engine.interface import OK
from routelab.pool.fleet.policy import DROP, Policy, Request
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.simulator import Simulation

RECENT = 0.2
"""Weight of a new observation in the running means of latencies."""


@dataclass(frozen=True)
class Joint:
    """One run. ``arm`` (n requests): who answered, in the order of ``fleet.requests``; ``score``, ``usd``: of the
    answer; a request that failed scores 0."""

    name: str
    fleet: Run
    query: Ints
    arm: Ints
    score: Floats
    usd: Floats


def run(
    problem: Problem,
    hosting: Hosting,
    fleet: Fleet,
    believed: Believed,
    arrivals: Arrivals,
    *,
    seed: int,
    view_age_s: float | None = 0.0,
    sample_s: float = 0.0,
) -> Joint:
    """Serve the arrivals, each the query in its ``query`` column. ``view_age_s``: seconds between looks at the pool, 0
    for a look at every arrival, None for a router that is not shown the pool."""
    looks = believed.looks and view_age_s is not None
    policy = (LookingArms if looks else RoutedArms)(problem.arms, hosting, believed, view_age_s or 0.0)
    done = Simulation(fleet, policy, seed=seed, lengths=policy.lengths, sample_s=sample_s).run(arrivals)
    ids = done.requests["id"]
    query, arm = arrivals.query[ids], np.array([policy.arm_of[each] for each in ids.tolist()], dtype=np.int64)
    answered = done.requests["status"] == OK
    return Joint(
        believed.name,
        done,
        query,
        arm,
        np.where(answered, problem.score[query, arm], 0.0),
        np.where(answered, problem.cost[query, arm], 0.0),
    )


class RoutedArms(Policy):
    """A router in front of pools: it picks the arm, the arm's pool picks its least loaded server."""

    picks_models = True

    def __init__(self, arms: tuple[str, ...], hosting: Hosting, believed: Believed, view_age_s: float) -> None:
        self.arms, self.hosting, self.believed, self.age_s = arms, hosting, believed, view_age_s
        self.arm_of: dict[int, int] = {}

    def seen(self, fleet: Control) -> PoolView | None:
        """What the router is shown of the pool: nothing."""
        return None

    def route(self, request: Request, fleet: Control) -> int:
        arm = self.believed.choose(request.query, self.seen(fleet))
        self.arm_of[request.id] = arm
        servers = self.hosting.servers[arm]
        servers = servers[fleet.active[servers]]
        return fleet.least_busy(servers) if len(servers) else DROP

    def lengths(self, request: Request, server: int) -> tuple[int, int]:
        """The tokens of a query's prompt and answer with the arm that was picked for it; the engine alone asks."""
        arm = self.arm_of[request.id]
        return int(self.hosting.input_tokens[request.query, arm]), int(self.hosting.output_tokens[request.query, arm])


class LookingArms(RoutedArms):
    """The same for a router that looks at the pool: queues as of the last look, and means of recent latencies."""

    def start(self, fleet: Control) -> None:
        self._view: PoolView | None = None
        self._seen_s = -np.inf
        self._latency, self._ttft = np.full(len(self.arms), np.nan), np.full(len(self.arms), np.nan)

    def seen(self, fleet: Control) -> PoolView:
        if self._view is None or fleet.now - self._seen_s >= self.age_s:
            waiting, running = fleet.queues
            sums = [(waiting[servers].sum(), running[servers].sum()) for servers in self.hosting.servers]
            queue, running_now = np.array(sums, dtype=float).T
            self._view = PoolView(
                self.arms,
                available=np.array([float(fleet.active[servers].any()) for servers in self.hosting.servers]),
                queue=queue,
                in_flight=queue + running_now,
                ttft_s=self._ttft.copy(),
                latency_s=self._latency.copy(),
            )
            self._seen_s = fleet.now
        return self._view

    def on_finish(self, ended: NDArray[np.void], fleet: Control) -> None:
        for row in ended[ended["status"] == OK]:
            arm = self.arm_of[int(row["id"])]
            for mean, seconds in (
                (self._latency, row["last_token_s"] - row["arrival_s"]),
                (self._ttft, row["first_token_s"] - row["arrival_s"]),
            ):
                mean[arm] = seconds if np.isnan(mean[arm]) else mean[arm] + RECENT * (seconds - mean[arm])
