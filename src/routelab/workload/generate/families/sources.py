"""Historical sources: witnesses weighed by a stated rule, entries of a long chronicle combined, calls to an archive.

Everything is invented and supplied. Knows no history.
"""

from __future__ import annotations

import json

import numpy as np

from routelab.workload.generate.draws import NAMES, integer, one_of, options, phrases, shuffled, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_TOWNS = words(
    "Aldmoor Brenwick Castleby Dunholt Eastmere Farleigh Greyford Highcombe Kelton Larkhill Merrow Northwold"
)
_GOODS = words("barley wool salt iron honey timber wine cloth oats copper flax wax")
_TOPICS = words("tax harvest siege trade plague weather church crime")
_KINDS = words("letter map charter diary newspaper will")
_ROLES = words("monk merchant soldier clerk abbot steward envoy scribe")
_REMARKS = phrases("""The summer was dry, and many wells gave no water until the feast of the harvest.
Wolves were seen on the northern road, and the shepherds asked for guards.
A new bell was hung in the chapel, and it was heard as far as the river.
The council met four times and agreed upon nothing worth writing down.
Strangers came from the coast with glass and mirrors, and left with debts.
The old bridge lost two of its arches, but nobody was hurt.
There was much sickness among the cattle, and candles were lit for them.
A comet was seen for nine nights, and opinions about it were divided.
The schoolmaster married the miller's daughter, to the surprise of all.
Hail fell so large that roofs were broken and the fair was put off.""")


@family("900", "source-criticism", "choice", form=Form.CHOICE, bloom="evaluate")
def preferred_witness(rng: np.random.Generator, level: Level) -> Draft:
    """The only one present; the earliest present; the earliest present, neither paid nor copying another."""
    names = some_of(rng, NAMES, 4)
    years = some_of(rng, range(1201, 1290), 4)
    rank = np.argsort(years)
    place = integer(rng, *level.of((0, 3), (1, 2), (1, 3)))
    best = int(rank[place])
    faults = level.of(["absent"], ["absent"], ["absent", "paid by the king", "copies an older text"])
    notes = {}
    for position, k in enumerate(map(int, rank)):
        sound = position == place or (level is not Level.EASY and position > place and rng.random() < 0.5)
        notes[k] = "present" if sound else one_of(rng, faults)
    rule = level.of(
        "Prefer the witness who was present",
        "Prefer the earliest account by someone who was present",
        "Prefer the earliest account whose author was present, was not paid and did not copy",
    )
    full = [f"{name}, {one_of(rng, _ROLES)}, wrote in {years[k]}, {notes[k]}" for k, name in enumerate(names)]
    brief = [f"{name}, {one_of(rng, _ROLES)}, was {notes[k]}" for k, name in enumerate(names)]
    text = "; ".join(level.of(brief, full, full))
    lettered, letter = options(rng, names[best], [name for name in names if name != names[best]])
    return Draft(
        facts=f"{rule}: {text}",
        says=(
            f"{rule}. {text}. Which witness is preferred?\n{lettered}\nReply with the letter A-D.",
            f"Witnesses of a siege: {text}. Rule: {rule[0].lower()}{rule[1:]}. Whom to follow?\n{lettered}\n"
            "Reply with the letter A-D.",
            f"A historian's rule: {rule[0].lower()}{rule[1:]}. Sources: {text}. Which does it select?\n{lettered}\n"
            "Reply with the letter A-D.",
        ),
        reference=letter,
    )


@family("900", "source-criticism", "number", bloom="evaluate")
def independent_sources(rng: np.random.Generator, level: Level) -> Draft:
    """How many of three are independent; of four, with chains; how many of five go back, by chains, to a sixth."""
    n, copying = level.of(3, 4, 6), level.of(rng.random(), rng.random(), 0.75)
    names = some_of(rng, NAMES, n)
    origin: dict[str, str | None] = {names[0]: None}
    for k, name in enumerate(names[1:], 1):
        origin[name] = one_of(rng, names[:k]) if rng.random() < copying else None
    lines = [f"{name} copied {source}" if source else f"{name} is independent" for name, source in origin.items()]
    text = "; ".join(shuffled(rng, lines))
    if level is Level.HARD:
        asked = names[0]
        reached = {asked}
        for name in names:
            reached |= {name} if origin[name] in reached else set()
        question, right = (
            f"How many of them go back to {asked}, directly or through others, {asked} not counted",
            len(reached) - 1,
        )
    else:
        question, right = (
            "How many of these accounts are independent",
            sum(source is None for source in origin.values()),
        )
    return Draft(
        facts=f"{sorted(lines)} {question}",
        says=(
            f"{text}. {question}? Reply with the number only.",
            f"{question}? The accounts: {text}. Reply with the number only.",
            f"A critic finds: {text}. {question}? Reply with the number only.",
        ),
        reference=str(right),
    )


@family("940", "chronicle", "number", form=Form.LONG_CONTEXT, bloom="analyse")
def chronicle_entries(rng: np.random.Generator, level: Level) -> Draft:
    """One entry of 1,500 words; two of 4,500 words added; of 11,000 words the difference of two sums of two."""
    length, year = level.of(1500, 4500, 11_000), integer(rng, 1000, 1300)
    entries: list[tuple[int, str, str, int]] = []
    text, written = [], 0
    while written < length:
        entry = (year, one_of(rng, _TOWNS), one_of(rng, _GOODS), integer(rng, 20, 400))
        line = (
            f"In the year {entry[0]} the town of {entry[1]} paid {entry[3]} sacks of {entry[2]} to the crown. "
            f"{' '.join(some_of(rng, _REMARKS, 2))}"
        )
        entries.append(entry)
        text.append(line)
        written += len(line.split())
        year += integer(rng, 1, 3)
    chosen = some_of(rng, entries, level.of(1, 2, 4))
    years = [str(entry[0]) for entry in chosen]
    paid = [entry[3] for entry in chosen]
    asked = "How many sacks were paid in the year " + years[0]
    right = paid[0]
    if level is Level.MEDIUM:
        asked, right = f"How many sacks were paid in the years {years[0]} and {years[1]} together", sum(paid)
    if level is Level.HARD:
        asked = (
            f"How many more sacks were paid in {years[0]} and {years[1]} together than in {years[2]} and {years[3]} "
            "together (negative if fewer)"
        )
        right = paid[0] + paid[1] - paid[2] - paid[3]
    chronicle = "\n".join(text)
    return Draft(
        facts=f"{sorted(chosen)} {asked}",
        says=(
            f"{chronicle}\n\n{asked}? Reply with the number only.",
            f"Read this chronicle.\n\n{chronicle}\n\n{asked}? Reply with the number only.",
            f"Question: {asked}?\n\nChronicle:\n{chronicle}\n\nReply with the number only.",
        ),
        reference=str(right),
    )


@family("940", "chronicle", "tool_call", form=Form.TOOL_CALL, bloom="apply")
def archive_search_call(rng: np.random.Generator, level: Level) -> Draft:
    """All arguments as written; a century to be turned into years; a reign of some years before a date, and a copy."""
    town, topic, kind = one_of(rng, _TOWNS), one_of(rng, _TOPICS), one_of(rng, _KINDS)
    first, span, century = integer(rng, 1100, 1800), integer(rng, 5, 60), integer(rng, 11, 19)
    tools = (
        "find(town: string, topic: string, kind: string, from_year: integer, to_year: integer); "
        "copy(shelfmark: string, pages: integer)"
    )
    start, end = level.of(
        (first, first + span),
        (100 * century - 99, 100 * century),
        (first - span, first + 2 * span),
    )
    when = level.of(
        f"from {start} to {end}",
        f"from the first to the last year of the {century}th century",
        f"from {span} years before {first} to {2 * span} years after it",
    )
    wish = f"every {kind} about {topic} in {town} {when}"
    call = {
        "name": "find",
        "arguments": {"town": town, "topic": topic, "kind": kind, "from_year": start, "to_year": end},
    }
    shelf, pages = f"{one_of(rng, 'ABCDEFGH')}{integer(rng, 10, 999)}", integer(rng, 2, 60)
    if rng.random() < 0.4:
        wish = f"a copy of {level.of(pages, pages, 3 * pages)} pages from shelfmark {shelf}"
        wish += level.of("", "", " with a third of the pages left out")
        call = {"name": "copy", "arguments": {"shelfmark": shelf, "pages": level.of(pages, pages, 2 * pages)}}
    shape = 'Reply with one JSON call {"name": ..., "arguments": {...}}.'
    return Draft(
        facts=wish,
        says=(
            f"Tools: {tools}. A reader wants {wish}. {shape}",
            f"Call the right tool for {wish}. Tools: {tools}. {shape}",
            f"An archive offers {tools}. Request: {wish}. {shape}",
        ),
        reference=json.dumps(call),
    )
