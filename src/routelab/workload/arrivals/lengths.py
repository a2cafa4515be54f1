"""How long prompts and answers are, in tokens: distributions with one method, ``draw``. Every length is at least 1.

Input and output are drawn independently unless rows of a trace are drawn whole (`Resampled`).
"""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
from msgspec import Meta
from scipy.optimize import brentq

from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError
from routelab.workload.arrivals.part import Part, Tokens, Variation
from routelab.workload.arrivals.readers import read

LONGEST = 1_000_000
Level = Annotated[float, Meta(gt=0.0, lt=1.0)]
Mean = Annotated[float, Meta(ge=1.0, le=1e6)]


class Length(Part, frozen=True):
    """A distribution of token counts."""

    def draw(self, rng: np.random.Generator, n: int) -> Ints:
        """`n` lengths."""
        return np.maximum(self.checked()._draw(rng, n), 1)

    def _draw(self, rng: np.random.Generator, n: int) -> Ints:
        raise NotImplementedError


class Fixed(Length, frozen=True, tag="fixed"):
    """Always the same.

    >>> Fixed(tokens=7).draw(np.random.default_rng(0), 2)
    array([7, 7])
    """

    tokens: Tokens

    def _draw(self, rng: np.random.Generator, n: int) -> Ints:
        return np.full(n, self.tokens)


class Uniform(Length, frozen=True, tag="uniform"):
    """Every length from `least` to `most` alike."""

    least: Tokens
    most: Tokens

    def _draw(self, rng: np.random.Generator, n: int) -> Ints:
        _ordered("uniform", self.least, self.most)
        return rng.integers(self.least, self.most + 1, n)


class Lognormal(Length, frozen=True, tag="lognormal"):
    """Lognormal with this mean and coefficient of variation, cut off at `most`."""

    mean: Mean
    cv: Variation
    most: Tokens = LONGEST

    def _draw(self, rng: np.random.Generator, n: int) -> Ints:
        variance = math.log1p(self.cv**2)
        values = rng.lognormal(math.log(self.mean) - variance / 2, math.sqrt(variance), n)
        return np.rint(np.minimum(values, self.most)).astype(np.int64)


class PowerLaw(Length, frozen=True, tag="power-law"):
    """P(k) ∝ (k + shift)^−exponent for k = 1 … `most`, fitted so that the mean and the 99th percentile are those given.

    Llumnix (arXiv 2406.03243) draws short, medium and long requests with means 128, 256, 512 and P99 1464, 4208, 5166.
    """

    mean: Mean
    p99: Mean
    most: Tokens = 6144

    def _draw(self, rng: np.random.Generator, n: int) -> Ints:
        exponent, shift = fit_power_law(self.mean, self.p99, self.most)
        return 1 + np.searchsorted(np.cumsum(power_law(exponent, shift, self.most)), rng.uniform(size=n))


SHORT = PowerLaw(mean=128, p99=1464)
MEDIUM = PowerLaw(mean=256, p99=4208)
LONG = PowerLaw(mean=512, p99=5166)


class Quantiles(Length, frozen=True, tag="quantiles"):
    """`values` at the `levels` of the distribution function, geometric between; beyond the last an exponential tail.

    The tail is as long as `mean` asks (none without it); below the first level every length is the first value.
    """

    levels: tuple[Level, ...]
    values: tuple[Tokens, ...]
    mean: Mean | None = None

    def _draw(self, rng: np.random.Generator, n: int) -> Ints:
        if len(self.levels) != len(self.values) or not self.levels:
            raise InputError(
                "quantiles values",
                expected=f"{len(self.levels)} values, one for each level",
                got=str(len(self.values)),
                fix="give as many levels as values, at least one",
            )
        _ordered("quantiles levels", *self.levels)
        _ordered("quantiles values", *self.values)
        values = np.array(self.values, dtype=np.float64)
        drawn = from_quantiles(rng, n, np.array(self.levels), values, self.mean)
        return np.rint(drawn).astype(np.int64)


def from_quantiles(rng: np.random.Generator, n: int, levels: Floats, values: Floats, mean: float | None) -> Floats:
    """Draws from a table of quantiles; see `Quantiles`."""
    place = rng.uniform(size=n)
    drawn = np.exp(np.interp(place, levels, np.log(values)))
    beyond = place > levels[-1]
    drawn[beyond] += rng.exponential(tail_mean(levels, values, mean), int(beyond.sum()))
    return drawn


def tail_mean(levels: Floats, values: Floats, mean: float | None) -> float:
    """By how much lengths beyond the last level exceed it on average, so that all have this mean; at most 3 fold."""
    if mean is None:
        return 0.0
    low, high = values[:-1], values[1:]
    ratio = np.log(high / low)
    inner = np.where(ratio > 1e-9, (high - low) / np.maximum(ratio, 1e-9), low)
    known = levels[0] * values[0] + float(np.diff(levels) @ inner)
    excess = (mean - known) / (1 - levels[-1]) - values[-1]
    return float(np.clip(excess, 0.0, 3 * values[-1]))


def power_law(exponent: float, shift: float, most: int) -> Floats:
    """The probabilities of 1 … `most`."""
    weights = (np.arange(1, most + 1) + shift) ** -exponent
    return np.asarray(weights / weights.sum())


@cache
def fit_power_law(mean: float, p99: float, most: int) -> tuple[float, float]:
    """Exponent and shift of the power law with this mean and 99th percentile."""
    lengths = np.arange(1, most + 1)

    def shift_for(exponent: float) -> float:
        def excess(log_shift: float) -> float:
            return float(power_law(exponent, math.exp(log_shift), most) @ lengths) - mean

        return math.exp(brentq(excess, -7.0, 14.0))

    def too_far(exponent: float) -> float:
        cumulative = np.cumsum(power_law(exponent, shift_for(exponent), most))
        return float(np.interp(0.99, cumulative, lengths)) - p99

    exponents = np.linspace(0.2, 6.0, 117)
    feasible = []
    for exponent in exponents.tolist():
        try:
            feasible.append((exponent, too_far(exponent)))
        except ValueError:  # no shift gives this mean
            continue
    for (low, before), (high, after) in pairwise(feasible):
        if before * after <= 0:
            exponent = float(brentq(too_far, low, high))
            return exponent, shift_for(exponent)
    raise InputError(
        "power-law",
        expected=f"a mean and p99 that lengths up to {most} can have",
        got=f"{mean} and {p99}",
        fix="change most",
    )


AnyLength = Fixed | Uniform | Lognormal | PowerLaw | Quantiles


class Separate(Part, frozen=True, tag="separate"):
    """Prompt and answer drawn independently."""

    input: AnyLength
    output: AnyLength

    def pairs(self, rng: np.random.Generator, n: int) -> tuple[Ints, Ints]:
        """Input and output tokens of `n` requests."""
        return self.input.draw(rng, n), self.output.draw(rng, n)


class Resampled(Part, frozen=True, tag="resampled"):
    """Rows of a trace drawn whole with replacement, so that prompt and answer stay together."""

    path: str
    format: str = "auto"

    def pairs(self, rng: np.random.Generator, n: int) -> tuple[Ints, Ints]:
        """Input and output tokens of `n` requests."""
        trace = read(Path(self.path), self.format)
        rows = rng.integers(0, len(trace), n)
        return trace.input_tokens[rows], trace.output_tokens[rows]


AnyLengths = Separate | Resampled


def _ordered(where: str, *values: float) -> None:
    if any(high < low for low, high in pairwise(values)):
        raise InputError(where, expected="values in rising order", got=str(values), fix="put them in order")
