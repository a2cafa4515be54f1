"""Robustness to edited prompts and measured decision latency: what needs the fitted router again.

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
from routelab.arena.metrics.steadiness import CONSTANT, FLIPS, NOTHING_EDITED, steadiness, unknown
from routelab.arena.problem import Problem
from routelab.arena.subjects import Subject
from routelab.core import Query, stream
from routelab.core.decisions import Floats, Ints
from routelab.encode import QueryBatch
from routelab.workload.perturb import KINDS, reword

EDITED = 200
TIMED = 100


def robustness(problem: Problem, plan: Schedule, judged: Sequence[Subject], *, seed: int) -> dict[str, dict[str, Any]]:
    """``steadiness`` of everybody's picks, by name, under edits of up to 200 test queries of the first fold."""
    fit = plan.fits[0]
    rows = stream(seed, "edited").permutation(fit.test)[:EDITED]
    edits = _edits(problem, rows, seed)
    asked = QueryBatch.of([edit.text for _, edit in edits], [problem.batch.tasks[rows[place]] for place, _ in edits])
    found = {}
    for subject in judged:
        if subject.trace is None:
            constant = subject.name in ("cheapest", "best-single")
            found[subject.name] = CONSTANT if constant else unknown("it does not read the prompt")
        elif not edits:
            found[subject.name] = unknown(NOTHING_EDITED if problem.batch.texts else "the table has no public prompts")
        else:
            before = subject.trace.pick[fit.repeat, np.searchsorted(plan.judged, rows)]
            after = arm_indices(subject.trace.first.route(asked), problem.arms, asked, subject.name)
            found[subject.name] = steadiness(before, _flips(edits, before, after), seed)
    return found


def _edits(problem: Problem, rows: Ints, seed: int) -> list[tuple[int, Query]]:
    """Each prompt in one edit that keeps its meaning and one that changes it, beside its place among ``rows``."""
    texts = problem.batch.texts
    queries = [] if texts is None else [Query.ask(problem.batch.ids[row], texts[row]) for row in rows]
    edits = [(place, reword(query, seed, keeps=k)) for place, query in enumerate(queries) for k in (True, False)]
    return [(place, edit) for place, edit in edits if edit is not None]


def _flips(edits: Sequence[tuple[int, Query]], before: Ints, after: Sequence[int]) -> dict[str, Floats]:
    """(m,) arrays of flips, NaN for queries without such an edit."""
    flipped = {name: np.full(len(before), np.nan) for name in FLIPS}
    for (place, edit), arm in zip(edits, after):
        kind = KINDS[edit.metadata["kind"]]
        for name in ("kept", kind.touches) if kind.keeps else ("changed",):
            flipped[name][place] = arm != before[place]
    return flipped


def add_timing(
    data: dict[str, Any],
    problem: Problem,
    plan: Schedule,
    traces: Sequence[Trace],
    *,
    seconds: float,
    seed: int,
) -> None:
    """Add ``timing`` to the result, ``decision_latency_ms`` to every row, with a why where it has none, and ``fit_s``.

    An endpoint is not timed: it was asked every prompt once, and asking again may be billed.
    """
    by_name = {row["name"]: row for row in data["routers"]}
    texts = problem.batch.texts
    for row in data["routers"]:
        row["decision_latency_ms"] = {"p50": None, "p99": None, "why": "it does not read the prompt"}
    for trace in traces:
        row = by_name[trace.candidate.name]
        if trace.fit_s:
            row["fit_s"] = round(float(np.mean(trace.fit_s)), 4)
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
