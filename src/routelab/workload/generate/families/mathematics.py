"""Arithmetic, algebra, number theory, counting and geometry. Every answer is an integer or a fraction."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np

from routelab.workload.generate.draws import integer, one_of, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_ONLY = "Reply with the number only."
_THINGS = words("apples coins stamps eggs books shells pens stones tickets cards cups beads")


@family("510", "arithmetic", "number", bloom="apply")
def evaluate_arithmetic(rng: np.random.Generator, level: Level) -> Draft:
    """One sum; a sum and a difference; a sum and a product."""
    a, b, c, k = integer(rng, 12, 60), integer(rng, 3, 39), integer(rng, 2, 14), integer(rng, 3, 9)
    text, value = level.of(
        (f"{a} + {b}", a + b),
        (f"{a} + {b} − {c}", a + b - c),
        (f"{a} + {k} × {b}", a + k * b),
    )
    return Draft(
        facts=text,
        says=(
            f"What is {text}? {_ONLY}",
            f"Compute {text}. {_ONLY}",
            f"Give the value of {text}. {_ONLY}",
            f"Which number equals {text}? {_ONLY}",
        ),
        reference=str(value),
    )


@family("510", "arithmetic", "number", bloom="apply")
def combine_fractions(rng: np.random.Generator, level: Level) -> Draft:
    """One part of a number; several parts of it; a sum of two fractions."""
    a, b = (Fraction(integer(rng, 1, bottom - 1), bottom) for bottom in rng.integers(2, 13, 2).tolist())
    whole, n, thing = integer(rng, 3, 10), integer(rng, 2, 10), one_of(rng, _THINGS)
    few = integer(rng, 2, whole - 1)
    text, value = level.of(
        (f"1/{whole} of {whole * n} {thing}", Fraction(n)),
        (f"{few}/{whole} of {whole * n} {thing}", Fraction(few * n)),
        (f"{a} + {b}", a + b),
    )
    form = level.of(_ONLY, _ONLY, "Reply with a whole number or a fraction such as 3/7 only.")
    return Draft(
        facts=text,
        says=(
            f"What is {text}? {form}",
            f"Compute {text}. {form}",
            f"How much is {text}? {form}",
            f"Find {text}. {form}",
        ),
        reference=str(value),
    )


@family("510", "algebra", "number", bloom="apply")
def solve_linear_equations(rng: np.random.Generator, level: Level) -> Draft:
    """x + b = c; x + b − d = c; ax + b = c."""
    x, b, d, a = integer(rng, 2, 30), integer(rng, 2, 30), integer(rng, 2, 20), integer(rng, 2, 9)
    text = level.of(
        f"x + {b} = {x + b}",
        f"x + {b} − {d} = {x + b - d}",
        f"{a}x + {b} = {a * x + b}",
    )
    return Draft(
        facts=text,
        says=(
            f"Solve for x: {text}. {_ONLY}",
            f"What is x if {text}? {_ONLY}",
            f"Find the number x with {text}. {_ONLY}",
            f"Given {text}, give the value of x. {_ONLY}",
        ),
        reference=str(x),
    )


@family("510", "algebra", "set", form=Form.STRUCTURED, bloom="apply")
def find_polynomial_roots(rng: np.random.Generator, level: Level) -> Draft:
    """Plain factors; a factor with a coefficient; a monic quadratic. Both roots are different integers."""
    size = level.of(45, 20, 20)
    p, q = sorted(some_of(rng, [k for k in range(-size, size + 1) if k], 2))
    a = integer(rng, 2, 5)
    text = level.of(
        f"(x {_signed(-p)})(x {_signed(-q)}) = 0",
        f"({a}x {_signed(-a * p)})(x {_signed(-q)}) = 0",
        f"x² {_signed(-(p + q), 'x')} {_signed(p * q)} = 0" if p + q else f"x² {_signed(p * q)} = 0",
    )
    return Draft(
        facts=text,
        says=(
            f"Find all solutions of {text}. Reply with a comma-separated list.",
            f"For which numbers x is {text}? Reply with a comma-separated list.",
            f"Give every root of {text}. Reply with a comma-separated list.",
            f"List all x with {text}. Reply with a comma-separated list.",
        ),
        reference=json.dumps([p, q]),
    )


def _signed(value: int, unit: str = "") -> str:
    """A term of a sum with its sign before it; a coefficient of 1 is not written."""
    size = "" if unit and abs(value) == 1 else abs(value)
    return f"{'−' if value < 0 else '+'} {size}{unit}"


@family("510", "number-theory", "number", bloom="apply")
def find_remainder(rng: np.random.Generator, level: Level) -> Draft:
    """A number by 10 or 100; by another digit; a product by a small prime."""
    a, b, n = integer(rng, 12, 60), integer(rng, 12, 60), integer(rng, *level.of((110, 999), (12, 199), (0, 0)))
    plain, digit, prime = one_of(rng, (10, 100)), one_of(rng, (3, 4, 6, 7, 8, 9)), one_of(rng, (7, 11, 13))
    text, modulus, value = level.of(
        (f"{n}", plain, n % plain), (f"{n}", digit, n % digit), (f"{a} × {b}", prime, a * b % prime)
    )
    return Draft(
        facts=f"{text} mod {modulus}",
        says=(
            f"What is the remainder when {text} is divided by {modulus}? {_ONLY}",
            f"Compute {text} mod {modulus}. {_ONLY}",
            f"Divide {text} by {modulus}. Which remainder is left? {_ONLY}",
            f"Which number from 0 to {modulus - 1} is congruent to {text} modulo {modulus}? {_ONLY}",
        ),
        reference=str(value),
    )


@family("510", "probability-and-counting", "number", bloom="apply")
def draw_from_a_bag(rng: np.random.Generator, level: Level) -> Draft:
    """One ball of a colour among a told total; among three colours; two of a colour without replacement."""
    colours = some_of(rng, words("red blue green white black yellow"), level.of(2, 3, 3))
    counts = [integer(rng, 2, level.of(40, 15, 15)) for _ in colours]
    asked = integer(rng, 0, len(colours) - 1)
    total, mine, colour = sum(counts), counts[asked], colours[asked]
    listed = ", ".join(f"{count} {each}" for count, each in zip(counts, colours))
    held = level.of(f"{total} balls, {mine} of them {colour}", f"{listed} balls", f"{listed} balls")
    drawn, event, value = level.of(
        ("One ball is drawn at random", f"it is {colour}", Fraction(mine, total)),
        ("One ball is drawn at random", f"it is {colour}", Fraction(mine, total)),
        (
            "Two balls are drawn at random, without replacement",
            f"both are {colour}",
            Fraction(math.comb(mine, 2), math.comb(total, 2)),
        ),
    )
    others = "+".join(map(str, sorted(counts[:asked] + counts[asked + 1 :])))
    form = "Reply with a fraction such as 3/7 only."
    return Draft(
        facts=f"{mine} of {mine}+{others}",
        says=(
            f"A bag holds {held}. {drawn}. What is the probability that {event}? {form}",
            f"{drawn}, from a bag with {held}. How likely is it that {event}? {form}",
            f"In a box lie {held}. {drawn}. Give the probability that {event}. {form}",
            f"A box has {held}. {drawn}. Find the probability that {event}. {form}",
        ),
        reference=str(value),
    )


@family("510", "probability-and-counting", "number", bloom="analyse")
def count_arrangements(rng: np.random.Generator, level: Level) -> Draft:
    """One of each of two kinds; of three kinds; two of a kind and one of another."""
    one, two, three = some_of(rng, words("shirt hat coat belt skirt cap bag ring vest jacket"), 3)
    a, b, c = integer(rng, 2, 10), integer(rng, 2, 10), integer(rng, 2, 5)
    women, men = integer(rng, 4, 30), integer(rng, 2, 30)
    story, value = level.of(
        (
            f"There are {a} {one}s and {b} {two}s. In how many ways can one {one} and one {two} be chosen",
            a * b,
        ),
        (
            f"There are {a} {one}s, {b} {two}s and {c} {three}s. In how many ways can one {one}, one {two} and one "
            f"{three} be chosen",
            a * b * c,
        ),
        (
            f"A club has {women} women and {men} men. In how many ways can it choose 2 women and 1 man",
            math.comb(women, 2) * men,
        ),
    )
    return Draft(
        facts=story,
        says=(
            f"{story}? {_ONLY}",
            f"Count: {story}? {_ONLY}",
            f"Counting problem. {story}? {_ONLY}",
            f"Answer with one number. {story}? {_ONLY}",
        ),
        reference=str(value),
    )


@family("510", "geometry", "number", bloom="apply")
def measure_polygon(rng: np.random.Generator, level: Level) -> Draft:
    """A small rectangle; a wide one; one without a corner."""
    width, height = (
        integer(rng, *level.of((2, 10), (11, 60), (6, 25))),
        integer(rng, *level.of((2, 10), (2, 9), (3, 9))),
    )
    cut, notch = integer(rng, 1, width - 1), integer(rng, 1, height - 1)
    thing = one_of(rng, words("card poster tile mat page flag stamp sheet board panel"))
    shape, value = f"a rectangular {thing} {width} cm wide and {height} cm high", width * height
    if level is Level.HARD:
        shape = (
            f"the shape left when a rectangle of {cut} cm by {notch} cm is cut from a corner of one of {width} cm by "
            f"{height} cm"
        )
        value -= cut * notch
    return Draft(
        facts=shape,
        says=(
            f"What is the area, in square centimetres, of {shape}? {_ONLY}",
            f"Compute, in square centimetres, the area of {shape}. {_ONLY}",
            f"How many cm² does {shape} cover? {_ONLY}",
            f"Take {shape}. What is its area in cm²? {_ONLY}",
        ),
        reference=str(value),
    )
