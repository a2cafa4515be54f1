"""Audits of what was decided: choices that outcomes, other entries or earlier submissions were seen for.

All of them ask how much of the *luck* of outcomes the choices follow (``luck.py``), but for copies. They look at single
calls that no longer plan of the submission begins with: whoever escalates has seen the first answer.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from routelab.arena.leaderboard.audits.case import Case, Other
from routelab.arena.leaderboard.audits.luck import Luck, Share, less
from routelab.arena.leaderboard.audits.rule import NotApplicable, for_kinds
from routelab.arena.leaderboard.decided import Decided
from routelab.arena.leaderboard.manifest import Kind
from routelab.arena.problem import Problem
from routelab.core.decisions import Ints

FOREIGN: tuple[Kind, ...] = ("artifact", "code", "endpoint", "decisions", "predictions")
COPIES: tuple[Kind, ...] = ("code", "endpoint", "decisions", "predictions")
Bools = npt.NDArray[np.bool_]
FITTED_HERE = "the board itself fits a recipe, on other queries than it judges"
FEWEST = 50
"""Queries below which a share of luck tells nothing."""

ESCALATES = 0.1
"""Share of the plans that begin with an arm which must go on before single calls of it may have seen its answer."""
MOST_CHEAPEST, MOST_SCORE = 0.03, 0.10
"""Shares of luck that no function of a query follows, at the lower bound. Of 1,748 cross-fitted routers and dials of
the catalogue none was above -0.02 and -0.02; with labels of the task alone, and none of difficulty, 0.00 and 0.08."""
MOST_REVISED_CHEAPEST, MOST_REVISED_SCORE, FEWEST_REVISED = 0.15, 0.2, 10
"""The same for the changed choices alone, which are few; honest changes stay below 0.00 and 0.02."""
MOST_GAP = 0.05
"""By how much more luck may be followed on the development side, or in an open season, than on the other side. Honest
routers stay below -0.03: the bound takes three standard errors of two sides off a difference of nothing."""
MOST_COPIED, FEWEST_DEPARTURES = 0.9, 40
"""Share of one entry's departures from the habit of a task and of a length that another owner's may have too. Of 67,000
pairs of catalogue entries on other folds none with so many departures had more than 0.88 in common."""
LENGTHS = 20
"""Queries of about the same length, whose habit a router of a few thresholds follows."""
DEVELOPED_ON = ("dev", "train", "validation", "sub_10", "open")


def blind(decided: Decided, problem: Problem) -> tuple[Ints, Ints]:
    """Rows that were decided without seeing an answer, and the index of the arm that each of them got.

    A single call counts unless it may be the first of a plan that escalates: one in ten, at least, of those that begin
    with its arm goes on.
    """
    used = np.bincount(decided.pick[0], minlength=len(decided.plans))
    begun: Counter[str] = Counter()
    further: Counter[str] = Counter()
    for plan, times in zip(decided.plans, used.tolist()):
        begun[plan[0]] += times
        further[plan[0]] += times * (len(plan) > 1)
    place = {name: k for k, name in enumerate(problem.arms) if further[name] <= ESCALATES * begun[name]}
    arm = np.array([place.get(plan[0], -1) if len(plan) == 1 else -1 for plan in decided.plans], np.int64)
    rows = np.flatnonzero(arm[decided.pick[0]] >= 0)
    return rows, arm[decided.pick[0]][rows]


@for_kinds(*FOREIGN, otherwise=FITTED_HERE)
def too_good_to_be_decided(case: Case) -> tuple[bool, str]:
    """Choices that follow the luck of single outcomes, as no function of a query can (RouterArena #105, #153, #134)."""
    rows, pick = _enough(*blind(case.decided, case.problem))
    score, cheapest = Luck.of(case.problem).followed(rows, pick)
    return (
        score.lower > MOST_SCORE or cheapest.lower > MOST_CHEAPEST,
        f"on {len(rows)} queries the choices follow {cheapest} of the luck of which arm is the cheapest right one and "
        f"{score} of the luck in scores; no function of a query follows {MOST_CHEAPEST:.0%} or {MOST_SCORE:.0%}",
    )


@for_kinds(*FOREIGN, otherwise=FITTED_HERE)
def revised_choices(case: Case) -> tuple[bool, str]:
    """A resubmission whose changed choices turn lucky (RouterArena #190)."""
    if not case.earlier:
        raise NotApplicable("nothing was submitted under this name before")
    luck, said, tricked = Luck.of(case.problem), [], False
    for number, before in enumerate(case.earlier, 1):
        rows, pick, old = _both(case.decided, before, case.problem)
        changed = pick != old
        now, then = (case.problem.score[rows, arms][changed] for arms in (pick, old))
        score, cheapest = luck.followed(rows[changed], pick[changed], old[changed])
        tricked |= changed.sum() >= FEWEST_REVISED and (
            score.lower > MOST_REVISED_SCORE or cheapest.lower > MOST_REVISED_CHEAPEST
        )
        said.append(
            f"{int(changed.sum())} of {len(rows)} changed since submission {number}, {int((now > then).sum())} to "
            f"better and {int((now < then).sum())} to worse outcomes; they follow {cheapest} more of the luck"
        )
    return bool(tricked), "; ".join(said)


@for_kinds(*FOREIGN, otherwise=FITTED_HERE)
def dev_test_gap(case: Case) -> tuple[bool, str]:
    """Luck followed on the development side of a split and not on the other (RouterArena #105, #106)."""
    sides = case.problem.labels["split"].fill_null("").str.to_lowercase().is_in(DEVELOPED_ON).to_numpy()
    if min(sides.sum(), (~sides).sum()) < FEWEST:
        raise NotApplicable("the judged queries are not split into a development and a test side")
    luck = Luck.of(case.problem)
    own = _gaps(luck, case.decided, case.problem, sides)
    others = [
        _gaps(luck, other.decided, case.problem, sides)
        for other in _others(case)
        if len(blind(other.decided, case.problem)[0]) >= FEWEST
    ]
    usual = [float(np.median([gaps[k].value for gaps in others])) if others else 0.0 for k in range(2)]
    return (
        any(gap.lower - max(0.0, habit) > MOST_GAP for gap, habit in zip(own, usual)),
        f"the choices follow {own[1]} more of the luck of being the cheapest right arm on the {int(sides.sum())} "
        f"development queries than on the {int((~sides).sum())} others ({own[0]} in scores); the median "
        f"entry {usual[1]:.1%}",
    )


@for_kinds(*FOREIGN, otherwise=FITTED_HERE)
def season_drop(case: Case) -> tuple[bool, str]:
    """Luck followed on the open queries that is gone in a season which nobody has seen (RouterArena #153)."""
    if case.hidden is None:
        raise NotApplicable("no hidden season has been judged yet")
    season, there = case.hidden
    shown = Luck.of(case.problem).followed(*_enough(*blind(case.decided, case.problem)))
    unseen = Luck.of(season).followed(*_enough(*blind(there, season)))
    drops = [less(one, other) for one, other in zip(shown, unseen)]
    return (
        any(drop.lower > MOST_GAP for drop in drops),
        f"the choices follow {shown[1]} of the luck of being the cheapest right arm on {len(case.problem)} open "
        f"queries and {unseen[1]} on {len(season)} hidden ones; in scores {shown[0]} and {unseen[0]}",
    )


@for_kinds(*COPIES, otherwise="what a recipe or an artifact holds says where it is from")
def copied_decisions(case: Case) -> tuple[bool, str]:
    """The decisions of another owner's entry, or nearly so, which an open board invites; constant routers may agree.

    Who was there first is not asked: ``others`` are entries that came before.
    """
    strangers = [other for other in _others(case) if other.owner != case.submission.manifest.owner]
    if not strangers:
        raise NotApplicable("no other owner is on the board")
    habits = _habits(case.problem)
    pick, mine = _departures(case.decided, case.problem, habits)
    if mine.sum() < FEWEST_DEPARTURES:
        raise NotApplicable(
            f"only {int(mine.sum())} choices depart from what is usual for their task and length: many may agree"
        )
    best, whose = 0.0, "none"
    for other in strangers:
        arm, theirs = _departures(other.decided, case.problem, habits)
        sides = [side for side in (mine, theirs) if side.sum() >= FEWEST_DEPARTURES]
        share = max(float((arm == pick)[side].mean()) for side in sides)
        if share > best:
            best, whose = share, f"{other.name} of {other.owner}"
    return best > MOST_COPIED, (
        f"{int(mine.sum())} choices depart from what is usual for their task and length; of these, or of the "
        f"other entry's, at most {best:.1%} are the same ({whose})"
    )


def _habits(problem: Problem) -> tuple[Ints, Ints]:
    """(n,) index of the queries of the same task, and of about the same length."""
    texts = problem.batch.texts or problem.batch.ids
    tasks = np.unique([task or "" for task in problem.batch.tasks], return_inverse=True)[1]
    return tasks, np.argsort(np.argsort([len(text) for text in texts], kind="stable"), kind="stable") // LENGTHS


def _departures(decided: Decided, problem: Problem, habits: tuple[Ints, Ints]) -> tuple[Ints, Bools]:
    """(n,) arms, −1 where there is none, and whether each is unlike the entry's habit for its task and its length."""
    rows, pick = blind(decided, problem)
    arm = np.full(len(problem), -1, np.int64)
    arm[rows] = pick
    departs = arm >= 0
    for cells in habits:
        votes = np.bincount(
            cells[rows] * len(problem.arms) + pick, minlength=(int(cells.max()) + 1) * len(problem.arms)
        )
        departs &= arm != votes.reshape(-1, len(problem.arms)).argmax(axis=1)[cells]
    return arm, departs


def _enough(rows: Ints, pick: Ints) -> tuple[Ints, Ints]:
    if len(rows) < FEWEST:
        raise NotApplicable("its plans make several calls, which see answers before they choose the last one")
    return rows, pick


def _both(one: Decided, other: Decided, problem: Problem) -> tuple[Ints, Ints, Ints]:
    """The rows that both decide blindly, and the arms of each."""
    rows, pick = blind(one, problem)
    there, theirs = blind(other, problem)
    arm = np.full(len(problem), -1, np.int64)
    arm[there] = theirs
    known = arm[rows] >= 0
    return rows[known], pick[known], arm[rows[known]]


def _others(case: Case) -> list[Other]:
    return [other for other in case.others if other.decided.query_ids == case.problem.batch.ids]


def _gaps(luck: Luck, decided: Decided, problem: Problem, sides: Bools) -> list[Share]:
    """How much more luck, in score and in being cheapest, is followed on the marked side."""
    rows, pick = _enough(*blind(decided, problem))
    dev, test = (luck.followed(rows[side], pick[side]) for side in (sides[rows], ~sides[rows]))
    return [less(one, other) for one, other in zip(dev, test)]
