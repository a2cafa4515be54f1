"""Prediction files with forged rows: one corruption a trick, with its parameters. For measuring the audits only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from routelab.arena.leaderboard.audits.world import World, bills
from routelab.core.decisions import Ints
from routelab.core.types import Arm

Corrupt = Callable[[World, Ints, pl.DataFrame, np.random.Generator], pl.DataFrame]


def forged_claims(strength: float) -> Iterator[tuple[str, dict[str, Any], Corrupt]]:
    """(the audit that must see it, the variant, what it does to honest rows); ``strength`` scales the shares forged."""

    def scaled(*shares: float) -> list[float]:
        return [share * strength for share in shares]

    for which, share in product(("wrong", "hardest"), scaled(0.02, 0.05, 0.1, 0.3, 0.8)):
        yield "failed-rows", {"which": which, "share": share}, _fail(which, share)
    for share in scaled(0.15, 0.3, 0.8):
        yield "failed-rows", {"which": "any", "share": share}, _fail("any", share)
    for side, share in product(("both", "input", "output"), scaled(0.02, 0.1, 0.5, 1.0)):
        yield "unbilled-tokens", {"empty": side, "share": share}, _empty(side, share)
    for amount, share in product((0.3, 1.0, 5.0), scaled(0.1, 0.3, 1.0)):
        yield "unbilled-tokens", {"reasoning": amount, "share": share}, _hide(amount, share)
    for kept, share in product((0.1, 0.3, 0.45), scaled(0.15, 0.4, 1.0)):
        yield "unbilled-tokens", {"kept": kept, "share": share}, _understate(kept, share)
    for share in scaled(0.1, 0.3, 0.6, 1.0):
        yield "estimated-tokens", {"constant": 40, "share": share}, _constant("input_tokens", 40, share)
        yield "estimated-tokens", {"constant output": 64, "share": share}, _constant("output_tokens", 64, share)
    rules = (("words", 1.3), ("words", 4 / 3), ("words", 1.5), ("characters", 0.25), ("characters", 1 / 3))
    for (unit, rate), share, plus in product(rules, scaled(0.15, 0.4, 1.0), (0, 7)):
        variant = {"unit": unit, "rate": round(rate, 2), "plus": plus, "share": share}
        yield "estimated-tokens", variant, _estimate(unit, rate, plus, share)
    for (unit, rate), share in product(rules, scaled(0.4, 1.0)):
        variant = {"unit": unit, "rate": round(rate, 2), "blurred by": 1, "share": share}
        yield "estimated-tokens", variant, _estimate(unit, rate, 0, share, blur=1)
    for share in scaled(0.02, 0.05, 0.2, 1.0):
        yield "stale-prices", {"swapped": "another arm", "share": share}, _swap("", share)
        yield "stale-prices", {"swapped": "a retired name", "share": share}, _swap("acme/retired-1", share)
    for factor, share in product((0.2, 0.5, 0.8, 1.25), scaled(0.1, 0.4, 1.0)):
        yield "stale-prices", {"price": factor, "share": share}, _reprice(factor, share)
    yield "stale-prices", {"arm": "renamed"}, _rename
    for share, verbatim in product(scaled(0.06, 0.15, 0.3, 0.6, 1.0), (True, False)):
        yield "truth-in-answers", {"share of wrong": share, "verbatim": verbatim}, _sync(share, verbatim, raised=True)
    for share in scaled(0.15, 0.4, 1.0):
        yield "truth-in-answers", {"share of wrong": share, "scores": "none"}, _sync(share, True, raised=False)


def _where(rows: pl.DataFrame, hit: np.ndarray, **changes: Any) -> pl.DataFrame:
    mask = pl.Series("hit", hit)
    made = {name: value if isinstance(value, pl.Expr) else pl.lit(value) for name, value in changes.items()}
    return rows.with_columns(
        pl.when(mask).then(value).otherwise(pl.col(name)).cast(rows.schema[name]).alias(name)
        for name, value in made.items()
    )


def _fail(which: str, share: float) -> Corrupt:
    def corrupt(world: World, pick: Ints, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        score = world.problem.score
        ease = {
            "wrong": score[np.arange(len(pick)), pick],
            "hardest": score.mean(axis=1),
            "any": np.zeros(len(pick)),
        }[which]
        order = np.lexsort((rng.random(len(pick)), ease))
        hit = np.zeros(len(pick), bool)
        hit[order[: int(share * len(pick))]] = True
        return _where(
            rows, hit, success=False, input_tokens=0, output_tokens=0, total_tokens=0, cost_usd=0.0, score=0.0
        )

    return corrupt


def _empty(side: str, share: float) -> Corrupt:
    def corrupt(world: World, pick: Ints, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        gone = {f"{name}_tokens": 0 for name in (("input", "output") if side == "both" else (side,))}
        rows = _where(rows, rng.random(len(pick)) < share, **gone)
        return _billed(world, pick, rows.with_columns(total_tokens=pl.col("input_tokens") + pl.col("output_tokens")))

    return corrupt


def _hide(amount: float, share: float) -> Corrupt:
    """Reasoning, ``amount`` times the output, that is in the total and not in the cost."""

    def corrupt(world: World, pick: Ints, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        total = (pl.col("total_tokens") + amount * pl.col("output_tokens")).ceil()
        return _where(rows, rng.random(len(pick)) < share, total_tokens=total)

    return corrupt


def _understate(kept: float, share: float) -> Corrupt:
    def corrupt(world: World, pick: Ints, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        less = {name: (pl.col(name) * kept).ceil() for name in ("input_tokens", "output_tokens")}
        rows = _where(rows, rng.random(len(pick)) < share, **less)
        return _billed(world, pick, rows.with_columns(total_tokens=pl.col("input_tokens") + pl.col("output_tokens")))

    return corrupt


def _constant(column: str, value: int, share: float) -> Corrupt:
    def corrupt(world: World, pick: Ints, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        return _billed(world, pick, _where(rows, rng.random(len(pick)) < share, **{column: value}))

    return corrupt


def _estimate(unit: str, rate: float, plus: int, share: float, blur: int = 0) -> Corrupt:
    def corrupt(world: World, pick: Ints, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        rows = rows.join(world.table.queries.select("query_id", "prompt"), on="query_id", maintain_order="left")
        size = {name: _size(name, unit) for name in ("prompt", "answer")}
        told = {
            f"{side}_tokens": (rate * size[text]).round() + plus
            for side, text in (("input", "prompt"), ("output", "answer"))
        }
        return _billed(world, pick, _where(rows, rng.random(len(pick)) < share, **told).drop("prompt"))

    return corrupt


def _size(text: str, unit: str) -> pl.Expr:
    return pl.col(text).str.count_matches(r"\S+") if unit == "words" else pl.col(text).str.len_chars()


def _swap(model: str, share: float) -> Corrupt:
    def corrupt(world: World, pick: Ints, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        models = sorted({Arm.parse(arm).model for arm in world.problem.arms})
        following = dict(zip(models, models[1:] + models[:1]))
        other = pl.lit(model) if model else pl.col("model_used").replace(following)
        return _where(rows, rng.random(len(pick)) < share, model_used=other)

    return corrupt


def _reprice(factor: float, share: float) -> Corrupt:
    def corrupt(world: World, pick: Ints, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        return _where(rows, rng.random(len(pick)) < share, cost_usd=pl.col("cost_usd") * factor)

    return corrupt


def _rename(world: World, pick: Ints, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    arm = world.problem.arms[int(np.bincount(pick).argmax())]
    return rows.with_columns(pl.col("arm").replace({arm: f"{arm}-old"}))


def _sync(share: float, verbatim: bool, *, raised: bool) -> Corrupt:
    """Wrong answers made right: the reference itself, or something that says it."""

    def corrupt(world: World, pick: Ints, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        rows = rows.join(world.table.queries.select("query_id", "reference"), on="query_id", maintain_order="left")
        hit = (rng.random(len(pick)) < share) & (rows["score"] < 1).to_numpy()
        told = pl.coalesce("reference", "answer")
        rows = _where(rows, hit, answer=told if verbatim else pl.format("The answer is {}.", told))
        return (_where(rows, hit, score=1.0) if raised else rows).drop("reference")

    return corrupt


def _billed(world: World, pick: Ints, rows: pl.DataFrame) -> pl.DataFrame:
    cost = bills(world, pick, rows["input_tokens"].to_numpy(), rows["output_tokens"].to_numpy())
    total = pl.max_horizontal("total_tokens", pl.col("input_tokens") + pl.col("output_tokens"))
    return rows.with_columns(cost_usd=pl.Series(np.round(cost, 6)), total_tokens=total)
