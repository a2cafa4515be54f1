"""One call, from query to outcome: put the question as the arm's policy says, ask, grade, bill.

A failure of the call becomes an outcome with an error; only what makes every further call pointless is raised.
Safe to call from threads; writes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from routelab.arena.spend import Tariff
from routelab.core import Complete, ContractError, Outcome, PrerequisiteError, Query, RoutelabError, derive
from routelab.core.errors import shorten
from routelab.pool.live.policies import policy_of
from routelab.workload.graders import grade

Cell = tuple[Query, str, int]
"""A query, an arm and the number of the sample."""


@dataclass(frozen=True)
class Asker:
    """Asks one of ``arms`` and bills it by its tariff; raises PrerequisiteError and ContractError."""

    arms: Mapping[str, Complete]
    tariffs: Mapping[str, Tariff]
    temperature: float
    seed: int

    def at_most_usd(self, cell: Cell) -> float | None:
        """The most this call can cost, None where its arm has no price."""
        query, arm, _ = cell
        return self.tariffs.get(arm, Tariff()).at_most_usd(query, arm)

    def __call__(self, cell: Cell) -> Outcome:
        query, arm, sample = cell
        policy = policy_of(arm)
        sampling = policy.sampling(derive(self.seed, query.id, sample) % 2**31, self.temperature)
        try:
            answer = self.arms[arm](policy.turns(query.turns), sampling)
        except (PrerequisiteError, ContractError):
            raise
        except Exception as error:
            problem = f"{type(error).__name__}: {shorten(str(error))}"
            return Outcome(query_id=query.id, arm=arm, sample=sample, error=problem, time=_now())
        score, ungraded = _graded(query, answer.text)
        return Outcome(
            query_id=query.id,
            arm=arm,
            sample=sample,
            score=score,
            input_tokens=answer.input_tokens,
            cached_tokens=answer.cached_tokens,
            output_tokens=answer.output_tokens,
            reasoning_tokens=answer.reasoning_tokens,
            cost_usd=self.tariffs.get(arm, Tariff()).cost_usd(answer),
            ttft_s=answer.ttft_s,
            latency_s=answer.latency_s,
            energy_j=answer.energy_j,
            error=ungraded,
            time=_now(),
            answer=answer.text,
        )


def _graded(query: Query, answer: str) -> tuple[float | None, str | None]:
    """The score, or why there is none although there is a reference."""
    if query.metric is None or query.reference is None:
        return None, None
    try:
        return grade(query.metric, answer, query.reference).score, None
    except RoutelabError as error:
        return None, f"ungraded: {error}"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)
