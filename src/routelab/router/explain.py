"""What a router says when it is asked why."""

from __future__ import annotations

import msgspec


class Belief(msgspec.Struct, frozen=True):
    """What a router predicts of one arm; ``doubt`` is the standard error of its gap to the best single arm."""

    arm: str
    score: float
    doubt: float
    cost_usd: float


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """One decision: the arm, why, what it beat, and the belief in every arm, best utility first."""

    arm: str
    reason: str
    beat: str | None
    dial: float
    beliefs: list[Belief]
