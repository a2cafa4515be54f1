"""Multiple choice: one letter against one letter. RouterArena's ``mcq_accuracy``."""

from __future__ import annotations

import string

from routelab.core.errors import InputError, shorten
from routelab.workload.graders.extract import final_answer
from routelab.workload.graders.grade import Grade


def mcq_accuracy(answer: str, reference: str) -> Grade:
    """1.0 where the chosen letter is the reference: a letter, or an option's index counted from 0.

    >>> mcq_accuracy("It must be \\\\boxed{C}.", "2")
    Grade(score=1.0, extracted='C')
    """
    letter = option_letter(reference)
    if letter is None:
        raise InputError(
            "reference",
            expected="a letter A–Z or an option index 0–25",
            got=shorten(reference),
            fix="correct the reference answer",
        )
    extracted = final_answer(answer)
    return Grade(float(extracted == letter), extracted)


def option_letter(reference: str) -> str | None:
    """The capital letter a reference means, or None where it is neither a letter nor an index.

    >>> option_letter("b"), option_letter("3.0"), option_letter("Paris")
    ('B', 'D', None)
    """
    if len(reference) == 1 and reference in string.ascii_letters:
        return reference.upper()
    try:
        index = int(float(reference))
    except (ValueError, OverflowError):
        return None
    return string.ascii_uppercase[index] if 0 <= index < 26 else None
