"""Substances by amount and mass, burning by number of molecules, elements by atomic number.

Atomic numbers and masses come from periodictable (public domain). Knows nothing of whether a salt can be bought.
"""

from __future__ import annotations

from math import gcd
from typing import Any

import numpy as np

from routelab.core.errors import need_extra
from routelab.workload.generate.draws import integer, one_of, options, some_of
from routelab.workload.generate.families.quantities import quantity
from routelab.workload.generate.family import Draft, Form, Level, family

_ONLY = "Reply with the number only."

_SOURCE = "periodictable (public domain)"
_CATIONS = {"Li": 1, "Na": 1, "K": 1, "Ag": 1, "Mg": 2, "Ca": 2, "Ba": 2, "Zn": 2, "Cu": 2, "Fe": 3, "Al": 3}
_ANIONS = {"F": 1, "Cl": 1, "Br": 1, "NO3": 1, "OH": 1, "ClO4": 1, "SO4": 2, "CO3": 2, "O": 2, "S": 2, "PO4": 3}


def _periodictable() -> Any:
    try:
        import periodictable
    except ImportError:
        raise need_extra("periodictable", "atlas", "drawing chemistry tasks") from None
    return periodictable


def _salt(rng: np.random.Generator) -> str:
    """The formula of a neutral salt."""
    metal, rest = one_of(rng, list(_CATIONS)), one_of(rng, list(_ANIONS))
    plus, minus = _CATIONS[metal], _ANIONS[rest]
    common = gcd(plus, minus)
    n, m = minus // common, plus // common
    several = sum(letter.isupper() for letter in rest) > 1
    group = rest if m == 1 else f"({rest}){m}" if several else f"{rest}{m}"
    return f"{metal}{n if n > 1 else ''}{group}"


@family("540", "chemistry", "quantity", bloom="apply", asks="knowledge", source=_SOURCE)
def weigh_a_substance(rng: np.random.Generator, level: Level) -> Draft:
    """Amount times a small molar mass; times a larger one; the mass of an amount of a salt."""
    salt, moles = _salt(rng), integer(rng, 2, 9)
    kind, given = (
        one_of(rng, ("a salt", "an acid", "a sugar", "a gas")),
        integer(rng, *level.of((5, 40), (41, 250), (0, 0))),
    )
    story, value = (
        f"One mole of {kind} has a mass of {given} g. What is the mass, in g, of {moles} moles?",
        moles * given,
    )
    if level is Level.HARD:
        compound: Any = _periodictable().formula(salt)
        story, value = f"What is the mass, in g, of {moles} moles of {salt}?", moles * compound.mass
    return Draft(
        facts=story,
        says=(
            f"{story} {_ONLY}",
            f"Chemistry: {story} {_ONLY}",
            f"Work this out. {story} {_ONLY}",
            f"Answer with one number. {story} {_ONLY}",
        ),
        reference=quantity(value, "g", rtol=0.02),
    )


@family("540", "chemistry", "number", bloom="apply")
def burn_molecules(rng: np.random.Generator, level: Level) -> Draft:
    """Atoms of carbon in some molecules, those in one being told; being read; molecules of water formed."""
    fuel, carbon, hydrogen = _fuel(rng)
    n = integer(rng, 2, level.of(9, 9, 40))
    asked = f"How many carbon atoms are in {n} molecules of {fuel}"
    story, value = level.of(
        (f"One molecule of {fuel} has {carbon} carbon atoms. {asked}", n * carbon),
        (asked, n * carbon),
        (
            f"How many molecules of H2O form when {n} molecules of {fuel} burn completely to CO2 and H2O",
            n * hydrogen // 2,
        ),
    )
    return Draft(
        facts=story,
        says=(
            f"{story}? {_ONLY}",
            f"Chemistry: {story}? {_ONLY}",
            f"Work this out. {story}? {_ONLY}",
            f"Answer with one number. {story}? {_ONLY}",
        ),
        reference=str(value),
    )


def _fuel(rng: np.random.Generator) -> tuple[str, int, int]:
    """A formula of carbon, hydrogen and perhaps oxygen, with its atoms of carbon and of hydrogen."""
    carbon, oxygen = integer(rng, 2, 10), integer(rng, 0, 3)
    hydrogen = 2 * integer(rng, carbon // 2 + 1, carbon + 1)
    tail = "" if oxygen == 0 else "O" if oxygen == 1 else f"O{oxygen}"
    return f"C{carbon}H{hydrogen}{tail}", carbon, hydrogen


@family(
    "540", "chemistry", "choice", form=Form.CHOICE, bloom="remember", asks="knowledge", withheld=True, source=_SOURCE
)
def rank_the_elements(rng: np.random.Generator, level: Level) -> Draft:
    """One light element among heavy ones, or the reverse; extremes of the first twenty; runners-up of fifty-four."""
    elements: list[Any] = list(_periodictable().elements)[1:]
    place = one_of(rng, level.of((0, 3), (0, 3), (1, 2)))
    light = range(1, level.of(20, 20, 54) + 1)
    picked = some_of(rng, light, 4)
    if level is Level.EASY:
        picked = some_of(rng, light, 1 if place == 0 else 3) + some_of(rng, range(74, 93), 3 if place == 0 else 1)
    picked.sort()
    names = [str(elements[k - 1].name) for k in picked]
    rank = ("lowest", "second lowest", "second highest", "highest")[place]
    told, letter = options(rng, names[place], [name for name in names if name != names[place]])
    return Draft(
        facts=f"{rank} of {picked}",
        says=(
            f"Which of these elements has the {rank} atomic number?\n{told}\nReply with the letter only.",
            f"Compare these elements by atomic number. Which has the {rank}?\n{told}\nReply with the letter only.",
            f"{told}\nAmong these elements, which has the {rank} number of protons? Reply with the letter only.",
            f"Pick the element with the {rank} atomic number.\n{told}\nReply with the letter only.",
        ),
        reference=letter,
    )
