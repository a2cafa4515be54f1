"""Religion (200, 220, 290): verse counts, rites, feasts and comparisons, all from rules and tables in the prompt.

The books, rites and traditions are invented, so nothing can be looked up; the calendar lengths are real.
"""

from __future__ import annotations

import calendar
import datetime as dt

import numpy as np

from routelab.workload.generate.draws import NAMES, integer, one_of, options, phrases, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_BOOKS = phrases(
    "the Book of Lamps|the Scroll of Rivers|the Song of Asher|the Letters of Mirren|the Book of Wells|the Sayings"
)
_MONTHS = list(calendar.month_name)[1:]
_DAYS = list(calendar.day_name)


@family("220", "scripture-references", "choice", form=Form.CHOICE, bloom="apply")
def verse_span(rng: np.random.Generator, level: Level) -> Draft:
    """Verses read from a chapter's first; within it; over two chapters' ends."""
    chapters = level.of(1, 1, 3)
    first, book = integer(rng, 1, 20), one_of(rng, _BOOKS)
    sizes = [integer(rng, 18, 50) for _ in range(chapters)]
    start = level.of(1, integer(rng, 2, sizes[0] - 8), integer(rng, 2, sizes[0] - 8))
    end = integer(rng, start + 2, sizes[0]) if chapters == 1 else integer(rng, 3, sizes[-1] - 2)
    count = sum(sizes[:-1]) + end - start + 1
    table = ", ".join(f"chapter {first + k} has {n} verses" for k, n in enumerate(sizes))
    span = f"{first}:{start} to {first + chapters - 1}:{end}"
    near = level.of((-14, -7, 7, 14, 21), (-10, -2, -1, 1, 2, 10), (-10, -2, -1, 1, 2, 10))
    slips = some_of(rng, [count + slip for slip in near if count + slip > 0], 3)
    text, letter = options(rng, str(count), [str(slip) for slip in slips])
    return Draft(
        facts=f"{book} {table} {span} {sorted(slips)}",
        says=(
            f"In {book}, {table}. How many verses are there from {span}, counting both ends?\n{text}\n"
            "Reply with the letter.",
            f"A monk reads {book} from {span}, first and last verse included. In it, {table}. How many does he "
            f"read?\n{text}\nAnswer with one letter.",
            f"References are written chapter:verse. In {book}, {table}. Count the verses {span} inclusive.\n{text}\n"
            "Give the letter.",
        ),
        reference=letter,
    )


_RITES = phrases(
    "walks around the shrine|rings the bell|bows to the east|lights a candle|pours water on the stone|knocks at a gate"
)


@family("290", "ritual-rules", "number", bloom="apply")
def rite_repetitions(rng: np.random.Generator, level: Level) -> Draft:
    """A base and one more per missed day; some more per missed day; with a rule for the young."""
    rite, name = one_of(rng, _RITES), one_of(rng, NAMES)
    base, extra = integer(rng, 2, 12), level.of(1, integer(rng, 2, 3), integer(rng, 2, 5))
    missed = integer(rng, 2, level.of(9, 5, 9))
    age, limit = integer(rng, 6, 40), integer(rng, 10, 30)
    more = "once" if extra == 1 else f"{extra} times"
    law = f"A pilgrim {rite} {base} times, plus {more} for each fast day missed."
    told, count = f"{name} missed {missed} fast days", base + extra * missed
    if level is Level.HARD:
        law += f" Pilgrims under {limit} count only {extra - 1} for each missed day."
        told += f" and is {age} years old"
        count -= missed if age < limit else 0
    return Draft(
        facts=f"{law} {told}",
        says=(
            f"{law} {told}. How many times must {name} do it? Reply with the number only.",
            f"The rule of a temple: “{law}” Now {told}. What number of times is due? Number only.",
            f"{told}. The custom reads: {law} How often must {name} do this? Answer with the number alone.",
        ),
        reference=str(count),
    )


@family("200", "religious-calendars", "number", bloom="apply")
def moon_feast(rng: np.random.Generator, level: Level) -> Draft:
    """Days after the new moon; a day of the moon month; one put off past the month's end."""
    month = integer(rng, 1, 11)
    length, following = (calendar.monthrange(2025, month + k)[1] for k in (0, 1))
    new = level.of(integer(rng, 1, 14), integer(rng, 1, 14), integer(rng, 16, 27))
    day = level.of(integer(rng, 2, 9), integer(rng, 2, 13), integer(rng, 13, 28))
    wait = one_of(rng, (2, 3, 4)) if level is Level.HARD else 0
    feast = dt.date(2025, month, new) + dt.timedelta(days=day + wait)
    begins = f"A moon month begins the day after the new moon. The feast is on day {day} of the moon month"
    lengths = f"{_MONTHS[month - 1]} has {length} days and {_MONTHS[month]} {following}."
    rule = level.of(
        f"The feast is {day} days after the new moon.",
        f"{begins}.",
        f"{begins}, put off by {wait} days. {lengths}",
    )
    seen = f"The new moon is on {new} {_MONTHS[month - 1]}."
    asked = _MONTHS[feast.month - 1]
    return Draft(
        facts=f"{rule} {seen}",
        says=(
            f"{rule} {seen} On which day of {asked} is the feast? Reply with the number only.",
            f"{seen} {rule} The feast falls in {asked}: on which day of it? Number only.",
            f"Work out the feast. {rule} {seen} Which day of {asked} is it? Answer with the number alone.",
        ),
        reference=str(feast.day),
    )


_FEASTS = phrases("Bell Feast|Lamp Night|Palm Day|Well Sunday|Ash Monday|Corn Eve|Salt Day|Rose Feast|Torch Night")


@family("200", "religious-calendars", "number", bloom="apply", withheld=True)
def movable_feast(rng: np.random.Generator, level: Level) -> Draft:
    """Days after Easter; after a feast after Easter; the same from the Sunday after a full moon."""
    day, weekday = integer(rng, 1, 12), integer(rng, 0, 6)
    names = some_of(rng, _FEASTS, 2)
    first, second = integer(rng, 2, 9), integer(rng, 1, 8)
    easter, base = day, f"Easter is on {day} April."
    if level is Level.HARD:
        easter = day + 7 - (weekday + 1) % 7
        base = f"The full moon is on {_DAYS[weekday]}, {day} April; Easter is the next Sunday after that day."
    chain, target, asked = f"{names[0]} is {first} days after Easter.", easter + first, names[0]
    if level is not Level.EASY:
        chain, target, asked = f"{chain} {names[1]} is {second} days after {names[0]}.", target + second, names[1]
    feast = dt.date(2025, 4, 1) + dt.timedelta(days=target - 1)
    month = _MONTHS[feast.month - 1]
    return Draft(
        facts=f"{base} {chain}",
        says=(
            f"{base} {chain} On which day of {month} is {asked}? Reply with the number only.",
            f"{chain} {base} Find the date of {asked}: which day of {month}? Number only.",
            f"Given: {base} {chain} {asked} falls in {month}. On which day of it? Number only.",
        ),
        reference=str(feast.day),
    )


_TRADITIONS = words(
    "Asharites Belmonians Corvites Dalians Elmites Farrowites Galens Harlans Istrians Joronites Kelvites Lorians"
)
_CUSTOMS = (
    ("holy day", words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")),
    ("colour", words("white red blue green yellow black")),
    ("offering", words("bread salt milk honey grain oil")),
)


@family("200", "comparative", "choice", form=Form.CHOICE, bloom="analyse")
def traditions_compared(rng: np.random.Generator, level: Level) -> Draft:
    """Who keeps a custom; who shares it with another; who shares one with a second but not another with a third."""
    count = level.of(4, 5, 6)
    customs = some_of(rng, _CUSTOMS, level.of(1, 1, 3))
    while True:
        names = some_of(rng, _TRADITIONS, count)
        columns = [
            some_of(rng, values, count) if level is Level.EASY else [one_of(rng, values) for _ in names]
            for _, values in customs
        ]
        table = {name: list(row) for name, row in zip(names, zip(*columns))}
        k, (x, y) = integer(rng, 0, len(customs) - 1), names[:2]
        j = (k + 1) % len(customs)
        shown = names[-4:]
        if level is Level.EASY:
            question = f"Who has the {customs[k][0]} {table[x][k]}?"
            found = [one for one in shown if table[one][k] == table[x][k]]
        elif level is Level.MEDIUM:
            question = f"Who has the same {customs[k][0]} as the {x}?"
            found = [one for one in shown if table[one][k] == table[x][k]]
        else:
            question = f"Who has the same {customs[k][0]} as the {x} but another {customs[j][0]} than the {y}?"
            same = [one for one in shown if table[one][k] == table[x][k]]
            found = [one for one in same if table[one][j] != table[y][j]]
            if len(same) < 2:
                continue
        if len(found) == 1:
            break
    rows = "; ".join(f"{name}: {', '.join(table[name])}" for name in sorted(names))
    head = " and ".join(name for name, _ in customs)
    text, letter = options(rng, found[0], [one for one in shown if one != found[0]])
    return Draft(
        facts=f"{sorted(table.items())} {question} {sorted(shown)}",
        says=(
            f"Traditions with their {head} – {rows}. {question}\n{text}\nReply with the letter.",
            f"{rows} (in each case: {head}). {question}\n{text}\nAnswer with one letter.",
            f"{question} The traditions and their {head}: {rows}.\n{text}\nGive the letter.",
        ),
        reference=letter,
    )
