"""What the families share: written lists, integers, picks, shuffles, lettered options, joined names. Knows no task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def words(text: str) -> list[str]:
    """A written list of words, apart."""
    return text.split()


def phrases(text: str) -> list[str]:
    """A written list of phrases, separated by bars or line ends.

    >>> phrases("a rusty key|a blue door")
    ['a rusty key', 'a blue door']
    """
    return [part.strip() for line in text.splitlines() for part in line.split("|") if part.strip()]


LETTERS = "ABCD"
NAMES = words("""Ada Ben Cleo Dan Eva Finn Gina Hugo Iris Jack Kira Liam Mona Nils Olga Paul Quinn Rosa Sam Tess
Uma Vera Will Xenia Yara Zoe Amir Bela Chen Dora Emil Fatima Goran Hana Ivan Jun Katya Lena Mateo Nadia""")


def integer(rng: np.random.Generator, low: int, high: int) -> int:
    """A uniform integer, both ends included."""
    return int(rng.integers(low, high + 1))


def one_of(rng: np.random.Generator, items: Sequence[T]) -> T:
    """One item."""
    return items[int(rng.integers(len(items)))]


def some_of(rng: np.random.Generator, items: Sequence[T], n: int) -> list[T]:
    """``n`` different items in random order."""
    return [items[int(k)] for k in rng.permutation(len(items))[:n]]


def shuffled(rng: np.random.Generator, items: Sequence[T]) -> list[T]:
    """All items in random order."""
    return some_of(rng, items, len(items))


def options(rng: np.random.Generator, right: str, wrong: Sequence[str]) -> tuple[str, str]:
    """Shuffled lettered options, one a line, and the letter of the right one. Three wrong ones make four.

    >>> sorted(options(np.random.default_rng(0), "yes", ["no"])[1]) in (["A"], ["B"])
    True
    """
    shown = some_of(rng, [right, *wrong], len(wrong) + 1)
    text = "\n".join(f"{letter}) {option}" for letter, option in zip(LETTERS, shown))
    return text, LETTERS[shown.index(right)]
