"""Robustness beside selectivity: steady picks are worth something only in a router that tells queries apart.

``selectivity`` is the chance that two queries of the run get different arms, 1 − Σ p² over the shares p of picks.
``flips`` are shares of queries whose pick changes with an edit: ``kept`` where the edit keeps the meaning, apart for
what it touches (``template``, ``content``), and ``changed`` where it changes it. ``robustness`` is
1 − flips.kept / selectivity, as Cohen's kappa holds agreement against chance: 1 never flips, 0 flips as often as if
another query had been asked, and a router that always picks the same arm has none. Knows neither texts nor routers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from routelab.arena.statistics import UNIT, Metric, interval, undefined
from routelab.core import stream
from routelab.core.decisions import Floats, Ints

FLIPS = ("kept", "template", "content", "changed")
DRAWS = 1000
NOTHING_EDITED = "no prompt has such an edit"
_SAME_ARM = "it always picks the same arm"
_NEVER: Metric = {"value": 0.0, "low": 0.0, "high": 0.0}


def steadiness(pick: Ints, flipped: Mapping[str, Floats], seed: int) -> dict[str, Any]:
    """The three fields from (m,) picks and flips (0, 1, or NaN without such an edit); queries are drawn anew.

    >>> steadiness(np.array([0, 0]), {"kept": np.zeros(2)}, 0)["robustness"]["why"]
    'it always picks the same arm'
    """
    m = len(pick)
    drawn = stream(seed, "steadiness").integers(m, size=(DRAWS, m))
    times = np.stack([np.ones(m), *(np.bincount(draw, minlength=m) for draw in drawn)])
    shares = times @ (pick[:, None] == np.unique(pick)) / m
    differ = 1 - (shares**2).sum(axis=1)
    rates = {name: _rate(times, flipped.get(name, np.full(m, np.nan))) for name in FLIPS}
    with np.errstate(divide="ignore", invalid="ignore"):
        steady = np.where(differ > 1e-12, 1 - rates["kept"] / differ, np.nan)
    why = _SAME_ARM if differ[0] <= 1e-12 else NOTHING_EDITED
    return {
        "robustness": interval(steady, why=why, bounds=(-np.inf, 1.0)),
        "selectivity": interval(differ, bounds=UNIT),
        "flips": {name: interval(rate, why=NOTHING_EDITED, bounds=UNIT) for name, rate in rates.items()},
    }


def unknown(why: str) -> dict[str, Any]:
    """The three fields of what was not measured."""
    return {
        "robustness": undefined(why),
        "selectivity": undefined(why),
        "flips": {name: undefined(why) for name in FLIPS},
    }


CONSTANT: dict[str, Any] = {
    "robustness": undefined(_SAME_ARM),
    "selectivity": _NEVER,
    "flips": dict.fromkeys(FLIPS, _NEVER),
}


def _rate(times: Floats, flips: Floats) -> Floats:
    """(1 + B,) share of flips among the queries that have such an edit."""
    there = ~np.isnan(flips)
    with np.errstate(invalid="ignore"):
        return np.asarray(times @ np.where(there, flips, 0.0) / (times @ there))
