"""The documented tricks as a family with parameters, each played on an honest submission. To measure the audits only.

Every attack names the audit that it must trip. ``half`` deals the variants of each audit in two: thresholds were tuned
on the development half, and what is claimed of the audits is measured on the other one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

import numpy as np

from routelab.arena.baselines import hindsight
from routelab.arena.leaderboard.audits.case import Case, Other
from routelab.arena.leaderboard.audits.forged import forged_claims
from routelab.arena.leaderboard.audits.honest import with_season, with_sides
from routelab.arena.leaderboard.audits.world import World, decided, picks, predictions, submission
from routelab.arena.leaderboard.manifest import Kind
from routelab.arena.problem import Problem
from routelab.core.decisions import Ints
from routelab.core.files import digest
from routelab.core.seeds import stream
from routelab.encode import QueryBatch, normalise
from routelab.router import Recipe, Router
from routelab.router.estimators import Forest, LocalMean

COPIED_DIALS = (5, 8)
"""Positions of the dial at which routers choose many arms: who always chooses one cannot be copied."""


DOCUMENTED: dict[str, dict[str, Any]] = {
    "failed-rows": {"which": "wrong", "share": 0.3},
    "unbilled-tokens": {"empty": "both", "share": 0.1},
    "estimated-tokens": {"constant": 40, "share": 1.0},
    "stale-prices": {"swapped": "a retired name", "share": 1.0},
    "truth-in-answers": {"share of wrong": 1.0, "verbatim": True},
    "too-good-to-be-decided": {"share": 1.0, "style": "cheapest", "slip": 0.0},
    "revised-choices": {"share": 0.36, "style": "cheapest", "slip": 0.0},
    "copied-decisions": {"edits": 0.0, "kind": "decisions"},
    "dev-test-gap": {"side": 0.1, "share": 1.0, "style": "cheapest"},
    "season-drop": {"share": 1.0, "style": "cheapest", "slip": 0.0},
    "lookup-table": {"key": "exact", "share": 1.0, "rest": "one arm"},
    "fitted-on-evaluation": {"share": 1.0, "nothing else": False},
    "opaque-claims": {"claim": "a hosted router"},
}
"""The variant of every trick that is nearest to what happened: the planted case."""


@dataclass(frozen=True)
class Attack:
    """``audit`` is the one that must fail the case."""

    audit: str
    variant: dict[str, Any]
    case: Case

    @property
    def name(self) -> str:
        return f"{self.audit}: " + ", ".join(f"{key} {value}" for key, value in self.variant.items())

    @property
    def documented(self) -> bool:
        return DOCUMENTED[self.audit] == self.variant

    @property
    def half(self) -> Literal["development", "unseen"]:
        return "development" if int(digest(self.name), 16) % 2 == 0 else "unseen"


def attacks(world: World, seed: int, strength: float = 1.0) -> Iterator[Attack]:
    """Every variant of every trick; below a ``strength`` of 1 fewer rows are touched, until no audit can tell."""
    rng = stream(seed, "attacks")
    honest = list(world.usual.values())
    for number, (audit, variant, corrupt) in enumerate(forged_claims(strength)):
        pick = honest[number % len(honest)]
        claimed = corrupt(world, pick, predictions(world, pick, rng), rng)
        yield Attack(audit, variant, world.case("predictions", pick, claimed=claimed))
    yield from _hindsight(world, rng, strength)
    yield from _revised(world, rng, strength)
    yield from _sided(world, rng, strength)
    yield from _seasonal(world, rng, strength)
    yield from _copied(world, rng, strength)
    yield from _looked_up(world, rng, strength)
    yield from _fitted(world, rng, strength)
    yield from _opaque(world)


def seen(problem: Problem, pick: Ints, share: float, style: str, slip: float, rng: np.random.Generator) -> Ints:
    """``pick`` with a share of the rows chosen by outcome: the ``cheapest`` right arm, or ``any``; but for slips."""
    told = hindsight(problem.score, problem.cost)
    if style == "any":
        told = (problem.score + 1e-6 * rng.random(problem.score.shape)).argmax(axis=1)
    return np.where((rng.random(len(pick)) < share) & (rng.random(len(pick)) >= slip), told, pick)


def _base(world: World, number: int) -> Ints:
    honest = list(world.usual.values())
    return honest[number % len(honest)]


def _hindsight(world: World, rng: np.random.Generator, strength: float) -> Iterator[Attack]:
    """Outcomes read, and routers that were fitted on the very queries they are judged on."""
    kinds: tuple[Kind, ...] = ("decisions", "code", "artifact", "endpoint")
    for n, (share, style, slip) in enumerate(product((0.15, 0.2, 0.3, 0.5, 0.8, 1.0), ("cheapest", "any"), (0.0, 0.2))):
        if share * (1 - slip) < (0.15 if style == "cheapest" else 0.3):
            continue  # too near to what a good router may win by knowing its queries
        pick = seen(world.problem, _base(world, n), share * strength, style, slip, rng)
        variant = {"share": share, "style": style, "slip": slip}
        yield Attack("too-good-to-be-decided", variant, world.case(kinds[n % 4], pick))
    estimators = {f"{k} neighbours": LocalMean(k=round(k / strength)) for k in (1, 2, 3, 5)} | {"a forest": Forest()}
    for what, estimator in estimators.items():
        router = Router(Recipe(name=what, estimator=estimator)).fit(world.problem.batch, world.problem.outcomes)
        for dial in (0.05, 0.5):
            pick = router.route(world.problem.batch, dial=dial).pick
            yield Attack("too-good-to-be-decided", {"fitted on it": what, "dial": dial}, world.case("code", pick))


def _revised(world: World, rng: np.random.Generator, strength: float) -> Iterator[Attack]:
    for n, (share, style, slip) in enumerate(product((0.02, 0.1, 0.36, 1.0), ("cheapest", "any"), (0.0, 0.2))):
        before = _base(world, n)
        pick = seen(world.problem, before, share * strength, style, slip, rng)
        case = world.case("decisions", pick, earlier=[decided(world.problem, before)])
        yield Attack("revised-choices", {"share": share, "style": style, "slip": slip}, case)


def _sided(world: World, rng: np.random.Generator, strength: float) -> Iterator[Attack]:
    for n, (side, share, style) in enumerate(product((0.1, 0.2, 0.5), (0.5, 0.7, 1.0), ("cheapest", "any"))):
        dev = rng.random(len(world.problem)) < side
        problem, base = with_sides(world.problem, dev), _base(world, n)
        pick = np.where(dev, seen(problem, base, share * strength, style, 0.0, rng), base)
        others = [Other(str(key), "bob", decided(problem, other)) for key, other in world.usual.items()]
        case = world.case("code", pick, problem=problem, others=others)
        yield Attack("dev-test-gap", {"side": side, "share": share, "style": style}, case)


def _seasonal(world: World, rng: np.random.Generator, strength: float) -> Iterator[Attack]:
    for n, (share, style, slip) in enumerate(product((0.4, 0.6, 0.8, 1.0), ("cheapest", "any"), (0.0, 0.2))):
        base = _base(world, n)
        shown = seen(world.problem, base, share * strength, style, slip, rng)
        variant = {"share": share, "style": style, "slip": slip}
        yield Attack("season-drop", variant, with_season(world, shown, base, rng))


def _copied(world: World, rng: np.random.Generator, strength: float) -> Iterator[Attack]:
    kinds: tuple[Kind, ...] = ("decisions", "predictions", "code")
    curves = list(world.curves.values())
    for n, (edits, kind) in enumerate(product((0.0, 0.005, 0.01, 0.02, 0.03, 0.05), kinds)):
        original = curves[n % len(curves)][COPIED_DIALS[n % 2]]
        other = rng.integers(len(world.problem.arms), size=len(original))
        pick = np.where(rng.random(len(original)) < edits / strength, other, original)
        others = [Other("original", "bob", decided(world.problem, original))]
        yield Attack("copied-decisions", {"edits": edits, "kind": kind}, world.case(kind, pick, others=others))


def _looked_up(world: World, rng: np.random.Generator, strength: float) -> Iterator[Attack]:
    """A table of prompts and chosen arms before an honest router, or before one arm."""
    judged, texts = world.judged, world.judged.batch.texts or ()
    known = {"exact": texts, "normalised": tuple(map(normalise, texts)), "id": judged.batch.ids}
    for n, (key, share, rest) in enumerate(product(known, (0.2, 0.3, 0.6, 1.0), ("one arm", "router"))):
        name = list(world.routers)[n % len(world.routers)]
        base = world.asked(name, "code")
        one = judged.arms[int(rng.integers(len(judged.arms)))]
        fallback = picks([one] * len(texts), judged) if rest == "one arm" else base.decided.pick[0]
        pick = seen(judged, fallback, share * strength, "cheapest", 0.0, rng)
        arms = [judged.arms[arm] for arm in pick]
        ask = _table(key, dict(zip(known[key], arms)), world.routers[name] if rest == "router" else one)
        case = world.case("code" if n % 2 else "endpoint", pick, problem=judged, ask=ask)
        yield Attack("lookup-table", {"key": key, "share": share, "rest": rest}, case)


def _table(key: str, table: dict[str, str], rest: Router | str) -> Callable[[QueryBatch], list[str]]:
    def ask(batch: QueryBatch) -> list[str]:
        texts = batch.texts or ()
        keys = {"exact": texts, "normalised": tuple(map(normalise, texts)), "id": batch.ids}[key]
        second = [rest] * len(batch) if isinstance(rest, str) else rest.route(batch).chosen_arms()
        return [table.get(one, arm) for one, arm in zip(keys, second)]

    return ask


def _fitted(world: World, rng: np.random.Generator, strength: float) -> Iterator[Attack]:
    base = world.asked(next(iter(world.routers)))
    prints = base.problem.batch.fingerprints()
    for share, instead in product((0.02, 0.05, 0.1, 0.5, 1.0), (False, True)):
        known = frozenset(prints[rng.random(len(prints)) < share * strength].tolist())
        fitted = known if instead else known | (base.fitted_on or frozenset())
        yield Attack("fitted-on-evaluation", {"share": share, "nothing else": instead}, replace(base, fitted_on=fitted))
    yield Attack("fitted-on-evaluation", {"names": "nothing"}, replace(base, fitted_on=frozenset()))
    for hits in (1, 3):
        canaries = frozenset(list(base.fitted_on or ())[:hits]) | frozenset(range(20))
        yield Attack("fitted-on-evaluation", {"canaries": hits}, replace(base, canaries=canaries))


def _opaque(world: World) -> Iterator[Attack]:
    good = {"source_url": "https://github.com/ann/router", "licence": "Apache-2.0"}
    claims: list[tuple[str, Kind, dict[str, Any]]] = [
        ("nothing behind it", "decisions", {}),
        ("a hosted router", "endpoint", good),
        ("choices only", "decisions", good),
        ("answers only", "predictions", good),
        ("no licence", "artifact", {"source_url": good["source_url"]}),
        ("no address", "code", {"licence": "MIT"}),
        ("a placeholder address", "code", {**good, "source_url": "https://example.com/router"}),
        ("a private address", "artifact", {**good, "source_url": "http://localhost:8000"}),
        ("an address to come", "artifact", {**good, "source_url": "coming soon"}),
        ("a number for an address", "code", {**good, "source_url": "http://10.0.0.7/router"}),
        ("a closed licence", "code", {**good, "licence": "proprietary"}),
        ("a non-commercial licence", "artifact", {**good, "licence": "CC-BY-NC-4.0"}),
        ("rights reserved", "artifact", {**good, "licence": "MIT-like, all rights reserved"}),
        ("a licence to come", "recipe", {**good, "licence": "TBD"}),
    ]
    for what, kind, manifest in claims:
        made = submission(kind, open_source=True, **manifest)
        yield Attack("opaque-claims", {"claim": what}, world.case(kind, _base(world, 0), manifest=made))
