"""Which rows a router learns from and which it is judged on."""

from __future__ import annotations

import numpy as np
import pytest

from routelab.arena import evaluate
from routelab.arena.folds import schedule
from routelab.arena.problem import prepare
from routelab.core import InputError
from routelab.data import default_table

PROBLEM = prepare(default_table())


@pytest.mark.parametrize("protocol", ["cross-fit", "leave-task-out"])
def test_every_row_is_judged_once_a_repeat_by_a_router_that_never_saw_its_prompt(protocol: str) -> None:
    plan = schedule(PROBLEM, protocol, folds=5, repeats=2, seed=0)  # type: ignore[arg-type]
    for repeat in range(2):
        fits = [fit for fit in plan.fits if fit.repeat == repeat]
        assert sorted(np.concatenate([fit.test for fit in fits]).tolist()) == list(range(len(PROBLEM)))
        for fit in fits:
            assert not set(PROBLEM.groups[fit.train]) & set(PROBLEM.groups[fit.test])


def test_leave_task_out_holds_out_whole_tasks_in_folds_of_like_size() -> None:
    plan = schedule(PROBLEM, "leave-task-out", folds=5, repeats=3, seed=0)
    for fit in plan.fits:
        seen, asked = ({PROBLEM.batch.tasks[row] for row in rows} for rows in (fit.train, fit.test))
        assert not seen & asked
        assert len(PROBLEM) / 10 < len(fit.test) < len(PROBLEM) * 3 / 10
    assert any((plan.fold_of[0] != fold_of).any() for fold_of in plan.fold_of[1:])


def test_leave_task_out_needs_as_many_tasks_as_folds() -> None:
    with pytest.raises(InputError, match="number of tasks"):
        schedule(PROBLEM, "leave-task-out", folds=10_000, repeats=1, seed=0)


def test_a_task_label_does_not_help_where_the_task_was_never_seen() -> None:
    result = evaluate(["ridge"], default_table(), protocol="leave-task-out", repeats=1, draws=100, timing=False)
    assert result.data["protocol"] == "leave-task-out" and result.data["folds"] == 5
    row = result.router("task-best")
    assert row["delta_vs_best_single"]["value"] == pytest.approx(0, abs=1e-9)
