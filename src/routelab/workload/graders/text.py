"""Short texts: equal after normalisation, and RouterArena's simplified METEOR.

That METEOR is not the metric of Banerjee & Lavie (2005): no stems, no synonyms, F1 instead of a mean weighted
to recall, and a fragmentation penalty over *distinct* matched words that vanishes where chunks are as many.
"""

from __future__ import annotations

import re
from collections import Counter

from routelab.workload.graders.extract import final_answer
from routelab.workload.graders.grade import Grade

_NOT_WORD = re.compile(r"[^\w\s]")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def exact_match(answer: str, reference: str) -> Grade:
    """1.0 where the texts are equal up to case, underscores and spacing.

    >>> exact_match("\\\\boxed{os  Lusíadas}", "Os_Lusíadas").score
    1.0
    """
    extracted = _plain(final_answer(answer))
    return Grade(float(extracted == _plain(reference)), extracted)


def meteor_score(answer: str, reference: str) -> Grade:
    """Token F1 × (1 − ½ (chunks / distinct matched words)²); Chinese is split into characters.

    >>> meteor_score("\\\\boxed{the cat sat}", "the cat sat").score == 1 - 0.5 * (1 / 3) ** 2
    True
    """
    extracted = final_answer(answer)
    return Grade(_meteor(_tokens(extracted), _tokens(reference)), extracted)


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").lower().split())


def _tokens(text: str) -> list[str]:
    text = _NOT_WORD.sub(" ", text.lower())
    return [char for char in text if not char.isspace()] if _CHINESE.search(text) else text.split()


def _meteor(answer: list[str], reference: list[str]) -> float:
    overlap = Counter(answer) & Counter(reference)
    if not overlap:
        return 0.0
    matches = overlap.total()
    precision, recall = matches / len(answer), matches / len(reference)
    f_score = 2 * precision * recall / (precision + recall)
    chunks = min(_chunks(answer, overlap), _chunks(reference, overlap))
    penalty = 0.0 if chunks == len(overlap) else 0.5 * (chunks / len(overlap)) ** 2
    return f_score * (1 - penalty)


def _chunks(tokens: list[str], matched: Counter[str]) -> int:
    """How many unbroken runs of matched words a text has."""
    hits = [token in matched for token in tokens]
    return sum(hit and not before for before, hit in zip([False, *hits], hits))
