"""A random forest over all arms at once, kept as plain arrays so that it can be saved without pickle."""

from __future__ import annotations

import msgspec
import numpy as np

from routelab.core.decisions import Floats, Ints
from routelab.encode.encoders import Matrix
from routelab.router.estimate import Newcomer, Training, column_means

BLOCK = 1024


def _length(votes: Floats) -> Floats:
    """Root mean square over the trees."""
    return np.asarray(np.sqrt(np.vecdot(votes, votes) / votes.shape[-1]))


class Forest(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="forest"):
    """Multi-output regression forest (Breiman 2001); missing cells are filled with their arm's mean.

    The nodes of all trees stand in one row: split feature, threshold (infinite at a leaf, which is its own
    child), the children at or below and above it, and (K, nodes) values. The standard error is the spread over trees.
    """

    trees: int = 30
    leaf: int = 8
    depth: int | None = None

    def fit(self, training: Training) -> Forest:
        from sklearn.ensemble import RandomForestRegressor

        target = np.where(np.isnan(training.score), column_means(training.score), training.score)
        model = RandomForestRegressor(
            self.trees,
            max_depth=self.depth,
            min_samples_leaf=min(self.leaf, max(1, len(target) // 10)),
            max_features="sqrt",
            random_state=training.seed % 2**32,
        ).fit(training.features, target if target.shape[1] > 1 else target[:, 0])
        grown = [tree.tree_ for tree in model.estimators_]
        self.roots_ = np.cumsum([0, *(tree.node_count for tree in grown[:-1])])
        self.levels_ = max(tree.max_depth for tree in grown)
        below, above, feature, threshold = (
            np.concatenate([getattr(tree, name) for tree in grown])
            for name in ("children_left", "children_right", "feature", "threshold")
        )
        leaf, itself = below < 0, np.arange(len(below))
        shift = np.repeat(self.roots_, [tree.node_count for tree in grown])
        self.feature_, self.threshold_ = np.where(leaf, 0, feature), np.where(leaf, np.inf, threshold)
        self.child_ = np.where(leaf, itself, np.stack([below, above]) + shift).T.ravel()
        self.value_ = np.ascontiguousarray(np.concatenate([tree.value[:, :, 0] for tree in grown]).T, np.float32)
        self.fallback_ = training.fallback
        return self

    def add_arm(self, newcomer: Newcomer) -> Forest:
        """The trees stay; the newcomer's leaves hold its own means, with one pseudo-query at its overall mean."""
        leaf, nodes = self._leaves(newcomer.features), self.value_.shape[1]
        total = np.bincount(leaf.ravel(), np.repeat(newcomer.score, leaf.shape[1]), nodes) + newcomer.score.mean()
        value = total / (np.bincount(leaf.ravel(), minlength=nodes) + 1.0)
        self.value_ = np.insert(self.value_, newcomer.place, value, axis=0)
        self.fallback_ = newcomer.fallback
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        found = np.empty((3, len(features), len(self.value_)))
        for start in range(0, len(features), BLOCK):
            block = slice(start, start + BLOCK)
            votes = self.value_[:, self._leaves(features[block])]
            mean = votes.mean(axis=2)
            apart = votes - mean[..., None]
            gaps = apart - apart[[self.fallback_]]
            found[:, block] = mean.T, _length(apart).T, _length(gaps).T
        mean, se, gap_se = found
        return mean, se, gap_se

    def _leaves(self, features: Matrix) -> Ints:
        """(n, trees) the leaf that each query reaches in each tree."""
        x = np.asarray(features, np.float32)
        if len(x) == 1:  # deciding all splits of all trees at once is quicker than a walk down each
            above = x[0].take(self.feature_) > self.threshold_
            follow, node = self.child_.take(np.arange(0, len(self.child_), 2) + above), self.roots_
            for _ in range(self.levels_):
                node = follow.take(node)
            return node[None]
        start, flat = np.arange(len(x))[:, None] * x.shape[1], np.ravel(x)
        node = np.broadcast_to(self.roots_, (len(x), len(self.roots_)))
        for _ in range(self.levels_):
            above = flat.take(start + self.feature_.take(node)) > self.threshold_.take(node)
            node = self.child_.take(2 * node + above)
        return node
