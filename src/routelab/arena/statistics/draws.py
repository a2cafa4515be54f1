"""Joint draws of every mean of a run: test rows and training sets both vary, together for all routers.

The estimand is the mean outcome of a recipe trained on a fresh training set of this size and asked fresh queries
of these tasks in these proportions. Two independent sources make the estimate vary:

* *test rows*: a bootstrap of prompt groups within tasks (tasks are fixed strata);
* *training sets*: repeats of cross-fitting judge the same row with routers trained on different sets. For rows
  i ≠ j that the same two fits judged, E[d_i d_j] is the variance of the difference of these fits' true means,
  where d is the row's difference. To first order (a training row adds its own small effect) that variance is
  2(1 − overlap) times the variance of one training, and cross-fitting averages ``averaging`` of it away.

Both are drawn for all columns at once, so every paired difference, ratio and rank has its interval from the
same draws. It plays the part of the Nadeau–Bengio correction (2003), which would also widen constant policies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from routelab.core.decisions import Floats, Ints
from routelab.core.seeds import stream


@dataclass(frozen=True)
class Draws:
    """``means`` is (1 + B, M): row 0 is the estimate, the others are draws. Columns have names."""

    names: tuple[tuple[str, str], ...]
    means: Floats
    weights: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "_place", {name: column for column, name in enumerate(self.names)})

    def __contains__(self, name: tuple[str, str]) -> bool:
        return name in self._place  # type: ignore[attr-defined]

    def of(self, router: str, field: str) -> Floats:
        """(1 + B,) estimate and draws of one column's mean."""
        return self.means[:, self._place[router, field]]  # type: ignore[attr-defined]

    def stack(self, router: str, field: str, count: int) -> Floats:
        """(1 + B, count) of consecutive columns ``field:0``, ``field:1`` …"""
        start = self._place[router, f"{field}:0"]  # type: ignore[attr-defined]
        return self.means[:, start : start + count]


def row_weights(strata: Ints, groups: Ints, draws: int, seed: int) -> Floats:
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
    return weights / weights.sum(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)


def training_covariance(columns: Floats, fold_of: Ints, overlap: float, averaging: float) -> Floats:
    """(M, M) covariance that training adds to the means. ``columns`` is (R, n, M), ``fold_of`` is (R, n)."""
    repeats, _, m = columns.shape
    total, pairs = np.zeros((m, m)), 0.0
    for a in range(repeats):
        for b in range(a + 1, repeats):
            difference = columns[a] - columns[b]
            cell = fold_of[a] * (int(fold_of[b].max()) + 1) + fold_of[b]
            order = np.argsort(cell, kind="stable")
            sizes = np.bincount(cell)
            sizes = sizes[sizes > 0]
            starts = np.r_[0, np.cumsum(sizes)[:-1]]
            sums = np.add.reduceat(difference[order], starts, axis=0).astype(float)
            total += sums.T @ sums - (difference.T @ difference).astype(float)
            pairs += float((sizes * (sizes - 1)).sum())
    return averaging * total / max(pairs, 1.0) / (2 * (1 - overlap))


def joint_draws(
    names: Sequence[tuple[str, str]],
    columns: Floats,
    strata: Ints,
    groups: Ints,
    fold_of: Ints,
    *,
    overlap: float | None,
    averaging: float,
    draws: int,
    seed: int,
) -> Draws:
    """Draw all means. ``columns`` is (R, n, M) row values in every repeat."""
    weights = row_weights(strata, groups, draws, seed)
    means = (weights @ columns.mean(axis=0, dtype=np.float32)).astype(float)
    means[0] = columns.mean(axis=(0, 1), dtype=float)
    if overlap is not None and draws:
        live = np.flatnonzero(columns.max(axis=0).max(axis=0) > columns.min(axis=0).min(axis=0))
        covariance = training_covariance(columns[:, :, live], fold_of, overlap, averaging)
        scale = np.sqrt(np.maximum(np.diag(covariance), 1e-30))
        values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        kept = values > 1e-9 * max(float(values.max(initial=0.0)), 1e-30)
        noise = stream(seed, "training").standard_normal((draws, int(kept.sum())))
        means[1:, live] += noise @ root[:, kept].T * scale
    return Draws(tuple(names), means, weights)
