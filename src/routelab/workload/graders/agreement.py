"""How far a judge agrees with exact graders: the rate with its interval, and what is left of it beyond chance.

Scores count as right from ``THRESHOLD`` on. Abstentions are counted and left out, never guessed. Knows no prompts.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from routelab.core.errors import InputError

THRESHOLD = 0.5


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """``rate`` of equal verdicts with its Wilson interval; ``kappa`` is None where chance agrees always."""

    rate: float
    low: float
    high: float
    kappa: float | None
    judged: int
    abstained: int


def agreement(
    judge_scores: Sequence[float | None], exact_scores: Sequence[float], *, confidence: float = 0.95
) -> Agreement:
    """Agreement of paired scores (Wilson 1927; kappa of Cohen 1960).

    Raises InputError where the lengths differ or the judge abstained throughout.

    >>> agreement([1.0, 0.0, None, 0.9], [1, 0, 1, 0]).rate.__round__(3)
    0.667
    """
    from scipy.stats import binomtest

    if len(judge_scores) != len(exact_scores):
        raise InputError(
            "agreement",
            expected=f"{len(exact_scores)} scores of the judge, one an exact score",
            got=str(len(judge_scores)),
            fix="pair the scores by answer",
        )
    pairs = [(a >= THRESHOLD, b >= THRESHOLD) for a, b in zip(judge_scores, exact_scores) if a is not None]
    if not pairs:
        raise InputError("agreement", expected="a verdict", got="abstentions only", fix="ask another judge")
    judged, equal = len(pairs), sum(a == b for a, b in pairs)
    interval = binomtest(equal, judged).proportion_ci(confidence, method="wilson")
    shares = [sum(column) / judged for column in zip(*pairs)]
    chance = shares[0] * shares[1] + (1 - shares[0]) * (1 - shares[1])
    return Agreement(
        rate=equal / judged,
        low=float(interval.low),
        high=float(interval.high),
        kappa=None if chance == 1 else (equal / judged - chance) / (1 - chance),
        judged=judged,
        abstained=len(judge_scores) - judged,
    )
