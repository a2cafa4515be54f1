"""An outcome table from a handful of queries and outcomes, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from routelab.core import Outcome, Query
from routelab.outcomes import OutcomeTable
from routelab.outcomes.table import outcome_frame, query_frame


def small_table(queries: Sequence[Query], outcomes: Sequence[Outcome], name: str = "small") -> OutcomeTable:
    return OutcomeTable.from_frames(query_frame(queries), outcome_frame(outcomes), name=name)
