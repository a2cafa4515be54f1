"""A world of honest routers on one table, from which honest submissions and attacks are made (to measure the audits).

Routers are cross-fitted for submissions of decisions and predictions; artifacts are fitted on one part of the prompts
and judged on the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from routelab.arena.candidates import resolve
from routelab.arena.crossfit import run
from routelab.arena.folds import schedule
from routelab.arena.leaderboard.audits.case import Case
from routelab.arena.leaderboard.audits.luck import alike
from routelab.arena.leaderboard.decided import Decided
from routelab.arena.leaderboard.manifest import Kind, Manifest, Submission
from routelab.arena.problem import Problem, prepare
from routelab.arena.rows import part_of
from routelab.core.decisions import Floats, Ints
from routelab.core.types import Arm
from routelab.outcomes import OutcomeTable
from routelab.router import Recipe, Router

FOLDS = 5


@dataclass(frozen=True)
class World:
    """Honest routers on one table.

    Attributes:
        problem, table, answers: what a board knows.
        curves: (G, n) cross-fitted picks at every dial, by recipe and seed.
        usual: (n,) cross-fitted picks at the recipe's own dial, by recipe and seed.
        judged: the part of the problem that the ``routers`` were not fitted on, ``fitted`` that other part.
    """

    problem: Problem
    table: OutcomeTable
    answers: pl.DataFrame
    curves: dict[tuple[str, int], Ints]
    usual: dict[tuple[str, int], Ints]
    judged: Problem
    fitted: Problem
    routers: dict[str, Router]

    @classmethod
    def of(cls, table: OutcomeTable, recipes: Sequence[Recipe], seeds: Iterable[int] = (0, 1)) -> World:
        problem, judged, fitted = prepare(table), prepare(part_of(table, "claims")), prepare(part_of(table, "tuning"))
        curves, usual = {}, {}
        for seed in seeds:
            plan = schedule(problem, "cross-fit", folds=FOLDS, repeats=1, seed=seed)
            traces = run(problem, plan, [resolve(recipe) for recipe in recipes], seed=seed, choose_dials=False)
            for recipe, trace in zip(recipes, traces):
                assert trace.curve is not None
                curves[recipe.name, seed], usual[recipe.name, seed] = trace.curve[0], trace.pick[0]
        routers = {one.name: Router(one, seed=0).fit(fitted.batch, fitted.outcomes) for one in recipes}
        answers = table.answers().filter((pl.col("sample") == 0) & (pl.col("turn") == 0))
        return cls(problem, table, answers, curves, usual, judged, fitted, routers)

    def case(self, kind: Kind, pick: Ints, *, problem: Problem | None = None, **rest: object) -> Case:
        """A submission of that kind that decides ``pick`` (on the whole problem, or on the one given)."""
        manifest = rest.pop("manifest", None) or submission(kind)
        problem = problem or self.problem
        case = Case(manifest, problem, decided(problem, pick), self.table, self.answers)  # type: ignore[arg-type]
        return replace(case, **rest)  # type: ignore[arg-type]

    def asked(self, name: str, kind: Kind = "artifact", **rest: object) -> Case:
        """One of the fitted routers, which can be asked again."""
        router = self.routers[name]
        pick = picks(router.route(self.judged.batch).chosen_arms(), self.judged)
        known = frozenset(self.fitted.batch.fingerprints().tolist()) if kind == "artifact" else None
        rest = {"ask": lambda batch: router.route(batch).chosen_arms(), "fitted_on": known} | rest
        return self.case(kind, pick, problem=self.judged, **rest)


def submission(kind: Kind, *, name: str = "entry", owner: str = "ann", **manifest: object) -> Submission:
    """A submission whose files nobody reads."""
    return Submission(Manifest(name=name, owner=owner, **{kind: "thing"}, **manifest), Path(), name)  # type: ignore[arg-type]


def decided(problem: Problem, pick: Ints) -> Decided:
    """Single calls; ``pick`` indexes the problem's arms."""
    return Decided(problem.batch.ids, tuple((arm,) for arm in problem.arms), pick[None], np.zeros(len(pick)))


def picks(arms: Sequence[str], problem: Problem) -> Ints:
    place = {arm: k for k, arm in enumerate(problem.arms)}
    return np.array([place[arm] for arm in arms], np.int64)


@dataclass(frozen=True)
class Noise:
    """How calls made anew differ from the shared ones.

    Attributes:
        anew: share of calls whose answer, and score, is another one than the shared.
        length: standard deviation of the log of output tokens of those.
        template: tokens that another prompt template adds to every input.
        failed, unmetered: shares of calls that fail for good and that come back without usage.
        slow: whether failures are time-outs, which long answers have more often.
        digits: to which the cost is rounded, None for a file without costs.
        reasoning: tokens of thought for each of output, in the total and in the bill.
    """

    anew: float = 0.1
    length: float = 0.3
    template: int = 0
    failed: float = 0.002
    unmetered: float = 0.0005
    slow: bool = False
    digits: int | None = 6
    reasoning: float = 0.0


def predictions(world: World, pick: Ints, rng: np.random.Generator, noise: Noise = Noise()) -> pl.DataFrame:
    """Honest rows of a prediction file: the chosen arms asked anew."""
    problem, n = world.problem, len(pick)
    rows = np.arange(n)
    anew = rng.random(n) < noise.anew
    score = np.where(anew, problem.score[_like(problem, rng), pick], problem.score[rows, pick])
    tokens_in = problem.outcomes.input_tokens[rows, pick].astype(np.int64) + noise.template
    shared_out = problem.outcomes.output_tokens[rows, pick]
    longer = np.where(anew, np.exp(rng.normal(0, noise.length, n)), 1.0)
    tokens_out = np.maximum(np.rint(shared_out * longer), 1).astype(np.int64)
    weight = shared_out / shared_out.mean() if noise.slow else np.ones(n)
    success = rng.random(n) >= noise.failed * weight
    metered = (rng.random(n) >= noise.unmetered) & success
    thought = np.rint(noise.reasoning * tokens_out).astype(np.int64)
    bill = bills(world, pick, tokens_in * metered, (tokens_out + thought) * metered)
    arms = [problem.arms[k] for k in pick]
    frame = pl.DataFrame(
        {
            "query_id": problem.batch.ids,
            "arm": arms,
            "success": success,
            "input_tokens": tokens_in * metered,
            "output_tokens": tokens_out * metered,
            "total_tokens": (tokens_in + tokens_out + thought) * metered,
            "model_used": [Arm.parse(arm).model for arm in arms],
            "cost_usd": np.full(n, np.nan) if noise.digits is None else np.round(bill, noise.digits),
            "score": score * success,
        }
    )
    frame = frame.with_columns(pl.col("cost_usd").fill_nan(None))
    return frame.join(world.answers.select("query_id", "arm", "answer"), on=["query_id", "arm"], how="left")


def bills(world: World, pick: Ints, tokens_in: Ints | Floats, tokens_out: Ints | Floats) -> Floats:
    """What calls cost at today's prices; zeros where nothing has a price."""
    cards = {card.id: card.price_on() for card in world.table.models}
    prices = [cards.get(Arm.parse(arm).model) for arm in world.problem.arms]
    rates = np.array([(p.input_usd_per_mtok, p.output_usd_per_mtok) if p else (0.0, 0.0) for p in prices])[pick]
    return np.asarray((tokens_in * rates[:, 0] + tokens_out * rates[:, 1]) / 1e6)


def _like(problem: Problem, rng: np.random.Generator) -> Ints:
    """For every row another one like it."""
    cells = alike(problem)
    order = np.lexsort((rng.random(len(cells)), cells))
    other = np.arange(len(cells))
    start = np.flatnonzero(np.r_[True, np.diff(cells[order]) != 0])
    for inside in np.split(order, start[1:]):
        other[inside] = np.roll(inside, 1)
    return other


def narrowed(problem: Problem, rows: Ints) -> Problem:
    """Some of a problem's queries."""
    return replace(
        problem,
        outcomes=problem.outcomes.rows(rows),
        batch=problem.batch.take(rows),
        score=problem.score[rows],
        cost=problem.cost[rows],
        strata=problem.strata[rows],
        groups=problem.groups[rows],
        labels=problem.labels[rows],
    )
