"""Fresh items, asked now: routers fitted on a recorded table are judged on questions that did not exist before.

Draws a season whose secret nobody has, lets every arm answer it, and judges frozen routers on the outcomes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence

import msgspec

from routelab.arena.candidates import Candidate, resolve
from routelab.arena.collect import Collected, Progress, collect
from routelab.arena.judge import evaluate
from routelab.arena.problem import prepare
from routelab.arena.result import Result
from routelab.arena.spend import Tariff
from routelab.core import Complete, InputError, ModelCard, Outcome, Query
from routelab.outcomes import OutcomeTable
from routelab.router import Recipe, Router
from routelab.workload.generate import generate
from routelab.workload.generate.seasons import SECRET_BYTES, hidden_season

LONGEST_WORDS = 700
SEASON = 8


class LivePool(msgspec.Struct, frozen=True):
    """The arms that answer now, with the cards that price them."""

    arms: Mapping[str, Complete]
    cards: Sequence[ModelCard]
    concurrency: int = 1


def fresh_items(count: int) -> list[Query]:
    """``count`` items of a hidden season drawn from a secret that is thrown away; long prompts are passed over."""
    season = hidden_season(SEASON, secrets.token_bytes(SECRET_BYTES), None)
    drawn = [query for query in generate(season, 4 * count) if len(query.text.split()) <= LONGEST_WORDS]
    step = len(drawn) / count
    return [drawn[int(k * step)] for k in range(count)]


def answered(
    queries: Sequence[Query], pool: LivePool, report: Callable[[Progress, Outcome | None], None]
) -> OutcomeTable:
    """Every arm's answers, graded, in a table of their own; raises InputError where none could be graded."""
    cards = {card.id: card for card in pool.cards}
    run: Collected = collect(
        None,
        queries,
        pool.arms,
        {arm: Tariff(cards[model].price_on()) for arm in pool.arms if (model := arm.partition("#")[0]) in cards},
        models=pool.cards,
        name="live",
        concurrency=pool.concurrency,
        checkpoint_calls=max(1, len(pool.arms)),
        progress=lambda at: report(at, at.last),
    )
    return run.table


def fitted(recipes: Sequence[Recipe], table: OutcomeTable, arms: Sequence[str], seed: int = 0) -> list[Candidate]:
    """Recipes fitted on a recorded table, to be judged as frozen routers on other items."""
    recorded = table.select(arms=[arm for arm in table.arms if arm in arms])
    if len(recorded.arms) < 2:
        raise InputError(
            "live", expected="two arms of the recorded table", got=str(len(recorded.arms)), fix="name them"
        )
    problem = prepare(recorded)
    found = []
    for recipe in recipes:
        router = Router(recipe, seed=seed).fit(problem.batch, problem.outcomes)
        found.append(
            Candidate(
                recipe.name,
                lambda _, router=router: router,  # type: ignore[misc]
                "frozen",
                recipe.description,
                recipe.about.source,
                recipe.hash,
                reads_text=recipe.encoder is not None,
            )
        )
    return found


def judge_live(recipes: Sequence[str], recorded: OutcomeTable, live: OutcomeTable, seed: int = 0) -> Result:
    """Judge the named recipes, fitted on what was recorded, on what was answered now."""
    known = [resolve(name).make(seed).recipe for name in recipes]
    return evaluate(fitted(known, recorded, live.arms, seed), live, seed=seed, timing=False)
