"""The tables that ship: real outcomes of real models that this project recorded itself (see each provenance.json)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from routelab.outcomes import OutcomeTable

FOLDER = Path(__file__).parent
DEFAULT = FOLDER / "default"
FLEETS = FOLDER / "fleets"


def default_table() -> OutcomeTable:
    """The table that ``routelab arena`` judges on when it is given none."""
    return OutcomeTable.open(DEFAULT)


def embedded() -> list[str]:
    """Names of the tables that ship; ``--table NAME`` takes them."""
    return sorted(path.parent.name for path in FOLDER.glob("*/manifest.json"))


def standings() -> dict[str, Any]:
    """What ``docs/which-router.md`` measured of each built-in router, by name."""
    found: dict[str, Any] = msgspec.json.decode((FOLDER / "standing.json").read_bytes())["routers"]
    return found
