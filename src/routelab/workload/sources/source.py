"""What is known of one public data set: where it is, under which licence, how its rows are laid out and graded.

Pure data. Knows neither how rows are fetched nor how they are sampled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from routelab.workload.sources.layouts import Layout
from routelab.workload.sources.template import fill


def stated_licence(row: Mapping[str, Any]) -> str | None:
    """The licence that a row itself states, in either spelling; None where it states none."""
    return next((text for name in ("licence", "license") if (text := str(row.get(name) or "").strip())), None)


class ByColumn(msgspec.Struct, frozen=True):
    """The Dewey division of a row by what a column says; ``otherwise`` where it says nothing known."""

    column: str
    divisions: Mapping[str, str]
    otherwise: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One data set (or one configuration of it) as a source of queries.

    Attributes:
        repo: owner/name on the hub, or None where no public repository is known: read it from a folder.
        config: the configuration; None where there is only one.
        split: a split whose answers are public.
        licence: as its publisher states it; None where it states none, or one for each part.
        division: the Dewey division, or the rule that tells it.
        note: what a user should know before using it.
    """

    name: str
    repo: str | None
    split: str
    licence: str | None
    metric: str
    division: str | ByColumn
    layout: Layout
    config: str | None = None
    language: str = "en"
    note: str = ""

    def subject(self, row: Mapping[str, Any]) -> str | None:
        """What the row says about its subject, where this source goes by that."""
        return fill(self.division.column, row) if isinstance(self.division, ByColumn) else None

    def division_of(self, row: Mapping[str, Any]) -> str:
        """The row's Dewey division."""
        if isinstance(self.division, str):
            return self.division
        return self.division.divisions.get(self.subject(row) or "", self.division.otherwise)
