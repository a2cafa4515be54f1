"""Chess: a move in coordinate notation, or the letter of an option. RouterArena's ``chess_accuracy``."""

from __future__ import annotations

import re

from routelab.workload.graders.extract import final_move
from routelab.workload.graders.grade import Grade


def chess_accuracy(answer: str, reference: str) -> Grade:
    """1.0 where the move, or the option, is the reference; ``E2-E4`` is ``e2e4`` and option 1 is option b.

    >>> chess_accuracy("I play \\\\boxed{E2-E4}", "e2e4").score
    1.0
    """
    extracted = _move(re.sub(r"[^a-z0-9]", "", final_move(answer).lower()))
    return Grade(float(extracted == _move(reference)), extracted)


def _move(text: str) -> str:
    text = text.strip().lower()
    if text.isdecimal() and len(text) <= 2 and int(text) < 26:
        return chr(ord("a") + int(text))
    return re.sub(r"[^a-z0-9]", "", text)
