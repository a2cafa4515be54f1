"""What edited prompts cost in accuracy, from outcomes that were recorded on them: for routers and for single arms.

A router is fitted on the original table, never on the fold that holds a variant's original, and routes the edited
text. Its loss has two parts: the picked arms answer worse, and other arms are picked; ``routing_loss`` is the second.
Rewords nothing and asks no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from routelab.arena.candidates import Candidate, arm_indices, resolve
from routelab.arena.crossfit import Progress
from routelab.arena.folds import Schedule, default_repeats, schedule
from routelab.arena.judge import unfit
from routelab.arena.problem import Problem, prepare
from routelab.arena.statistics import UNIT, Draws, Metric, joint_draws, undefined
from routelab.core import InputError, derive
from routelab.core.decisions import Floats, Ints
from routelab.core.threads import single_threaded
from routelab.outcomes import OutcomeTable
from routelab.workload.perturb import KINDS, original

TOUCHES = ("template", "content")
FOLDS = 5


@dataclass(frozen=True)
class Pairs:
    """V variants beside their originals: rows of the two problems, and which side of the prompt each edit touches."""

    problem: Problem
    edited: Problem
    source: Ints
    variant: Ints
    touches: tuple[str | None, ...]


@single_threaded
def accuracy_loss(
    routers: Sequence[Any],
    table: OutcomeTable,
    perturbed: OutcomeTable,
    *,
    repeats: int | None = None,
    seed: int = 0,
    draws: int = 1000,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """One row a router, best on edited prompts first, then one a single arm.

    Both accuracies are over the same queries, so ``loss`` is paired. Raises RoutelabError for what the caller can
    mend: tables that share no query or not the same arms, routers that cannot be judged here.
    """
    pairs = _pairs(table, perturbed)
    candidates = [resolve(router) for router in routers]
    for candidate in candidates:
        if why := unfit(candidate, pairs.problem):
            raise InputError(f"router {candidate.name!r}", expected="one to judge here", got=why, fix="leave it out")
    times = repeats if repeats is not None else default_repeats(len(pairs.problem))
    plan = schedule(pairs.problem, "cross-fit", folds=FOLDS, repeats=times, seed=seed)
    picks = _picks(pairs, plan, candidates, seed, progress)
    arms = pairs.problem.arms
    chosen = {candidate.name: picks[c] for c, candidate in enumerate(candidates)}
    chosen |= {arm: np.full((plan.repeats, 2, len(pairs.source)), j) for j, arm in enumerate(arms)}
    names, columns = _columns(pairs, chosen)
    joint = joint_draws(
        names,
        columns,
        pairs.problem.strata[pairs.source],
        pairs.problem.groups[pairs.source],
        plan.fold_of[:, pairs.source],
        overlap=plan.overlap,
        averaging=plan.averaging,
        prior=plan.prior,
        draws=draws,
        seed=seed,
    )
    rows = [_row(joint, name, len(pairs.source), single=name in arms) for name in chosen]
    return sorted(rows, key=lambda row: (row["kind"] == "arm", -row["perturbed"]["value"]))


def _pairs(table: OutcomeTable, perturbed: OutcomeTable) -> Pairs:
    shared = [arm for arm in table.arms if arm in perturbed.arms]
    problem, edited = prepare(table.select(arms=shared)), prepare(perturbed.select(arms=shared))
    if problem.arms != edited.arms:
        raise InputError(
            "perturbed table",
            expected=f"outcomes of {', '.join(problem.arms)}",
            got=f"those of {', '.join(edited.arms)}",
            fix="record the same arms on both tables",
        )
    place = {name: row for row, name in enumerate(problem.batch.ids)}
    known = {query.id: query for query in perturbed.query_list()}
    asked = [known[name] for name in edited.batch.ids]
    found = [(place[of], row) for row, query in enumerate(asked) if (of := original(query)) in place]
    found = [(source, row) for source, row in found if problem.batch.ids[source] != asked[row].id]
    if not found:
        raise InputError(
            "perturbed table",
            expected="variants of the table's queries, named <id>~<kind> or with metadata.of",
            got="none",
            fix="make them with routelab.workload.perturb.variants",
        )
    source, variant = np.array(found, np.int64).T
    kinds = [KINDS.get(str(asked[row].metadata.get("kind"))) for row in variant]
    return Pairs(problem, edited, source, variant, tuple(kind.touches if kind else None for kind in kinds))


def _picks(pairs: Pairs, plan: Schedule, candidates: Sequence[Candidate], seed: int, progress: Progress | None) -> Ints:
    """(C, R, 2, V) arms picked for the original and for the edited text; what cannot be fitted is asked once."""
    picks = np.zeros((len(candidates), plan.repeats, 2, len(pairs.source)), np.int64)
    for c, candidate in enumerate(candidates):
        if candidate.fit != "cross":
            picks[c] = _both(candidate.make(seed), candidate.name, pairs, np.arange(len(pairs.source)))
    for done, fit in enumerate(plan.fits):
        if progress is not None:
            progress(done, len(plan.fits), f"repeat {fit.repeat + 1}, fold {fit.fold + 1}")
        inside = np.flatnonzero(np.isin(pairs.source, fit.test))
        train, known = pairs.problem.batch.take(fit.train), pairs.problem.outcomes.rows(fit.train)
        for c, candidate in enumerate(candidates):
            if candidate.fit == "cross" and len(inside):
                router = candidate.make(derive(seed, "fit", fit.repeat, fit.fold))
                router.fit(train, known)
                picks[c, fit.repeat][:, inside] = _both(router, candidate.name, pairs, inside)
    return picks


def _both(router: Any, name: str, pairs: Pairs, inside: Ints) -> Ints:
    """(2, v) picks for originals and variants."""
    batches = (pairs.problem.batch.take(pairs.source[inside]), pairs.edited.batch.take(pairs.variant[inside]))
    return np.array([arm_indices(router.route(batch), pairs.problem.arms, batch, name) for batch in batches], np.int64)


def _columns(pairs: Pairs, chosen: dict[str, Ints]) -> tuple[list[tuple[str, str]], Floats]:
    """Names and (R, V, M) row values of every mean."""
    before, after = pairs.problem.score[pairs.source], pairs.edited.score[pairs.variant]
    here = np.arange(len(pairs.source))[None, :]
    named: dict[tuple[str, str], Floats] = {}
    for name, picks in chosen.items():
        on_original, on_edited = picks[:, 0], picks[:, 1]
        named[name, "original"] = before[here, on_original]
        named[name, "perturbed"] = after[here, on_edited]
        named[name, "stayed"] = after[here, on_original]
        named[name, "flips"] = (on_original != on_edited).astype(float)
        for side in TOUCHES:
            touched = np.array([touch == side for touch in pairs.touches])
            named[name, f"touched:{side}"] = np.broadcast_to(touched.astype(float), on_original.shape)
            named[name, f"loss:{side}"] = touched * (named[name, "original"] - named[name, "perturbed"])
    return list(named), np.stack(list(named.values()), axis=2).astype(np.float32)


def _row(joint: Draws, name: str, variants: int, *, single: bool) -> dict[str, Any]:
    before, after, stayed = (joint.of(name, field) for field in ("original", "perturbed", "stayed"))
    fixed = undefined("one arm for every prompt")
    return {
        "name": name,
        "kind": "arm" if single else "router",
        "variants": variants,
        "original": joint.interval(before, bounds=UNIT),
        "perturbed": joint.interval(after, bounds=UNIT),
        "loss": joint.interval(before - after),
        "loss_by_touch": {side: _loss_on(joint, name, side) for side in TOUCHES},
        "routing_loss": fixed if single else joint.interval(stayed - after),
        "flips": fixed if single else joint.interval(joint.of(name, "flips"), bounds=UNIT),
    }


def _loss_on(joint: Draws, name: str, side: str) -> Metric:
    touched = joint.of(name, f"touched:{side}")
    with np.errstate(divide="ignore", invalid="ignore"):
        return joint.interval(joint.of(name, f"loss:{side}") / touched, why=f"no edit touches the {side}")
