"""From a submission to what it decides: fitted on the board's folds, asked as it is, run in the sandbox, or read.

Everything that routes goes through the same run as ``routelab evaluate``; what comes out is ``Decided`` and, where the
router could be asked reworded prompts, how steady it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from routelab.arena.candidates import Candidate, resolve
from routelab.arena.crossfit import Trace, run
from routelab.arena.leaderboard.choices import Intake, arm_names, keep, told_missing
from routelab.arena.leaderboard.decided import Decided
from routelab.arena.leaderboard.intake import as_recipe
from routelab.arena.leaderboard.manifest import Submission
from routelab.arena.leaderboard.sandboxed import SandboxedRouter
from routelab.arena.leaderboard.shared import Shared
from routelab.arena.problem import Problem
from routelab.arena.subjects import Subject
from routelab.arena.timing import robustness
from routelab.core.decisions import Decisions
from routelab.core.errors import ContractError, InputError
from routelab.core.threads import single_threaded
from routelab.encode import QueryBatch

TRIED = 3


@dataclass(frozen=True)
class Answered:
    """What was decided; ``facts`` are the hashes, the fit and, where it could be asked again, its robustness.

    ``ask`` decides further prompts, None where nobody can be asked.
    """

    decided: Decided
    facts: dict[str, Any]
    ask: Callable[[QueryBatch], list[str]] | None = None
    fitted_on: frozenset[int] | None = field(default=None, repr=False)


def decide(one: Submission, found: Intake, shared: Shared) -> Answered:
    """Route the board's queries. Raises RoutelabError where the router breaks."""
    if found.decided is not None:
        return Answered(found.decided, {"fit": "unknown"})
    if one.kind == "code" and (several := _several_calls(one, shared)) is not None:
        return several
    return of_candidate(candidate_of(one, shared), shared)


def candidate_of(one: Submission, shared: Shared) -> Candidate:
    """The router of a submission that can be asked."""
    if one.kind == "recipe":
        return replace(as_recipe(one), name=one.manifest.name)
    if one.kind == "artifact":
        return replace(resolve(one.path), name=one.manifest.name)
    if one.kind == "code":
        inside = SandboxedRouter(one)
        return Candidate(one.manifest.name, lambda _: _Named(inside, shared), "unknown")
    from routelab.arena.adapters import HttpRouter

    endpoint = HttpRouter(one.what)
    return Candidate(one.manifest.name, lambda _: endpoint, "unknown")


@single_threaded
def of_candidate(candidate: Candidate, shared: Shared) -> Answered:
    """Run one candidate on the board's schedule."""
    problem, plan = shared.problem, shared.plan
    (trace,) = run(problem, plan, [candidate], seed=shared.seed, margins=(), choose_dials=False)
    decided = _of_trace(trace, problem)
    score, cost = decided.values(problem)
    subject = Subject(candidate.name, "", False, score, cost, trace.pick, trace=trace)
    first = trace.first
    facts: dict[str, Any] = {
        "fit": candidate.fit,
        "recipe_hash": candidate.recipe_hash,
        "artifact_hash": candidate.artifact_hash,
        **robustness(problem, plan, [subject], seed=shared.seed)[candidate.name],
    }

    def ask(batch: QueryBatch) -> list[str]:
        answer = first.route(batch)
        return answer.chosen_arms() if isinstance(answer, Decisions) else list(answer)

    fitted_on = frozenset(first.fitted_on_.tolist()) if candidate.fit == "frozen" else None
    return Answered(decided, facts, ask, fitted_on)


def _of_trace(trace: Trace, problem: Problem) -> Decided:
    once = trace.curve is None and bool((trace.pick == trace.pick[:1]).all())
    pick = trace.pick[:1] if once else trace.pick
    plans = tuple((arm,) for arm in problem.arms)
    return Decided(problem.batch.ids, plans, pick, trace.overhead_usd.mean(axis=0), trace.curve)


def _several_calls(one: Submission, shared: Shared) -> Answered | None:
    """What code decides that answers with lists of calls, for some prompt at least; None for one that does not."""
    few = shared.problem.batch.take(range(min(TRIED, len(shared.problem))))
    inside = SandboxedRouter(one)
    if all(isinstance(answer, str) for answer in inside.route(few)):
        return None
    found = Intake(one)
    keep(found, list(shared.problem.batch.ids), inside.route(shared.problem.batch), None, shared, one.what)
    if found.decided is None:
        raise found.problems[0]
    if found.missing:
        raise InputError(
            one.what,
            expected="arms that the board has outcomes of",
            got=told_missing(found.missing[0]),
            fix="submit its decisions: they wait for outcomes",
        )
    return Answered(found.decided, {"fit": "unknown"})


class _Named:
    """A sandboxed router's answers in the board's own names: one arm for each prompt."""

    def __init__(self, inside: SandboxedRouter, shared: Shared) -> None:
        self.inside, self.names = inside, arm_names(shared)

    def route(self, batch: QueryBatch, /) -> list[str]:
        answer = self.inside.route(batch)
        if not all(isinstance(one, str) for one in answer):
            raise ContractError(
                f"router {self.inside.name!r}",
                expected="one arm for each prompt, or a list of calls for each",
                got="both",
                fix="answer with lists everywhere",
            )
        return [self.names.get(one, one) for one in answer]
