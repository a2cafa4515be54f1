"""Time and descent: Roman numerals, years before and after Christ, orders of events, calendars of years, kinship.

All facts are supplied or follow by counting; there is no year zero. Knows no event that ever happened.
"""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np

from routelab.workload.generate.draws import NAMES, integer, one_of, options, phrases, shuffled, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_ROMAN = [
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
]
_EVENTS = phrases(
    "siege|treaty|flood|coronation|plague|fire|famine|eclipse|rebellion|earthquake|wedding|exile|census|truce"
)


_WOMEN = words("Ada Cleo Eva Gina Iris Kira Mona Olga Rosa Tess Uma Vera Zoe Hana Lena Nadia")
_MEN = words("Ben Dan Finn Hugo Jack Liam Nils Paul Sam Will Amir Emil Goran Ivan Mateo Omar")
_ENDS = ((0, "first"), (-1, "last"))
_FEMALE = words("mother daughter sister wife")
_KIN = {
    Level.EASY: [f"{kin} = {kin}" for kin in words("father mother son daughter brother sister husband wife")],
    Level.MEDIUM: phrases("""father father = grandfather|father mother = grandfather|mother father = grandmother
mother mother = grandmother|son son = grandson|son daughter = grandson|daughter son = granddaughter
daughter daughter = granddaughter|brother father = uncle|brother mother = uncle|sister father = aunt
sister mother = aunt|son sister = nephew|son brother = nephew|daughter sister = niece|daughter brother = niece"""),
    Level.HARD: phrases("""father father father = great-grandfather|father mother father = great-grandfather
mother father mother = great-grandmother|mother mother mother = great-grandmother|son son daughter = great-grandson
daughter son son = great-granddaughter|daughter daughter son = great-granddaughter|brother mother father = great-uncle
brother father mother = great-uncle|sister mother mother = great-aunt|sister father father = great-aunt
son brother mother = cousin|daughter sister father = cousin|daughter brother father = cousin"""),
}


def roman(n: int) -> str:
    """A number from 1 to 3999 in Roman numerals.

    >>> roman(1994)
    'MCMXCIV'
    """
    text = ""
    for value, sign in _ROMAN:
        text += sign * (n // value)
        n %= value
    return text


@family("900", "chronology", "number", bloom="apply", asks="knowledge")
def roman_years(rng: np.random.Generator, level: Level) -> Draft:
    """A year of an era to read: up to 20; from 21 to 99; from 1001 to 2099."""
    n, founder = integer(rng, *level.of((1, 20), (21, 99), (1001, 2099))), one_of(rng, NAMES)
    text = f"year {roman(n)} of the era of {founder}"
    return Draft(
        facts=f"{n} {founder}",
        says=(
            f"A stone is dated {text}. Which year is that in ordinary digits? Reply with the number only.",
            f"Write the Roman numeral in ordinary digits: {text}. Reply with the number only.",
            f"The inscription reads: {text}. Which number is the year? Reply with ordinary digits only.",
        ),
        reference=str(n),
    )


def _year(n: int) -> str:
    """A year on the line of numbers (0 is 1 BC) as people write it."""
    return f"AD {n}" if n > 0 else f"{1 - n} BC"


@family("900", "chronology", "number", bloom="apply", asks="knowledge")
def years_across_eras(rng: np.random.Generator, level: Level) -> Draft:
    """From a full century after Christ; between any years after Christ; from before to after."""
    start = level.of(100 * integer(rng, 1, 15), integer(rng, 300, 1500), integer(rng, -90, -5))
    end = level.of(start, start, 0) + integer(rng, 5, 90)
    span = f"from {_year(start)} to {_year(end)}"
    note = level.of("", "", " There is no year 0: 1 BC is followed by AD 1.")
    return Draft(
        facts=span,
        says=(
            f"A league existed {span}.{note} How many years is that? Reply with the number only.",
            f"How many years pass {span}?{note} Count from the same day. Reply with the number only.",
            f"A dynasty ruled {span}.{note} For how many years? Reply with the number only.",
        ),
        reference=str(end - start),
    )


def _timeline(rng: np.random.Generator, n: int, dated: bool) -> tuple[list[tuple[int, str]], list[str]]:
    """Events in order with their years, and mixed statements that date each or tie it to the one told before."""
    year = integer(rng, 900, 1500)
    events = [(year := year + integer(rng, 2, 19), name) for name in some_of(rng, _EVENTS, n)]
    told = shuffled(rng, events)
    lines = [f"The {name} was in {when}." for when, name in told]
    for k, (before, (when, name)) in enumerate(pairwise(told), 1):
        gap = when - before[0]
        if not dated:
            lines[k] = f"The {name} came {abs(gap)} years {'after' if gap > 0 else 'before'} the {before[1]}."
    return events, lines


@family("900", "chronology", "word", bloom="analyse")
def event_in_order(rng: np.random.Generator, level: Level) -> Draft:
    """First or last of two with years; of three tied to each other; the second or third of five."""
    events, lines = _timeline(rng, level.of(2, 3, 5), level is Level.EASY)
    place, which = one_of(rng, level.of(_ENDS, _ENDS, ((1, "second"), (2, "third"))))
    text = " ".join(lines)
    return Draft(
        facts=f"{sorted(lines)} {which}",
        says=(
            f'{text} Which event came {which}? Reply with one word, without "the".',
            f'Order these events in time. {text} Which is {which}? Reply with one word, without "the".',
            f'Which of these events was {which} of all? {text} Reply with one word, without "the".',
        ),
        reference=events[place][1],
    )


@family("900", "chronology", "table", form=Form.STRUCTURED, bloom="apply", withheld=True)
def timeline_rows(rng: np.random.Generator, level: Level) -> Draft:
    """Two events with years; two, one tied to the other; four mixed."""
    events, lines = _timeline(rng, level.of(2, 2, 4), level is Level.EASY)
    text, shape = " ".join(lines), 'Reply with a JSON array of rows [year, event], like [[800, "storm"], ...].'
    return Draft(
        facts=f"{sorted(lines)}",
        says=(
            f"{text} Make a timeline, earliest first. {shape}",
            f"Work out every year. {text} Earliest first. {shape}",
            f"Turn this into a table sorted by year: {text} {shape}",
        ),
        reference=json.dumps([[year, name] for year, name in events]),
    )


@family("920", "genealogy", "word", bloom="analyse")
def ancestor_named(rng: np.random.Generator, level: Level) -> Draft:
    """A parent; a grandparent or great-grandparent in a mixed line of four; a first or second cousin in two lines."""
    people = some_of(rng, NAMES, level.of(4, 4, 9))
    line = people[:4]
    links = list(pairwise(line))
    if level is Level.EASY:
        links = links[::2]
        asked, right = one_of(rng, [(f"{child}'s parent", parent) for parent, child in links])
    elif level is Level.MEDIUM:
        asked, right = one_of(
            rng,
            [
                (f"{line[2]}'s grandparent", line[0]),
                (f"{line[3]}'s grandparent", line[1]),
                (f"{line[3]}'s great-grandparent", line[0]),
            ],
        )
    else:
        aunt, cousin, child, other, root = people[4:]
        links += [(line[0], aunt), (aunt, cousin), (cousin, child), (other, root), (root, line[0])]
        asked, right = one_of(
            rng,
            [
                (f"the only first cousin of {line[2]}", cousin),
                (f"the parent of the only first cousin of {line[2]}", aunt),
                (f"the only second cousin of {line[3]}", child),
                (f"the grandparent of the only first cousin of {cousin}", line[0]),
            ],
        )
    text = " ".join(f"{parent} is a parent of {child}." for parent, child in shuffled(rng, links))
    return Draft(
        facts=f"{sorted(links)} {asked}",
        says=(
            f"{text} Who is {asked}? Reply with one name.",
            f"A family: {text} Name {asked}. Reply with one name.",
            f"Who is {asked}, if this is all that is known? {text} Reply with one name.",
        ),
        reference=right,
    )


@family("920", "genealogy", "choice", form=Form.CHOICE, bloom="analyse", withheld=True)
def kinship_between(rng: np.random.Generator, level: Level) -> Draft:
    """One step; two; three."""
    kin = dict(entry.split(" = ") for entry in _KIN[level])
    right = one_of(rng, sorted(set(kin.values())))
    steps = one_of(rng, [chain for chain, name in kin.items() if name == right]).split()
    women, men = shuffled(rng, _WOMEN), shuffled(rng, _MEN)
    last_known_as = "brother" if steps[-1] == "wife" else "sister"
    people = [(women if step in _FEMALE else men).pop() for step in (*steps, last_known_as)]
    lines = [f"{a} is the {step} of {b}." for step, (a, b) in zip(steps, pairwise(people))]
    wrong = some_of(rng, sorted(set(kin.values()) - {right}), 3)
    lettered, letter = options(rng, right, sorted(wrong))
    first, last = people[0], people[-1]
    text = " ".join(shuffled(rng, lines))
    return Draft(
        facts=f"{sorted(lines)} {first} {last}",
        says=(
            f"{text} What is {first} to {last}?\n{lettered}\nReply with the letter A-D.",
            f"Given: {text} {first} is {last}'s ...\n{lettered}\nReply with the letter A-D.",
            f"How is {first} related to {last}? {text}\n{lettered}\nReply with the letter A-D.",
        ),
        reference=letter,
    )
