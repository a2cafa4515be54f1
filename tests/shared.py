"""Where the real public data lies when it is present; tests that need it skip with a reason when it is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_PLACE = Path(os.environ.get("ROUTELAB_SHARED", Path(__file__).resolve().parents[2] / "shared"))
SHARED: Path | None = _PLACE if (_PLACE / "data").is_dir() else None
needs_shared = pytest.mark.skipif(SHARED is None, reason="the shared real data is not present beside the checkout")


def shared_data(*parts: str) -> Path:
    """A path below ``shared/data``; only for tests marked ``needs_shared``."""
    assert SHARED is not None
    return SHARED.joinpath("data", *parts)
