"""What an audit may look at, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec
import polars as pl

from routelab.arena.leaderboard.decided import Decided
from routelab.arena.leaderboard.manifest import Kind, Submission
from routelab.arena.problem import Problem
from routelab.encode import QueryBatch
from routelab.outcomes import OutcomeTable

Outcome = Literal["pass", "fail", "not_applicable"]


class Verdict(msgspec.Struct, frozen=True):
    """``evidence`` is a sentence with the figures that decided it, or why the audit does not apply."""

    name: str
    verdict: Outcome
    evidence: str


@dataclass(frozen=True)
class Other:
    """An entry that is on the board already."""

    name: str
    owner: str
    decided: Decided


@dataclass(frozen=True)
class Case:
    """One submission before the audits.

    Attributes:
        problem: the judged queries with all outcomes; ``decided`` is in its order.
        table: the shared outcomes the problem was made of: tokens, costs, models with prices.
        answers: (query_id, arm, answer) of the shared answers, where the board has them.
        claimed: what a prediction file says of its own calls: query_id, arm, answer, success, input_tokens,
            output_tokens, total_tokens, model_used, cost_usd, score; None for all other kinds.
        ask: decides further prompts with the submitted router (artifact, code, endpoint); None where that cannot be.
        fitted_on: fingerprints (``QueryBatch.fingerprints``) an artifact was fitted on.
        others: entries that were on the board before, the owner's own among them.
        earlier: what the same owner submitted before under this name, oldest first.
        hidden: a finished hidden season, all of its outcomes, and what the submission decided there, in its order.
        canaries: fingerprints of prompts that were published for nobody to be fitted on.
    """

    submission: Submission
    problem: Problem
    decided: Decided
    table: OutcomeTable
    answers: pl.DataFrame | None = None
    claimed: pl.DataFrame | None = None
    ask: Callable[[QueryBatch], list[str]] | None = None
    fitted_on: frozenset[int] | None = None
    others: Sequence[Other] = ()
    earlier: Sequence[Decided] = field(default=())
    hidden: tuple[Problem, Decided] | None = None
    canaries: frozenset[int] = frozenset()

    @property
    def kind(self) -> Kind:
        return self.submission.kind
