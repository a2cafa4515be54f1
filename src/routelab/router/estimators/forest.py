"""A random forest over all arms at once, kept as plain arrays so that it can be saved without pickle."""

from __future__ import annotations

import msgspec
import numpy as np

from routelab.core.decisions import Floats
from routelab.encode.encoders import Matrix
from routelab.router.estimate import Training, column_means


class Forest(msgspec.Struct, dict=True, forbid_unknown_fields=True, tag="forest"):
    """Multi-output regression forest (Breiman 2001); missing cells are filled with their arm's mean.

    Learned arrays are (trees, nodes): split feature (−1 at a leaf), threshold, left and right child; values are
    (trees, nodes, K). The standard error is the spread over trees.
    """

    trees: int = 30
    leaf: int = 8

    def fit(self, training: Training) -> Forest:
        from sklearn.ensemble import RandomForestRegressor

        target = np.where(np.isnan(training.score), column_means(training.score), training.score)
        model = RandomForestRegressor(
            self.trees,
            min_samples_leaf=min(self.leaf, max(1, len(target) // 10)),
            max_features="sqrt",
            random_state=training.seed % 2**32,
        ).fit(training.features, target if target.shape[1] > 1 else target[:, 0])
        grown = [tree.tree_ for tree in model.estimators_]
        nodes = max(tree.node_count for tree in grown)
        shape = (len(grown), nodes)
        self.feature_ = np.full(shape, -1, np.int32)
        self.left_, self.right_ = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
        self.threshold_ = np.zeros(shape)
        self.value_ = np.zeros((*shape, target.shape[1]), np.float32)
        for t, tree in enumerate(grown):
            size = tree.node_count
            self.feature_[t, :size] = np.where(tree.children_left < 0, -1, tree.feature)
            self.threshold_[t, :size] = tree.threshold
            self.left_[t, :size], self.right_[t, :size] = tree.children_left, tree.children_right
            self.value_[t, :size] = tree.value[:, :, 0]
        self.fallback_ = training.fallback
        return self

    def predict(self, features: Matrix) -> tuple[Floats, Floats, Floats]:
        x = np.asarray(features, np.float32)
        tree = np.arange(len(self.feature_))[None, :]
        node = np.zeros((len(x), len(self.feature_)), np.int32)
        while (inner := self.feature_[tree, node] >= 0).any():
            split = self.feature_[tree, node]
            value = np.take_along_axis(x, np.maximum(split, 0), axis=1)
            below = value <= self.threshold_[tree, node]
            step = np.where(below, self.left_[tree, node], self.right_[tree, node])
            node = np.where(inner, step, node)
        votes = self.value_[tree, node]
        gaps = votes - votes[:, :, [self.fallback_]]
        return votes.mean(axis=1).astype(float), votes.std(axis=1).astype(float), gaps.std(axis=1).astype(float)
