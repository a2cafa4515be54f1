"""Do 95 % intervals cover the truth 95 % of the time? Test rows *and* training sets are drawn anew each time."""

from __future__ import annotations

import numpy as np
import pytest

import planted
from routelab.arena.candidates import resolve
from routelab.arena.crossfit import run
from routelab.arena.folds import schedule
from routelab.arena.statistics import interval, joint_draws
from routelab.arena.subjects import columns, subjects
from routelab.core.threads import single_threaded


@single_threaded
def coverage(
    *, worlds: int, n: int, repeats: int, lead: float = 0.5, seed: int = 10_000
) -> dict[str, tuple[float, float]]:
    """Share of covered truths of accuracy and of the paired difference, with and without training variance."""
    target = planted.truth(planted.RECIPES, int(n * 0.8), trainings=150, seed=7, lead=lead)
    hits: dict[str, list[tuple[bool, bool]]] = {"accuracy": [], "difference": []}
    for world in range(worlds):
        problem = planted.problem(planted.draw(np.random.default_rng(seed + world), n, lead=lead))
        plan = schedule(problem, "cross-fit", folds=5, repeats=repeats, seed=world)
        traces = run(problem, plan, [resolve(r) for r in planted.RECIPES], seed=world, choose_dials=False)
        judged = subjects(problem, plan, traces)
        names, values = columns(problem, plan, judged)
        kept = [i for i, (_, field) in enumerate(names) if field == "score"]
        draws = joint_draws(
            [names[i] for i in kept],
            values[:, :, kept],
            problem.strata,
            problem.groups,
            plan.fold_of,
            overlap=plan.overlap,
            averaging=plan.averaging,
            prior=plan.prior,
            draws=400,
            seed=world,
        )
        for recipe in planted.RECIPES:
            score = draws.of(recipe.name, "score")
            for key, metric, true in (
                ("accuracy", score, target[recipe.name][0]),
                ("difference", score - draws.of("best-single", "score"), target[recipe.name][1]),
            ):
                full, rows_only = draws.interval(metric), interval(metric[: len(draws.weights)])
                hits[key].append((full["low"] <= true <= full["high"], rows_only["low"] <= true <= rows_only["high"]))
    return {key: tuple(np.mean(value, axis=0)) for key, value in hits.items()}  # type: ignore[misc]


def test_intervals_cover_in_a_quick_study() -> None:
    """A quick study; its own sampling error is about ±2.5 points, hence the wider band."""
    found = coverage(worlds=60, n=240, repeats=3)
    assert 0.90 <= found["accuracy"][0] <= 0.995
    assert 0.90 <= found["difference"][0] <= 0.995


@pytest.mark.slow
def test_intervals_cover_93_to_97_percent() -> None:
    found = coverage(worlds=500, n=300, repeats=5)
    for full, _ in found.values():
        assert 0.93 <= full <= 0.97
    assert found["difference"][1] < found["difference"][0], "test rows alone must be shown too short"
