"""The cost of a server that was probed: a line in what is in the batch, fitted on its own seconds, kept as JSON.

Every step takes a fixed time, and more for each token, each sequence, each pair of tokens attended to in prompts, and
each key that a decode reads. No part is negative. Knows no model and no device: what it says holds for the server that
was probed, and for batches of about the sizes that were probed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from scipy.optimize import least_squares, nnls

from routelab.core.errors import InputError
from routelab.core.files import read_text, write_text
from routelab.pool.fleet.cost.step import StepCost

Seconds = Annotated[float, msgspec.Meta(ge=0)]
FEWEST = 6


class Stretch(NamedTuple):
    """Steps of one server one after another: how long they took, how many they were, and what was in all of them.

    ``sequences``: that yielded a token, summed over the steps. ``pairs``: see `Batch`. ``keys``: read by decodes.
    """

    seconds: float
    steps: float
    tokens: float
    sequences: float
    pairs: float
    keys: float


class FittedCost(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Seconds of a step, token, sequence, pair and key. ``errors``: logarithms of measured over fitted times."""

    measured_on: str
    points: int
    fixed_s: Seconds
    token_s: Seconds
    sequence_s: Seconds
    pair_s: Seconds
    key_s: Seconds
    errors: list[float]

    def step_cost(self, max_tokens: int, max_rows: int) -> StepCost:
        """The arrays that an engine looks up; what bounds a step is not told, so time stands for compute and memory."""
        tokens = self.token_s * np.arange(max_tokens + 1)
        return StepCost(
            tokens=tokens[:, None] * np.array([1.0, 1.0, 1.0, 0.0]),
            rows=np.zeros((max_rows + 1, 4)),
            pair_s=self.pair_s,
            decode_memory_s=self.key_s,
            fixed_s=self.fixed_s,
            per_sequence_s=self.sequence_s,
        )

    def save(self, path: Path) -> None:
        write_text(path, msgspec.json.format(msgspec.json.encode(self)).decode() + "\n")


def fit_steps(stretches: Sequence[Stretch], *, measured_on: str) -> FittedCost:
    """Robust least squares of logarithms, no part negative. Raises InputError where there are too few stretches.

    Others on the machine make some steps far too slow; squares of relative errors would lie below most points.
    """
    if len(stretches) < FEWEST:
        fix = "probe more prompts or clients"
        raise InputError("points of a probe", expected=f"{FEWEST} or more", got=str(len(stretches)), fix=fix)
    table = np.array(stretches, dtype=float)
    if not (np.isfinite(table).all() and (table[:, 0] > 0).all()):
        raise InputError("points of a probe", expected="finite times above 0", got="others", fix="probe again")
    seconds, parts = table[:, 0], table[:, 1:]
    usual = np.array(
        [np.median(seconds[column > 0] / column[column > 0]) if column.any() else 1.0 for column in parts.T]
    )
    start, _ = nnls(parts / seconds[:, None], np.ones(len(seconds)))
    found = least_squares(
        lambda x: np.log(parts @ (x * usual) / seconds),
        np.maximum(start / usual, 1e-3),
        bounds=(0.0, np.inf),
        loss="soft_l1",
        f_scale=0.1,
    ).x
    found *= usual
    values = dict(zip(("fixed_s", "token_s", "sequence_s", "pair_s", "key_s"), map(float, found), strict=True))
    errors = np.log(seconds / np.maximum(parts @ found, 1e-12))
    return FittedCost(
        measured_on=measured_on, points=len(table), errors=[float(f"{e:.4g}") for e in np.sort(errors)], **values
    )


def load_fitted(path: Path) -> FittedCost:
    """A cost that was saved. Raises InputError."""
    try:
        return msgspec.json.decode(read_text(path, what="a fitted cost"), type=FittedCost)
    except msgspec.DecodeError as error:
        raise InputError(
            str(path),
            expected="a cost as `routelab fleet calibrate --endpoint` writes it",
            got=str(error),
            fix="calibrate again",
        ) from None


def fitted_cost(path: Path, max_tokens: int, max_rows: int) -> StepCost:
    """The step cost in a file, for batches up to so many tokens and rows. Raises InputError."""
    return load_fitted(path).step_cost(max_tokens, max_rows)
