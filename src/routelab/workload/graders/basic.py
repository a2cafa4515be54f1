"""Exact graders for short answers: a number, a word, the letter of an option.

They read a free-form answer and trust what it marks as final, else its last candidate. One candidate is an answer;
several that differ are a hedge and score 0, however right one of them may be. Extraction never looks at the
reference. They know nothing of queries or models.
"""

from __future__ import annotations

import re

from routelab.workload.graders.grade import Grade
from routelab.workload.graders.reading import (
    EDGES,
    clean,
    close,
    finals,
    fold,
    lines_of,
    linked,
    numbers,
    refused,
    value,
)

LONGEST_WORD_ANSWER = 3

_LETTER = re.compile(r"(?<![A-Za-z0-9'])\(?([A-Da-d])(?=\s{0,4}[).:,\]]|\s*$)")
_BARE_LETTER = re.compile(r"(?<![A-Za-z0-9'])([A-D])(?![A-Za-z0-9'])")
_OPTION_LINE = re.compile(r"[\s*(>-]{0,8}([A-D])\s?[).:]")
_QUOTED = re.compile(r"\*\*([^\n*]+)\*\*|`([^`]+)`|\"([^\"]+)\"|“([^“”]+)”|(?<!\w)'([^']+)'(?!\w)")
_LISTED = re.compile(r"\s*[,;/|&]?\s*(?:or|and|nor)?\s*")
_ARTICLE = re.compile(r"^(?:the|an?) (?=\S)")


def number(answer: str, reference: str) -> Grade:
    """Numeric equality of the marked or last number: exact for integers, else relative 1e-6.

    >>> number("17 * 6 = 102.", "102").score, number("101 or 102", "102").score
    (1.0, 0.0)
    """
    found = final_number(answer)
    target = value(clean(reference).strip())
    read = value(found[0]) if found else None
    if found is None or read is None or target is None:
        return Grade(0.0, found and found[0])
    return Grade(float(close(read, target)), found[0])


def final_number(answer: str, *, units: bool = False) -> tuple[str, str] | None:
    """The text of the final number and what follows it on its line; None where there is none, or a hedge.

    With ``units``, finals that differ only in what follows them are a hedge too.
    """
    text = clean(answer)
    marked = [part for part in finals(text) if numbers(part)]
    read = [_last_number(part, units) for part in marked or ["\n".join(lines_of(text))]]
    if None in read or len({(value(part[0]), part[1].strip(EDGES) if units else "") for part in read if part}) > 1:
        return None
    return read[-1]


def _last_number(text: str, units: bool) -> tuple[str, str] | None:
    found = numbers(text)
    if not found or refused(text[: found[-1].start()]):
        return None
    last = found[-1]
    for earlier, later in zip(found[-2::-1], found[::-1]):
        if not linked(text[earlier.end() : later.start()], unit=True):
            break
        if units or value(earlier[0]) != value(last[0]):
            return None
    return last[0], text[last.end() :].partition("\n")[0]


def word(answer: str, reference: str) -> Grade:
    """Equality of the marked answer, the quoted part or the last word; case, accents, marks and articles aside.

    >>> word("The capital of France is **Paris**.", "paris").score, word("Paris or London", "London").score
    (1.0, 0.0)
    """
    text = clean(answer)
    parts = finals(text) or _last_line(text)
    if not parts or len({fold(_word(part) or part) for part in parts}) > 1:
        return Grade(0.0)
    extracted = _word(parts[-1])
    wanted = _bare(clean(reference))
    right = wanted != "" and wanted in (_bare(parts[-1]), _bare(extracted or ""))
    return Grade(float(right), extracted)


def _bare(text: str) -> str:
    """Folded, without an article in front."""
    return _ARTICLE.sub("", fold(text))


def _last_line(text: str) -> list[str]:
    """The last line that says something, with the one above it where both are bare words of a list."""
    lines = list(lines_of(text))
    if len(lines) > 1 and all(len(line.split()) <= LONGEST_WORD_ANSWER for line in lines[-2:]):
        return lines[-2:] if lines[-2][-1] not in ":!?" else lines[-1:]
    return lines[-1:]


def _word(text: str) -> str | None:
    """The quoted part, the whole of a short text, or the last word of a longer one; None for a hedge."""
    quoted = [match for match in _QUOTED.finditer(text) if _inside(match)]
    if quoted:
        last = quoted[-1]
        between = text[quoted[-2].end() : last.start()] if len(quoted) > 1 else "none"
        listed = _LISTED.fullmatch(between) and fold(_inside(quoted[-2])) != fold(_inside(last))
        return None if listed or refused(text[: last.start()]) else _inside(last)
    words = text.strip(EDGES).split()
    if len(words) <= LONGEST_WORD_ANSWER:
        return " ".join(words) or None
    before = text[: text.rfind(words[-1])]
    return None if refused(before) or before.rstrip().endswith(",") else words[-1].strip(EDGES)


def _inside(quoted: re.Match[str]) -> str:
    return next(part for part in quoted.groups() if part is not None).strip(EDGES)


def choice(answer: str, reference: str) -> Grade:
    """Equality of the option's letter, A to D.

    >>> choice("B) Paris", "B").score, choice("A, B, C, D", "A").score
    (1.0, 0.0)
    """
    text = clean(answer)
    parts = finals(text)
    read = {_first_letter(part) for part in parts} if parts else {_last_letter(text)}
    extracted = read.pop() if len(read) == 1 and not _lists_on(text, parts) else None
    return Grade(float(extracted is not None and extracted == reference.strip().upper()), extracted)


def _letters(text: str) -> list[re.Match[str]]:
    """Every letter that may be an option, in the order of the text."""
    found = {match.start(1): match for pattern in (_BARE_LETTER, _LETTER) for match in pattern.finditer(text)}
    return [found[place] for place in sorted(found)]


def _first_letter(text: str) -> str | None:
    """The first letter of a marked answer, unless it is refused or stands in a list with another one."""
    found = _letters(text)
    if not found or refused(text[: found[0].start()]):
        return None
    first = found[0][1].upper()
    other = next((match for match in found if match[1].upper() != first), None)
    return None if other and _offered(text[found[0].end() : other.start()]) else first


def _last_letter(text: str) -> str | None:
    """The last letter of an unmarked text, ``B)`` before a bare ``B``; None for one of a list of options."""
    lines = list(lines_of(text))
    text = "\n".join(lines)
    labelled = list(_LETTER.finditer(text))
    found = labelled or list(_BARE_LETTER.finditer(text))
    if not found or refused(text[: found[-1].start()]):
        return None
    last = found[-1][1].upper()
    if len({match[1] for match in map(_OPTION_LINE.match, lines) if match}) > 1 and _OPTION_LINE.match(lines[-1]):
        return None
    others = [match for match in _letters(text[: found[-1].start()]) if match[1].upper() != last]
    return None if others and _offered(text[others[-1].end() : found[-1].start()]) else last


def _offered(between: str) -> bool:
    """Whether the text between two letters makes them a choice left open."""
    bare = between.strip().strip(")]:.,").strip()
    return bare == "" or linked(between) or bool(re.search(r"\b(?:or|and)\s*\(?$", between[-12:]))


def _lists_on(text: str, parts: list[str]) -> bool:
    """Whether the line after a marked option begins with another option."""
    if not parts:
        return False
    rest = text[text.rfind(parts[-1]) + len(parts[-1]) :].lstrip("}$*_ \t\n")
    following, marked = _OPTION_LINE.match(rest), _OPTION_LINE.match(parts[-1])
    return bool(following and marked and following[1] != marked[1])
