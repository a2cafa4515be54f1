"""Joint draws of every mean of a run: test rows and training sets both vary, together for all routers.

The estimand is the mean outcome of a recipe trained on a fresh training set of this size and asked fresh
queries of these tasks in these proportions. Two independent sources make the estimate vary:

* *test rows*: a bootstrap of prompt groups within tasks (tasks are fixed strata);
* *training sets*: repeats of cross-fitting judge the same row with routers trained on different sets. Take two
  disjoint blocks of rows that the same two fits judged: the product of the blocks' mean differences has the
  variance of the difference of the fits' true means as its expectation, free of row noise. To first order (each
  training row adds its own small effect) that is 2(1 − overlap) times the variance of one training set's effect,
  of which cross-fitting leaves the share ``averaging``.

The first is drawn for all means at once. For the second, every metric is also evaluated at the estimate moved a
little along each block's difference; these directional derivatives give the training variance of that very
metric, so ratios, paired differences and areas under curves need no formula of their own.

That estimate is unbiased but noisy, so it is averaged with the Nadeau–Bengio one (2003), which takes training to
add (1/repeats + test/train rows) of the row variance: steady, but blind to the router. A metric that training
never moved gets neither: constant policies keep their plain intervals. ``tests/test_coverage.py`` holds both up
against planted truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from routelab.arena.statistics.intervals import UNBOUNDED, Bounds, Metric, interval, undefined
from routelab.core.decisions import Floats, Ints
from routelab.core.seeds import stream

Weights = npt.NDArray[np.float32]


STEP = 1e-3
BLOCKS = 4


@dataclass(frozen=True)
class Draws:
    """Named means, (1 + B + P, M): the estimate, B draws over test rows, P small moves along training blocks.

    A metric is any function of ``of(...)`` arrays that treats rows alike; ``complete`` turns its (1 + B + P, …)
    values into (1 + B, …) estimate and draws in which both sources of variance are present.
    """

    names: tuple[tuple[str, str], ...]
    means: Floats
    weights: Weights
    blocks: TrainingBlocks

    @cached_property
    def _place(self) -> dict[tuple[str, str], int]:
        return {name: column for column, name in enumerate(self.names)}

    def __contains__(self, name: tuple[str, str]) -> bool:
        return name in self._place

    def of(self, router: str, field: str) -> Floats:
        """(1 + B + P,) one column's mean."""
        return self.means[:, self._place[router, field]]

    def stack(self, router: str, field: str, count: int) -> Floats:
        """(1 + B + P, count) of consecutive columns ``field:0``, ``field:1`` …"""
        start = self._place[router, f"{field}:0"]
        return self.means[:, start : start + count]

    def complete(self, values: Floats) -> Floats:
        """Estimate and draws of a metric: row draws spread out by what training adds."""
        drawn = len(self.weights)
        rows, training = self._variances(values)
        with np.errstate(invalid="ignore"):
            centre = np.nanmean(values[1:drawn], axis=0)
        noise = self.blocks.noise.reshape(-1, *[1] * (values.ndim - 1))
        still = rows <= 1e-18
        factor = np.sqrt(1 + np.where(still, 0.0, training / np.where(still, 1.0, rows)))
        spread = centre + (values[1:drawn] - centre) * factor
        spread = np.where(still, values[1:drawn] + noise * np.sqrt(training), spread)
        return np.concatenate([values[:1], spread])

    def error(self, values: Floats) -> Floats:
        """Standard errors of metrics given as (1 + B + P, …) values, both sources of variance in them."""
        rows, training = self._variances(values)
        return np.asarray(np.sqrt(rows + training))

    def _variances(self, values: Floats) -> tuple[Floats, Floats]:
        """What test rows and what training add to the variance of every metric."""
        drawn = len(self.weights)
        with np.errstate(invalid="ignore"):
            slopes = (values[drawn:] - values[0]) / STEP
            rows = np.nanvar(values[1:drawn], axis=0)
            return rows, self.blocks.variance(np.where(np.isfinite(slopes), slopes, 0.0), rows)

    def interval(self, values: Floats, *, why: str = "not defined on this table", bounds: Bounds = UNBOUNDED) -> Metric:
        """Value and 95 % interval of a metric given as (1 + B + P,) values."""
        if not np.isfinite(values[0]):
            return undefined(why)
        return interval(self.complete(values), why=why, bounds=bounds)


@dataclass(frozen=True)
class TrainingBlocks:
    """Which rows of ``Draws.means`` are moves along which block: ``cell`` (P,) and rows per block ``size`` (P,).

    ``share`` turns the variance of a difference of two fits into what training adds to the estimate, ``prior``
    is Nadeau and Bengio's share of the row variance, and ``noise`` (B,) are standard normals for metrics that
    test rows do not move.
    """

    cell: Ints
    size: Floats
    share: float
    prior: float
    noise: Floats

    def variance(self, slopes: Floats, rows: Floats) -> Floats:
        """(P, …) directional derivatives and (…) row variance → what training adds to the metric's variance."""
        if not len(self.cell):
            return np.zeros(slopes.shape[1:])
        flat = slopes.reshape(len(slopes), -1) * self.size[:, None]
        cells = int(self.cell.max()) + 1
        total = np.zeros((cells, flat.shape[1]))
        np.add.at(total, self.cell, flat)
        products = (total**2).sum(axis=0) - (flat**2).sum(axis=0)
        sizes = np.bincount(self.cell, self.size, cells)
        pairs = float((sizes**2).sum() - (self.size**2).sum())
        seen = np.maximum(self.share * products / max(pairs, 1e-30), 0.0).reshape(slopes.shape[1:])
        moved = np.abs(slopes).max(axis=0) > 1e-9
        return np.where(moved, (seen + self.prior * rows) / 2, 0.0)


def row_weights(strata: Ints, groups: Ints, draws: int, seed: int) -> Weights:
    """(1 + B, n) weights that sum to one in each row; row 0 is the plain mean.

    Each draw resamples the prompt groups of a stratum with replacement, as many as there are.
    """
    names, first, member = np.unique(groups, return_index=True, return_inverse=True)
    stratum = strata[first]
    rng = stream(seed, "bootstrap")
    counts = np.ones((1 + draws, len(names)), np.float32)
    for label in np.unique(stratum):
        inside = np.flatnonzero(stratum == label)
        size = len(inside)
        drawn = rng.integers(0, size, (draws, size), dtype=np.int32)
        drawn += np.arange(draws, dtype=np.int32)[:, None] * size
        counts[1:, inside] = np.bincount(drawn.ravel(), minlength=draws * size).reshape(draws, size)
    weights = counts[:, member]
    total = weights.sum(axis=1, keepdims=True, dtype=np.float64)
    return np.asarray(weights / total, np.float32)


def cluster_weights(clusters: Ints, draws: int, seed: int) -> Weights:
    """(1 + B, n) weights of a wild cluster bootstrap (Cameron, Gelbach, Miller 2008) with Rademacher signs.

    Every cluster's deviation from the mean is kept or turned round as a whole: the estimand is fresh clusters.
    """
    count = int(clusters.max()) + 1
    sign = stream(seed, "wild").integers(0, 2, (draws, count)).astype(np.float32) * 2 - 1
    sign *= np.sqrt(count / (count - 1))
    turned = sign[:, clusters]
    turned = 1 + turned - turned.mean(axis=1, keepdims=True)
    weights = np.concatenate([np.ones((1, len(clusters))), turned]) / len(clusters)
    return np.asarray(weights, np.float32)


def training_moves(columns: Floats, fold_of: Ints, seed: int) -> tuple[Floats, Ints, Floats]:
    """(P, M) mean differences of blocks, their cells and sizes. ``columns`` is (R, n, M), ``fold_of`` (R, n).

    A cell is a pair of fits of different repeats; its rows are dealt to ``BLOCKS`` random blocks.
    """
    repeats, n, m = columns.shape
    moves, cells, sizes = [np.zeros((0, m))], [np.zeros(0, np.int64)], [np.zeros(0)]
    used = 0
    for a in range(repeats):
        for b in range(a + 1, repeats):
            order = stream(seed, "blocks", a, b).permutation(n)
            _, cell = np.unique(
                fold_of[a][order] * (int(fold_of[b].max()) + 1) + fold_of[b][order], return_inverse=True
            )
            sort = np.argsort(cell, kind="stable")
            start = np.searchsorted(cell[sort], cell[sort])
            block = cell[sort] * BLOCKS + (np.arange(n) - start) % BLOCKS
            difference = (columns[a] - columns[b])[order[sort]]
            sums = np.zeros((int(block.max()) + 1, m))
            counts = np.bincount(block).astype(float)
            regroup = np.argsort(block, kind="stable")
            starts = np.flatnonzero(np.r_[True, np.diff(block[regroup]) > 0])
            sums[np.unique(block)] = np.add.reduceat(difference[regroup], starts, axis=0)
            filled = counts > 0
            moves.append(sums[filled] / counts[filled, None])
            cells.append(used + np.flatnonzero(filled) // BLOCKS)
            sizes.append(counts[filled])
            used += int(cell.max()) + 1
    return np.concatenate(moves), np.concatenate(cells), np.concatenate(sizes)


def joint_draws(
    names: Sequence[tuple[str, str]],
    columns: Floats,
    strata: Ints,
    groups: Ints,
    fold_of: Ints,
    *,
    overlap: float | None,
    averaging: float,
    prior: float,
    draws: int,
    seed: int,
    clusters: Ints | None = None,
) -> Draws:
    """Draw all means. ``columns`` is (R, n, M) row values in every repeat.

    With ``clusters`` test rows are drawn cluster by cluster instead of within strata.
    """
    weights = row_weights(strata, groups, draws, seed) if clusters is None else cluster_weights(clusters, draws, seed)
    means = (weights @ columns.mean(axis=0, dtype=np.float32)).astype(float)
    means[0] = columns.mean(axis=(0, 1), dtype=float)
    noise = stream(seed, "training").standard_normal(draws)
    blocks = TrainingBlocks(np.zeros(0, np.int64), np.zeros(0), 0.0, 0.0, noise)
    if overlap is not None:
        moves, cell, size = training_moves(columns, fold_of, seed)
        means = np.concatenate([means, means[0] + STEP * moves])
        blocks = TrainingBlocks(cell, size, averaging / (2 * (1 - overlap)), prior, noise)
    return Draws(tuple(names), means, weights, blocks)
