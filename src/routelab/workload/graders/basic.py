"""Exact graders for short answers: a number, a word, the letter of an option.

They read a free-form answer and trust, in this order, a marked answer (``Answer: X``, ``\\boxed{X}``), then the
last candidate in the text. Extraction never looks at the reference. They know nothing of queries or models.
"""

from __future__ import annotations

import math
import re
import unicodedata

from routelab.workload.graders.grade import Grade

RELATIVE_TOLERANCE = 1e-6
LONGEST_WORD_ANSWER = 3

_BOXED = re.compile(r"\\boxed\s*\{\s*(?:\\text\s*\{)?([^{}]*)\}")
_MARKED = re.compile(r"(?:final\s+)?answer\s*(?:is\b\s*:?|:|=)[ \t]*\n?\s*([^\n]*)", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.^])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+|(?=\.\d))(?:\.\d+)?(?:[eE][-+]?\d+)?(?:\s*/\s*\d+)?")
_LETTER = re.compile(r"(?<![A-Za-z0-9'])\(?([A-Da-d])(?=\s*[).:,\]]|\s*$)")
_BARE_LETTER = re.compile(r"(?<![A-Za-z0-9'])([A-D])(?![A-Za-z0-9'])")
_QUOTED = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`|\"([^\"]+)\"|“([^”]+)”|(?<!\w)'([^']+)'(?!\w)")
_EDGES = " \t\r\n.,;:!?\"'`*_()[]{}<>“”‘’$"


def number(answer: str, reference: str) -> Grade:
    """Numeric equality (relative tolerance 1e-6) of the marked or last number; fractions and thousands read.

    >>> number("17 * 6 = 102.", "102").score
    1.0
    """
    for text in (_marked(answer), _plain(answer)):
        found = _NUMBER.findall(text or "")
        if found:
            value = _value(found[-1])
            target = _value(reference)
            right = value is not None and target is not None and _close(value, target)
            return Grade(float(right), found[-1])
    return Grade(0.0)


def word(answer: str, reference: str) -> Grade:
    """Equality without case, accents or punctuation of the marked answer, the quoted part or the last word.

    >>> word("The capital of France is **Paris**.", "paris").score
    1.0
    """
    extracted = _word(answer)
    if not extracted:
        return Grade(0.0)
    return Grade(float(_folded(extracted) == _folded(reference)), extracted)


def choice(answer: str, reference: str) -> Grade:
    """Equality of the option's letter, A to D.

    >>> choice("B) Paris", "B").score
    1.0
    """
    extracted = _letter(answer)
    if extracted is None:
        return Grade(0.0)
    return Grade(float(extracted == reference.strip().upper()), extracted)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-")


def _marked(answer: str) -> str | None:
    """The part that the answer itself marks as final: the last box, else the last ``Answer:``."""
    text = _plain(answer)
    for pattern in (_BOXED, _MARKED):
        found = [str(part).strip() for part in pattern.findall(text) if part.strip(_EDGES)]
        if found:
            return found[-1]
    return None


def _value(text: str) -> float | None:
    numerator, _, denominator = text.replace(",", "").replace(" ", "").partition("/")
    try:
        value = float(numerator) / float(denominator or 1)
    except (ValueError, ZeroDivisionError):
        return None
    return value if math.isfinite(value) else None


def _close(value: float, target: float) -> bool:
    return math.isclose(value, target, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-9)


def _word(answer: str) -> str:
    lines = [line for line in _plain(answer).splitlines() if line.strip(_EDGES)]
    text = _marked(answer) or (lines[-1] if lines else "")
    quoted = [str(part).strip(_EDGES) for groups in _QUOTED.findall(text) for part in groups]
    quoted = [part for part in quoted if part]
    words = text.strip(_EDGES).split()
    if quoted:
        return quoted[-1]
    kept = words[-1:] if len(words) > LONGEST_WORD_ANSWER else words
    return " ".join(kept).strip(_EDGES)


def _folded(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in spread if not unicodedata.combining(c)).strip(_EDGES).split())


def _letter(answer: str) -> str | None:
    """The first letter of a marked answer, else the last one of the text; ``B)`` counts before a bare ``B``."""
    for text, which in ((_marked(answer), 0), (_plain(answer), -1)):
        for pattern in (_LETTER, _BARE_LETTER):
            found = pattern.findall(text or "")
            if found:
                return str(found[which]).upper()
    return None
