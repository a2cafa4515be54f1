"""What every part of a workload is: a frozen record of plain values that a YAML file can spell.

Knows no process and no length; here are only the ranges that they share.
"""

from __future__ import annotations

from typing import Annotated, Self

import msgspec
from msgspec import Meta

from routelab.core.config import convert
from routelab.core.errors import InputError

# Bounds of fractions are written as such: typing takes ``ge=0`` for ``ge=0.0``, and schemas would tell who came first.
Rate = Annotated[float, Meta(gt=0.0, le=1e7)]
Seconds = Annotated[float, Meta(ge=1e-3, le=1e10)]
Delay = Annotated[float, Meta(ge=0.0, le=1e10)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Variation = Annotated[float, Meta(ge=0.01, le=30.0)]
Tokens = Annotated[int, Meta(ge=1, le=100_000_000)]
NoTokens = Annotated[int, Meta(ge=0, le=100_000_000)]
Count = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", omit_defaults=True):
    """A part of a workload; in a file, ``kind`` says which."""

    def checked(self) -> Self:
        """Itself, or the error that names the field out of range: a constructor checks nothing, a file everything."""
        convert(msgspec.to_builtins(self), type(self), str(self.__struct_config__.tag))
        return self


def bounded(where: str, n: int | None, horizon_s: float | None) -> None:
    """Raise InputError where nothing says when the requests end."""
    if n is None and horizon_s is None:
        raise InputError(where, expected="n, horizon_s or both", got="neither", fix="say how many, or how long")
    for name, value in (("n", n), ("horizon_s", horizon_s)):
        if value is not None and not 0 <= value < float("inf"):
            raise InputError(f"{where} {name}", expected="a finite number from 0 on", got=str(value), fix="correct it")
