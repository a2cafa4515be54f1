"""Science and world knowledge: units, physics formulas, chemistry, countries and the calendar."""

from __future__ import annotations

import datetime as dt

import numpy as np

from routelab.workload.generate.draws import integer, one_of, options, pairs, some_of, words
from routelab.workload.generate.facts import CAPITALS, CONTINENTS, ELEMENTS, EXACT_UNITS
from routelab.workload.generate.family import Level, family

_DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")


@family("knowledge", "measurement", "number")
def unit_conversion(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """One factor down; one factor up with a remainder; a speed."""
    large, small, factor = one_of(rng, EXACT_UNITS)
    n, part = integer(rng, 2, 12), one_of(rng, [0.25, 0.5, 0.75])
    metres_per_s = 5 * integer(rng, 1, 12)
    return level.of(
        (f"How many {small} are {n} {large}?", str(n * factor)),
        (f"How many {small} are {n + part} {large}?", f"{(n + part) * factor:g}"),
        (f"What is {metres_per_s} metres per second in kilometres per hour?", f"{metres_per_s * 3.6:g}"),
    )


@family("knowledge", "physics", "number")
def physics(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """One product; one quotient; kinetic energy or a fall."""
    a, b, even = integer(rng, 2, 12), integer(rng, 2, 12), 2 * integer(rng, 1, 10)
    travel = f"A car drives {10 * a} km per hour for {b} hours. How many km does it travel?"
    force = f"What force in newtons gives {a} kg an acceleration of {b} m/s^2?"
    ohm = f"A current of {a} A flows at {a * b} V. What is the resistance in ohms?"
    mass = f"An object has a mass of {a * b} g and a volume of {a} cm^3. What is its density in g/cm^3?"
    energy = f"What is the kinetic energy in joules of {even} kg moving at {b} m/s?"
    fall = f"A stone falls from rest for {b} s with g = 10 m/s^2. How many metres does it fall?"
    question, value = level.of(
        one_of(rng, [(travel, 10 * a * b), (force, a * b)]),
        one_of(rng, [(ohm, b), (mass, b)]),
        one_of(rng, [(energy, even * b * b // 2), (fall, 5 * b * b)]),
    )
    return question, str(value)


@family("knowledge", "chemistry", "word")
def chemistry(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """A symbol, an element from its symbol, an element from its atomic number."""
    name = one_of(rng, list(ELEMENTS))
    symbol, number = ELEMENTS[name]
    return level.of(
        (f"What is the chemical symbol of {name}?", symbol),
        (f"Which chemical element has the symbol {symbol}?", name),
        (f"Which chemical element has atomic number {number}?", name),
    )


@family("knowledge", "geography", "word")
def capital(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """Capitals known to everyone, to many, to few."""
    country, city = one_of(rng, pairs(CAPITALS[level]))
    return one_of(rng, [f"What is the capital of {country}?", f"Name the capital city of {country}."]), city


@family("knowledge", "geography", "choice")
def odd_continent(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """Which country lies on a continent; which does not; which pair shares one."""
    home, away, third = some_of(rng, list(CONTINENTS), 3)
    here, there = some_of(rng, CONTINENTS[home], 4), some_of(rng, CONTINENTS[away], 4)
    elsewhere = some_of(rng, CONTINENTS[third], 2)
    question, right, wrong = level.of(
        (f"Which country is in {home}?", here[0], there[:3]),
        (f"Which country is not in {home}?", there[0], here[:3]),
        (
            "Which two countries are on the same continent?",
            f"{here[0]} and {here[1]}",
            [f"{here[2]} and {there[0]}", f"{elsewhere[0]} and {there[1]}", f"{here[3]} and {elsewhere[1]}"],
        ),
    )
    text, letter = options(rng, right, wrong)
    return f"{question}\n{text}\nReply with the letter.", letter


@family("knowledge", "calendar", "word")
def weekday(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """Within a week; some weeks on; from one date to another."""
    today = integer(rng, 0, 6)
    ahead = level.of(integer(rng, 1, 4), integer(rng, 8, 30), integer(rng, 32, 75))
    if level is not Level.HARD:
        right = _DAYS[(today + ahead) % 7]
        return f"Today is {_DAYS[today]}. Which day of the week is it in {ahead} days?", right
    start = dt.date(2025, 1, 1) + dt.timedelta(days=integer(rng, 0, 250))
    end = start + dt.timedelta(days=ahead)
    return (
        f"{start:%B} {start.day}, 2025 is a {_DAYS[start.weekday()]}. "
        f"Which day of the week is {end:%B} {end.day}, 2025?",
        _DAYS[end.weekday()],
    )
