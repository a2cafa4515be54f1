"""Transport and customs (380, 390): timetables and the order of seats, from supplied times and rules.

The lines, towns and customs are invented.
"""

from __future__ import annotations

import numpy as np

from routelab.workload.generate.draws import NAMES, integer, one_of, options, phrases, shuffled, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_TOWNS = words("Arlen Borwick Calder Dunmere Elsworth Farley Gorston Hadby Ilsham Jorvale Kelby Lorne Marsden Norby")


@family("380", "transport", "choice", form=Form.CHOICE, bloom="apply")
def train_arrival(rng: np.random.Generator, level: Level) -> Draft:
    """Minutes from a full hour; within the hour; a change of train, and clocks that differ."""
    towns, hour = some_of(rng, _TOWNS, 3), 60 * integer(rng, 5, 13)
    start = hour + level.of(0, integer(rng, 1, 25), 5 * integer(rng, 0, 11))
    ride = level.of(5 * integer(rng, 1, 11), integer(rng, 5, 30), 60 + integer(rng, 1, 119))
    told, end, goal = f"A train leaves {towns[0]} at {_clock(start)}", start + ride, towns[1]
    told = f"{told} and takes {_span(ride)} to {goal}."
    if level is Level.HARD:
        wait, onward, ahead = integer(rng, 8, 55), integer(rng, 61, 175), one_of(rng, (-2, -1, 1, 2, 3))
        told += (
            f" {_span(wait)} later another goes on to {towns[2]} in {_span(onward)}, where clocks are {abs(ahead)} h "
            f"{'ahead' if ahead > 0 else 'behind'}."
        )
        end, goal = end + wait + onward + 60 * ahead, towns[2]
    far, near = (-180, -120, -60, 60, 120, 180), (-120, -60, -20, -10, 10, 20, 60, 120)
    slips = some_of(rng, level.of(far, near, near), 3)
    text, letter = options(rng, _clock(end), [_clock(end + slip) for slip in slips])
    local = " in local time" if level is Level.HARD else ""
    return Draft(
        facts=f"{told} {sorted(slips)}",
        says=(
            f"{told} At what time{local} does one reach {goal}?\n{text}\nReply with the letter.",
            f"{told} Find the arrival time in {goal}{local}.\n{text}\nAnswer with one letter.",
            f"When is the arrival in {goal}{local}? {told}\n{text}\nGive the letter.",
        ),
        reference=letter,
    )


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)


@family("380", "transport", "number", form=Form.MULTILINGUAL, bloom="apply", language="de")
def fahrplan_minuten(rng: np.random.Generator, level: Level) -> Draft:
    """Minuten innerhalb einer Stunde; in die nächste Stunde; über mehrere Stunden hinweg."""
    towns = some_of(rng, _TOWNS, 2)
    start = 60 * integer(rng, 5, 15) + level.of(integer(rng, 0, 25), integer(rng, 40, 59), integer(rng, 0, 59))
    ride = level.of(integer(rng, 5, 30), integer(rng, 21, 58), integer(rng, 65, 230))
    told = f"Ein Zug fährt um {_clock(start)} Uhr in {towns[0]} ab und ist um {_clock(start + ride)} Uhr in {towns[1]}."
    question = "Wie viele Minuten dauert die Fahrt?"
    return Draft(
        facts=told,
        says=(
            f"{told} {question} Antworte nur mit der Zahl.",
            f"{question} {told} Nenne nur die Zahl.",
            f"Aus dem Fahrplan: {told} {question} Nur die Zahl.",
        ),
        reference=str(ride),
    )


_RANKS = phrases("mayor|judge|doctor|teacher|merchant|farmer")


@family("390", "customs", "choice", form=Form.CHOICE, bloom="apply")
def table_precedence(rng: np.random.Generator, level: Level) -> Draft:
    """The oldest of four; any place by age; five by standing, rank and age."""
    people = some_of(rng, NAMES, level.of(4, 4, 5))
    ages = some_of(rng, range(20, 90), len(people))
    if level is Level.EASY:
        ages = shuffled(rng, [integer(rng, 65, 90), *some_of(rng, range(20, 50), 3)])
    few = some_of(rng, _RANKS, 2 if level is Level.HARD else 1)
    ranks = [one_of(rng, few) for _ in people]
    guests = [level is Level.HARD and rng.random() < 0.4 for _ in people]
    order = sorted(range(len(people)), key=lambda k: (not guests[k], few.index(ranks[k]), -ages[k]))
    place = 1 if level is Level.EASY else integer(rng, 1, len(people))
    right = people[order[place - 1]]
    text, letter = options(rng, right, some_of(rng, [who for who in people if who != right], 3))
    rule = "The older sits before the younger."
    if level is Level.HARD:
        rule = f"Guests sit before residents; among each, every {few[0]} before every {few[1]}; then the older first."
    told = ", ".join(
        f"{who} ({', '.join([str(age), rank, 'guest' if guest else 'resident'][: level.of(1, 1, 3)])})"
        for who, age, rank, guest in zip(people, ages, ranks, guests)
    )
    return Draft(
        facts=f"{sorted(zip(people, ages, ranks, guests))} {rule} {place}",
        says=(
            f"{rule} At table: {told}. Who has place {place}?\n{text}\nReply with the letter.",
            f"{told}. Custom: {rule} Name the person in place {place} of the order.\n{text}\nAnswer with one letter.",
            f"Seats are given by custom. {rule} With {told}, who gets seat number {place}?\n{text}\nGive the letter.",
        ),
        reference=letter,
    )
