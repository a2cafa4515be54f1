"""What another router would have earned on logged traffic, from decisions whose propensities were logged.

Three figures stand beside each other: inverse propensity scoring is unbiased and noisy, its self-normalised form
steadier and slightly biased, the doubly robust one unbiased where propensities *or* outcome model are right. Calls
no model, and never pretends: a log without chance, or without what a router would choose, is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from routelab.arena.candidates import Candidate, arm_indices, resolve
from routelab.arena.freeze import fit_whole
from routelab.arena.logged import Log, read_log
from routelab.arena.propensity import Mean, doubly_robust, effective, ips, mean_of, snips
from routelab.arena.statistics import CONFIDENCE, number, undefined
from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError
from routelab.core.seeds import derive, stream
from routelab.core.threads import single_threaded
from routelab.outcomes import Dense, OutcomeTable
from routelab.outcomes.dense import ARRAYS
from routelab.router import Router

FEWEST_EFFECTIVE = 30
EXPECTED_MATCHES = 7.0
WRONG_WEIGHTS_Z = 5.0
FEWEST_TO_FIT = 10
PER_1K = 1000.0


def predictions(log: Log, recipe: Any, *, folds: int = 5, seed: int = 0) -> tuple[Floats, Floats]:
    """(n, K) scores and costs of every arm, each row from routers that saw neither it nor a copy of it.

    Every arm is learnt from the decisions that went to it; one with too few of them gets the means of all.
    """
    candidate, groups = resolve(recipe), log.groups
    fold = stream(seed, "off-policy").permutation(groups.max() + 1)[groups] % folds
    bill = np.zeros(len(log)) if log.cost is None else log.cost
    score, cost = np.zeros((len(log), len(log.arms))), np.zeros((len(log), len(log.arms)))
    for held in range(folds):
        test, train = np.flatnonzero(fold == held), np.flatnonzero(fold != held)
        batch = log.batch.take(test)
        score[test], cost[test] = log.score[train].mean(), bill[train].mean()
        for j, arm in enumerate(log.arms):
            mine = train[log.arm[train] == j]
            if len(mine) < FEWEST_TO_FIT:
                continue
            known = log.batch.take(mine)
            columns = {name: np.full((len(mine), 1), np.nan) for name in ARRAYS}
            columns |= {"score": log.score[mine, None], "cost_usd": bill[mine, None]}
            router = candidate.make(derive(seed, "off-policy", held, j)).fit(known, Dense(known.ids, (arm,), **columns))
            estimate = router.estimate(batch)
            score[test, j], cost[test, j] = estimate.mean[:, 0], estimate.cost[:, 0]
    return score, cost


@single_threaded
def off_policy(
    routers: Any | Sequence[Any],
    table: OutcomeTable,
    *,
    fit_on: OutcomeTable | None = None,
    model: Any = "ridge",
    folds: int = 5,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> dict[str, Any]:
    """Mean score and cost of each router on a log's traffic, by three estimators, with 95 % intervals.

    Routers are artifacts or functions; a recipe is first fitted on ``fit_on``. ``model`` is the recipe whose
    estimator predicts outcomes for the doubly robust figure. What a router was fitted on is left out of the log.
    Chance of a router's own is not judged: its choices are. Raises InputError where the log cannot tell.
    """
    given = [routers] if isinstance(routers, str) or not isinstance(routers, Sequence) else list(routers)
    targets = [_ready(spec, fit_on, seed) for spec in given]
    log = _unseen(read_log(table), [router for _, router in targets])
    score, cost = predictions(log, model, folds=folds, seed=seed)
    rows = []
    for done, (candidate, router) in enumerate(targets):
        if progress is not None:
            progress(done, len(targets), candidate.name)
        rows.append(_judged(log, candidate, router, score, cost))
    return {
        "log": {"name": table.name, "hash": table.hash, "decisions": len(log), "prompts": int(log.groups.max() + 1)},
        "logged": {
            "score": mean_of(log.score, log.groups).metric,
            "cost_per_1k_usd": _priced(None if log.cost is None else mean_of(PER_1K * log.cost, log.groups)),
        },
        "routers": rows,
        "confidence": CONFIDENCE,
        "seed": seed,
        "notes": list(log.notes),
    }


def _ready(spec: Any, fit_on: OutcomeTable | None, seed: int) -> tuple[Candidate, Any]:
    candidate = resolve(spec)
    if candidate.fit != "cross":
        return candidate, candidate.make(seed)
    if fit_on is None:
        raise InputError(
            f"router {candidate.name!r}",
            expected="a frozen router",
            got="a recipe, which has yet to be fitted",
            fix="name an artifact (routelab fit), or a table to fit it on",
        )
    return candidate, fit_whole(candidate, fit_on, seed=seed)[0]


def _unseen(log: Log, routers: Sequence[Any]) -> Log:
    """The log without prompts that a router was fitted on."""
    learnt = [router.fitted_on_ for router in routers if isinstance(router, Router)]
    seen = np.isin(log.batch.fingerprints(), np.concatenate(learnt)) if learnt else np.zeros(len(log), bool)
    if not seen.any():
        return log
    note = f"{int(seen.sum())} of {len(log)} decisions are on prompts that a router was fitted on: left out"
    if seen.all():
        raise InputError("log", expected="prompts that no router was fitted on", got="none", fix="judge on a newer log")
    return replace(log.rows(np.flatnonzero(~seen)), notes=(*log.notes, note))


def _judged(log: Log, candidate: Candidate, router: Any, score: Floats, cost: Floats) -> dict[str, Any]:
    if isinstance(router, Router):
        router = copy(router)
        router.explore = 0.0
    picked = np.array(_picks(log, candidate, router), np.int64)
    weight = (picked == log.arm) / log.propensity
    groups, index = log.groups, np.arange(len(log))
    _check_support(log, candidate.name, picked, weight, groups)

    def of(reward: Floats, model: Floats) -> dict[str, Mean]:
        logged, target = model[index, log.arm], model[index, picked]
        return {
            "dr": doubly_robust(reward, weight, logged, target, groups),
            "snips": snips(reward, weight, groups),
            "ips": ips(reward, weight, groups),
        }

    ahead = mean_of(score[index, picked] + weight * (log.score - score[index, log.arm]) - log.score, groups)
    bill = None if log.cost is None else of(PER_1K * log.cost, PER_1K * cost)
    return {
        "name": candidate.name,
        "fit": candidate.fit,
        "recipe_hash": candidate.recipe_hash,
        "artifact_hash": candidate.artifact_hash,
        "score": {name: mean.metric for name, mean in of(log.score, score).items()},
        "cost_per_1k_usd": {name: _priced(bill[name] if bill else None) for name in ("dr", "snips", "ips")},
        "delta": ahead.metric,
        "effective": number(float(effective(weight))),
        "agreement": number((picked == log.arm).mean()),
        "mean_weight": number(weight.mean()),
    }


def _priced(bill: Mean | None) -> dict[str, Any]:
    return undefined("the cost of some decision is unknown") if bill is None else bill.metric


def _picks(log: Log, candidate: Candidate, router: Any) -> list[int]:
    """The router's choice for every decision, as an index into the log's arms."""
    answer = router.route(log.batch)
    strange = sorted(set(answer.chosen_arms()) - set(log.arms)) if isinstance(router, Router) else []
    if strange:
        raise _no_overlap(candidate.name, f"choices of {strange[0]}, which the log never chose")
    return arm_indices(answer, log.arms, log.batch, candidate.name)


def _check_support(log: Log, name: str, picked: Ints, weight: Floats, groups: Ints) -> None:
    """Whatever the router would choose must have had its chance in the log, and as often as the log says."""
    for j in np.unique(picked):
        mine = picked == j
        chances = len(np.unique(groups[mine])) * float(log.propensity.min())
        if not weight[mine].any() and chances >= EXPECTED_MATCHES:
            raise _no_overlap(name, f"{log.arms[j]} never chosen on {int(mine.sum())} queries where it would be")
    if effective(weight) < FEWEST_EFFECTIVE:
        raise _no_overlap(name, f"an effective {float(effective(weight)):.1f}, of {FEWEST_EFFECTIVE} that are needed")
    mean = mean_of(weight, groups)
    if abs(mean.value - 1) > WRONG_WEIGHTS_Z * mean.se + 1e-9:
        raise InputError(
            "log",
            expected="propensities with which the arms were chosen, so that weights average 1",
            got=f"{float(mean.value):.3f} for router {name!r}",
            fix="log the propensity of the decision itself",
        )


def _no_overlap(name: str, got: str) -> InputError:
    return InputError(
        f"router {name!r}",
        expected="decisions of the log that it shares",
        got=got,
        fix="serve longer, or with a larger --explore",
    )
