"""Is there anything to route? Whether *which* arm does well differs from item to item beyond the category.

Each arm answers each item twice, apart. Take from every score its item's mean and its arm's mean in that category:
what is left is arm × item interaction plus luck. Luck does not repeat, interaction does, so the mean product of the
two samples' remainders estimates the interaction's variance. Shuffling the items of the second sample within their
category gives its distribution when there is none.
"""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl

from routelab.core import InputError, stream
from routelab.core.decisions import Floats, Ints
from routelab.outcomes import OutcomeTable

SHUFFLES = 2000


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """The variance of arm × item interaction, its share of the remainders' variance, and a one-sided p-value."""

    items: int
    arms: tuple[str, ...]
    categories: int
    variance: float
    share: float
    p: float


def interaction(table: OutcomeTable, by: str = "category", seed: int = 0) -> Interaction:
    """Test the items that every arm with two samples answered twice; ``by`` is what must not explain it."""
    twice = table.calls.filter((pl.col("turn") == 0) & pl.col("sample").is_in([0, 1]) & pl.col("score").is_not_null())
    cells = (
        twice.group_by("query_id", "arm").agg(pl.len(), pl.col("score").sort_by("sample")).filter(pl.col("len") == 2)
    )
    arms = tuple(sorted(set(cells["arm"])))
    full = cells.group_by("query_id").len().filter(pl.col("len") == len(arms))["query_id"]
    ids = sorted(full)
    if len(arms) < 2 or len(ids) < 20:
        raise InputError(
            "interaction",
            expected="two samples of at least two arms on the same 20 items",
            got=f"{len(ids)} items, {len(arms)} arms",
            fix="collect with --samples 2",
        )
    kept = cells.filter(pl.col("query_id").is_in(ids)).sort("query_id", "arm")
    scores = np.array(kept["score"].to_list()).reshape(len(ids), len(arms), 2)
    labels = table.queries.select("query_id", by).filter(pl.col("query_id").is_in(ids)).sort("query_id")
    category = np.unique(labels[by].fill_null("none").to_numpy().astype(str), return_inverse=True)[1]
    return _tested(scores, category, arms, seed)


def _tested(scores: Floats, category: Ints, arms: tuple[str, ...], seed: int) -> Interaction:
    first, second = (remainder(scores[:, :, k], category) for k in range(2))
    rng = stream(seed, "interaction")
    observed = float((first * second).mean())
    shuffled = np.array([(first * second[_within(category, rng)]).mean() for _ in range(SHUFFLES)])
    spread = float(np.sqrt((first**2).mean() * (second**2).mean()))
    return Interaction(
        items=len(scores),
        arms=arms,
        categories=int(category.max()) + 1,
        variance=round(observed, 6),
        share=round(observed / spread, 4) if spread else 0.0,
        p=round((1 + int((shuffled >= observed).sum())) / (1 + SHUFFLES), 5),
    )


def remainder(scores: Floats, category: Ints) -> Floats:
    """(n, K) scores without the items' means and without the arms' means in each category."""
    item = scores - scores.mean(axis=1, keepdims=True)
    size = np.bincount(category)[:, None]
    sums = np.stack([np.bincount(category, item[:, j]) for j in range(item.shape[1])], axis=1)
    left: Floats = item - (sums / size)[category]
    return left


def _within(category: Ints, rng: np.random.Generator) -> Ints:
    """A permutation of the rows that keeps every category in its place."""
    order = np.argsort(category, kind="stable")
    mixed = np.lexsort((rng.random(len(category)), category))
    moved = np.empty(len(category), np.int64)
    moved[order] = mixed
    return moved
