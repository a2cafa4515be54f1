"""What the families share: written lists, integers, picks, shuffles, lettered options. Knows no task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def words(text: str) -> list[str]:
    """A written list of words, apart."""
    return text.split()


def pairs(table: str) -> list[tuple[str, str]]:
    """A written list of two-word pairs, ``a b|c d``, over one or more lines.

    >>> pairs("hot cold|big small")
    [('hot', 'cold'), ('big', 'small')]
    """
    halves = [pair.split() for line in table.splitlines() for pair in line.split("|")]
    return [(first, second) for first, second in halves]


LETTERS = "ABCD"
NAMES = words("Ada Ben Cleo Dan Eva Finn Gina Hugo Iris Jack Kira Liam Mona Nils Olga Paul Quinn Rosa Sam Tess")


def integer(rng: np.random.Generator, low: int, high: int) -> int:
    """A uniform integer, both ends included."""
    return int(rng.integers(low, high + 1))


def one_of(rng: np.random.Generator, items: Sequence[T]) -> T:
    """One item."""
    return items[int(rng.integers(len(items)))]


def some_of(rng: np.random.Generator, items: Sequence[T], n: int) -> list[T]:
    """``n`` different items in random order."""
    return [items[int(k)] for k in rng.permutation(len(items))[:n]]


def options(rng: np.random.Generator, right: str, wrong: Sequence[str]) -> tuple[str, str]:
    """Shuffled lettered options and the letter of the right one.

    >>> sorted(options(np.random.default_rng(0), "yes", ["no"])[1]) in (["A"], ["B"])
    True
    """
    shown = some_of(rng, [right, *wrong], len(wrong) + 1)
    text = "\n".join(f"{letter}) {option}" for letter, option in zip(LETTERS, shown))
    return text, LETTERS[shown.index(right)]
