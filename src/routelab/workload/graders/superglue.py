"""SuperGLUE's two shapes in RouterArena: a label in one of its spellings, and a cloze with lettered options."""

from __future__ import annotations

from routelab.workload.graders.extract import final_answer
from routelab.workload.graders.grade import Grade
from routelab.workload.graders.mcq import option_letter

_AS_NUMBER = {"A": "0.0", "0": "0.0", "FALSE": "0.0", "B": "1.0", "1": "1.0", "TRUE": "1.0"}
_AS_WORD = {"A": "Yes", "X": "Yes", "1": "Yes", "TRUE": "Yes", "B": "No", "Y": "No", "0": "No", "FALSE": "No"}
_SPELLINGS = dict.fromkeys(("0.0", "1.0", "0", "1"), _AS_NUMBER) | dict.fromkeys(
    ("Yes", "No", "yes", "no", "YES", "NO"), _AS_WORD
)


def superglue_exact_match(answer: str, reference: str) -> Grade:
    """1.0 where the label is the reference; letters and truth words are read in the reference's spelling.

    >>> superglue_exact_match("\\\\boxed{B}", "1.0").score, superglue_exact_match("\\\\boxed{X}", "Yes").score
    (1.0, 1.0)
    """
    if not answer or not reference:
        return Grade(0.0)
    extracted = final_answer(answer)
    label = _SPELLINGS.get(reference, {}).get(extracted.upper(), extracted)
    return Grade(float(label == reference), extracted)


def superglue_clozetest(answer: str, reference: str) -> Grade:
    """1.0 where the option's letter is the reference, or the text is, where the reference is a text."""
    extracted = final_answer(answer, first_letter=True)
    return Grade(float(extracted == (option_letter(reference) or reference)), extracted)
