"""``compare``: many routers on many tables under several protocols, and what holds across them.

Every (table, protocol) is one job with a result file of its own, named after all that determines it: a run can be
stopped and goes on where it was. Tables are fixed and independent; what is claimed of one of them is corrected over
all routers (step-down within the table) and over all tables (Holm).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from routelab import __version__
from routelab.arena.candidates import resolve
from routelab.arena.crossfit import DIALS
from routelab.arena.folds import Protocol
from routelab.arena.judge import evaluate
from routelab.arena.problem import prepare, refuse_evaluation_only
from routelab.arena.result import Result
from routelab.arena.rows import Part, part_of, thinned
from routelab.arena.statistics import LEVEL, Metric, from_error, number, undefined
from routelab.core import InputError
from routelab.core.files import digest
from routelab.outcomes import OutcomeTable

MEASURES = (
    "delta_vs_best_single",
    "delta_vs_hull",
    "quality_at_equal_cost",
    "cost_saving_at_equal_quality",
    "delta_at_equal_quality",
    "aiq",
    "reach_probability",
    "regret_vs_oracle_transferable",
    "distance_to_front",
    "collapse",
)
KEPT = ("accuracy", "cost_per_1k_usd", "savings", "below_others")
CLAIMS = ("beats_best_single", "above_hull", "beats_knn", "beats_shuffled")
Z95 = 1.959963985


@dataclass(frozen=True)
class Design:
    """How every table is judged: which ``part`` of its prompts, and of these at most ``most_queries``."""

    routers: tuple[str, ...]
    protocols: tuple[Protocol, ...] = ("cross-fit", "leave-task-out")
    part: Part = "all"
    most_queries: int = 4000
    folds: int = 5
    repeats: int = 2
    draws: int = 1000
    seed: int = 0
    choose_dials: bool = True


@dataclass(frozen=True)
class Job:
    """One table under one protocol; ``place`` is where its result lies, or will.

    Only a ``lasting`` job's result is taken from there: code without a recipe may have changed meanwhile.
    """

    table: OutcomeTable
    protocol: Protocol
    place: Path
    lasting: bool


def jobs(tables: Sequence[OutcomeTable], design: Design, folder: Path) -> Iterator[Job]:
    """What there is to do. Raises InputError for tables of one name and for one that nothing may be fitted on."""
    names = [table.name for table in tables]
    if len(set(names)) < len(names):
        raise InputError("tables", expected="a name for each", got=", ".join(names), fix="rename one of them")
    for table in tables:
        refuse_evaluation_only(table)
    judged = [resolve(name) for name in design.routers]
    known = [[one.name, one.recipe_hash or one.artifact_hash] for one in judged]
    for table in tables:
        thin = thinned(part_of(table, design.part), design.most_queries, design.seed)
        for protocol in design.protocols:
            key = digest(
                [
                    __version__,
                    thin.hash,
                    known,
                    protocol,
                    design.folds,
                    design.repeats,
                    design.draws,
                    design.seed,
                    design.choose_dials,
                    DIALS.tolist(),
                ]
            )
            yield Job(thin, protocol, folder / f"{table.name}.{protocol}.{key}.json", all(hash for _, hash in known))


def compare(
    tables: Sequence[OutcomeTable],
    design: Design,
    folder: Path,
    *,
    progress: Callable[[int, int, str], None] = lambda done, total, what: None,
) -> dict[str, Any]:
    """Do the jobs whose results are not there yet and put all results side by side (the JSON contract)."""
    work = list(jobs(tables, design, folder))
    for job in work:
        _folds(job, design)  # what cannot be done is said before anything is
    found: list[tuple[Job, Result]] = []
    for done, job in enumerate(work):
        progress(done, len(work), f"{job.table.name}, {job.protocol}")
        if not (job.lasting and job.place.is_file()):
            _judge(job, design).save(job.place)
        found.append((job, Result.load(job.place)))
    progress(len(work), len(work), "done")
    return {
        "design": {
            "routers": list(design.routers),
            "folds": design.folds,
            "repeats": design.repeats,
            "part": design.part,
            "most_queries": design.most_queries,
            "seed": design.seed,
            "draws": design.draws,
        },
        "protocols": {
            protocol: side_by_side({job.table.name: result for job, result in found if job.protocol == protocol})
            for protocol in design.protocols
        },
    }


def _folds(job: Job, design: Design) -> int:
    """As many folds as are wished for, or as a table has tasks to leave out."""
    tasks = {task for task in prepare(job.table).batch.tasks if task}
    if job.protocol != "leave-task-out":
        return design.folds
    if len(tasks) < 2:
        raise InputError(
            f"table {job.table.name!r}",
            expected="two tasks or more, to leave one out",
            got=str(len(tasks)),
            fix="use --protocol cross-fit",
        )
    return min(design.folds, len(tasks))


def _judge(job: Job, design: Design) -> Result:
    return evaluate(
        list(design.routers),
        job.table,
        protocol=job.protocol,
        folds=_folds(job, design),
        repeats=design.repeats,
        draws=design.draws,
        seed=design.seed,
        choose_dials=design.choose_dials,
    )


def side_by_side(results: Mapping[str, Result]) -> dict[str, Any]:
    """Every router on every table, its means over tables, and its claims corrected over tables."""
    rows = {table: {row["name"]: row for row in result.data["routers"]} for table, result in results.items()}
    ranked = [name for name in _names(results) if any(name in row for row in rows.values())]
    return {
        "tables": [_table(result) for result in results.values()],
        "routers": [
            {
                "name": name,
                "recipe_hash": next((row[name].get("recipe_hash") for row in rows.values() if name in row), None),
                "overall": {measure: _mean([row[name].get(measure) for row in rows.values() if name in row])
                            for measure in MEASURES},
                "claims": {claim: _claims(rows, name, claim) for claim in CLAIMS},
                "decision_latency_ms": _median([row[name].get("decision_latency_ms", {}).get("p50")
                                                for row in rows.values() if name in row]),
                "fit_s": _median([row[name].get("fit_s") for row in rows.values() if name in row]),
                "by_table": {table: {measure: row[name].get(measure) for measure in (*KEPT, *MEASURES)}
                             for table, row in rows.items() if name in row},
            }
            for name in ranked
        ],
    }  # fmt: skip


def _names(results: Mapping[str, Result]) -> list[str]:
    """Routers first, in the order of the catalogue, then the baselines that are judged everywhere."""
    routers = {
        row["name"]: None for result in results.values() for row in result.data["routers"] if not row["baseline"]
    }
    others = {row["name"]: None for result in results.values() for row in result.data["routers"] if row["baseline"]}
    return [*routers, *(name for name in others if name not in routers)]


def _table(result: Result) -> dict[str, Any]:
    best = result.router("best-single")
    return {
        **{key: result.data["table"][key] for key in ("name", "queries", "arms", "hash", "costs")},
        "best_single": best["accuracy"],
        "oracle_transferable": result.router("oracle-transferable")["accuracy"],
        "folds": result.data["folds"],
        "judging_s": result.data.get("timing", {}).get("judging_s"),
    }


def _mean(metrics: Sequence[Metric | None]) -> Metric:
    """The mean over tables where it is defined; tables are fixed, so only their own errors count."""
    known = [m for m in metrics if m and m.get("value") is not None and m.get("low") is not None]
    if not known:
        return undefined("on no table")
    values = np.array([metric["value"] for metric in known], float)
    errors = np.array([(metric["high"] - metric["low"]) / (2 * Z95) for metric in known], float)
    return from_error(float(values.mean()), float(np.sqrt((errors**2).sum()) / len(known)))


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return number(float(np.median(known))) if known else None


def _claims(rows: Mapping[str, Mapping[str, Any]], name: str, claim: str) -> dict[str, Any]:
    """The tables on which the claim holds after both corrections, of those on which it could be tested."""
    p = {table: row[name][claim]["p_adjusted"] for table, row in rows.items() if claim in row.get(name, {})}
    order = sorted(p, key=lambda table: p[table])
    holds = []
    for place, table in enumerate(order):
        if p[table] * (len(order) - place) >= LEVEL:
            break
        holds.append(table)
    return {"tested": len(p), "holds": sorted(holds)}
