"""The kinds of rewording. Each is a function of a prompt and a random generator; prose alone is changed.

A kind that finds nothing to change returns the prompt as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

from routelab.workload.perturb.spans import in_prose, prose

Kind = Callable[[str, np.random.Generator], str]

TYPO_RATE = 0.08
_LONG_WORD = re.compile(r"\b[a-zA-Z]{4,}\b")
_WORD = re.compile(r"\b[a-zA-Z]+\b")
_MEANS_THE_SAME = """
answer/reply begin/start big/large build/construct buy/purchase calculate/compute choose/select correct/right
describe/depict difficult/hard easy/simple error/mistake explain/clarify fast/quick find/determine
finish/complete following/subsequent get/obtain give/provide happy/glad help/assist important/significant
job/task large/big make/create many/numerous mistake/error need/require often/frequently quick/fast
quickly/rapidly repair/mend reply/answer select/choose show/display simple/easy small/little start/begin
story/tale use/employ write/compose
"""
_SYNONYMS = dict(pair.split("/") for pair in _MEANS_THE_SAME.split())
_OPENINGS = (
    "Could you help me with this? ",
    "Hello, I have a question for you. ",
    "Please look at the following. ",
    "I would be glad of your help here: ",
)
_CLOSINGS = ("", "\nThank you!", "\nThanks in advance.", "\nMany thanks for your help.")


def typos(text: str, rng: np.random.Generator) -> str:
    """A slip of the finger in one word of twelve, and in one at least: two letters swapped, one lost or doubled."""
    words = sum(len(_LONG_WORD.findall(stretch)) for stretch in prose(text))
    if not words:
        return text
    hit = iter(_some(words, TYPO_RATE, rng))
    return in_prose(text, lambda stretch: _LONG_WORD.sub(lambda w: _slip(w[0], rng) if next(hit) else w[0], stretch))


def case(text: str, rng: np.random.Generator) -> str:
    """All small letters, or all capitals."""
    return in_prose(text, str.lower if rng.random() < 0.7 else str.upper)


def spaces(text: str, rng: np.random.Generator) -> str:
    """Some single spaces between words become two or three, and a blank is left behind at the end."""
    widened = in_prose(
        text,
        lambda stretch: re.sub(
            r"(?<=\S) (?=\S)", lambda _: " " * int(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1])), stretch
        ),
    )
    return f"{widened} "


def punctuation(text: str, rng: np.random.Generator) -> str:
    """Commas go, question marks come twice, full stops at the end of a line are forgotten or become three."""
    stop = "" if rng.random() < 0.5 else "..."

    def change(stretch: str) -> str:
        return re.sub(r"(?<=\w)\.(?=\s*(?:\n|\Z))", stop, stretch.replace(",", "").replace("?", "??"))

    return in_prose(text, change)


def frame(text: str, rng: np.random.Generator) -> str:
    """The same request inside a polite opening and perhaps a closing."""
    return f"{_OPENINGS[rng.integers(len(_OPENINGS))]}{text}{_CLOSINGS[rng.integers(len(_CLOSINGS))]}"


def synonyms(text: str, rng: np.random.Generator) -> str:
    """Common words are swapped for others of the same meaning, from a small list."""

    def swap(word: re.Match[str]) -> str:
        other = _SYNONYMS.get(word[0].lower(), word[0])
        return other.capitalize() if word[0][0].isupper() and other != word[0] else other

    return in_prose(text, lambda stretch: _WORD.sub(swap, stretch))


KINDS: Mapping[str, Kind] = {kind.__name__: kind for kind in (typos, case, spaces, punctuation, frame, synonyms)}


def _some(n: int, rate: float, rng: np.random.Generator) -> list[bool]:
    """Each of ``n`` with probability ``rate``, one of them for certain."""
    hit = rng.random(n) < rate
    hit[rng.integers(n)] = True
    return list(hit.tolist())


def _slip(word: str, rng: np.random.Generator) -> str:
    place = int(rng.integers(1, len(word) - 2))
    head, a, b, tail = word[:place], word[place], word[place + 1], word[place + 2 :]
    slips = [head + a + tail, head + a + a + b + tail] + ([head + b + a + tail] if a != b else [])
    return slips[int(rng.integers(len(slips)))]
