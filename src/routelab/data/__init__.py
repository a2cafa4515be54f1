"""The embedded default: real outcomes of real models that this project recorded itself (see default/)."""

from __future__ import annotations

from pathlib import Path

from routelab.outcomes import OutcomeTable

DEFAULT = Path(__file__).parent / "default"


def default_table() -> OutcomeTable:
    """The table that ships with the package."""
    return OutcomeTable.open(DEFAULT)
