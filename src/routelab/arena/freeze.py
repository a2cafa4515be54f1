"""Routers for use, not for judgement: fitted on everything that a table holds, or taught one more arm."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from routelab.arena.candidates import resolve
from routelab.arena.problem import Problem, prepare, refuse_evaluation_only
from routelab.core.errors import InputError
from routelab.core.threads import single_threaded
from routelab.encode import QueryBatch
from routelab.outcomes import OutcomeTable, dense
from routelab.router import Recipe, Router


@single_threaded
def fit_whole(spec: Any, table: OutcomeTable, *, dial: float | None = None, seed: int = 0) -> tuple[Router, Problem]:
    """A recipe fitted on every complete row of a table, at its own dial or at ``dial``, and these rows.

    Raises InputError for what is no recipe and for a table that nothing may be fitted on.
    """
    router = resolve(spec).make(seed)
    if not isinstance(router, Router) or router.arms_:
        raise InputError(
            f"router {spec}",
            expected="a recipe that can be fitted",
            got="a frozen or foreign router",
            fix="name a recipe: routelab routers lists them",
        )
    refuse_evaluation_only(table)
    problem = prepare(table)
    recipe: Recipe = router.recipe
    if dial is not None:
        recipe = msgspec.structs.replace(recipe, dial=dial)
    return Router(recipe, seed=seed).fit(problem.batch, problem.outcomes), problem


@single_threaded
def teach_arm(router: Router, table: OutcomeTable, arm: str) -> Router:
    """The same router, which has learnt one more arm from that arm's calls in a table.

    Raises InputError for an arm without calls there, and where ``Router.add_arm`` does.
    """
    refuse_evaluation_only(table)
    alone = table.select(arms=[arm])
    view = dense(alone)
    rows = np.flatnonzero(~np.isnan(view.score[:, 0]))
    prompts = alone.queries["prompt"]
    batch = QueryBatch(view.query_ids, None if prompts.null_count() else tuple(prompts), (None,) * len(view.query_ids))
    return router.add_arm(batch.take(rows), view.rows(rows))
