"""Planted worlds: small seeded pools whose truth is known, for checking routers. Holds no real outcomes.

Three topics differ in words, in form and in length, so that anything that reads text can tell them apart. An
arm answers a topic rightly with a planted probability; a world is a table of those probabilities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from routelab.core.decisions import Floats
from routelab.core.errors import InputError, nearest
from routelab.core.seeds import stream
from routelab.encode import QueryBatch
from routelab.outcomes import Dense

TOPICS = ("arithmetic", "code", "story")
_WORDS = {
    "code": "list index loop value string stack queue node graph cache parse merge count token buffer",
    "story": "river winter lantern grandmother village storm letter orchard silver journey garden whisper "
    "harbour candle shadow memory festival mountain traveller kitchen evening stranger promise forest",
}


@dataclass(frozen=True)
class World:
    """Training and test queries with the outcomes of every arm; ``chance`` is (topics, K), in arm order."""

    name: str
    train: QueryBatch
    known: Dense
    test: QueryBatch
    truth: Dense
    chance: Floats

    def scores(self, arms: list[str]) -> Floats:
        """(n,) the true test outcome of one arm a query."""
        column = {arm: j for j, arm in enumerate(self.truth.arms)}
        return self.truth.score[np.arange(len(arms)), [column[arm] for arm in arms]]


@dataclass(frozen=True)
class _Plan:
    """Probability of a right answer by arm and topic; USD a call; shares of certain and of missing cells."""

    chance: Mapping[str, tuple[float, float, float]]
    usd: Mapping[str, float]
    all_right: float = 0.0
    missing: float = 0.0
    twins: tuple[str, str] | None = None


_SPECIALISTS = {
    "lab/coder": (0.35, 0.95, 0.35),
    "lab/counter": (0.95, 0.35, 0.35),
    "lab/small": (0.30, 0.30, 0.30),
    "lab/writer": (0.35, 0.35, 0.95),
}
_SPECIALIST_USD = {"lab/coder": 0.004, "lab/counter": 0.002, "lab/small": 0.0004, "lab/writer": 0.006}
_PLANS = {
    "complementary": _Plan(_SPECIALISTS, _SPECIALIST_USD),
    "dominated": _Plan(
        {"lab/large": (0.9, 0.9, 0.9), "lab/middle": (0.65, 0.65, 0.65), "lab/small": (0.5, 0.5, 0.5)},
        {"lab/large": 0.01, "lab/middle": 0.003, "lab/small": 0.0005},
    ),
    "missing": _Plan(_SPECIALISTS, _SPECIALIST_USD, missing=0.3),
    "null": _Plan(
        {f"lab/coin-{side}": (0.5, 0.5, 0.5) for side in "abcd"},
        {f"lab/coin-{side}": price for side, price in zip("abcd", (0.001, 0.002, 0.003, 0.004))},
    ),
    "pairs": _Plan(
        {"lab/strong": (0.9, 0.9, 0.9), "lab/weak": (0.9, 0.3, 0.6)}, {"lab/strong": 0.01, "lab/weak": 0.001}
    ),
    "ties": _Plan(
        {"lab/dear": (0.7, 0.7, 0.7), "lab/other": (0.4, 0.4, 0.4), "lab/plain": (0.7, 0.7, 0.7)},
        {"lab/dear": 0.008, "lab/other": 0.002, "lab/plain": 0.002},
        all_right=0.3,
        twins=("lab/plain", "lab/dear"),
    ),
}
NAMES = tuple(_PLANS)


def plant(name: str, *, seed: int = 0, train: int = 240, test: int = 240) -> World:
    """Grow a world: ``complementary``, ``dominated``, ``missing``, ``null``, ``pairs`` or ``ties``.

    >>> plant("pairs", train=30, test=10).truth.arms
    ('lab/strong', 'lab/weak')
    """
    if name not in _PLANS:
        raise InputError("world", expected="a planted world", got=repr(name), fix=nearest(name, _PLANS))
    plan, rng = _PLANS[name], stream(seed, "world", name)
    n = train + test
    topic = rng.permutation(np.arange(n) % len(TOPICS))
    texts = [_write(TOPICS[t], rng) for t in topic]
    arms = tuple(plan.chance)
    chance = np.array([plan.chance[arm] for arm in arms]).T
    score = (rng.random((n, len(arms))) < chance[topic]).astype(float)
    score[rng.random(n) < plan.all_right] = 1.0
    if plan.twins:
        one, other = map(arms.index, plan.twins)
        score[:, other] = score[:, one]
    length = np.array([len(text) for text in texts])[:, None]
    cost = np.array([plan.usd[arm] for arm in arms]) * (0.7 + length / 400) * rng.uniform(0.9, 1.1, (n, 1))
    hidden = rng.random((n, len(arms))) < plan.missing
    hidden[train:] = False
    score, cost = np.where(hidden, np.nan, score), np.where(hidden, np.nan, cost)
    queries = QueryBatch.of(texts, [TOPICS[t] for t in topic])
    outcomes = dense_of(queries.ids, arms, score, cost)
    first, last = np.arange(train), np.arange(train, n)
    return World(name, queries.take(first), outcomes.rows(first), queries.take(last), outcomes.rows(last), chance)


def dense_of(ids: tuple[str, ...], arms: tuple[str, ...], score: Floats, cost: Floats) -> Dense:
    """A dense view from scores and costs alone."""
    unknown = np.full_like(score, np.nan)
    return Dense(ids, arms, score, cost, unknown, unknown, unknown)


def _write(topic: str, rng: np.random.Generator) -> str:
    if topic == "arithmetic":
        a, b, c = rng.integers(10, 999, 3)
        return f"Work out {a} + {b} - {c}."
    words = _WORDS[topic].split()
    if topic == "code":
        name, *body = rng.choice(words, 9)
        return f"Correct this function.\ndef {name}(x):\n    return {{{' + '.join(body)}}}; print({name}(x))"
    chosen = " ".join(rng.choice(words, int(rng.integers(50, 90))))
    return f"Could you go on with this tale, warmly and at some length? {chosen}"
