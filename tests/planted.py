"""Planted worlds whose truth is known, for tests of the statistics: features, arms and tasks drawn from one law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import polars as pl

from routelab.arena.problem import Problem, prepare
from routelab.encode import AsIs
from routelab.outcomes import OutcomeTable
from routelab.router import Recipe, Router, best_single
from routelab.router.estimators import LocalMean, Ridge

TASKS = ("algebra", "history", "law")
ARMS = ("cheap", "fair", "strong", "odd")
MEAN_COST = np.array([1e-5, 4e-5, 2e-4, 1e-4])


class NumberText(msgspec.Struct, frozen=True, tag="number-text"):
    """An encoder that reads the numbers which a planted prompt is made of."""

    @property
    def hash(self) -> str:
        return "numbers-in-text"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([[float(word) for word in text.split()[:4]] for text in texts], np.float32)


RECIPES = (
    Recipe(name="local", encoder=NumberText(), reduction=AsIs(), estimator=LocalMean(k=20)),
    Recipe(name="linear", encoder=NumberText(), reduction=AsIs(), estimator=Ridge()),
)


@dataclass(frozen=True)
class Sample:
    features: np.ndarray
    task: np.ndarray
    score: np.ndarray
    cost: np.ndarray
    chance: np.ndarray


def draw(rng: np.random.Generator, n: int, *, lead: float = 0.5) -> Sample:
    """n queries, each task equally often; arms differ by task and along the features, with noise.

    ``lead`` moves the strong arm's log odds: at 0 two arms are close to tied for best single.
    """
    task = np.arange(n) % len(TASKS)
    x = rng.normal(size=(n, 4))
    lift = np.array([[0.0, 0.3, 0.9, 0.2], [0.2, 0.4, 0.7, 0.9], [-0.3, 0.5, 0.6, 0.3]])[task]
    lift[:, 2] += lead
    slope = np.array([[0.2, 0.0, 0.9, -0.9], [0.0, 0.4, 0.0, 0.3], [0.0] * 4, [0.3, 0.0, -0.2, 0.2]])
    chance = 1 / (1 + np.exp(-(lift + x @ slope)))
    score = (rng.random((n, len(ARMS))) < chance).astype(float)
    cost = MEAN_COST * np.exp(rng.normal(0, 0.3, (n, 1)))
    return Sample(x, task, score, cost, chance)


def table(sample: Sample, name: str = "planted") -> OutcomeTable:
    """The sample as an outcome table."""
    n = len(sample.score)
    ids = [f"q{i:05d}" for i in range(n)]
    queries = pl.DataFrame(
        {
            "query_id": ids,
            "prompt": [" ".join(f"{v:.6f}" for v in row) for row in sample.features],
            "task": [TASKS[t] for t in sample.task],
        }
    )
    calls = pl.DataFrame(
        {
            "query_id": np.repeat(ids, len(ARMS)),
            "arm": list(ARMS) * n,
            "score": sample.score.ravel(),
            "cost_usd": sample.cost.ravel(),
        }
    )
    return OutcomeTable.from_frames(queries, calls, name=name)


def problem(sample: Sample) -> Problem:
    return prepare(table(sample))


def truth(
    recipes: Sequence[Recipe], train_size: int, *, trainings: int, seed: int, lead: float = 0.5
) -> dict[str, tuple[float, float]]:
    """Expected score, and expected difference to best single, over fresh training sets and many fresh queries."""
    sample = draw(np.random.default_rng(seed), 12_000, lead=lead)
    world = problem(sample)
    chance = sample.chance[:, [ARMS.index(arm) for arm in world.arms]]
    found: dict[str, list[tuple[float, float]]] = {recipe.name: [] for recipe in recipes}
    rows = np.arange(len(world))
    order = [world.arms.index(arm) for arm in sorted(world.arms)]
    for k in range(trainings):
        fresh = problem(draw(np.random.default_rng(seed + 1 + k), train_size, lead=lead))
        single = chance[:, best_single(fresh.score, fresh.cost, fresh.arms)].mean()
        for recipe in recipes:
            router = Router(recipe, seed=k).fit(fresh.batch, fresh.outcomes)
            pick = np.array(order)[router.decide(router.estimate(world.batch), recipe.dial).pick]
            score = chance[rows, pick].mean()
            found[recipe.name].append((score, score - single))
    return {name: tuple(np.mean(values, axis=0)) for name, values in found.items()}
