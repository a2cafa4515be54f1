"""Learned reductions of encoded text to few dense dimensions, fitted on training queries only, unlabelled."""

from __future__ import annotations

import msgspec
import numpy as np
from scipy import sparse

from routelab.core.seeds import stream
from routelab.encode.encoders import Encoded, Matrix, unit_rows


class TfidfSvd(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="tfidf-svd"):
    """Inverse document frequencies, unit rows, truncated SVD, unit rows: latent semantic analysis.

    ``dimensions`` is an upper bound: never more than the training rows allow. The learned basis holds the frequencies.
    """

    dimensions: int = 128

    def fit(self, rows: Encoded, seed: int) -> TfidfSvd:
        """Learn from (n, d) CSR counts."""
        n, weighted = rows.shape[0], sparse.csr_matrix(rows, copy=True)
        weighted.sum_duplicates()
        idf = np.log((1 + n) / (1 + np.bincount(weighted.indices, minlength=rows.shape[1]))) + 1.0
        weighted.data *= idf[weighted.indices]
        row = np.repeat(np.arange(n), np.diff(weighted.indptr))
        weighted.data /= np.sqrt(np.bincount(row, weighted.data**2, minlength=n))[row]
        rank = max(1, min(self.dimensions, n - 1, rows.shape[1] - 1))
        self.basis_ = np.asarray(idf[:, None] * _basis(weighted, rank, stream(seed, "svd")), np.float32)
        return self

    def transform(self, rows: Encoded) -> Matrix:
        """(n, dimensions) unit rows; the length of the weighted counts cancels out."""
        return unit_rows(rows @ self.basis_)


def _basis(matrix: Encoded, rank: int, rng: np.random.Generator) -> Matrix:
    """The ``rank`` leading right singular vectors (d, rank) by subspace iteration (Halko et al. 2011).

    All factorisations are of the n side: library versions factorise the hashed side too, which is far wider.
    """
    sketch = rng.standard_normal((matrix.shape[0], rank + 10)).astype(np.float32)
    for _ in range(5):
        sketch, _ = np.linalg.qr(matrix @ (matrix.T @ sketch))
    small = (matrix.T @ sketch).T
    values, vectors = np.linalg.eigh(small @ small.T)
    leading = np.argsort(-values)[:rank]
    scale = np.sqrt(np.maximum(values[leading], 1e-12))
    return np.ascontiguousarray((small.T @ vectors[:, leading]) / scale, np.float32)


class Standardise(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="standardise"):
    """Zero mean and unit variance for each dense column, as on the training queries."""

    def fit(self, rows: Encoded, seed: int) -> Standardise:
        dense = np.asarray(rows, float)
        self.mean_ = dense.mean(axis=0)
        spread = dense.std(axis=0)
        self.scale_ = np.where(spread > 1e-9, spread, 1.0)
        return self

    def transform(self, rows: Encoded) -> Matrix:
        return np.asarray((np.asarray(rows, float) - self.mean_) / self.scale_, np.float32)


class AsIs(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="as-is"):
    """Dense rows unchanged."""

    def fit(self, rows: Encoded, seed: int) -> AsIs:
        return self

    def transform(self, rows: Encoded) -> Matrix:
        return np.asarray(rows, np.float32)


Reduction = TfidfSvd | Standardise | AsIs
