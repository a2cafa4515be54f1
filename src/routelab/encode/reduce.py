"""Learned reductions of encoded text to few dense dimensions, fitted on training queries only, unlabelled."""

from __future__ import annotations

import msgspec
import numpy as np
from scipy import sparse

from routelab.encode.encoders import Encoded, Matrix, unit_rows


class TfidfSvd(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="tfidf-svd"):
    """Inverse document frequencies, unit rows, truncated SVD, unit rows: latent semantic analysis.

    ``dimensions`` is an upper bound: never more than the training rows allow.
    """

    dimensions: int = 128

    def fit(self, rows: Encoded, seed: int) -> TfidfSvd:
        """Learn from (n, d) CSR counts."""
        from sklearn.utils.extmath import randomized_svd

        n = rows.shape[0]
        seen = np.asarray((rows > 0).sum(axis=0)).ravel()
        self.idf_ = np.log((1 + n) / (1 + seen)) + 1.0
        rank = max(1, min(self.dimensions, n - 1, rows.shape[1] - 1))
        _, _, basis = randomized_svd(self._weighted(rows), rank, n_iter=4, random_state=seed % 2**32)
        self.basis_ = np.asarray(basis, np.float32)
        return self

    def transform(self, rows: Encoded) -> Matrix:
        """(n, dimensions) unit rows."""
        return unit_rows(np.asarray(self._weighted(rows) @ self.basis_.T, np.float32))

    def _weighted(self, rows: Encoded) -> Encoded:
        weighted = rows @ sparse.diags(self.idf_)
        norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        return sparse.csr_matrix(sparse.diags(1 / np.where(norms > 0, norms, 1)) @ weighted).astype(np.float32)


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
