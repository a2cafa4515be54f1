"""Losses of a factor model on (n, K) logits: value and gradient. They know nothing of how logits are made.

All are means over what they compare; unknown scores (NaN) are compared with nothing. Losses that compare arms see
differences only: they say which arm is better, not how good it is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from routelab.core.decisions import Floats, Ints

Mask = npt.NDArray[np.bool_]
EXTREMES = 3
"""How many of the best and of the worst arms of a query are contrasted, and how many strangers with a query."""


def sigmoid(z: Floats) -> Floats:
    """1 / (1 + e^−z), safe for any z."""
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -30, 30))), float)


def cross_entropy(logits: Floats, score: Floats) -> tuple[float, Floats]:
    """Binary cross-entropy of σ(logits) with scores in [0, 1]."""
    known = ~np.isnan(score)
    target, count = np.where(known, score, 0.0), max(int(known.sum()), 1)
    value = np.where(known, np.logaddexp(0.0, logits) - target * logits, 0.0)
    return float(value.sum() / count), np.where(known, sigmoid(logits) - target, 0.0) / count


def preferences(score: Floats, cost: Floats | None = None, tie: float = 0.0) -> Floats:
    """(n, K, K) how much arm a should be above arm b: 1 where it scored more, ``tie`` where as much for less."""
    ahead = score[:, :, None] - score[:, None, :]
    wins = (ahead > 1e-9).astype(float)
    if cost is not None:
        wins[(np.abs(ahead) <= 1e-9) & (cost[:, :, None] < cost[:, None, :])] = tie
    return wins


def pairwise(logits: Floats, wins: Floats) -> tuple[float, Floats]:
    """−log σ(u_a − u_b), weighted by ``wins`` (n, K, K): logistic loss of pairs (RankNet, Burges 2005)."""
    gap = logits[:, :, None] - logits[:, None, :]
    total = max(float(wins.sum()), 1e-12)
    pull = wins * sigmoid(-gap) / total
    return float((wins * np.logaddexp(0.0, -gap)).sum() / total), pull.sum(axis=1) - pull.sum(axis=2)


def extremes(score: Floats) -> tuple[Mask, Mask]:
    """(n, K) each query's best arms that scored above 0, and its worst that scored at most a half.

    Arms as good as the third best are best too, so that a tie never falls to a column's place.
    """
    nth = min(EXTREMES, score.shape[1]) - 1
    ranked = np.sort(np.where(np.isnan(score), np.inf, score), axis=1)
    fallen = -np.sort(np.where(np.isnan(score), np.inf, -score), axis=1)
    best = (score > 0) & (score >= fallen[:, [nth]])
    return best, (score <= 0.5) & (score <= ranked[:, [nth]]) & ~best


def contrast(logits: Floats, best: Mask, worst: Mask) -> tuple[float, Floats]:
    """−log softmax of each best arm against all the worst: RouterDC's sample–LLM loss (arXiv 2409.19886, eq. 3)."""
    u = logits - logits.max(axis=1, keepdims=True)
    rest = np.where(worst, np.exp(u), 0.0)
    against = rest.sum(axis=1, keepdims=True)
    shown = best & (against > 0)
    count = max(int(shown.sum()), 1)
    lost = np.where(shown, against / (np.exp(u) + against), 0.0)
    value = -np.log1p(-lost).sum() / count
    share = rest / np.where(against > 0, against, 1.0)
    return float(value), (share * lost.sum(axis=1, keepdims=True) - lost) / count


def kinship(hidden: Floats, group: Ints, draw: np.random.Generator) -> tuple[float, Floats]:
    """RouterDC's sample–sample loss (eq. 5): queries of one cluster point the same way. Gradient is (n, r).

    Each query is drawn a companion from its cluster, never itself, and three strangers from other clusters.
    """
    n = len(hidden)
    norms = np.maximum(np.linalg.norm(hidden, axis=1, keepdims=True), 1e-9)
    unit = hidden / norms
    order = np.lexsort((draw.random(n), group))
    starts = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0])
    after = np.roll(order, -1)
    after[np.r_[starts[1:], n] - 1] = order[starts]
    others = draw.integers(0, n, (n, 1 + EXTREMES))
    others[order, 0] = after
    allowed = group[others] != group[:, None]
    allowed[:, 0] = others[:, 0] != np.arange(n)
    allowed &= allowed[:, :1]
    count = max(int(allowed[:, 0].sum()), 1)
    rise = np.where(allowed, np.exp(np.einsum("nr,nmr->nm", unit, unit[others])), 0.0)
    share = rise / np.maximum(rise.sum(axis=1, keepdims=True), 1e-12)
    value = -np.log(share[allowed[:, 0], 0]).sum() / count
    share[:, 0] -= allowed[:, 0]
    pairs = sparse.csr_matrix(
        (share.ravel() / count, others.ravel(), np.arange(0, others.size + 1, 1 + EXTREMES)), (n, n)
    )
    pull = pairs @ unit + pairs.T @ unit
    return float(value), (pull - unit * (pull * unit).sum(axis=1, keepdims=True)) / norms


def logistic(design: Floats, target: Floats, ridge: Floats, offset: Floats | float = 0.0) -> Floats:
    """Weights of a logistic regression on soft labels with an L2 penalty a weight, by Newton steps of bounded reach."""
    weights, logits = np.zeros(design.shape[1]), np.zeros(len(design)) + offset
    for _ in range(15):
        p = sigmoid(logits)
        hessian = (design * (p * (1 - p) + 1e-9)[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(hessian, design.T @ (target - p) - ridge * weights)
        change = design @ step
        reach = max(1.0, float(np.abs(change).max()) / 5)
        weights, logits = weights + step / reach, logits + change / reach
        if np.abs(change).max() < 1e-8:
            break
    return weights
