"""Honest submissions of every kind: what no audit may fail. For measuring the audits only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from routelab.arena.leaderboard.audits.case import Case, Other
from routelab.arena.leaderboard.audits.world import Noise, World, decided, narrowed, predictions, submission
from routelab.arena.leaderboard.decided import Decided
from routelab.arena.problem import Problem
from routelab.core.decisions import Ints
from routelab.core.seeds import stream

NOISES = (
    Noise(),
    Noise(anew=0.0, unmetered=0.0, failed=0.0),
    Noise(anew=1.0, length=0.3),
    Noise(anew=0.3, length=0.6, failed=0.01, slow=True),
    Noise(template=12, failed=0.01),
    Noise(anew=0.5, length=0.5, template=-3, digits=9),
    Noise(reasoning=2.0),
    Noise(reasoning=0.5, digits=None),
)
DIALS = (0, 5, 8, 12, 17, 22)


def honest(world: World, seed: int) -> Iterator[tuple[str, Case]]:
    """Named cases. Other owners' entries and earlier submissions stand beside them as on a real board."""
    yield from _decisions(world)
    yield from _predictions(world, seed)
    yield from _constants(world, seed)
    yield from _cascades(world, seed)
    yield from _asked(world)
    yield from _resubmitted(world)
    yield from _sides(world, seed)


def _decisions(world: World) -> Iterator[tuple[str, Case]]:
    for (name, seed), curve in world.curves.items():
        others = [
            Other(f"{other} {again}", "bob", decided(world.problem, pick))
            for (other, again), pick in world.usual.items()
            if again != seed
        ]
        for dial in DIALS:
            yield f"decisions {name} {seed} dial {dial}", world.case("decisions", curve[dial], others=others)


def _predictions(world: World, seed: int) -> Iterator[tuple[str, Case]]:
    for (name, again), pick in world.usual.items():
        for number, noise in enumerate(NOISES):
            claimed = predictions(world, pick, stream(seed, "honest", name, again, number), noise)
            yield f"predictions {name} {again} noise {number}", world.case("predictions", pick, claimed=claimed)


def _constants(world: World, seed: int) -> Iterator[tuple[str, Case]]:
    for k, arm in enumerate(world.problem.arms):
        pick = np.full(len(world.problem), k, np.int64)
        same = [Other("the same arm", "bob", decided(world.problem, pick))]
        claimed = predictions(world, pick, stream(seed, "constant", arm), NOISES[k % len(NOISES)])
        yield f"constant {arm}", world.case("decisions", pick, others=same)
        yield f"constant predictions {arm}", world.case("predictions", pick, others=same, claimed=claimed)


def _cascades(world: World, seed: int) -> Iterator[tuple[str, Case]]:
    """The cheapest arm first, and another where a verifier, wrong one time in ten, does not take its answer."""
    problem = world.problem
    first = int(problem.cost.mean(axis=0).argmin())
    for k, arm in enumerate(problem.arms):
        if k != first:
            taken = (problem.score[:, first] > 0.5) != (stream(seed, "verifier", arm).random(len(problem)) < 0.1)
            plans = ((problem.arms[first],), (problem.arms[first], arm))
            calls = Decided(problem.batch.ids, plans, (~taken).astype(np.int64)[None], np.zeros(len(problem)))
            case = world.case("decisions", np.zeros(len(problem), np.int64))
            yield f"cascade to {arm}", replace(case, decided=calls)


def _asked(world: World) -> Iterator[tuple[str, Case]]:
    for name in world.routers:
        yield f"recipe {name}", world.case("recipe", next(iter(world.usual.values())))
        case = world.asked(name)
        open_source = submission(
            "artifact", open_source=True, source_url="https://github.com/ann/router", licence="MIT"
        )
        yield f"artifact {name}", replace(case, submission=open_source)
        yield f"code {name}", world.asked(name, "code", earlier=[case.decided])
        yield f"endpoint {name}", world.asked(name, "endpoint")
        unseen = world.fitted.batch.fingerprints()[: len(case.problem) // 300].tolist()
        beside = frozenset(case.problem.batch.fingerprints()[: len(case.problem) // 300].tolist()) | frozenset(unseen)
        yield (
            f"artifact {name} with few common prompts",
            replace(case, fitted_on=beside | (case.fitted_on or frozenset())),
        )


def _resubmitted(world: World) -> Iterator[tuple[str, Case]]:
    """An honest change: other folds, another dial, another recipe."""
    names = list(world.usual)
    for place, (name, seed) in enumerate(names):
        now = world.usual[name, seed]
        before = {
            "another seed": next((world.usual[key] for key in names if key[0] == name and key[1] != seed), now),
            "another dial": world.curves[name, seed][DIALS[place % len(DIALS)]],
            "another recipe": world.usual[names[place - 1]],
        }
        for change, pick in before.items():
            case = world.case("decisions", now, earlier=[decided(world.problem, pick)])
            yield f"resubmission {name} {seed}: {change}", case


def _sides(world: World, seed: int) -> Iterator[tuple[str, Case]]:
    """A board with a development side, and one with a finished hidden season."""
    for place, ((name, again), pick) in enumerate(world.usual.items()):
        share = (0.1, 0.2, 0.5)[place % 3]
        problem = with_sides(world.problem, stream(seed, "sides", place).random(len(pick)) < share)
        others = [
            Other(str(key), "bob", decided(problem, other)) for key, other in world.usual.items() if key[0] != name
        ]
        yield f"sides {name} {again}", world.case("decisions", pick, problem=problem, others=others)
        yield f"season {name} {again}", with_season(world, pick, pick, stream(seed, "season", place))


def with_sides(problem: Problem, dev: np.ndarray) -> Problem:
    """The problem with a development side."""
    sides = pl.Series("split", np.where(dev, "dev", "test"), dtype=pl.String)
    return replace(problem, labels=problem.labels.with_columns(sides))


def with_season(world: World, shown: Ints, unseen: Ints, rng: np.random.Generator) -> Case:
    """Half of the queries as the open board, decided by ``shown``, the other half as the hidden season."""
    side = rng.random(len(shown)) < 0.5
    open_rows, hidden_rows = np.flatnonzero(side), np.flatnonzero(~side)
    season = narrowed(world.problem, hidden_rows)
    hidden = (season, decided(season, unseen[hidden_rows]))
    return world.case("code", shown[open_rows], problem=narrowed(world.problem, open_rows), hidden=hidden)
