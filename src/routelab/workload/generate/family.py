"""What a task family is, and how items are drawn from all of them.

A family is a small pure function ``(rng, level) -> (prompt, reference)``; a decorator gives it its place in the
taxonomy. Knows nothing of models, answers or files.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from itertools import count
from typing import TypeVar

import msgspec
import numpy as np

from routelab.core import ContractError, InputError, Query, stream

T = TypeVar("T")
DATASET = "routelab-procedural"
MAX_REDRAWS = 200


class Level(StrEnum):
    """A parameter cell of a generator, fixed beforehand; never measured on a model."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"

    def of(self, easy: T, medium: T, hard: T) -> T:
        """The parameter that belongs to this level.

        >>> Level.HARD.of(2, 3, 5)
        5
        """
        return {"easy": easy, "medium": medium, "hard": hard}[self.value]


Draw = Callable[[np.random.Generator, Level], tuple[str, str]]


class Family(msgspec.Struct, frozen=True):
    """A named generator and its place: ``form`` (number, word, choice) also names the grader."""

    name: str
    domain: str
    category: str
    form: str
    draw: Draw


FAMILIES: dict[str, Family] = {}


def family(domain: str, category: str, form: str) -> Callable[[Draw], Draw]:
    """Register a generator under its function's name, written with dashes."""

    def register(draw: Draw) -> Draw:
        name = draw.__name__.replace("_", "-")
        FAMILIES[name] = Family(name, domain, category, form, draw)
        return draw

    return register


def generate(seed: int, per_cell: int) -> list[Query]:
    """Draw ``per_cell`` queries for every domain × level, spread evenly over the domain's families.

    Every item has a random stream of its own, hashed from (seed, family, level, index, redraw).
    No prompt occurs twice.
    """
    if per_cell < 1:
        raise InputError("per_cell", expected="at least 1", got=str(per_cell), fix="ask for one item")
    domains: dict[str, list[Family]] = {}
    for each in FAMILIES.values():
        domains.setdefault(each.domain, []).append(each)
    seen: set[str] = set()
    return [
        _item(seed, members[k % len(members)], level, k // len(members), seen)
        for members in domains.values()
        for level in Level
        for k in range(per_cell)
    ]


def _item(seed: int, of: Family, level: Level, index: int, seen: set[str]) -> Query:
    for redraw in count():
        prompt, reference = of.draw(stream(seed, of.name, level, index, redraw), level)
        if prompt not in seen:
            break
        if redraw == MAX_REDRAWS:
            raise ContractError(
                f"family {of.name} {level}",
                expected=f"a new prompt for item {index}",
                got=f"{redraw} repetitions",
                fix="ask for fewer items or widen its parameters",
            )
    seen.add(prompt)
    return Query.ask(
        f"{of.domain}/{of.name}/{level}/{index:04d}",
        prompt,
        dataset=DATASET,
        domain=of.domain,
        category=of.category,
        task=of.name,
        difficulty=str(level),
        form=of.form,
        metric=of.form,
        reference=reference,
        language="en",
    )
