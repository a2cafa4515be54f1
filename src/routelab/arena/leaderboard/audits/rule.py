"""How an audit is written: a function of a case that says whether it was tricked, and why, for the kinds it is for.

The decorator makes it an audit: named after the function, ``not_applicable`` with the reason for every other kind and
wherever the function raises ``NotApplicable``, and ``fail`` where the audit itself breaks, so that no submission
passes by breaking its auditor.
"""

from __future__ import annotations

from collections.abc import Callable

from scipy.stats import beta, binom

from routelab.arena.leaderboard.audits.case import Case, Verdict
from routelab.arena.leaderboard.manifest import Kind

Audit = Callable[[Case], Verdict]
Rule = Callable[[Case], tuple[bool, str]]

CHANCE = 1e-5
"""An honest submission fails one of these tests with at most this probability: those of 200 entries a season together
raise a false alarm once in twenty seasons."""


class NotApplicable(Exception):
    """The case lacks what the audit looks at; the message is the reason."""


def for_kinds(*kinds: Kind, otherwise: str) -> Callable[[Rule], Audit]:
    """Decorator: a rule becomes the audit of ``kinds``; for others it answers ``otherwise``."""

    def made(rule: Rule) -> Audit:
        name = rule.__name__.replace("_", "-")

        def judged(case: Case) -> Verdict:
            if case.kind not in kinds:
                return Verdict(name, "not_applicable", otherwise)
            try:
                tricked, evidence = rule(case)
            except NotApplicable as reason:
                return Verdict(name, "not_applicable", str(reason))
            except Exception as error:  # whatever broke it, the submission must not pass unlooked at
                line = (str(error).splitlines() or [""])[0]
                return Verdict(name, "fail", f"the audit could not be made: {type(error).__name__}: {line}")
            return Verdict(name, "fail" if tricked else "pass", evidence)

        judged.__name__, judged.__doc__ = rule.__name__, rule.__doc__
        return judged

    return made


def chance_of(hits: int, of: int, rate: float) -> float:
    """The probability of at least so many hits where each of ``of`` has one at ``rate``.

    >>> round(chance_of(9, 10, 0.5), 4)
    0.0107
    """
    return float(binom.sf(hits - 1, of, min(max(rate, 1e-9), 1.0))) if of else 1.0


def tilted(more: int, less: int) -> bool:
    """Whether a sign test rules out that changes one way are as likely as changes the other way."""
    return chance_of(more, more + less, 0.5) < CHANCE


def at_least(hits: int, of: int) -> float:
    """The lower bound of a share that holds but for ``CHANCE`` (Clopper and Pearson, Biometrika 26, 1934)."""
    return float(beta.ppf(CHANCE, hits, of - hits + 1)) if hits else 0.0
