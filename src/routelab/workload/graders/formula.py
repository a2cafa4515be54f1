r"""Decide whether two formulas, LaTeX or plain, are equal.

By evaluation at generic complex points (Schwartz, JACM 1980; Zippel, EUROSAM 1979): two analytic expressions
that agree there are equal with probability one, and there is no simplifier that could run for ever. Does not
know of answers, boxes or percentages of each other.
"""

from __future__ import annotations

import cmath

from routelab.workload.graders.formula_reader import Expression, NotAFormula, read

CONSTANT_TOLERANCE = 1e-4
IDENTITY_TOLERANCE = 1e-9
_POINTS = 5


def equal(a: str, b: str) -> bool:
    r"""Whether two texts are the same formula; False where either is not a formula.

    >>> equal(r"\frac{\sqrt{12}}{2}", "sqrt(3)"), equal("(x+1)^2", "x^2 + 2x + 1"), equal("2x", "x/2")
    (True, True, False)
    """
    try:
        left, right = read(a), read(b)
    except NotAFormula:
        return False
    if left.equation != right.equation or len(left.items) != len(right.items):
        return False
    symbols = sorted(left.symbols | right.symbols)
    pairs = list(zip(left.items, right.items))
    if left.equation:
        return any(_same(*pairs[0], symbols, sign) for sign in (1, -1))
    return all(_same(x, y, symbols) for x, y in pairs)


def _same(x: Expression, y: Expression, symbols: list[str], sign: int = 1) -> bool:
    tolerance = IDENTITY_TOLERANCE if symbols else CONSTANT_TOLERANCE
    defined = 0
    for trial in range(_POINTS if symbols else 1):
        at = {name: cmath.rect(0.6 + 0.13 * rank, 1.0 + 2.4 * (trial + rank)) for rank, name in enumerate(symbols)}
        try:
            left, right = x(at.__getitem__), sign * y(at.__getitem__)
            agree = cmath.isclose(left, right, rel_tol=tolerance, abs_tol=1e-12)
        except (ArithmeticError, ValueError):
            continue
        if not agree or not cmath.isfinite(left):
            return False
        defined += 1
    return defined > 0
