"""Deterministic rewordings of prompts. Numbers, code, and the letters of answer options are never touched.

One kind is drawn for each prompt: a slip of the keyboard, case, white space, a polite frame, or synonyms for
common instruction words. Nothing here calls a model, so a rewording costs nothing and is the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from routelab.core.seeds import stream

Rewording = Callable[[str, np.random.Generator], str]

_PLAIN_WORD = re.compile(r"\b[a-z]{5,}\b")
_CODE = re.compile(r"```.*?```|`[^`\n]+`|^(?: {4}|\t).*$|\\\w+\{[^}]*\}", re.DOTALL | re.MULTILINE)
_SYNONYMS = {
    "answer": "reply",
    "calculate": "work out",
    "choose": "pick",
    "compute": "calculate",
    "correct": "right",
    "determine": "find",
    "explain": "describe",
    "find": "determine",
    "following": "given",
    "large": "big",
    "question": "query",
    "select": "choose",
    "smallest": "least",
    "solve": "work out",
}
_FRAMES = (
    ("Could you please help me with this? ", ""),
    ("Hi! ", " Thanks!"),
    ("I have a question. ", ""),
    ("", "\n\nThank you in advance."),
)


def typos(text: str, rng: np.random.Generator) -> str:
    """Swap two inner letters in about one in twelve plain words, in at least one."""
    return _in_words(text, rng, lambda word, at: word[:at] + word[at + 1] + word[at] + word[at + 2 :], 1 / 12)


def lower_case(text: str, rng: np.random.Generator) -> str:
    """The first letter of every sentence in lower case, as in a hurry."""
    return _outside_code(text, lambda part: re.sub(r"(?m)(^|[.!?] )([A-Z])(?=[a-z])", _lowered, part))


def white_space(text: str, rng: np.random.Generator) -> str:
    """Doubled spaces after sentences and blank lines at the end."""
    return _outside_code(text, lambda part: re.sub(r"([.?!]) (?=\w)", r"\1  ", part)) + "\n\n"


def polite(text: str, rng: np.random.Generator) -> str:
    """A polite frame around the whole prompt."""
    before, after = _FRAMES[int(rng.integers(len(_FRAMES)))]
    return before + text + after


def synonyms(text: str, rng: np.random.Generator) -> str:
    """Common instruction words replaced by others of the same meaning."""
    words = re.compile(r"\b(" + "|".join(_SYNONYMS) + r")\b", re.IGNORECASE)
    return _outside_code(text, lambda part: words.sub(_synonym, part))


KINDS: dict[str, Rewording] = {
    "typos": typos,
    "lower-case": lower_case,
    "white-space": white_space,
    "polite": polite,
    "synonyms": synonyms,
}


def perturb(texts: Sequence[str], seed: int) -> tuple[str, ...]:
    """Reword every text by a kind drawn for it; a kind that changes nothing falls through to the polite frame.

    >>> perturb(["What is 2 + 2?"], 0) == perturb(["What is 2 + 2?"], 0)
    True
    """
    names = list(KINDS)
    reworded = []
    for row, text in enumerate(texts):
        rng = stream(seed, "perturb", row)
        changed = KINDS[names[int(rng.integers(len(names)))]](text, rng)
        reworded.append(changed if changed != text else polite(text, rng))
    return tuple(reworded)


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """Apply ``change`` to what lies between code blocks, code spans and LaTeX commands."""
    parts, end = [], 0
    for match in _CODE.finditer(text):
        parts += [change(text[end : match.start()]), match.group()]
        end = match.end()
    return "".join([*parts, change(text[end:])])


def _in_words(text: str, rng: np.random.Generator, change: Callable[[str, int], str], share: float) -> str:
    code = [match.span() for match in _CODE.finditer(text)]
    words = [m for m in _PLAIN_WORD.finditer(text) if not any(a <= m.start() < b for a, b in code)]
    if not words:
        return text
    count = max(1, int(len(words) * share))
    chosen = sorted(rng.permutation(len(words))[:count], reverse=True)
    for k in chosen:
        start, stop = words[k].span()
        word = text[start:stop]
        text = text[:start] + change(word, int(rng.integers(1, len(word) - 2))) + text[stop:]
    return text


def _lowered(match: re.Match[str]) -> str:
    return match[1] + match[2].lower()


def _synonym(match: re.Match[str]) -> str:
    word = _SYNONYMS[match[0].lower()]
    return word.capitalize() if match[0][0].isupper() else word
