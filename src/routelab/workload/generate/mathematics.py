"""Mathematics: arithmetic, linear equations, word problems and number patterns. All answers are integers."""

from __future__ import annotations

import numpy as np

from routelab.workload.generate.draws import NAMES, integer, one_of
from routelab.workload.generate.family import Level, family


@family("mathematics", "arithmetic", "number")
def arithmetic(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """One sum; a product and a sum; a bracket and two products."""
    a, b = integer(rng, 11, 60), integer(rng, 3, 39)
    c, d, e = integer(rng, 3, 12), integer(rng, 3, 12), integer(rng, 11, 29)
    text, value = level.of(
        (f"{a} + {b}", a + b),
        (f"{a} + {c} * {d}", a + c * d),
        (f"({a} - {b}) * {c} + {d} * {e}", (a - b) * c + d * e),
    )
    return f"What is {text}?", str(value)


@family("mathematics", "algebra", "number")
def linear_equation(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """x + b = c; ax + b = c; a(x + b) − cx = d."""
    x, b = integer(rng, 2, 15), integer(rng, 2, 20)
    c = integer(rng, 2, 5)
    a = c + integer(rng, 1, 5)
    text = level.of(
        f"x + {b} = {x + b}",
        f"{a}x + {b} = {a * x + b}",
        f"{a}(x + {b}) - {c}x = {a * (x + b) - c * x}",
    )
    return f"Solve for x: {text}", str(x)


@family("mathematics", "word-problems", "number")
def shopping(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """One step; two steps; three steps with a percentage."""
    name, thing = one_of(rng, NAMES), one_of(rng, ["pens", "mugs", "caps", "lamps", "books", "kites"])
    price, n, spare = integer(rng, 3, 12), integer(rng, 2, 9), integer(rng, 5, 40)
    percent, dozen = one_of(rng, [10, 20, 25, 50]), 20 * integer(rng, 1, 4)
    if level is Level.EASY:
        return f"{name} buys {n} {thing} at {price} dollars each. How many dollars is that in total?", str(n * price)
    if level is Level.MEDIUM:
        paid = n * price + spare
        return (
            f"{name} buys {n} {thing} at {price} dollars each and pays with {paid} dollars. "
            "How many dollars of change?",
            str(spare),
        )
    total = dozen * price * (100 - percent) // 100 + n
    return (
        f"{name} buys {dozen} {thing} at {price} dollars each with {percent}% off, "
        f"then pays {n} dollars for delivery. How many dollars in all?",
        str(total),
    )


@family("mathematics", "patterns", "number")
def sequence(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """Constant step; doubling plus a constant; growing steps."""
    start, step, extra = integer(rng, 1, 20), integer(rng, 2, 9), integer(rng, 1, 4)
    terms = [start]
    for k in range(5):
        terms.append(level.of(terms[-1] + step, 2 * terms[-1] + extra, terms[-1] + step + extra * k * k))
    return f"What is the next number? {', '.join(map(str, terms[:5]))}, ...", str(terms[5])
