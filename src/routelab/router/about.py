"""Where a catalogue entry comes from and how near it is to its source. Facts for readers: no code routes by them."""

from __future__ import annotations

from typing import Literal

import msgspec

Family = Literal["control", "rule", "similarity", "supervised"]
Fidelity = Literal["faithful", "simplified", "inspired", "own"]


class About(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry's place in the literature.

    ``family`` follows the routing survey (arXiv 2502.00409): similarity-based or supervised, both deciding before
    an answer exists; controls and hand-written rules stand beside them. ``deviation`` is the one line that
    *simplified* and *inspired* entries owe, ``is_not`` what a reader might wrongly expect, ``needs`` what the
    table must hold beyond prompts and scores.
    """

    family: Family = "supervised"
    source: str = ""
    fidelity: Fidelity = "own"
    deviation: str = ""
    is_not: str = ""
    needs: tuple[Literal["costs", "task labels", "several samples", "pool state"], ...] = ()
