"""Fitted state of a router's parts as plain arrays, so that an artifact needs no pickle.

A part's constructor parameters are its Struct fields; what ``fit`` learned ends in an underscore.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def learned(part: Any) -> dict[str, np.ndarray[Any, Any]]:
    """What ``fit`` left behind, each as an array in C order (numbers as arrays without dimensions)."""
    return {name: np.asarray(value, order="C") for name, value in vars(part).items() if name.endswith("_")}


def relearn(part: Any, arrays: dict[str, np.ndarray[Any, Any]]) -> None:
    """Put learned state back; numbers come back as numbers."""
    for name, array in arrays.items():
        setattr(part, name, array if array.ndim else array.item())
