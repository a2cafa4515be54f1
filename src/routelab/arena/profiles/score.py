"""From graded rows to every metric with its interval, in arrays.

Every metric is a function of column sums, so one resample is one weighted sum. Estimand: the mean over queries
like these, data sets being fixed strata. Intervals: percentile bootstrap within strata, n−1 rows drawn with
weight n/(n−1), which makes the variance of a stratum mean unbiased however small the stratum (Rao & Wu, JASA
1988). Knows of no files and of no graders.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from routelab.arena.profiles.routerarena import Floats, Profile, arena_score, optimality_columns
from routelab.core.seeds import stream

CONFIDENCE = 0.95
CELLS_AT_ONCE = 1 << 15
_COLUMNS = (
    "graded",
    "score",
    "similar",
    "similarity",
    "rows",
    "cost",
    "kept",
    "hit",
    "optimal_cost",
    "router_cost",
    "router_score",
    "optimal_score",
    "pairs",
    "flips",
)
_AT = {name: place for place, name in enumerate(_COLUMNS)}


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """Graded calls of one router, one per query. NaN: unknown, which is never zero.

    ``strata`` numbers the data sets from 0; ``similar`` marks rows scored by text similarity; ``flip`` is 0, 1
    or NaN (not tested). ``pool`` holds the positions of the queries on which the other models were run, with
    their scores and costs (queries × models).
    """

    strata: NDArray[np.int64]
    score: Floats
    cost_usd: Floats
    valid: NDArray[np.bool_]
    similar: NDArray[np.bool_]
    flip: Floats
    pool: NDArray[np.int64]
    pool_score: Floats
    pool_cost_usd: Floats


class Scores(msgspec.Struct, frozen=True):
    """Metric name → [value, low, high], overall (3) and per stratum (3 × strata)."""

    overall: dict[str, Floats]
    by_stratum: dict[str, Floats]


def score_rows(rows: Rows, profile: Profile, *, draws: int = 1000, seed: int = 0) -> Scores:
    """All metrics of one router with 95 % intervals; undefined ones are NaN."""
    columns = _columns(rows, profile)
    sums, resampled = _stratum_sums(columns, rows.strata, draws, seed)
    total = _with_interval(_metrics(sums.sum(axis=0)), _metrics(resampled.sum(axis=0)))
    parts = _with_interval(_metrics(sums), _metrics(resampled))
    return Scores(total, parts)


def _columns(rows: Rows, profile: Profile) -> Floats:
    columns = np.zeros((len(rows.score), len(_COLUMNS)))
    known = ~np.isnan(rows.score)
    apart = rows.similar & (not profile.similarity_counts)
    columns[:, _AT["graded"]] = known & ~apart
    columns[:, _AT["score"]] = np.where(known & ~apart, rows.score, 0.0)
    columns[:, _AT["similar"]] = known & apart
    columns[:, _AT["similarity"]] = np.where(known & apart, np.maximum(rows.score, 0.0), 0.0)
    billed = np.full(len(rows.score), profile.bills_failures) | rows.valid
    columns[:, _AT["rows"]] = 1.0
    columns[:, _AT["cost"]] = np.where(billed, rows.cost_usd, 0.0)
    here = rows.pool
    columns[here, _AT["kept"] : _AT["pairs"]] = optimality_columns(
        np.where(rows.valid, rows.score, np.nan)[here] if profile.optimal_is_perfect else rows.score[here],
        rows.cost_usd[here],
        rows.pool_score,
        rows.pool_cost_usd,
        optimal_is_perfect=profile.optimal_is_perfect,
    )
    columns[:, _AT["pairs"]] = ~np.isnan(rows.flip)
    columns[:, _AT["flips"]] = np.nan_to_num(rows.flip)
    return columns


def _stratum_sums(columns: Floats, strata: NDArray[np.int64], draws: int, seed: int) -> tuple[Floats, Floats]:
    """Column sums per stratum (strata × columns), and their resamples (strata × draws × columns)."""
    rng = stream(seed, "predictions", "bootstrap")
    blocks = [columns[strata == stratum] for stratum in range(int(strata.max()) + 1)]
    return np.stack([block.sum(axis=0) for block in blocks]), np.stack([_resample(b, draws, rng) for b in blocks])


def _resample(block: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Column sums (draws × columns) of n−1 rows drawn with replacement, blown up to n; one row has no spread.

    Works through the draws in pieces that stay in the processor's cache.
    """
    size = len(block)
    if size == 1:
        return np.repeat(block, draws, axis=0)
    sums = np.empty((draws, block.shape[1]))
    piece = max(1, CELLS_AT_ONCE // size)
    for start in range(0, draws, piece):
        count = min(piece, draws - start)
        picks = rng.integers(0, size, (count, size - 1), dtype=np.min_scalar_type(size - 1))
        flat = (picks + size * np.arange(count)[:, None]).ravel()
        times = np.bincount(flat, minlength=count * size).reshape(count, size)
        sums[start : start + count] = times @ block
    return sums * (size / (size - 1))


def _metrics(sums: Floats) -> dict[str, Floats]:
    """Metrics of column sums; the last axis of ``sums`` is the columns."""

    def ratio(above: str, below: str) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            share = sums[..., _AT[above]] / sums[..., _AT[below]]
        return np.where(np.isfinite(share), share, np.nan)

    accuracy, cost = ratio("score", "graded"), 1000 * ratio("cost", "rows")
    return {
        "accuracy": accuracy,
        "similarity": ratio("similarity", "similar"),
        "cost_per_1k_usd": cost,
        "arena_score": arena_score(accuracy, cost),
        "selection": ratio("hit", "kept"),
        "optimal_cost": ratio("optimal_cost", "router_cost"),
        "optimal_accuracy": ratio("router_score", "optimal_score"),
        "robustness": 1 - ratio("flips", "pairs"),
    }


def _with_interval(value: dict[str, Floats], resampled: dict[str, Floats]) -> dict[str, Floats]:
    """(value, low, high) per metric. A draw in which a ratio is undefined says nothing and is left out."""
    tail = (1 - CONFIDENCE) / 2
    bands = {}
    for name, centre in value.items():
        ordered = np.sort(resampled[name], axis=-1)  # NaN last
        defined = np.count_nonzero(~np.isnan(ordered), axis=-1)
        edges = [_quantile(ordered, defined, share) for share in (tail, 1 - tail)]
        bands[name] = np.stack([centre, *edges])
    return bands


def _quantile(ordered: Floats, defined: NDArray[np.intp] | int, share: float) -> Floats:
    place = share * np.maximum(np.asarray(defined) - 1, 0)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, np.maximum(np.asarray(defined) - 1, 0))
    low, high = (np.take_along_axis(ordered, side[..., None], axis=-1)[..., 0] for side in (below, above))
    return np.asarray(low + (high - low) * (place - below))
