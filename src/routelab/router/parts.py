"""Fitted state of a router's parts as plain arrays, so that an artifact needs no pickle.

A part's constructor parameters are its Struct fields; what ``fit`` learned ends in an underscore.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np


def learned(part: Any) -> dict[str, np.ndarray[Any, Any]]:
    """What ``fit`` left behind, each as an array in C order (numbers as arrays without dimensions).

    A part made of parts keeps their fitted copies in ``members_``, beside the ``members`` it was given.
    """
    found: dict[str, np.ndarray[Any, Any]] = {}
    for name, value in vars(part).items():
        if name == "members_":
            inner = (
                (f"{place}.{key}", array) for place, one in enumerate(value) for key, array in learned(one).items()
            )
            found.update(inner)
        elif name.endswith("_"):
            found[name] = np.asarray(value, order="C")
    return found


def relearn(part: Any, arrays: dict[str, np.ndarray[Any, Any]]) -> None:
    """Put learned state back; numbers come back as numbers."""
    if hasattr(part, "members"):
        part.members_ = tuple(deepcopy(one) for one in part.members)
        for place, one in enumerate(part.members_):
            mine = {name.partition(".")[2]: array for name, array in arrays.items() if name.startswith(f"{place}.")}
            relearn(one, mine)
    for name, array in arrays.items():
        if "." not in name:
            setattr(part, name, array if array.ndim else array.item())
