"""The kinds of edit: what each does to a query, whether it keeps the meaning, and which side of the prompt it touches.

``template`` is how a request is set and wrapped: its case, spaces and punctuation, and the courtesies around it.
``content`` is its own words and facts. A kind that keeps the meaning leaves everything that a grader depends on as it
is, or moves the reference along; one that changes the meaning drops metric and reference: it is for routing only.
Of a conversation the user's last turn is edited. Knows nothing of routers, models or scores.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
import numpy as np

from routelab.core import Query, Turn
from routelab.workload.generate.asides import aside
from routelab.workload.perturb.spans import in_prose, on_words, words
from routelab.workload.perturb.wording import CLOSINGS, MEANS_THE_SAME, OPENINGS, PREAMBLES

Change = Callable[[Query, np.random.Generator], Query | None]
Rewrite = Callable[[str, frozenset[str], np.random.Generator], str]

TYPO_RATE = 0.08
WIDER_RATE = 0.3
_OPTION = re.compile(r"^(?P<label>[ ]*\(?(?P<letter>[A-Z])[.):][ \t]+)(?P<body>\S.*)$", re.MULTILINE)
_LISTED = re.compile(r"\bA(?:[ ]?[-–][ ]?[B-Z]\b|(?:, [B-Z])*,? (?:or|and|to) [B-Z]\b)")
_OTHERS = re.compile(r"(?i)\b(?:above|below|both|neither|all|none) (?:of|are|is)\b|\bboth\b|\babove\b")
_VERB = re.compile(r"\b(?:is|are|was|were|has|have|had|can|must|may|will|would|should|could|does|did|do)\b(?! not)")
_ORDER = re.compile(r"\b(?:Calculate|Choose|Complete|Compute|Count|Explain|Find|Give|List|Name|Put|Reply|Write)\b")
_COMMA = re.compile(r",(?= (?:and|but|or|so|then|which|who|if|when|where|while)\b)")
_NUMBER = re.compile(r"(?<![\w.,])\d{1,9}(?![\w.)]|,\d)|(?<![\w.,])\d{1,9}(?=\.(?:\s|\Z))")


class Kind(msgspec.Struct, frozen=True):
    """A way to edit a query. ``change`` gives None where it finds nothing to change."""

    name: str
    keeps: bool
    touches: Literal["template", "content"]
    change: Change


def typos(text: str, guarded: frozenset[str], rng: np.random.Generator) -> str:
    """A slip of the finger in one ordinary word of twelve, and in one at least: letters swapped, lost or doubled."""
    long = [word for word in words(text, guarded) if len(word) > 3]
    if not long:
        return text
    slips = rng.random(len(long)) < TYPO_RATE
    slips[rng.integers(len(long))] = True
    hit = iter(slips.tolist())
    return on_words(text, lambda word: _slip(word, rng) if len(word) > 3 and next(hit) else word, guarded)


def case(text: str, guarded: frozenset[str], rng: np.random.Generator) -> str:
    """Ordinary words all in small letters, or all in capitals; names and terms stay."""
    return on_words(text, str.lower if rng.random() < 0.7 else str.upper, guarded)


def spaces(text: str, guarded: frozenset[str], rng: np.random.Generator) -> str:
    """Some blanks after ordinary words become two, and one is left behind at the end."""
    widened = on_words(text, lambda word: f"{word}\0" if rng.random() < WIDER_RATE else word, guarded)
    return widened.replace("\0 ", "  ").replace("\0", "") + " "


def punctuation(text: str, guarded: frozenset[str], rng: np.random.Generator) -> str:
    """Commas before small words go, question marks come twice, and a last full stop is forgotten or becomes three."""
    stop = "" if rng.random() < 0.5 else "..."
    text = re.sub(r"(?<=[a-z])\.(?=\s*\Z)", stop, text)
    return in_prose(text, lambda stretch: re.sub(r"(?<=\w)\?", "??", _COMMA.sub("", stretch)))


def synonyms(text: str, guarded: frozenset[str], rng: np.random.Generator) -> str:
    """Common words are swapped for others of the same meaning, from a small list."""

    def swap(word: str) -> str:
        other = MEANS_THE_SAME.get(word.lower(), word.lower())
        return other.capitalize() if word[0].isupper() else other

    return on_words(text, swap, guarded)


def frame(text: str, guarded: frozenset[str], rng: np.random.Generator) -> str:
    """The same request inside a polite opening and perhaps a closing."""
    return f"{_one(OPENINGS, rng)}{text}{_one(CLOSINGS, rng)}"


def beside(text: str, guarded: frozenset[str], rng: np.random.Generator) -> str:
    """A sentence beside the point comes first."""
    return f"{aside(rng)}\n\n{text}"


def preamble(text: str, guarded: frozenset[str], rng: np.random.Generator) -> str:
    """A long and courteous introduction comes first."""
    return f"{' '.join(_one(PREAMBLES, rng).split())}\n\n{text}"


def negation(text: str, guarded: frozenset[str], rng: np.random.Generator) -> str:
    """The first verb that takes it is negated, else the first order."""
    denied = _first(_VERB, text, lambda verb: f"{verb} not")
    return denied if denied != text else _first(_ORDER, text, lambda order: f"Do not {order.lower()}")


def number(text: str, guarded: frozenset[str], rng: np.random.Generator) -> str:
    """One number becomes a larger one."""
    found = list(_NUMBER.finditer(text))
    if not found:
        return text
    hit = found[int(rng.integers(len(found)))]
    return f"{text[: hit.start()]}{int(hit[0]) + int(rng.integers(1, 10))}{text[hit.end() :]}"


def options(query: Query, rng: np.random.Generator) -> Query | None:
    """The lettered options in another order; the reference's letter follows its option.

    Options that speak of each other, and prompts that speak of an option by its letter, are left alone.
    """
    text = _asked(query)
    found = list(_OPTION.finditer(text))
    letters = "".join(match["letter"] for match in found)
    if len(found) < 2 or letters != string.ascii_uppercase[: len(found)]:
        return None
    bodies = [match["body"] for match in found]
    around = _LISTED.sub("", _OPTION.sub("", text))
    named = re.compile(rf"\b[{letters[1:]}]\b")
    if any(_OTHERS.search(body) or named.search(body) for body in bodies) or named.search(around):
        return None
    if query.reference is not None and (len(query.reference) != 1 or query.reference not in letters):
        return None
    order = [int(k) for k in rng.permutation(len(found))]
    if order == sorted(order):
        order = order[1:] + order[:1]
    shown = iter(bodies[k] for k in order)
    moved = _say(query, _OPTION.sub(lambda match: match["label"] + next(shown), text))
    if query.reference is None:
        return moved
    return msgspec.structs.replace(moved, reference=letters[order.index(letters.index(query.reference))])


def _rewritten(rewrite: Rewrite, *, keeps: bool = True) -> Change:
    """The change of a query that rewrites the text of its last user turn."""

    def change(query: Query, rng: np.random.Generator) -> Query | None:
        text = _asked(query)
        changed = rewrite(text, _guarded(query, text), rng) if text.strip() else text
        if changed == text:
            return None
        said = _say(query, changed)
        return said if keeps else msgspec.structs.replace(said, metric=None, reference=None)

    return change


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("typos", True, "content", _rewritten(typos)),
        Kind("case", True, "template", _rewritten(case)),
        Kind("spaces", True, "template", _rewritten(spaces)),
        Kind("punctuation", True, "template", _rewritten(punctuation)),
        Kind("synonyms", True, "content", _rewritten(synonyms)),
        Kind("frame", True, "template", _rewritten(frame)),
        Kind("options", True, "content", options),
        Kind("aside", True, "template", _rewritten(beside)),
        Kind("preamble", True, "template", _rewritten(preamble)),
        Kind("negation", False, "content", _rewritten(negation, keeps=False)),
        Kind("number", False, "content", _rewritten(number, keeps=False)),
    )
}


def _asked(query: Query) -> str:
    return next((turn.content for turn in reversed(query.turns) if turn.role == "user"), "")


def _say(query: Query, text: str) -> Query:
    last = max(place for place, turn in enumerate(query.turns) if turn.role == "user")
    turns = (*query.turns[:last], Turn("user", text), *query.turns[last + 1 :])
    return msgspec.structs.replace(query, turns=turns)


def _guarded(query: Query, text: str) -> frozenset[str]:
    """Words that a grader may look for: those of the reference and of the options."""
    options = " ".join(match["body"] for match in _OPTION.finditer(text))
    return frozenset(re.findall(r"[a-z]+", f"{query.reference or ''} {options}".lower()))


def _first(pattern: re.Pattern[str], text: str, change: Callable[[str], str]) -> str:
    """``text`` with the first match in its prose changed."""
    fresh = iter((True,))
    return in_prose(text, lambda s: pattern.sub(lambda match: change(match[0]) if next(fresh, False) else match[0], s))


def _one(choices: tuple[str, ...], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]


def _slip(word: str, rng: np.random.Generator) -> str:
    place = int(rng.integers(1, len(word) - 2))
    head, a, b, tail = word[:place], word[place], word[place + 1], word[place + 2 :]
    slips = [head + a + tail, head + a + a + b + tail] + ([head + b + a + tail] if a != b else [])
    return slips[int(rng.integers(len(slips)))]
