"""Which models share which device: Prism's placement (OSDI'26, arXiv 2505.04021, Algorithm 1), and a local search.

The pressure on a device's memory for keys (KVPR) is the demand of its models over what their weights leave free. The
demand of a model is the rate of its tokens, times the bytes of one, over the time that one may take. The paper's prose
puts a model where the pressure will be least *with* it, its listing where it is least *before*: both are here.

Pure arithmetic: no requests, no time.
"""

from __future__ import annotations

import numpy as np

from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError

NOWHERE = -1


def pressures(place: Ints, weight: Floats, demand: Floats, room: Floats) -> Floats:
    """The KVPR of every device; `place` is the device of each model, `room` the memory of each device.

    >>> pressures(np.array([0, 0, 1]), np.array([10.0, 20, 40]), np.array([1.0, 2, 1]), np.array([60.0, 60]))
    array([0.1 , 0.05])
    """
    load = np.bincount(place, demand, len(room))
    free = room - np.bincount(place, weight, len(room))
    return np.where(free > 0, load / np.where(free > 0, free, 1.0), np.inf)


def least_pressure(
    weight: Floats,
    demand: Floats,
    room: Floats,
    *,
    resulting: bool = False,
    now: Ints | None = None,
    threshold: float = 0.0,
) -> Ints:
    """Algorithm 1: models by falling demand, each to the device of the least KVPR; `resulting` counts the model itself.

    A model that is somewhere `now` moves only where that lowers the KVPR by more than the threshold. Raises InputError
    where a model fits nowhere.
    """
    load, free = np.zeros(len(room)), np.array(room, dtype=float)
    place = np.full(len(weight), NOWHERE)
    for model in np.argsort(-demand, kind="stable").tolist():
        fits = weight[model] < free
        if not fits.any():
            left = f"at most {free.max():g} free on a device"
            raise InputError("placement", expected=f"room for {weight[model]:g}", got=left, fix="add a device")
        with_it = (load + demand[model]) / np.where(fits, free - weight[model], 1.0)
        pressure = np.where(fits, with_it if resulting else load / np.where(fits, free, 1.0), np.inf)
        best = int(pressure.argmin())
        if now is not None and now[model] != NOWHERE and not pressure[now[model]] - pressure[best] > threshold:
            best = int(now[model])
        place[model] = best
        load[best] += demand[model]
        free[best] -= weight[model]
    return place


def improved(place: Ints, weight: Floats, demand: Floats, room: Floats) -> Ints:
    """The best move of a model, or swap of two, again and again, while the highest pressures fall."""
    place = place.copy()
    worst = _ranked(place, weight, demand, room)
    while True:
        tried = [(_ranked(each, weight, demand, room), each) for each in _neighbours(place, weight, demand, room)]
        found, best = min(tried, key=lambda pair: pair[0], default=(worst, place))
        if found >= worst:
            return place
        worst, place = found, best


def _ranked(place: Ints, weight: Floats, demand: Floats, room: Floats) -> list[float]:
    """Pressures from the highest on, without differences of rounding."""
    found = np.round(pressures(place, weight, demand, room), 12)
    return sorted(found.tolist(), reverse=True)


def _neighbours(place: Ints, weight: Floats, demand: Floats, room: Floats) -> list[Ints]:
    """What one move, or one swap, makes of the device under most pressure."""
    full = int(pressures(place, weight, demand, room).argmax())
    others = []
    for model in np.flatnonzero(place == full).tolist():
        for device in np.flatnonzero(np.arange(len(room)) != full).tolist():
            moved = place.copy()
            moved[model] = device
            others.append(moved)
        for other in np.flatnonzero(place != full).tolist():
            swapped = place.copy()
            swapped[model], swapped[other] = place[other], full
            others.append(swapped)
    return others
