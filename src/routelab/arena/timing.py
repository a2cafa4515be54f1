"""Robustness to rewording and measured decision latency: what needs the fitted router again.

Timings are measured, so they alone may differ between equal runs; they live in fields of their own.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from routelab.arena.adapters import HttpRouter
from routelab.arena.candidates import arm_indices
from routelab.arena.crossfit import Trace
from routelab.arena.folds import Schedule
from routelab.arena.problem import Problem
from routelab.arena.statistics import Metric, share, undefined
from routelab.arena.subjects import Subject
from routelab.core.seeds import stream
from routelab.encode import QueryBatch
from routelab.workload.perturb import perturb

REWORDED = 200
TIMED = 100


def robustness(problem: Problem, plan: Schedule, subject: Subject, *, seed: int) -> Metric:
    """Share of test queries whose arm stays when the prompt is reworded (RouterArena's 1 − flips/n)."""
    if subject.trace is None:
        if subject.name in ("cheapest", "best-single"):
            return {"value": 1.0, "low": 1.0, "high": 1.0}
        return undefined("it does not read the prompt")
    texts = problem.batch.texts
    if texts is None:
        return undefined("the table has no public prompts")
    fit = plan.fits[0]
    rows = stream(seed, "reworded").permutation(fit.test)[:REWORDED]
    changed = QueryBatch.of(perturb([texts[i] for i in rows], seed), [problem.batch.tasks[i] for i in rows])
    after = arm_indices(subject.trace.first.route(changed), problem.arms, changed, subject.name)
    before = subject.trace.pick[fit.repeat, np.searchsorted(plan.judged, rows)]
    return share(int((before == np.array(after)).sum()), len(rows))


def add_timing(
    data: dict[str, Any],
    problem: Problem,
    plan: Schedule,
    traces: Sequence[Trace],
    *,
    seconds: float,
    seed: int,
) -> None:
    """Add ``timing`` to the result and ``decision_latency_ms`` to every row, with a why where it has none.

    An endpoint is not timed: it was asked every prompt once, and asking again may be billed.
    """
    by_name = {row["name"]: row for row in data["routers"]}
    texts = problem.batch.texts
    for row in data["routers"]:
        row["decision_latency_ms"] = {"p50": None, "p99": None, "why": "it does not read the prompt"}
    for trace in traces:
        row = by_name[trace.candidate.name]
        if texts is None or isinstance(trace.first, HttpRouter):
            continue
        spent = []
        for i in stream(seed, "timed").permutation(plan.fits[0].test)[:TIMED]:
            single = QueryBatch.of([texts[i]], [problem.batch.tasks[i]])
            started = time.perf_counter()
            trace.first.route(single)
            spent.append(1000 * (time.perf_counter() - started))
        row["decision_latency_ms"] = {
            "p50": round(float(np.quantile(spent, 0.5)), 4),
            "p99": round(float(np.quantile(spent, 0.99)), 4),
        }
    data["timing"] = {
        "judging_s": round(seconds, 3),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }
