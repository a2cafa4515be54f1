"""The audit that asks the router again: a table of prompts and answers forgets everything when a prompt is retyped.

Queries on which the router departs from its most usual choice are asked once more, with a blank more and in one edit
that keeps the meaning. Honest routers waver too; what they lose by it is chance.
"""

from __future__ import annotations

import numpy as np

from routelab.arena.leaderboard.audits.case import Case
from routelab.arena.leaderboard.audits.choices import blind
from routelab.arena.leaderboard.audits.luck import Luck
from routelab.arena.leaderboard.audits.rule import NotApplicable, at_least, for_kinds
from routelab.core import Query, stream
from routelab.core.decisions import Ints
from routelab.encode import QueryBatch
from routelab.workload.perturb import reword

ASKED = 300
"""Queries that are asked again, twice; a board pays for every one of an endpoint's answers."""
FEWEST = 20
MOST_FLIPS = 0.5
"""Share of choices that a blank more may change; honest routers stay below 0.14."""
MOST_LOST_CHEAPEST, MOST_LOST_SCORE, FEWEST_FLIPS = 0.2, 0.3, 10
"""Shares of luck, at the lower bound, that choices may lose where an edit changes them."""


@for_kinds("artifact", "code", "endpoint", otherwise="there is no router that could be asked again")
def lookup_table(case: Case) -> tuple[bool, str]:
    """Decisions looked up by the prompt: retyped prompts lose them, and the luck they had (RouterArena #134, #153)."""
    texts = case.problem.batch.texts
    if case.ask is None or texts is None:
        raise NotApplicable("the router cannot be asked again" if case.ask is None else "prompts are not public")
    rows, pick = blind(case.decided, case.problem)
    habit = np.bincount(pick, minlength=1).argmax() if len(pick) else 0
    departs = np.flatnonzero(pick != habit)
    if len(departs) < FEWEST:
        raise NotApplicable(f"it departs from its most usual choice on {len(departs)} queries only: nothing to look up")
    chosen = np.sort(stream(0, "asked-again", case.problem.table_hash).permutation(departs)[:ASKED])
    rows, pick = rows[chosen], pick[chosen]
    edits = {
        "a blank more": [f"{texts[row]} " for row in rows],
        "another wording": [_reworded(texts[row]) for row in rows],
    }
    luck, tricked, told = Luck.of(case.problem), False, []
    for edit, prompts in edits.items():
        again = _ask(case, rows, prompts)
        flips = again != pick
        known = flips & (again >= 0)
        score, cheapest = luck.followed(rows[known], pick[known], again[known])
        tricked |= edit == "a blank more" and at_least(int(flips.sum()), len(rows)) > MOST_FLIPS
        tricked |= known.sum() >= FEWEST_FLIPS and (
            score.lower > MOST_LOST_SCORE or cheapest.lower > MOST_LOST_CHEAPEST
        )
        told.append(
            f"{edit} changes {int(flips.sum())} of {len(rows)} choices, which had followed {cheapest} more of the luck"
        )
    return bool(tricked), "; ".join(told)


def _reworded(text: str) -> str:
    """The prompt in one edit that keeps its meaning; with a blank in front where there is none."""
    changed = reword(Query.ask("q", text), 0)
    return f" {text}" if changed is None else changed.text


def _ask(case: Case, rows: Ints, prompts: list[str]) -> Ints:
    """The arm of every prompt, −1 for one the problem does not know. The router is not told which queries these are."""
    tasks = tuple(case.problem.batch.tasks[row] for row in rows)
    assert case.ask is not None
    answer = case.ask(QueryBatch.of(prompts, tasks))
    place = {arm: k for k, arm in enumerate(case.problem.arms)}
    return np.array([place.get(arm, -1) for arm in answer], np.int64)
