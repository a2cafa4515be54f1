"""Every documented trick of a leaderboard as one automatic audit, with the figures that decided it.

``audit(case)`` asks them all. Verdicts are ``pass``, ``fail`` or ``not_applicable`` with the reason; an audit that
breaks fails the submission.
"""

from routelab.arena.leaderboard.audits.asked import lookup_table
from routelab.arena.leaderboard.audits.case import Case, Other, Verdict
from routelab.arena.leaderboard.audits.choices import (
    copied_decisions,
    dev_test_gap,
    revised_choices,
    season_drop,
    too_good_to_be_decided,
)
from routelab.arena.leaderboard.audits.claims import failed_rows, stale_prices, truth_in_answers, unbilled_tokens
from routelab.arena.leaderboard.audits.counts import estimated_tokens
from routelab.arena.leaderboard.audits.origins import fitted_on_evaluation, opaque_claims
from routelab.arena.leaderboard.audits.rule import Audit

AUDITS: tuple[Audit, ...] = (
    failed_rows,
    unbilled_tokens,
    estimated_tokens,
    stale_prices,
    truth_in_answers,
    too_good_to_be_decided,
    revised_choices,
    copied_decisions,
    dev_test_gap,
    season_drop,
    lookup_table,
    fitted_on_evaluation,
    opaque_claims,
)

__all__ = ["AUDITS", "Audit", "Case", "Other", "Verdict", "audit"]


def audit(case: Case) -> list[Verdict]:
    """What every audit says of one submission."""
    return [judged(case) for judged in AUDITS]
