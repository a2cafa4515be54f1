"""Accelerators, as facts (`hardware.yaml`): dense peaks, bandwidths, memory, watts and a dated price.

Knows no model and no efficiency: what is reached of a peak is the calibration's business.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec

from routelab.core.config import convert, load_yaml
from routelab.core.errors import InputError, nearest, shorten

FILE = Path(__file__).with_name("hardware.yaml")
BYTES = {"bf16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5625, "int4": 0.5625}
"""Bytes of a stored element; four bits carry a scale for every 16 to 32 of them."""

Positive = Annotated[float, msgspec.Meta(gt=0)]


class Hardware(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One device. ``flops`` are dense tera-operations a second by data type; ``node`` devices share fast links."""

    name: str = ""
    flops: dict[str, Positive]
    memory_gb: Positive
    bandwidth_gb_s: Positive
    link_gb_s: Positive
    node: int = 8
    tdp_w: Positive
    idle_w: Positive
    price_usd_per_hour: Positive
    price_date: dt.date
    price_kind: str
    price_source: str
    source: str
    aliases: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()

    def peak(self, dtype: str) -> float:
        """Dense operations a second when matrices are multiplied in ``dtype``.

        Four-bit weights are unpacked where the device cannot multiply them. Raises InputError for other gaps.
        """
        if dtype in self.flops:
            return self.flops[dtype] * 1e12
        if dtype in ("int4", "fp4"):
            return self.flops["bf16"] * 1e12
        usable = [*self.flops, *(four for four in ("int4", "fp4") if four not in self.flops)]
        fix = nearest(dtype, usable) if dtype not in BYTES else f"use one of: {', '.join(usable)}"
        raise InputError("dtype", expected=f"a data type that {self.name} computes in", got=shorten(dtype), fix=fix)


@cache
def hardware() -> dict[str, Hardware]:
    """Every device of the catalogue by its name."""
    found = convert(load_yaml(FILE), dict[str, Hardware], str(FILE))
    return {name: msgspec.structs.replace(each, name=name) for name, each in found.items()}


@cache
def _names() -> dict[str, str]:
    return {spelt.lower(): name for name, each in hardware().items() for spelt in (name, *each.aliases)}


def find_hardware(name: str, where: str = "gpu") -> Hardware:
    """The device of that name, in any case; raises InputError.

    >>> find_hardware("h100").name
    'H100-SXM'
    """
    known = _names()
    if name.lower() not in known:
        raise InputError(
            where, expected="a device of the catalogue", got=shorten(name), fix=nearest(name.lower(), known)
        )
    return hardware()[known[name.lower()]]
