"""Reading and writing small Python programs. No drawn program is ever executed here: meanings are computed beside them.

Knows nothing of the sandbox in which written programs are graded.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from routelab.workload.generate.draws import integer, one_of, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_ONLY = "Reply with the number only."
_WORDS = words("""banana rocket planet monkey silver window pepper guitar turtle blossom cabbage lantern marble
garden pocket violin basket copper dragon engine falcon ginger hammer island jacket kettle ladder magnet
napkin orange parrot quartz ribbon saddle teapot umbrella velvet walnut yellow zipper anchor bridge candle""")


@family("000", "code-reading", "number", bloom="understand")
def trace_python_loop(rng: np.random.Generator, level: Level) -> Draft:
    """One sum; a branch; a loop of two or three steps with a branch."""
    code, value = level.of(_straight, _branching, _looping)(rng)
    return Draft(
        facts=code,
        says=(
            f"What does this Python program print? {_ONLY}\n{code}",
            f"Give the number that this Python code prints, and nothing else.\n{code}",
            f"{code}\n\nWhich number does the Python code above print? {_ONLY}",
            f"Follow this Python program. Reply only with the number that it prints.\n{code}",
        ),
        reference=str(value),
    )


def _straight(rng: np.random.Generator) -> tuple[str, int]:
    a, b, name = integer(rng, 2, 40), integer(rng, 2, 9), one_of(rng, "abcdknmxyz")
    return f"{name} = {a}\nprint({name} + {b})", a + b


def _branching(rng: np.random.Generator) -> tuple[str, int]:
    a, b, c, t = integer(rng, 2, 60), integer(rng, 2, 9), integer(rng, 2, 9), integer(rng, 15, 45)
    code = f"x = {a}\nif x > {t}:\n    x = x - {b}\nelse:\n    x = x + {c}\nprint(x)"
    return code, a - b if a > t else a + c


def _looping(rng: np.random.Generator) -> tuple[str, int]:
    a, b, n = integer(rng, 2, 60), integer(rng, 2, 20), integer(rng, 2, 3)
    value = a
    for i in range(1, n + 1):
        value = value + i if value % 2 == 0 else value + b
    code = (
        f"x = {a}\nfor i in range(1, {n + 1}):\n    if x % 2 == 0:\n        x = x + i\n    else:\n        x = x + {b}"
    )
    return f"{code}\nprint(x)", value


@family("000", "code-reading", "word", bloom="understand")
def evaluate_python_string(rng: np.random.Generator, level: Level) -> Draft:
    """A word and a number joined; two words joined; a slice of one joined to another."""
    first, second = some_of(rng, _WORDS, 2)
    a, b, n = integer(rng, 1, 2), integer(rng, 3, 5), integer(rng, 2, 99)
    code, value = level.of(
        (f'"{first}" + "{n}"', f"{first}{n}"),
        (f'"{first}" + "{second}"', first + second),
        (f'"{first}"[{a}:{b}] + "{second}"', first[a:b] + second),
    )
    return Draft(
        facts=code,
        says=(
            f"What does Python print for print({code})? Reply with the printed text only.",
            f"Reply with the value of this Python expression, and nothing else: {code}",
            f"In Python, s = {code}. Which string is s? Reply with the string only.",
            f"Evaluate in Python: {code}\nReply with the resulting string only.",
        ),
        reference=value,
    )


@family("000", "code-writing", "code", form=Form.CODE, bloom="create")
def write_list_function(rng: np.random.Generator, level: Level) -> Draft:
    """Keep some numbers; keep, change and combine; a running total with three rules."""
    does, function, centre, body = level.of(_keeping, _changing, _running)(rng)
    lists = [[], *([centre + integer(rng, -45, 45) for _ in range(integer(rng, 3, 9))] for _ in range(7))]
    tests = [[[numbers], function(numbers)] for numbers in lists]
    return Draft(
        facts=does,
        says=(
            f"Write a Python function f(xs) for a list of integers xs. It {does}. Reply with the code only.",
            f"I need a Python function named f with one argument, a list of integers xs. It {does}. Code only, please.",
            f"Task: def f(xs), where xs is a list of integers. The function {does}. Give only the Python code.",
            f"Implement f(xs) in Python and reply with nothing but the code. xs is a list of integers; f {does}.",
        ),
        reference=_tested("xs", body, tests),
    )


def _tested(argument: str, body: list[str], tests: list[Any]) -> str:
    """The reference: hidden tests of f, and f itself as a program."""
    solution = "\n    ".join([f"def f({argument}):", *body]) + "\n"
    return json.dumps({"entry": "f", "tests": tests, "solution": solution})


_Numbers = list[int]
_Task = tuple[str, Callable[[_Numbers], Any], int, list[str]]  # what f does, f, where its test numbers lie, f's lines
_COMBINE: dict[str, tuple[Callable[[_Numbers], Any], str]] = {
    "the sum of": (sum, "return sum(kept)"),
    "a list, in the same order, of": (list, "return kept"),
    "the largest (or 0 if there are none) of": (lambda kept: max(kept, default=0), "return max(kept, default=0)"),
}


def _keeping(rng: np.random.Generator) -> _Task:
    combine, bound, above = one_of(rng, list(_COMBINE)), integer(rng, -250, 250), bool(rng.integers(2))
    side, sign = ("greater", ">") if above else ("less", "<")
    combined, last = _COMBINE[combine]
    return (
        f"returns {combine} the numbers in xs that are {side} than {bound}",
        lambda xs: combined([x for x in xs if (x > bound if above else x < bound)]),
        bound,
        [f"kept = [x for x in xs if x {sign} {bound}]", last],
    )


def _changing(rng: np.random.Generator) -> _Task:
    combine, k = one_of(rng, list(_COMBINE)), integer(rng, 2, 6)
    m, c = integer(rng, 2, 9), integer(rng, 1, 30)
    combined, last = _COMBINE[combine]
    return (
        f"takes the numbers in xs that are not divisible by {k}, replaces each such x by {m} * x - {c}, "
        f"and returns {combine} the results that are positive",
        lambda xs: combined([m * x - c for x in xs if x % k and m * x > c]),
        15,
        [f"kept = [{m} * x - {c} for x in xs if x % {k} and {m} * x > {c}]", last],
    )


def _running(rng: np.random.Generator) -> _Task:
    start, k, m = integer(rng, 1, 40), integer(rng, 2, 6), integer(rng, 2, 5)
    c, p = integer(rng, 1, 20), integer(rng, 50, 120)

    def function(xs: _Numbers) -> int:
        total = start
        for before, x in zip([0, *xs], xs):
            total = total * m if x % k == 0 else total + x if x > before else total - c
            total = total % p if total > p else total
        return total

    return (
        f"starts with total {start} and goes through xs in order: if a number is divisible by {k}, total is multiplied "
        f"by {m}; otherwise, if it is greater than the number before it in xs (0 before the first), it is added to "
        f"total; otherwise {c} is subtracted from total. After each number, if total is greater than {p}, "
        f"total becomes total % {p}. It returns total",
        function,
        15,
        [
            f"total, before = {start}, 0",
            "for x in xs:",
            f"    total = total * {m} if x % {k} == 0 else total + x if x > before else total - {c}",
            f"    total = total % {p} if total > {p} else total",
            "    before = x",
            "return total",
        ],
    )


@family("000", "code-writing", "code", form=Form.CODE, bloom="create", withheld=True)
def write_string_function(rng: np.random.Generator, level: Level) -> Draft:
    """One replacement and one suffix; three steps; six steps."""
    count = level.of(0, 1, 4)
    picked = some_of(rng, range(len(_STEPS)), count)
    steps = [_replacing(rng), *(_STEPS[k](rng) for k in picked), _ending(rng)]
    listed = " ".join(f"{k}) {text};" for k, (text, *_) in enumerate(steps, 1)).rstrip(";")
    texts = ["", *("".join(one_of(rng, _WORDS) for _ in range(integer(rng, 1, 3))) for _ in range(7))]
    tests = []
    for text in texts:
        value = text
        for _, step, _ in steps:
            value = step(value)
        tests.append([[text], value])
    return Draft(
        facts=listed,
        says=(
            f"Write a Python function f(s) for a lower-case string s that does in order: {listed}. "
            "It returns the result. Reply with the code only.",
            f"Implement f(s) in Python. The steps on the lower-case string s are {listed}. Return the final string. "
            "Code only, please.",
            f"def f(s): transforms a lower-case string s and returns it. Steps: {listed}. Give only the Python code.",
            f"Reply with nothing but a Python function f(s) that returns the lower-case string s after: {listed}.",
        ),
        reference=_tested("s", [*(line for *_, line in steps), "return s"], tests),
    )


_Step = tuple[str, Callable[[str], str], str]  # what is done, the step itself, and its line of Python


def _replacing(rng: np.random.Generator) -> _Step:
    old, new = some_of(rng, "abcdefghijklmnopqrstuvwxyz", 2)
    return f"replace every '{old}' by '{new}'", lambda s: s.replace(old, new), f"s = s.replace('{old}', '{new}')"


def _ending(rng: np.random.Generator) -> _Step:
    end = f"{one_of(rng, '-_#+')}{integer(rng, 1, 99)}"
    return f"append '{end}'", lambda s: s + end, f"s = s + '{end}'"


def _rotating(rng: np.random.Generator) -> _Step:
    k = integer(rng, 1, 3)
    told = f"move the first {k} characters (all, if there are fewer) to the end"
    return told, lambda s: s[k:] + s[:k], f"s = s[{k}:] + s[:{k}]"


def _doubling(rng: np.random.Generator) -> _Step:
    letter = one_of(rng, "aeinorst")
    return (
        f"double every '{letter}'",
        lambda s: s.replace(letter, 2 * letter),
        f"s = s.replace('{letter}', '{letter * 2}')",
    )


def _thinning(rng: np.random.Generator) -> _Step:
    k = integer(rng, 2, 3)
    return f"keep only the characters at indices 0, {k}, {2 * k}, …", lambda s: s[::k], f"s = s[::{k}]"


def _counting(rng: np.random.Generator) -> _Step:
    letter = one_of(rng, "aeinorst")
    told = f"put the number of '{letter}' now in the string, as digits, before it"
    return told, lambda s: f"{s.count(letter)}{s}", f"s = str(s.count('{letter}')) + s"


def _reversing(_: np.random.Generator) -> _Step:
    return "reverse the string", lambda s: s[::-1], "s = s[::-1]"


_STEPS = (_rotating, _doubling, _thinning, _counting, _reversing)
