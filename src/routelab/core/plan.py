"""Plans are values; one driver runs them all.

A plan says which calls answer a query. ``run_plan`` is a pure generator: it yields a batch of ``Call`` that
may run side by side, is sent their ``Outcome`` list, and finally returns a ``PlanResult``. The replay of a
table, the simulator and the gateway each feed it, so a cascade can be priced before it is ever deployed.
Verifiers and round policies are functions handed in by name; the driver knows nothing about models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TypeVar

import msgspec

from routelab.core.errors import ContractError
from routelab.core.types import Call, Outcome

T = TypeVar("T")

Verifier = Callable[[Outcome], float]
"""Confidence in [0, 1] that an answer is right. It may read the answer, never the score (oracles excepted)."""

RoundPolicy = Callable[[Sequence[Outcome]], "str | None"]
"""The next arm of a multi-round plan given the outcomes so far, or None to stop."""


class Single(msgspec.Struct, frozen=True, tag="single"):
    """One call."""

    arm: str


class Cascade(msgspec.Struct, frozen=True, tag="cascade"):
    """Try arms in order; keep the first answer whose confidence reaches its threshold. The last always keeps.

    FrugalGPT (arXiv 2305.05176). ``thresholds`` has one entry fewer than ``arms``.
    """

    arms: tuple[str, ...]
    thresholds: tuple[float, ...]
    verifier: str


class BestOfN(msgspec.Struct, frozen=True, tag="best_of_n"):
    """``n`` samples of one arm; the most confident wins, or the most frequent answer without a verifier."""

    arm: str
    n: int
    verifier: str | None = None


class Fusion(msgspec.Struct, frozen=True, tag="fusion"):
    """A panel answers side by side and one more call writes the final answer from theirs."""

    panel: tuple[str, ...]
    judge: str


class Rounds(msgspec.Struct, frozen=True, tag="rounds"):
    """A policy picks the next arm from all that was answered so far, for at most ``max_rounds`` calls."""

    policy: str
    max_rounds: int = 4


Plan = Single | Cascade | BestOfN | Fusion | Rounds


class PlanResult(msgspec.Struct, frozen=True):
    """All outcomes of a plan in call order, and the index of the one whose answer the user gets."""

    outcomes: tuple[Outcome, ...]
    final: int

    @property
    def answer(self) -> Outcome:
        return self.outcomes[self.final]

    @property
    def cost_usd(self) -> float | None:
        """The whole plan's bill; unknown as soon as one call's is."""
        costs = [outcome.cost_usd for outcome in self.outcomes]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None


Running = Generator[list[Call], list[Outcome], PlanResult]


def run_plan(
    plan: Plan,
    *,
    verifiers: Mapping[str, Verifier] | None = None,
    policies: Mapping[str, RoundPolicy] | None = None,
) -> Running:
    """Drive ``plan``; see the module docstring for the protocol.

    Raises ContractError when the plan names a verifier or policy that was not handed in.
    """
    match plan:
        case Single(arm):
            outcomes = yield [Call(arm=arm)]
            return PlanResult(tuple(outcomes), 0)
        case Cascade(arms, thresholds, name):
            return (yield from _cascade(arms, thresholds, _named(verifiers, name, "verifier")))
        case BestOfN(arm, n, name):
            outcomes = yield [Call(arm=arm, sample=sample) for sample in range(n)]
            confidence = _agreement(outcomes) if name is None else _named(verifiers, name, "verifier")
            best = max(range(n), key=lambda k: (confidence(outcomes[k]), -k))
            return PlanResult(tuple(outcomes), best)
        case Fusion(panel, judge):
            drafts = yield [Call(arm=arm) for arm in panel]
            answers = tuple(draft.answer or "" for draft in drafts)
            final = yield [Call(arm=judge, turn=1, parent=0, role="fuse", prior_answers=answers)]
            return PlanResult((*drafts, *final), len(drafts))
        case Rounds(name, max_rounds):
            return (yield from _rounds(_named(policies, name, "round policy"), max_rounds))


def _cascade(arms: tuple[str, ...], thresholds: tuple[float, ...], verify: Verifier) -> Running:
    done: list[Outcome] = []
    for stage, arm in enumerate(arms):
        done += yield [Call(arm=arm, turn=stage, parent=stage - 1 if stage else None)]
        if stage == len(arms) - 1 or verify(done[-1]) >= thresholds[stage]:
            break
    return PlanResult(tuple(done), len(done) - 1)


def _rounds(policy: RoundPolicy, max_rounds: int) -> Running:
    done: list[Outcome] = []
    while len(done) < max_rounds and (arm := policy(done)) is not None:
        answers = tuple(outcome.answer or "" for outcome in done)
        parent = len(done) - 1 if done else None
        done += yield [Call(arm=arm, turn=len(done), parent=parent, prior_answers=answers)]
    if not done:
        raise ContractError("rounds", expected="at least one call", got="none", fix="let the policy name an arm")
    return PlanResult(tuple(done), len(done) - 1)


def _agreement(outcomes: Sequence[Outcome]) -> Verifier:
    votes = Counter(outcome.answer for outcome in outcomes)
    return lambda outcome: votes[outcome.answer] / len(outcomes)


def _named(known: Mapping[str, T] | None, name: str, kind: str) -> T:
    if known is None or name not in known:
        raise ContractError(
            f"plan {kind}",
            expected=f"a {kind} called {name!r}",
            got="none handed in",
            fix=f"pass {name!r} to run_plan",
        )
    return known[name]
