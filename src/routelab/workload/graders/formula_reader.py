"""Read a formula, LaTeX or plain, into closures that evaluate it.

A recursive-descent reader over a bounded text: nothing is ever handed to ``eval``, and time is linear in the
length. Does not know when two formulas are equal.
"""

from __future__ import annotations

import cmath
import math
import re
from collections.abc import Callable

LONGEST = 400
DEEPEST = 40

Point = Callable[[str], complex]
Expression = Callable[[Point], complex]

_TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+|\\[A-Za-z]+|\\.|[A-Za-z]+|\*\*|[-+*/^_!|=,(){}\[\]])")
_NOISE = re.compile(r"\\left(?![A-Za-z])|\\right(?![A-Za-z])|\\[,;:! ]|\\displaystyle|(?<!\\)\$")
_FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "sin": cmath.sin,
    "cos": cmath.cos,
    "tan": cmath.tan,
    "cot": lambda x: 1 / cmath.tan(x),
    "sec": lambda x: 1 / cmath.cos(x),
    "csc": lambda x: 1 / cmath.sin(x),
    "arcsin": cmath.asin,
    "arccos": cmath.acos,
    "arctan": cmath.atan,
    "asin": cmath.asin,
    "acos": cmath.acos,
    "atan": cmath.atan,
    "sinh": cmath.sinh,
    "cosh": cmath.cosh,
    "tanh": cmath.tanh,
    "exp": cmath.exp,
    "ln": cmath.log,
    "log": cmath.log,
    "sqrt": cmath.sqrt,
    "abs": abs,
}
_CONSTANTS = {"pi": math.pi, "e": math.e}
_TIMES = {"*", "\\cdot", "\\times", "/", "\\div"}
_CLOSER = {"(": ")", "[": "]", "{": "}", "\\{": "\\}"}


class NotAFormula(ValueError):
    """The text is not a formula this reader knows."""


class Formula:
    """A tuple of expressions, or one equation; ``symbols`` are the free names in it."""

    def __init__(self, items: list[Expression], symbols: set[str], *, equation: bool) -> None:
        self.items, self.symbols, self.equation = items, symbols, equation


def read(text: str) -> Formula:
    """Read one formula: an expression, an equation, or expressions set apart by commas. Raises NotAFormula."""
    if len(text) > LONGEST:
        raise NotAFormula("too long")
    return _Reader(_NOISE.sub(" ", text)).formula()


class _Reader:
    """Tokens in, one closure per node out."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        self.symbols: set[str] = set()
        self.next = self.depth = 0
        position, text = 0, text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise NotAFormula(text[position:])
            self.tokens.append(found[1])
            position = found.end()

    def formula(self) -> Formula:
        items = [self.sum()]
        equation = bool(self.take("="))
        if equation:
            left, right = items.pop(), self.sum()
            items = [lambda at: left(at) - right(at)]
        while self.take(",") and not equation:
            items.append(self.sum())
        if self.peek():
            raise NotAFormula(self.peek())
        return Formula(items, self.symbols, equation=equation)

    def peek(self) -> str:
        return self.tokens[self.next] if self.next < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        token = self.peek()
        if not token or (wanted and token not in wanted):
            return ""
        self.next += 1
        return token

    def need(self, wanted: str) -> None:
        if not self.take(wanted):
            raise NotAFormula(f"{wanted} is missing")

    def sum(self) -> Expression:
        total = self.product()
        while sign := self.take("+", "-"):
            total = _plus(total, self.product(), 1 if sign == "+" else -1)
        return total

    def product(self) -> Expression:
        total = self.signed()
        while True:
            if sign := self.take(*_TIMES):
                total = _over(total, self.signed()) if sign in ("/", "\\div") else _times(total, self.signed())
            elif self.starts_atom():
                total = _times(total, self.power())
            else:
                return total

    def signed(self) -> Expression:
        negative = False
        while sign := self.take("+", "-"):
            negative ^= sign == "-"
        value = self.power()
        return _times(lambda at: -1, value) if negative else value

    def power(self) -> Expression:
        """An atom, its marks and its exponent (right-associative); every nesting passes here."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise NotAFormula("too deep")
        value = self.atom()
        while mark := self.take("!", "\\%"):
            value = _factorial(value) if mark == "!" else _times(value, lambda at: 0.01)
        if self.take("^", "**"):
            value = _raised(value, self.signed())
        self.depth -= 1
        return value

    def starts_atom(self) -> bool:
        token = self.peek()
        return bool(token) and (token[0].isalnum() or token[0] == "." or token in _CLOSER or self.is_name(token))

    def is_name(self, token: str) -> bool:
        return token.startswith("\\") and len(token) > 1 and token[1].isalpha() and token not in _TIMES

    def atom(self) -> Expression:
        token = self.take()
        if not token:
            raise NotAFormula("an operand is missing")
        if token[0].isdigit() or token[0] == ".":
            value = float(token)
            return lambda at: value
        if token in _CLOSER:
            inner = self.sum()
            self.need(_CLOSER[token])
            return inner
        if token == "|":
            inner = self.sum()
            self.need("|")
            return lambda at: abs(inner(at))
        if token[0].isalpha() or self.is_name(token):
            return self.name(token.removeprefix("\\"))
        raise NotAFormula(token)

    def name(self, word: str) -> Expression:
        if word in ("frac", "dfrac", "tfrac"):
            return _over(self.operand(), self.operand())
        if word in _FUNCTIONS:
            return self.function(word)
        if word in _CONSTANTS:
            value = _CONSTANTS[word]
            return lambda at: value
        if word in ("text", "mathrm", "mbox", "circ", "begin", "end", "infty"):
            raise NotAFormula(word)
        if len(word) == 2:
            return _times(self.symbol(word[0]), self.symbol(word[1]))
        return self.symbol(word)

    def symbol(self, name: str) -> Expression:
        if self.take("_"):
            braced = self.take("{")
            name += "_" + self.take()
            if braced:
                self.need("}")
        self.symbols.add(name)
        return lambda at: at(name)

    def function(self, word: str) -> Expression:
        apply = _FUNCTIONS[word]
        base = order = power = None
        if word == "sqrt" and self.take("["):
            order = self.sum()
            self.need("]")
        if word == "log" and self.take("_"):
            base = self.operand()
        if self.take("^"):
            power = self.signed()
        inner = self.operand() if self.peek() in ("{", "(") else self.power()
        if order:
            return _raised(inner, _over(lambda at: 1, order))
        value: Expression = lambda at: apply(inner(at))  # noqa: E731
        if base:
            value = _over(value, lambda at: cmath.log(base(at)))
        return _raised(value, power) if power else value

    def operand(self) -> Expression:
        r"""A braced or bracketed group, or the single next atom: ``\frac12`` is one half."""
        token = self.peek()
        if token.isdigit() and len(token) > 1:
            self.tokens[self.next] = token[1:]
            digit = float(token[0])
            return lambda at: digit
        return self.atom()


def _plus(x: Expression, y: Expression, sign: int) -> Expression:
    return lambda at: x(at) + sign * y(at)


def _times(x: Expression, y: Expression) -> Expression:
    return lambda at: x(at) * y(at)


def _over(x: Expression, y: Expression) -> Expression:
    return lambda at: x(at) / y(at)


def _raised(x: Expression, y: Expression) -> Expression:
    return lambda at: complex(x(at)) ** y(at)


def _factorial(x: Expression) -> Expression:
    def value(at: Point) -> complex:
        n = complex(x(at))
        if n.imag or n.real < 0 or n.real != int(n.real):
            raise ValueError("no factorial")
        return math.gamma(n.real + 1)

    return value
