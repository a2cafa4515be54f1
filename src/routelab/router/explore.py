"""Chance with a known probability: some queries get an arm at random, so that logs can judge other routers.

The draw is a hash of the prompt and the router's seed: asked twice, alone or in a batch, a query gets the same arm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routelab.core.decisions import Floats, Ints
from routelab.core.seeds import derive
from routelab.encode import QueryBatch
from routelab.router.select import Mask

EXPLORED = 2


@dataclass(frozen=True)
class Choice:
    """(n,) columns: the arm, the arm it beat (−1: none), the index of the reason, the probability of the choice."""

    pick: Ints
    beat: Ints
    reason: Ints
    propensity: Floats


def luck_of(batch: QueryBatch, seed: int) -> Floats:
    """(n,) numbers in [0, 1), uniform over prompts, the same for copies of one."""
    mixed = batch.fingerprints() ^ np.uint64(derive(seed, "explore") % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)) / 2.0**53, float)


def explored(choice: Choice, luck: Floats, share: float, arms: int, mask: Mask | None) -> Choice:
    """``choice`` with a ``share`` of the rows drawn uniformly from the allowed arms."""
    allowed = np.arange(arms) if mask is None else np.flatnonzero(mask)
    lucky = luck < share
    place = np.minimum((luck / share * len(allowed)).astype(np.int64), len(allowed) - 1)
    pick = np.where(lucky, allowed[place], choice.pick)
    other = pick != choice.pick
    return Choice(
        pick,
        np.where(other, choice.pick, choice.beat),
        np.where(lucky, EXPLORED, choice.reason),
        np.where(other, 0.0, 1.0 - share) + share / len(allowed),
    )
