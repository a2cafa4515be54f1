"""Guards narrow the allowed arms, or doubt gains that the evidence does not bear out. They never widen a choice.

``Available`` stands before every router; the others are part of a recipe.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import msgspec
import numpy as np

from routelab.core.errors import InputError
from routelab.core.pool_view import PoolView
from routelab.router.estimate import Estimate
from routelab.router.select import Mask


class Guard(Protocol):
    """``hedge`` may lower the quality that the selector believes in. It never sees the dial, so that a
    selector whose cost never rises with the dial stays so."""

    def hedge(self, estimate: Estimate) -> Estimate: ...


class PairedError(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="paired-error"):
    """Leave the best single arm only where the paired gain exceeds ``z`` standard errors, twice that for a
    dearer arm: every other arm is believed at that lower bound. Money saved is not in doubt.

    The paired-standard-error guard of the experiential kNN router; z = 1 measured safer than the original 0.5.
    """

    z: float = 1.0

    def hedge(self, estimate: Estimate) -> Estimate:
        back = estimate.fallback
        dearer = estimate.cost > estimate.cost[:, [back]]
        doubt = self.z * estimate.gap_se * np.where(dearer, 2.0, 1.0)
        doubt[:, back] = 0.0
        return replace(estimate, mean=np.maximum(estimate.mean - doubt, 0.0))


AnyGuard = PairedError


def available(arms: tuple[str, ...], pool: PoolView | None) -> Mask | None:
    """(K,) arms that may be called, by name; None where the pool reports nothing. Unlisted arms may not.

    Raises InputError where no arm is left.
    """
    if pool is None or not len(pool.available):
        return None
    up = {arm for arm, value in zip(pool.arms, pool.available) if value > 0}
    mask = np.array([arm in up for arm in arms])
    if not mask.any():
        raise InputError(
            "pool",
            expected="at least one available arm of the router",
            got=f"{len(up)} available arms, none of them its own",
            fix="wait for the pool, or fit the router on the arms it has",
        )
    return mask
