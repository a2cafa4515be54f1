"""What a task family is: a small pure function from a random stream and a level to a draft, and its place.

A family draws *facts* and says them in several ways. Its three levels are parameter cells: chosen after a pilot of one
small model on other draws, then fixed. Knows nothing of models, answers, seasons or files.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Literal, TypeVar

import msgspec
import numpy as np

from routelab.core import ContractError, Turn
from routelab.workload.dewey import domain_of

T = TypeVar("T")
Say = str | tuple[Turn, ...]


class Level(StrEnum):
    """A parameter cell of a generator, fixed before a season is drawn."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"

    def of(self, easy: T, medium: T, hard: T) -> T:
        """The parameter that belongs to this level.

        >>> Level.HARD.of(2, 3, 5)
        5
        """
        return {"easy": easy, "medium": medium, "hard": hard}[self.value]


class Form(StrEnum):
    """How an item is asked and answered."""

    SHORT = "short"
    CHOICE = "choice"
    STRUCTURED = "structured"
    TOOL_CALL = "tool-call"
    CODE = "code"
    MULTI_TURN = "multi-turn"
    LONG_CONTEXT = "long-context"
    MULTILINGUAL = "multilingual"


Bloom = Literal["remember", "understand", "apply", "analyse", "evaluate", "create"]
Asks = Literal["knowledge", "reasoning"]


class Draft(msgspec.Struct, frozen=True):
    """One drawn task, before a phrasing is chosen.

    Attributes:
        facts: what was drawn, in a canonical order and without the wording: equal facts are the same item.
        says: at least three ways to ask it, the same number at every level; the last is kept for robustness.
        reference: the right answer, in the grammar of the family's grader.
    """

    facts: str
    says: tuple[Say, ...]
    reference: str


Draw = Callable[[np.random.Generator, Level], Draft]


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """A named generator and its place.

    Attributes:
        division: Dewey division, ``"510"``.
        metric: name of the grader.
        asks: ``knowledge`` of the domain, or ``reasoning`` in it from what the prompt supplies.
        withheld: drawn in hidden seasons only.
        source: the library or list the facts come from, with its licence.
    """

    name: str
    division: str
    category: str
    metric: str
    form: Form
    bloom: Bloom
    asks: Asks
    language: str
    withheld: bool
    source: str
    draw: Draw

    @property
    def domain(self) -> str:
        return domain_of(self.division)


FAMILIES: dict[str, Family] = {}
OWN = "routelab (Apache-2.0)"


def family(
    division: str,
    category: str,
    metric: str,
    *,
    bloom: Bloom,
    form: Form = Form.SHORT,
    asks: Asks = "reasoning",
    language: str = "en",
    withheld: bool = False,
    source: str = OWN,
) -> Callable[[Draw], Draw]:
    """Register a generator under its function's name, written with dashes."""

    def register(draw: Draw) -> Draw:
        name = draw.__name__.replace("_", "-")
        if name in FAMILIES:
            raise ContractError(f"family {name}", expected="a name of its own", got="two of them", fix="rename one")
        FAMILIES[name] = Family(
            name=name,
            division=division,
            category=category,
            metric=metric,
            form=form,
            bloom=bloom,
            asks=asks,
            language=language,
            withheld=withheld,
            source=source,
            draw=draw,
        )
        return draw

    return register
