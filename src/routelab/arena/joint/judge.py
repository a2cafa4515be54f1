"""The joint run as people ask for it: some routers, one fleet, one workload, several seeds, and a sweep over the load.

Nothing is fitted on a query that is judged with it. Each seed draws its own arrivals, queries and folds, the same for
every router, so that differences are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from routelab import __version__
from routelab.arena.baselines import hindsight
from routelab.arena.candidates import Candidate, resolve
from routelab.arena.joint.believed import Believed, Fitted, believe
from routelab.arena.joint.hosting import Hosting, host
from routelab.arena.joint.run import Joint, run
from routelab.arena.joint.scorecard import REFERENCE, figures, scorecard
from routelab.arena.joint.sweep import KNEE, Sweep, state_worth, swept
from routelab.arena.joint.traces import traces
from routelab.arena.problem import Problem, prepare
from routelab.core.arrivals import Arrivals
from routelab.core.errors import InputError
from routelab.core.seeds import derive, stream
from routelab.core.threads import single_threaded
from routelab.outcomes import OutcomeTable
from routelab.pool.fleet.build import Fleet, build
from routelab.pool.fleet.spec import FleetSpec
from routelab.workload.arrivals import join

SCHEMA_VERSION = 1
YARDSTICKS = ("random", "cheapest", REFERENCE)
ROUTERS = ("ridge", "latency-aware", "slo-filter", "spill-over", "pool-escalation")
LOADS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0)
ASSUMPTION = (
    "Arrival times are the workload's; which query a request carries is drawn at random, each once before any comes "
    "again. Tokens and scores are those that the table recorded for the query and the arm that was picked."
)
Workload = Callable[[int], Arrivals]
Progress = Callable[[int, int, str], None]


@single_threaded
def judge(
    table: OutcomeTable,
    spec: FleetSpec,
    workload: Workload,
    routers: Sequence[Any] = ROUTERS,
    *,
    seeds: int = 5,
    seed: int = 0,
    folds: int = 5,
    view_age_s: float = 5.0,
    loads: Sequence[float] = LOADS,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The result of a joint run as JSON values. Raises InputError for a fleet that does not answer for the arms."""
    if not 0 <= view_age_s < float("inf"):
        raise InputError("view age", expected="seconds from 0 on", got=str(view_age_s), fix="use --view-age 5")
    problem, fleet = prepare(table), build(spec)
    hosting = host(problem, table, fleet)
    candidates = [resolve(each) for each in (*YARDSTICKS, *(each for each in routers if each not in YARDSTICKS))]
    runs: dict[str, list[Joint]] = {}
    sweep: Sweep = {}
    views: dict[str, dict[str, str | None]] = {}
    for place in range(seeds):
        drawn = derive(seed, "joint", place) % 2**31
        arrivals = join(workload(drawn), len(problem), stream(drawn, "queries")).arrivals
        known: Fitted = {}
        for who, candidate in enumerate((*candidates, None)):
            believed = _believed(problem, candidate, folds, drawn, known)
            for name, view, age in _views(believed, view_age_s):
                views[name] = {"router": believed.name, "view": view}
                one = _Run(problem, hosting, fleet, believed, drawn, age)
                joint = one.at(arrivals)
                runs.setdefault(name, []).append(joint)
                for load in loads:
                    found = figures(joint if load == 1.0 else one.at(_faster(arrivals, load)), spec.slo)
                    sweep.setdefault(name, {}).setdefault(load, []).append(found)
            if progress is not None:
                progress(place * (len(candidates) + 1) + who + 1, seeds * (len(candidates) + 1), believed.name)
    rows = [row | views[row["name"]] for row in scorecard(runs, spec.slo)]
    best = next((row["name"] for row in rows if not row["name"].startswith("oracle")), rows[0]["name"])
    arrived = runs[best][0].fleet.requests["arrival_s"]
    return {
        "schema_version": SCHEMA_VERSION,
        "routelab_version": __version__,
        "kind": "joint",
        "table": {"name": table.name, "hash": table.hash, "queries": len(problem), "arms": list(problem.arms)},
        "fleet": _fleet(fleet),
        "workload": {
            "requests": len(arrived),
            "rate_req_s": len(arrived) / max(float(np.ptp(arrived)), 1e-9),
            "span_s": runs[best][0].fleet.span_s,
            "assumption": ASSUMPTION,
        },
        "protocol": {
            "seeds": seeds,
            "seed": seed,
            "folds": folds,
            "view_age_s": view_age_s,
            "fit": "cross",
            "knee_attainment": KNEE,
        },
        "routers": rows,
        "sweep": [swept(name, by_load) for name, by_load in sweep.items()],
        "state": state_worth(sweep, views),
        "shown": [traces(name, runs[name][0]) for name in dict.fromkeys((best, REFERENCE))],
    }


class _Run:
    """One router on one fleet, at any load."""

    def __init__(
        self, problem: Problem, hosting: Hosting, fleet: Fleet, believed: Believed, seed: int, age_s: float | None
    ) -> None:
        self.what = problem, hosting, fleet, believed
        self.seed, self.age_s = seed, age_s

    def at(self, arrivals: Arrivals) -> Joint:
        span = float(arrivals.time_s[-1]) if len(arrivals) else 0.0
        return run(*self.what, arrivals, seed=self.seed, view_age_s=self.age_s, sample_s=max(span, 1e-3) / 150)


def _believed(problem: Problem, candidate: Candidate | None, folds: int, seed: int, known: Fitted) -> Believed:
    if candidate is None:
        return Believed("oracle", hindsight(problem.score, problem.cost))
    return believe(problem, candidate, folds=folds, seed=seed, known=known)


def _views(believed: Believed, age_s: float) -> list[tuple[str, str | None, float | None]]:
    """A router that looks at the pool is run with a fresh view, an aged one and none: what is the state worth?"""
    name = believed.name
    if not believed.looks:
        return [(name, None, None)]
    aged = (f"{name}, view {age_s:g} s old", "aged", age_s)
    return [(name, "fresh", 0.0), aged, (f"{name}, no view", "none", None)]


def _faster(arrivals: Arrivals, load: float) -> Arrivals:
    """The same requests in less time."""
    return replace(arrivals, time_s=arrivals.time_s / load)


def _fleet(fleet: Fleet) -> dict[str, Any]:
    names = ("model", "gpu", "replicas", "tp", "dtype", "arms")
    pools = [{key: getattr(pool, key) for key in names} for pool in fleet.spec.pools]
    slo = {key: value for key in ("ttft_s", "tpot_s", "e2e_s") if (value := getattr(fleet.spec.slo, key)) is not None}
    return {
        "pools": [pool | {"arms": list(pool["arms"])} for pool in pools],
        "servers": len(fleet.servers),
        "usd_per_hour": float(np.sum([server.usd_per_hour for server in fleet.servers])),
        "slo": slo,
    }
