r"""Mathematics: the boxed answer equals the reference as text, number, tuple, matrix, equation or formula.

RouterArena's ``math_metric``. Its conventions are kept because published scores depend on them: numbers agree
within a relative 1e-4, also when one of them is a percentage of the other, and inside a second pair of braces
``353,582`` is no longer a number and ``3+4`` is a set. ``formula.equal`` compares formulas.
"""

from __future__ import annotations

import re
from math import isclose

from routelab.workload.graders import formula
from routelab.workload.graders.extract import final_formula
from routelab.workload.graders.grade import Grade

RELATIVE_TOLERANCE = 1e-4
LONGEST = 2_000
DEEPEST = 20
_CHOICE = re.compile(r"\b([A-E])\b")
_TUPLE = re.compile(r"[(\[].+[)\]]")
_MATRIX = re.compile(r"\\begin\{[pb]matrix\}(.*)\\end\{[pb]matrix\}", re.DOTALL)
_BRACES = str.maketrans("", "", "{}()")


def math_metric(answer: str, reference: str) -> Grade:
    r"""1.0 where the final formula equals the reference; of a chain ``x = y = z`` the last part counts.

    >>> math_metric(r"so \boxed{x = \frac{1}{2}}", "0.5").score
    1.0
    """
    extracted = final_formula(answer).rpartition("=")[2].strip()
    if max(len(extracted), len(reference)) > LONGEST:
        return Grade(float(extracted == reference), extracted)
    return Grade(float(agree(extracted, reference)), extracted)


def agree(answer: str, reference: str, depth: int = 0) -> bool:
    """Whether two mathematical texts mean the same."""
    if answer.strip().lower() == reference.strip().lower() or _same_choice(answer, reference):
        return True
    numbers = _number(answer), _number(reference)
    if numbers[0] is not None and numbers[1] is not None:
        return any(isclose(numbers[1] * scale, numbers[0], rel_tol=RELATIVE_TOLERANCE) for scale in (0.01, 1, 100))
    answer, reference = answer.strip(), reference.strip()
    if not answer or depth > DEEPEST:
        return False
    return (
        _same_bare(answer, reference)
        or _same_parts(answer, reference, depth)
        or _same_matrix(answer, reference, depth)
        or _same_side(answer, reference, depth)
        or (_is_set(answer) == _is_set(reference) and formula.equal(answer, reference))
    )


def _number(text: str) -> float | None:
    text = text.replace(",", "")
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(text[:-1].removesuffix("\\")) / 100 if text.endswith("%") else None
    except ValueError:
        return None


def _same_choice(answer: str, reference: str) -> bool:
    if reference not in ("A", "B", "C", "D", "E"):
        return False
    letters = _CHOICE.findall(answer.upper())
    return bool(letters) and letters[-1] == reference


def _same_bare(answer: str, reference: str) -> bool:
    """Equal once braces and parentheses are gone; one side may also wear square brackets."""
    if (answer[0] + answer[-1] == "[]" and reference[:1] != "(") or (
        answer[0] + answer[-1] == "()" and reference[:1] != "["
    ):
        answer, reference = answer.strip("[]()"), reference.strip("[]()")
    return answer.translate(_BRACES).lower() == reference.translate(_BRACES).lower()


def _same_parts(answer: str, reference: str, depth: int) -> bool:
    if not (_TUPLE.match(answer) and _TUPLE.match(reference)):
        return False
    return _all_agree(answer[1:-1].split(","), reference[1:-1].split(","), depth)


def _same_matrix(answer: str, reference: str, depth: int) -> bool:
    ours, theirs = _MATRIX.fullmatch(answer), _MATRIX.fullmatch(reference)
    if not (ours and theirs):
        return False
    rows = [[line.split("&") for line in found[1].split("\\\\") if line.strip()] for found in (ours, theirs)]
    return len(rows[0]) == len(rows[1]) and all(_all_agree(a, b, depth) for a, b in zip(*rows))


def _is_set(text: str) -> bool:
    """Plain text in one pair of braces; with LaTeX in it, braces only group."""
    return text.startswith("{") and text.find("}") == len(text) - 1 and "\\" not in text


def _all_agree(parts: list[str], others: list[str], depth: int) -> bool:
    return len(parts) == len(others) and all(agree(a, b, depth + 1) for a, b in zip(parts, others))


def _same_side(answer: str, reference: str, depth: int) -> bool:
    """``x = 5`` against ``5``, from either side, where the name is at most two characters."""
    for equation, other in ((answer, reference), (reference, answer)):
        name, sign, value = equation.partition("=")
        if sign and "=" not in value + other and len(name.strip()) <= 2:
            return agree(value, other, depth + 1) if equation is answer else agree(other, value, depth + 1)
    return False
