"""The calculator: the one arithmetic expression of a text, worked out exactly, or a conversion of units.

Reads digits and operators, the words for them, percentages, shares ("3/4 of 20"), remainders, binary, octal and
hexadecimal numerals, and sums, products, means and medians of listed numbers. An expression with an unknown in it is
not arithmetic, and two expressions are one too many: no answer. Conversions need the extra ``atlas`` (``pint``).
"""

from __future__ import annotations

import ast
import math
import operator
import re
import statistics
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from routelab.core.errors import need_extra
from routelab.pool.live.tools.prompt import Prompt

LONGEST_EXPRESSION = 500
LARGEST_EXPONENT = 1_000
MOST_BITS = 4_096

_WORDS = [
    (r"(?<=\d),(?=\d{3}(?!\d))", ""),
    (r"[×·⋅]", "*"),
    (r"÷", "/"),
    (r"−", "-"),
    (r"²", "^2"),
    (r"³", "^3"),
    (r"\bremainder (?:when|of|if) ([^?.;\n]{1,80}?) (?:is )?divided by (\d+)", r"(\1) mod \2"),
    (r"\bdivided by\b", "/"),
    (r"\bplus\b", "+"),
    (r"\bminus\b", "-"),
    (r"\b(?:times|multiplied by)\b", "*"),
    (r"\b(?:to the power(?: of)?|raised to)\b|\*\*", "^"),
    (r"(?<=\d) squared\b", "^2"),
    (r"(?<=\d) cubed\b", "^3"),
    (r"(?<=\d) ?(?:%|per ?cent)(?= of \d)", "/100"),
    (r"(\d+(?:\.\d+)? ?/ ?\d+) of (?=\d)", r"(\1) * "),
    (r"\bmod(?:ulo)?\b", "%"),
]
_BASES = {"binary": 2, "octal": 8, "decimal": 10, "hexadecimal": 16, "hex": 16}
_NUMERAL = re.compile(rf"\b({'|'.join(_BASES)})(?: number| numeral)? ([0-9A-F]+)\b", re.IGNORECASE)

_NUMBER = r"(?<![\w.])\d+(?:\.\d+)?(?![\w]|\.\d)"
_OPERAND = rf"(?:[-+(]\s{{0,2}}){{0,8}}{_NUMBER}(?:\s{{0,2}}\)){{0,8}}"
_EXPRESSION = re.compile(rf"{_OPERAND}(?:\s{{0,2}}[-+*/^%]\s{{0,2}}{_OPERAND})+")
_NOT_ARITHMETIC = re.compile(r"\d+(?:([-/])\d+)(?:\1\d+)*")
_OPEN_LEFT = re.compile(r"(?:[-+*/^%=<>√(]|\w\()\s*$")
_OPEN_RIGHT = re.compile(r"\s*(?:[-+*/^%)]|[=<>≤≥]\s*[-\w(]|\()")

_LISTED = re.compile(
    rf"\b(sum|total|product|mean|average|median) of (?:the numbers |the values )?:?\s*"
    rf"((?:{_NUMBER})(?:(?:, and|,| and) (?:{_NUMBER}))+)",
    re.IGNORECASE,
)
_UNIT = r"[A-Za-zµμΩ°/²³ ]{1,40}?"
_END = r"(?=\s*[?.,;:\n]|\s*$)"
_CONVERSION = [
    re.compile(
        pattern.format(number=r"(?P<number>-?\d+(?:\.\d+)?)", unit=f"(?P<unit>{_UNIT})", target=f"(?P<target>{_UNIT})")
        + _END,
        re.I,
    )
    for pattern in (
        r"\b(?:convert|express|write|give|what is|how much is) {number} ?{unit} (?:to|into|in|as) {target}",
        r"\bhow many {target} (?:are|is|make)(?: there)?(?: in)? {number} ?{unit}",
    )
]

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
_SUMMARIES: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "sum": lambda values: sum(values, Fraction()),
    "total": lambda values: sum(values, Fraction()),
    "product": lambda values: math.prod(values, start=Fraction(1)),
    "mean": statistics.mean,
    "average": statistics.mean,
    "median": statistics.median,
}


def answer(prompt: Prompt) -> str | None:
    """The value of what the text asks to be computed or converted, None where there is nothing of the kind."""
    return _summarised(prompt.text) or _converted(prompt.text) or _computed(prompt.text)


def _computed(text: str) -> str | None:
    text = _NUMERAL.sub(_decimal, text)
    for pattern, symbol in _WORDS:
        text = re.sub(pattern, symbol, text, flags=re.IGNORECASE)
    found = set()
    for match in _EXPRESSION.finditer(text):
        if _NOT_ARITHMETIC.fullmatch(match[0]) or _OPEN_RIGHT.match(text, match.end()):
            continue
        if _OPEN_LEFT.search(text, 0, match.start()):
            continue
        found.add(match[0].strip())
    return written(evaluate(found.pop())) if len(found) == 1 else None


def _decimal(numeral: re.Match[str]) -> str:
    try:
        return str(int(numeral[2], _BASES[numeral[1].lower()]))
    except ValueError:
        return numeral[0]


def evaluate(expression: str) -> Fraction | None:
    """The exact value of an expression in Python's precedence, with ``^`` as power; None for none, or too large a one.

    >>> evaluate("2 + 3 * 4 ^ 2")
    Fraction(50, 1)
    """
    if len(expression) > LONGEST_EXPRESSION:
        return None
    try:
        value = _value(ast.parse(expression.replace("^", "**"), mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError):
        return None
    return value if _bits(value) <= MOST_BITS else None


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int() | float()):
            return Fraction(str(node.value))
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign):
            return _value(node.operand) * (-1 if isinstance(sign, ast.USub) else 1)
        case ast.BinOp(op=ast.Pow()):
            return _power(_value(node.left), _value(node.right))
        case ast.BinOp() if type(node.op) in _OPERATORS:
            return Fraction(_OPERATORS[type(node.op)](_value(node.left), _value(node.right)))
    raise ValueError("not arithmetic")


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > LARGEST_EXPONENT or _bits(base) * abs(exponent) > MOST_BITS:
        raise ValueError("not a whole exponent, or too large")
    return Fraction(base ** int(exponent))


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def written(value: Fraction | None) -> str | None:
    """A whole number, a decimal that ends, else a fraction.

    >>> written(Fraction(5, 4)), written(Fraction(5, 6))
    ('1.25', '5/6')
    """
    if value is None or value.denominator == 1:
        return None if value is None else str(value.numerator)
    rest = value.denominator
    for factor in (2, 5):
        while rest % factor == 0:
            rest //= factor
    return (
        f"{Decimal(value.numerator) / value.denominator:f}" if rest == 1 else f"{value.numerator}/{value.denominator}"
    )


def _summarised(text: str) -> str | None:
    match = _LISTED.search(text)
    if match is None:
        return None
    values = [Fraction(number) for number in re.findall(_NUMBER, match[2])]
    return written(_SUMMARIES[match[1].lower()](values))


def _converted(text: str) -> str | None:
    for pattern in _CONVERSION:
        for match in pattern.finditer(text):
            try:
                value = _units().Quantity(float(match["number"]), match["unit"].strip()).to(match["target"].strip())
            except Exception:  # whatever pint says of words that are no units
                continue
            return f"{value.magnitude:.10g}"
    return None


@cache
def _units() -> Any:
    try:
        import pint
    except ImportError:
        raise need_extra("pint", "atlas", "converting units") from None
    return pint.UnitRegistry()
