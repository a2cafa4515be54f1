"""Computing: trace programs, convert bases, evaluate Boolean expressions, predict string and list expressions.

Every reference is computed here directly; no generated program is ever executed.
"""

from __future__ import annotations

import numpy as np

from routelab.workload.generate.draws import integer, one_of, some_of, words
from routelab.workload.generate.family import Level, family

_WORDS = words("banana rocket planet monkey silver window pepper guitar turtle blossom cabbage lantern")


@family("computing", "programs", "number")
def trace_loop(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """Two assignments; a short loop; a loop with a branch."""
    a, b, n = integer(rng, 2, 12), integer(rng, 2, 9), integer(rng, 3, 6)
    if level is Level.EASY:
        return f"What does this Python program print?\nx = {a}\ny = x + {b}\nprint(y * 2)", str((a + b) * 2)
    if level is Level.MEDIUM:
        code = f"x = {a}\nfor i in range({n}):\n    x = x + {b}\nprint(x)"
        return f"What does this Python program print?\n{code}", str(a + n * b)
    value = a
    for k in range(1, n):
        value = value + k if value % 2 == 0 else value * 2 - b
    code = (
        f"x = {a}\nfor i in range(1, {n}):\n    if x % 2 == 0:\n        x = x + i\n"
        f"    else:\n        x = x * 2 - {b}\nprint(x)"
    )
    return f"What does this Python program print?\n{code}", str(value)


@family("computing", "number-bases", "number")
def to_decimal(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """Four-bit binary, six-bit binary, three hexadecimal digits."""
    value = level.of(integer(rng, 2, 15), integer(rng, 17, 63), integer(rng, 257, 4095))
    text = level.of(f"{value:b}", f"{value:b}", f"{value:X}")
    base = level.of("binary", "binary", "hexadecimal")
    return one_of(
        rng,
        [f"Convert the {base} number {text} to decimal.", f"What is {base} {text} in decimal?"],
    ), str(value)


@family("computing", "boolean-logic", "word")
def boolean(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """One, two and four operators, with comparisons of numbers for atoms from the medium level on."""
    text, value = _atom(rng, level)
    for _ in range(level.of(1, 2, 4)):
        right, other = _atom(rng, level)
        operator = one_of(rng, ["and", "or"])
        negate = "not " if level is not Level.EASY and rng.random() < 0.5 else ""
        value = (value and other) if operator == "and" else (value or other)
        text = f"{text} {operator} {right}"
        if negate:
            text, value = f"not ({text})", not value
        elif level is not Level.EASY:
            text = f"({text})"
    return f"What does Python print for print({text})? Reply True or False.", str(value)


def _atom(rng: np.random.Generator, level: Level) -> tuple[str, bool]:
    if level is Level.EASY:
        a, b = integer(rng, 1, 9), integer(rng, 1, 9)
        return f"{a} < {b}", a < b
    a, b, c = integer(rng, 2, 20), integer(rng, 2, 20), integer(rng, 2, 5)
    return f"{a} + {c} > {b}", a + c > b


@family("computing", "strings", "word")
def string_method(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """One method; a slice; a chain of slice, replacement and case."""
    word = one_of(rng, _WORDS)
    old, new = one_of(rng, sorted(set(word))), one_of(rng, list("xyz"))
    low = integer(rng, 0, 2)
    high = low + integer(rng, 2, 3)
    code, value = level.of(
        one_of(
            rng,
            [
                (f'"{word}".upper()', word.upper()),
                (f'"{word}".replace("{old}", "{new}")', word.replace(old, new)),
            ],
        ),
        (f'"{word}"[{low}:{high}]', word[low:high]),
        (
            f'"{word}"[::-1].replace("{old}", "{new}")[{low}:{high}].upper()',
            word[::-1].replace(old, new)[low:high].upper(),
        ),
    )
    return f"What does Python print for print({code})?", value


@family("computing", "lists", "number")
def list_expression(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """Length or maximum; an index after sorting; a filtered sum."""
    numbers = some_of(rng, range(1, 30), level.of(4, 5, 6))
    k = integer(rng, 1, 3)
    code, value = level.of(
        one_of(rng, [(f"len({numbers})", len(numbers)), (f"max({numbers})", max(numbers))]),
        (f"sorted({numbers})[{k}]", sorted(numbers)[k]),
        (f"sum(x for x in {numbers} if x % {k + 1} == 0)", sum(x for x in numbers if x % (k + 1) == 0)),
    )
    return f"What does Python print for print({code})?", str(value)
