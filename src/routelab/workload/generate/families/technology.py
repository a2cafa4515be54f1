"""Engineering, making and building (620, 660–690): circuits, gears, networks, mixtures, tolerances, walls.

Knows textbook formulas only; no catalogue of parts or materials.
"""

from __future__ import annotations

import json
from fractions import Fraction
from ipaddress import IPv4Address, ip_network

import numpy as np

from routelab.workload.generate.draws import LETTERS, integer, one_of, options, phrases, shuffled, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family


@family("620", "engineering", "quantity", bloom="apply", asks="knowledge")
def resistor_network(rng: np.random.Generator, level: Level) -> Draft:
    """Two in series; three in series; two in parallel."""
    ohms = sorted(integer(rng, 2, level.of(45, 60, 99)) for _ in range(level.of(2, 3, 2)))
    *some, last = (f"{one} Ω" for one in ohms)
    told = f"{', '.join(some)} and {last} in {'parallel' if level is Level.HARD else 'series'}"
    value = 1 / sum(Fraction(1, one) for one in ohms) if level is Level.HARD else Fraction(sum(ohms))
    unit = "ohms, to two decimals" if level is Level.HARD else "ohms"
    return Draft(
        facts=told,
        says=(
            f"What is the total resistance of {told}, in {unit}? Reply with the number only.",
            f"Resistors: {told}. Total resistance in {unit}? Number only.",
            f"A circuit has {told}. Find the resistance of the whole in {unit}. Number only.",
        ),
        reference=json.dumps({"value": round(float(value), 4), "unit": "", "rtol": 0.004}),
    )


def _address(rng: np.random.Generator) -> IPv4Address:
    return IPv4Address(f"10.{integer(rng, 1, 254)}.{integer(rng, 1, 254)}.{integer(rng, 1, 254)}")


@family("620", "engineering", "choice", form=Form.CHOICE, bloom="apply", asks="knowledge")
def network_address(rng: np.random.Generator, level: Level) -> Draft:
    """The network of an address under /24, among far ones; among near ones; under any other from /18 to /28."""
    bits = level.of(24, 24, one_of(rng, (18, 19, 20, 21, 22, 25, 26, 27, 28)))
    while True:
        address = _address(rng)
        right = ip_network(f"{address}/{bits}", strict=False).network_address
        if level is Level.EASY:
            wrong = [ip_network(f"{_address(rng)}/{bits}", strict=False).network_address for _ in range(3)]
        else:
            masks = {
                ip_network(f"{address}/{n}", strict=False).network_address
                for n in {bits - 2, bits - 1, bits + 1, bits + 2, 16, 24, 8}
            }
            wrong = some_of(rng, sorted({one for one in masks if one != right} | {right + 2 ** (32 - bits)}), 3)
        if len({right, *wrong}) == 4:
            break
    text, letter = options(rng, str(right), [str(one) for one in wrong])
    return Draft(
        facts=f"{address}/{bits} {' '.join(map(str, sorted(wrong)))}",
        says=(
            f"Which is the network address of {address}/{bits}?\n{text}\nReply with the letter.",
            f"A host has the address {address}/{bits}. Pick its subnet's address.\n{text}\nAnswer with one letter.",
            f"{address}/{bits} belongs to the subnet that begins at …?\n{text}\nGive the letter.",
        ),
        reference=letter,
    )


@family("620", "engineering", "number", bloom="apply", withheld=True, asks="knowledge")
def gear_train(rng: np.random.Generator, level: Level) -> Draft:
    """Turns of a wheel of twice the teeth; of several times the teeth; of a wheel after two meshes."""
    ratios = [integer(rng, 2, level.of(2, 5, 5)) for _ in range(level.of(1, 1, 2))]
    result = integer(rng, 2, level.of(20, 12, 40))
    stages, turns = [], result
    for ratio in ratios:
        teeth = integer(rng, 6, level.of(50, 24, 24))
        stages.append(f"a wheel of {teeth} teeth drives one of {teeth * ratio}")
        turns *= ratio
    told = "; on that shaft ".join(stages)
    return Draft(
        facts=f"{told} {turns}",
        says=(
            f"In a gear train {told}. The first turns {turns} times; how often does the last turn? Number only.",
            f"Gears: {told}. The first makes {turns} turns. How many does the last make? Number only.",
            f"The first wheel makes {turns} turns. Gearing: {told}. Turns of the last wheel? Number only.",
        ),
        reference=str(result),
    )


_SOLUTES = phrases("acid|brine|dye|syrup|glycol|alcohol|ammonia|peroxide")


@family("660", "manufacturing-and-building", "quantity", bloom="apply")
def tank_mixture(rng: np.random.Generator, level: Level) -> Draft:
    """Half or a tenth of a tank; the solute in it at any strength; the strength of two mixed."""
    what, litres = one_of(rng, _SOLUTES), 10 * integer(rng, 2, level.of(60, 30, 30))
    strong = one_of(rng, (10, 50)) if level is Level.EASY else one_of(rng, (15, 20, 25, 30, 35, 40, 60, 65, 75, 80))
    told, asked = f"A tank holds {litres} litres of {strong} % {what}.", f"How many litres of pure {what} does it hold?"
    value = Fraction(litres * strong, 100)
    if level is Level.HARD:
        more, weak = 10 * integer(rng, 2, 30), integer(rng, 1, 20)
        told += f" {more} litres of {weak} % {what} are added."
        asked = "What is its strength now, in per cent to one decimal?"
        value = Fraction(litres * strong + more * weak, litres + more)
    return Draft(
        facts=told,
        says=(
            f"{told} {asked} Reply with the number only.",
            f"{asked} {told} Answer with the number alone.",
            f"Volumes add up. {told} {asked} Number only.",
        ),
        reference=json.dumps(
            {"value": round(float(value), 3), "unit": "", "rtol": max(0.01, round(0.06 / float(value), 3))}
        ),
    )


@family("670", "manufacturing-and-building", "choice", form=Form.CHOICE, bloom="analyse")
def part_in_tolerance(rng: np.random.Generator, level: Level) -> Draft:
    """The only part between two limits, far apart in whole numbers; close in decimals; two measures plus or minus."""
    step, digits, far, size = level.of((100, 0, 9, 40), (10, 1, 1, 40), (1, 2, 1, 400))
    nominal, play = step * integer(rng, size, 2 * size), step * integer(rng, 3, 9)
    width, slack = 10 * integer(rng, 50, 400), 10 * integer(rng, 2, 12)
    good = [
        nominal + step * integer(rng, 1 - play // step, play // step - 1),
        width + integer(rng, 1 - slack, slack - 1),
    ]
    parts = [good]
    for _ in range(3):
        off = play + step * integer(rng, far, far + 18)
        part = [nominal + one_of(rng, (-off, off)), width + integer(rng, -slack, slack)]
        if level is Level.HARD and rng.random() < 0.5:
            beyond = integer(rng, 1, 60) + slack
            part = [nominal + integer(rng, -play, play), width + one_of(rng, (-beyond, beyond))]
        parts.append(part)
    shown = shuffled(rng, parts)

    def mm(size: int) -> str:
        return f"{size / 100:.{digits}f}"

    rule = f"A bolt must measure between {mm(nominal - play)} and {mm(nominal + play)} mm."
    if level is Level.HARD:
        rule = f"A plate must be {mm(nominal)} ± {mm(play)} mm long and {mm(width)} ± {mm(slack)} mm wide."
    count = level.of(1, 1, 2)
    text = "\n".join(
        f"{letter}) {' × '.join(mm(size) for size in part[:count])} mm" for letter, part in zip(LETTERS, shown)
    )
    return Draft(
        facts=f"{rule} {sorted(part[:count] for part in parts)}",
        says=(
            f"{rule} Only one of these passes. Which?\n{text}\nReply with the letter.",
            f"{rule} Pick the one part within tolerance.\n{text}\nAnswer with one letter.",
            f"Measured parts:\n{text}\n{rule} Give the letter of the only good part.",
        ),
        reference=LETTERS[shown.index(good)],
    )


_SURFACES = words("kitchen bathroom hall cellar laundry pantry pool shop garage porch workshop studio")


@family("690", "manufacturing-and-building", "number", bloom="apply", withheld=True)
def wall_tiles(rng: np.random.Generator, level: Level) -> Draft:
    """Tiles for an area; for a length and a height; for a larger wall without its window."""
    surface = one_of(rng, _SURFACES)
    long, high, each = integer(rng, 2, level.of(10, 6, 15)), integer(rng, 2, 4), integer(rng, 2, level.of(10, 10, 40))
    size, area = f"is {long} m long and {high} m high", long * high
    if level is Level.EASY:
        size, area = f"measures {long} m²", long
    told = f"A {surface} wall {size}; a square metre needs {each} tiles."
    if level is Level.HARD:
        window = integer(rng, 1, 3)
        told, area = f"{told} {window} m² of window stay free.", area - window
    asked = "How many tiles are needed?"
    return Draft(
        facts=told,
        says=(
            f"{told} {asked} Reply with the number only.",
            f"{asked} {told} Answer with the number alone.",
            f"A tiler reckons. {told} {asked} Number only.",
        ),
        reference=str(area * each),
    )
