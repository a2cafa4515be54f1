"""Watts of a device from how busy its arithmetic and its memory are.

Linear between idle and the thermal design power, saturating there: awake but waiting costs a share, operations and
bytes cost theirs. The three shares are fitted on measurements; a device's own curve is not known.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from scipy.optimize import least_squares

from routelab.core.decisions import Floats
from routelab.pool.fleet.catalogue import Hardware


class PowerShares(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Shares of the span from idle to full power; ``error`` is the median relative error where they were fitted."""

    awake: float
    compute: float
    memory: float
    error: float


SHIPPED = PowerShares(awake=0.578, compute=2.062, memory=0.024, error=0.108)
"""Fitted on ml-energy's leaderboard v3 (H100, B200; `benchmarks/bench_fleet_cost.py`)."""


def power_w(
    device: Hardware, compute: Floats, memory: Floats, shares: PowerShares = SHIPPED, *, clock: float = 1.0
) -> Floats:
    """Watts of one device that spends these shares of its time at its peak and at its bandwidth.

    At a share of its full ``clock`` its arithmetic draws the third power of it, since the voltage goes along (of
    dynamic power, C V^2 f); the rest is taken to stay. No measurement of a lowered clock stands behind that.

    >>> from routelab.pool.fleet.catalogue import find_hardware
    >>> bool(power_w(find_hardware("h100"), np.array(9.0), np.array(9.0)) == 700)
    True
    """
    busy = shares.awake + shares.compute * compute * clock**3 + shares.memory * memory
    return device.idle_w + (device.tdp_w - device.idle_w) * np.clip(busy, 0.0, 1.0)


def fit_power(devices: Sequence[Hardware], compute: Floats, memory: Floats, watts: Floats) -> PowerShares:
    """The shares that fit measured watts best, in logarithms, under a robust loss."""
    span = np.array([(device.idle_w, device.tdp_w) for device in devices])

    def predicted(x: Floats) -> Floats:
        busy = np.clip(x[0] + x[1] * compute + x[2] * memory, 0.0, 1.0)
        found: Floats = span[:, 0] + (span[:, 1] - span[:, 0]) * busy
        return found

    found = least_squares(
        lambda x: np.log(predicted(x) / watts), [0.2, 0.5, 0.5], bounds=(0, 5), loss="soft_l1", f_scale=0.1
    ).x
    error = float(np.median(np.abs(predicted(found) / watts - 1)))
    awake, arithmetic, traffic = (float(f"{value:.3f}") for value in found)
    return PowerShares(awake=awake, compute=arithmetic, memory=traffic, error=float(f"{error:.3f}"))
