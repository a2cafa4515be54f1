"""Puzzles (160): knights and knaves, and people in a row. Each has one solution, by construction or by trial."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np

from routelab.workload.generate.draws import NAMES, integer, shuffled, some_of
from routelab.workload.generate.family import Draft, Level, family

Clue = tuple[str, str, str]


@family("160", "puzzles", "number", bloom="analyse")
def island_tellers(rng: np.random.Generator, level: Level) -> Draft:
    """Three islanders are known to lie or not; they compare numbers; four speak of each other, told out of order."""
    people = some_of(rng, NAMES, level.of(3, 3, 4))
    knights = integer(rng, 0, len(people))
    honest = shuffled(rng, [k < knights for k in range(len(people))])
    spoken = [(people[0], _comparison(rng, honest[0]))]
    for k in range(1, len(people)):
        before, truthful = people[k - 1], honest[k - 1]
        if level is not Level.HARD:
            spoken.append((people[k], _comparison(rng, honest[k])))
        elif k > 1 and rng.random() < 0.5:
            same = (honest[k] == honest[k - 2]) == truthful
            kind = "the same kind" if same else "different kinds"
            spoken.append((before, f"{people[k]} and {people[k - 2]} are of {kind}"))
        else:
            spoken.append((before, f"{people[k]} is a {'knight' if honest[k] == truthful else 'knave'}"))
    lines = [f"{who} says: “{what}.”" for who, what in spoken]
    if level is Level.EASY:
        lines = [f"{who} always {'tells the truth' if true else 'lies'}." for who, true in zip(people, honest)]
    told = " ".join(shuffled(rng, lines) if level is Level.HARD else lines)
    rule = "Knights always tell the truth, knaves always lie."
    names = ", ".join(sorted(people))
    return Draft(
        facts=str(sorted(lines)),
        says=(
            f"{rule} {told} How many of {names} are knights? Reply with the number only.",
            f"{told} {rule} Count the knights among {names}. Number only.",
            f"On an island, knights only say true things and knaves only false ones. {told} "
            f"What is the number of knights among {names}? Number only.",
        ),
        reference=str(knights),
    )


def _comparison(rng: np.random.Generator, true: bool) -> str:
    a, b = some_of(rng, range(12, 90), 2)
    return f"{a} is {'greater' if (a > b) == true else 'less'} than {b}"


@family("160", "puzzles", "word", bloom="analyse")
def row_of_seats(rng: np.random.Generator, level: Level) -> Draft:
    """Three people told by their seats; by who is left of whom; five, with places that are only excluded."""
    row = some_of(rng, NAMES, level.of(3, 3, 5))
    kinds = level.of(("at",), ("next", "left"), ("left", "apart", "not at"))
    pairs = [(kind, a, b) for kind in kinds if kind in ("next", "left", "apart") for a in row for b in row if a != b]
    places = [(kind, a, str(seat)) for kind in kinds if "at" in kind for a in row for seat in range(1, len(row) + 1)]
    true = [clue for clue in shuffled(rng, pairs + places) if clue_holds(clue, row)]
    rows = left = list(permutations(sorted(row)))
    clues: list[Clue] = []
    for clue in true:
        kept = [one for one in left if clue_holds(clue, one)]
        if len(kept) < len(left):
            left, clues = kept, [*clues, clue]
    for clue in list(clues):
        fewer = [one for one in clues if one != clue]
        if rows_left(fewer, rows) == 1:
            clues = fewer
    asked = integer(rng, 1, len(row))
    said = {
        "at": "{} sits in seat {}.",
        "next": "{} sits directly left of {}.",
        "left": "{} sits somewhere left of {}.",
        "apart": "{} and {} are not neighbours.",
        "not at": "{} is not in seat {}.",
    }
    told = " ".join(said[kind].format(a, b) for kind, a, b in clues)
    seats = f"{', '.join(sorted(row))} sit in seats 1 to {len(row)}, from left to right."
    return Draft(
        facts=f"{sorted(clues)} {asked}",
        says=(
            f"{seats} {told} Who sits in seat {asked}? Reply with the name.",
            f"{told} The seats are numbered from the left; the people are {', '.join(sorted(row))}. "
            f"Name the person in seat {asked}.",
            f"{seats} Work out who has seat {asked}: {told} Answer with one name.",
        ),
        reference=row[asked - 1],
    )


def rows_left(clues: Sequence[Clue], rows: Sequence[Sequence[str]]) -> int:
    """How many rows satisfy all clues."""
    return sum(all(clue_holds(clue, row) for clue in clues) for row in rows)


def clue_holds(clue: Clue, row: Sequence[str]) -> bool:
    """Whether a clue is true of people seated from left to right."""
    kind, a, b = clue
    place = row.index(a) + 1
    if kind in ("at", "not at"):
        return (place == int(b)) == (kind == "at")
    gap = row.index(b) + 1 - place
    return {"next": gap == 1, "left": gap > 0, "apart": abs(gap) > 1}[kind]
