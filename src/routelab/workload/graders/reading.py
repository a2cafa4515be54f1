"""What exact graders share: clean text, the part an answer marks as final, signs of a hedge, equality of items.

Reading is strict about contradiction: where an answer offers several finals, it offers none. Every function is
linear in the length of the text. Knows no reference answer and no metric.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator

RELATIVE_TOLERANCE = 1e-6
LONGEST_LINK = 60
LONGEST_THOUGHT = 6

_INVISIBLE = {"Cf", "Co", "Cs"}
_LINES = str.maketrans({"−": "-", "–": "-", "\u2028": "\n", "\u2029": "\n", "\r": "\n", "’": "'"})
_BRACE = re.compile(r"\\boxed\s*\{|[{}]")
_FRACTION = re.compile(r"\\[dt]?frac\s?\{([^{}]*)\}\s?\{([^{}]*)\}")
_DRESSING = re.compile(r"\\(?:text|mathrm|mathbf|textbf)\s?\{([^{}]*)\}")
_MARKS = tuple(
    re.compile(rf"(?<![A-Za-z'\"`]){said}[\s*_]*([^\n]*)", re.IGNORECASE)
    for said in (
        r"final[ \t]{1,4}answer[ \t*_]*(?:is\b[ \t]*:?|[:=])",
        r"answer[ \t*_]*[:=]",
        r"answer[ \t]*is\b[ \t]*:?",
    )
)
_SECOND_THOUGHT = re.compile(r"\W{0,20}(?:or|alternatively|maybe|perhaps|possibly|otherwise|and also)\b", re.IGNORECASE)
_LINK = re.compile(
    r"(?:[\s,;/|&+*×÷·~()\[\]{}\"'`$\\-]|\b(?:or|and|nor|to|text|vs|versus|maybe|perhaps|possibly|either|even|also"
    r"|alternatively|else|both|through|not)\b)+",
    re.IGNORECASE,
)
_CHOOSING = re.compile(r"\b(?:or|and|nor|vs|versus|alternatively|to)\b|[,;/|&\n]", re.IGNORECASE)
_REFUSING = re.compile(
    r"(?:\b(?:not|never|neither|nor|or|and|vs\.?|versus|than|except|without|cannot be)(?!\w)|n't|[/|&;≠])"
    r"(?:\s+(?:a|an|the|maybe|perhaps|possibly|even|also|be|equal|option))*[\s(*_\"'`]*$",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![\w.^])(?<!\^[-+])[-+]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+|(?=\.\d))(?:\.\d+)?(?:[eE][-+]?\d{1,3}(?!\d))?"
    r"(?:/\d+)?(?!\.?\d)"
)
_BULLET = re.compile(r"^(?:[-*•·]|\d{1,3}[.)])\s+")
EDGES = " \t\r\n.,;:!?\"'`*_()[]{}<>“”‘’$"


def clean(text: str) -> str:
    """Compatibility-normalised text without characters that nobody sees; minus signs and line ends unified.

    >>> clean("Pa\\u200bris"), clean("−７")
    ('Paris', '-7')
    """
    visible = "".join(char for char in text if char.isascii() or unicodedata.category(char) not in _INVISIBLE)
    return unicodedata.normalize("NFKC", visible).translate(_LINES)


def fold(text: str) -> str:
    """Text without case, accents, edge punctuation or spacing; letters of other scripts stay different.

    >>> fold(" Asunción.") == fold("asuncion")
    True
    """
    spread = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(char for char in spread if not _is_accent(char)).strip(EDGES).split())


def _is_accent(char: str) -> bool:
    """A mark that belongs to a letter; strokes through a letter are no accents, they cross it out."""
    return unicodedata.combining(char) > 1


def finals(text: str) -> list[str]:
    """What clean text marks as final, by its strongest kind of mark: boxes, ``final answer:``, ``Answer:``.

    A second thought after the last mark is one more final.

    >>> finals("The answer is 3? No. Answer: 4"), finals("Answer: 4\\nOr 5")
    (['4'], ['4', 'Or 5'])
    """
    boxes = [box for box in _boxes(text) if box.strip(EDGES)]
    if boxes:
        return boxes
    for pattern in _MARKS:
        found = [match for match in pattern.finditer(text) if match[1].strip(EDGES)]
        if found:
            rest = text[found[-1].end() :]
            thought = rest.strip().partition("\n")[0] if _SECOND_THOUGHT.match(rest) else ""
            return [match[1].strip() for match in found] + [thought] * (0 < len(thought.split()) <= LONGEST_THOUGHT)
    return []


def _boxes(text: str) -> list[str]:
    r"""The contents of outermost boxes, dressing and fractions written plainly."""
    found, start, depth = [], -1, 0
    for brace in _BRACE.finditer(text):
        if brace[0] == "}":
            depth = max(0, depth - 1)
            if depth == 0 and start >= 0:
                found.append(_DRESSING.sub(r"\1", _FRACTION.sub(r"\1/\2", text[start : brace.start()])).strip())
                start = -1
        elif start >= 0:
            depth += 1
        elif brace[0] != "{":
            start, depth = brace.end(), 1
    return found


def numbers(text: str) -> list[re.Match[str]]:
    """Every number of clean text: signs, thousands, decimals, exponents and simple fractions."""
    return list(_NUMBER.finditer(text))


def value(text: str) -> int | float | None:
    """The value of one number's text: exact for integers, None where it is no finite number.

    >>> value("1,250"), value("3/4"), value("1/0")
    (1250, 0.75, None)
    """
    text = text.replace(",", "").replace(" ", "")
    if len(text) > 400:
        return None
    numerator, _, denominator = text.partition("/")
    try:
        if not denominator and numerator.lstrip("+-").isdecimal():
            return int(numerator)
        found = float(numerator) / float(denominator or 1)
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def close(found: float, target: float, rtol: float = RELATIVE_TOLERANCE) -> bool:
    """Equality of integers, closeness of others."""
    if float(found).is_integer() and float(target).is_integer() and rtol <= RELATIVE_TOLERANCE:
        return found == target
    return math.isclose(found, target, rel_tol=rtol, abs_tol=1e-9)


def linked(between: str, unit: bool = False) -> bool:
    """Whether two candidates with this text between them are one list of choices.

    >>> linked(" or "), linked(", "), linked(", so the sum is "), linked(" kg or ", unit=True)
    (True, True, False, True)
    """
    if len(between) > LONGEST_LINK:
        return False
    if _LINK.fullmatch(between):
        return True
    word = re.match(r"\s?[^\W\d]{1,12}[%°]?(?=\W)", between) if unit else None
    return bool(word and _LINK.fullmatch(between, word.end()) and _CHOOSING.search(between, word.end()))


def refused(before: str) -> bool:
    """Whether the text before a candidate negates it or makes it one of several.

    >>> refused("It is not "), refused("Paris or "), refused("It is ")
    (True, True, False)
    """
    return bool(_REFUSING.search(before[-LONGEST_LINK:]))


def same_item(text: str, item: object) -> bool:
    """Whether the text of one item means the reference's item: as numbers where both are, else folded.

    >>> same_item("1,000.0", 1000), same_item("  paris", "Paris"), same_item("true", True)
    (True, True, True)
    """
    text, wanted = clean(text).strip(), clean(written(item)).strip()
    pair = [value(part) if _NUMBER.fullmatch(part) else None for part in (text.strip("$ "), wanted)]
    if pair[0] is not None and pair[1] is not None:
        return close(pair[0], pair[1])
    return fold(text) == fold(wanted) and bool(fold(text) or text == wanted)


def written(item: object) -> str:
    """An item as one would write it into a list."""
    if item is None:
        return "null"
    return str(item).lower() if isinstance(item, bool) else str(item)


def lines_of(text: str) -> Iterator[str]:
    """The lines that say something, without bullets and numbering."""
    for line in text.splitlines():
        bare = _BULLET.sub("", line.strip(), count=1)
        if bare.strip(EDGES):
            yield bare
