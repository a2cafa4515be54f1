"""Motion and circuits: quantities with their units, from supplied numbers and school formulas."""

from __future__ import annotations

import numpy as np

from routelab.workload.generate.draws import integer, one_of, words
from routelab.workload.generate.families.quantities import quantity
from routelab.workload.generate.family import Draft, Level, family

_ONLY = "Reply with the number only."


@family("530", "physics", "quantity", bloom="apply", asks="knowledge")
def move_a_body(rng: np.random.Generator, level: Level) -> Draft:
    """One product; kinetic energy or a stopping force; a braking distance with friction."""
    body = one_of(rng, words("cart van lorry trolley sledge wagon"))
    mass, rate, time = 2 * integer(rng, 1, 10), integer(rng, 2, 10), integer(rng, 2, 9)
    speed, friction = integer(rng, 4, 40), integer(rng, 2, 8) / 10
    push = f"A {body} of {mass} kg"
    known: list[tuple[str, float, str]] = level.of(
        [
            (f"{push} accelerates at {rate} m/s². Which force acts on it, in newtons?", mass * rate, "N"),
            (f"A {body} moves at {mass} m/s for {rate} s. How far does it go, in m?", mass * rate, "m"),
        ],
        [
            (f"{push} is moving at {rate} m/s. What is its kinetic energy, in joules?", mass * rate**2 / 2, "J"),
            (
                f"{push} moving at {rate * time} m/s comes to rest evenly within {time} s. "
                "Which braking force acts, in newtons?",
                mass * rate,
                "N",
            ),
        ],
        [
            (
                f"{push} moving at {speed} m/s slides to a stop with a friction coefficient of {friction} "
                "(g = 10 m/s²). How many metres does it slide?",
                speed**2 / (2 * friction * 10),
                "m",
            )
        ],
    )
    story, value, unit = one_of(rng, known)
    return Draft(
        facts=story,
        says=(
            f"{story} {_ONLY}",
            f"Physics: {story} {_ONLY}",
            f"Work this out. {story} {_ONLY}",
            f"Answer with one number. {story} {_ONLY}",
        ),
        reference=quantity(value, unit),
    )


@family("530", "physics", "quantity", bloom="apply", asks="knowledge")
def follow_a_current(rng: np.random.Generator, level: Level) -> Draft:
    """Two resistances in series; three; the current through three."""
    a, b, c = integer(rng, 10, 40), integer(rng, 2, 9), integer(rng, 2, 9)
    things, amperes = one_of(rng, words("resistors lamps coils heaters")), integer(rng, 2, 9)
    two, three = f"Two {things} of {a} Ω and {b} Ω", f"Three {things} of {a} Ω, {b} Ω and {c} Ω"
    story, value, unit = level.of(
        (f"{two} are in series. What is the total resistance, in ohms?", a + b, "ohm"),
        (f"{three} are in series. What is the total resistance, in ohms?", a + b + c, "ohm"),
        (
            f"{three} are in series on a source of {amperes * (a + b + c)} V. Which current flows, in amperes?",
            amperes,
            "A",
        ),
    )
    return Draft(
        facts=story,
        says=(
            f"{story} {_ONLY}",
            f"Electric circuit: {story} {_ONLY}",
            f"Work this out. {story} {_ONLY}",
            f"Answer with one number. {story} {_ONLY}",
        ),
        reference=quantity(value, unit),
    )
