"""What was measured: seconds of one engine under a known load, as points that a calibration is fitted on.

A point is either a closed loop (``batch`` clients, prompts of ``isl``, answers of ``osl`` tokens: mean TTFT, TPOT) or
one step (a chunk after some keys, and decodes with keys of their own). Knows no factors.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Annotated

import msgspec

from routelab.core.config import convert
from routelab.core.errors import InputError
from routelab.core.files import read_text

Count = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Tokens = Annotated[float, msgspec.Meta(ge=0)]
Milliseconds = Annotated[float, msgspec.Meta(gt=0)]


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One measurement. A closed loop fills ``batch``, ``isl``, ``osl``; a step the four fields from ``chunk`` on.

    ``kv`` is the data type of the cache. Settings of the engine: ``budget``, the most tokens of a step; ``poll``, steps
    between two looks for new prompts; ``hold``, steps for which prompts are held back to be taken together.
    ``spread``: share of the mean by which lengths vary, 0 where all are equal.
    """

    model: str
    gpu: str
    tp: Count = 1
    pp: Count = 1
    ep: Count = 1
    dtype: str = "bf16"
    kv: str = "bf16"
    backend: str = ""
    batch: Tokens = 0
    isl: Tokens = 0
    osl: Tokens = 0
    budget: Positive = 8192
    poll: Positive = 1
    hold: Count = 0
    spread: Share = 0.1
    ttft_ms: Milliseconds | None = None
    tpot_ms: Milliseconds | None = None
    chunk: Tokens = 0
    before: Tokens = 0
    decodes: Tokens = 0
    keys: Tokens = 0
    step_ms: Milliseconds | None = None

    @property
    def configuration(self) -> tuple[str, ...]:
        """What stays the same while load varies; draws of a bootstrap take or leave it whole."""
        return (self.model, self.gpu, self.backend, self.dtype, str(self.tp), str(self.pp), str(self.ep))


def read_points(path: Path) -> list[Point]:
    """Points of a CSV file whose columns are the fields of `Point`; an empty cell is a default. Raises InputError."""
    text = read_text(path, what="a CSV file of points")
    rows = list(csv.DictReader(text.splitlines()))
    if not rows:
        raise InputError(str(path), expected="a header and a row or more", got="no rows", fix="write what was measured")
    return [_point(row, f"{path} line {line}") for line, row in enumerate(rows, start=2)]


def _point(row: dict[str, str], where: str) -> Point:
    cells = {name: cell.strip() for name, cell in row.items() if name and cell and cell.strip()}
    numbers = {field.name for field in msgspec.structs.fields(Point) if field.type is not str}
    values: dict[str, object] = dict(cells)
    for name in numbers & set(cells):
        try:
            value = float(cells[name])
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(f"{where} {name}", expected="a finite number", got=repr(cells[name]), fix="correct it")
        values[name] = int(value) if value.is_integer() else value
    point = convert(values, Point, where)
    closed = point.batch > 0 and point.isl > 0 and point.osl > 0 and (point.ttft_ms or point.tpot_ms)
    if not closed and not (point.step_ms and point.chunk + point.decodes > 0):
        raise InputError(
            where,
            expected="batch, isl, osl with ttft_ms or tpot_ms; or chunk, decodes with step_ms",
            got=", ".join(sorted(cells)) or "nothing",
            fix="fill the cells of one kind",
        )
    return point
