"""The verdict on one answer."""

from __future__ import annotations

import msgspec


class Grade(msgspec.Struct, frozen=True):
    """``score`` lies in [0, 1]; ``extracted`` is what was read out of the answer, None where nothing was."""

    score: float
    extracted: str | None = None
