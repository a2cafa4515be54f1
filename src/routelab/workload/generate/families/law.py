"""Law (340): invented statutes applied to cases, whose truth follows from the text alone.

A clause with exceptions, a fine to compute, a book of cross-references, a case whose facts change. Knows no real law.
"""

from __future__ import annotations

import msgspec
import numpy as np

from routelab.core import Turn
from routelab.workload.generate.draws import NAMES, integer, one_of, options, phrases, shuffled, some_of
from routelab.workload.generate.family import Draft, Form, Level, family

_ACTS = phrases("""drive a cart on the quay|sell fireworks|swim in the reservoir|enter the quarry|fish from the pier
climb the tower|ride in the park|row on the canal|hunt in the forest|work in the mill|open a stall
fly a kite at the port""")


class _Visitor(msgspec.Struct, frozen=True):
    name: str
    age: int
    guided: bool
    time: int
    licensed: bool

    def told(self, level: Level) -> str:
        parts = [f"{self.name}, {self.age}"]
        if level is not Level.EASY:
            parts.append("with a guide" if self.guided else "alone")
        if level is Level.HARD:
            parts.append(f"at {self.time}:30, {'permit' if self.licensed else 'no permit'}")
        return ", ".join(parts)


@family("340", "law", "choice", form=Form.CHOICE, bloom="apply")
def clause_and_exception(rng: np.random.Generator, level: Level) -> Draft:
    """Which of four may do it: an age limit among children; with an exception; with an exception to the exception."""
    act, hour = one_of(rng, _ACTS), integer(rng, 14, 20)
    limit = integer(rng, 16, 21) if level is Level.EASY else integer(rng, 18, 60)
    grown, young = ((30, 75), (4, 12)) if level is Level.EASY else ((9, 75), (9, limit - 1))

    def allowed(one: _Visitor) -> bool:
        excused = one.guided and (level is Level.MEDIUM or one.time < hour or one.licensed)
        return one.age >= limit or (level is not Level.EASY and excused)

    people: list[_Visitor] = []
    for name in some_of(rng, NAMES, 4):
        while True:
            old = not people if level is Level.EASY else rng.random() < 0.3
            age = integer(rng, *grown) if old else integer(rng, *young)
            time = integer(rng, 9, 23)
            one = _Visitor(name, age, bool(rng.random() < 0.6), time, bool(rng.random() < 0.4))
            if allowed(one) == (not people):
                break
        people.append(one)
    rules = f"No one under {limit} may {act}."
    if level is not Level.EASY:
        rules += " Whoever comes with a guide is exempt."
    if level is Level.HARD:
        rules += f" From {hour}:00 on, this exemption holds only for holders of a permit."
    cases = [one.told(level) for one in people]
    text, letter = options(rng, cases[0], cases[1:])
    return Draft(
        facts=f"{rules} {sorted(cases)}",
        says=(
            f"{rules} Who may {act}?\n{text}\nReply with the letter.",
            f"By-law: “{rules}” Only one of these people is allowed to {act}. Who?\n{text}\nAnswer with one letter.",
            f"Four people want to {act}.\n{text}\nThe rule: {rules} To whom is it permitted? Give the letter.",
        ),
        reference=letter,
    )


_WRONGS = phrases(
    "a book kept too long|a boat left at the quay|a cart parked in the square|a stall left standing|a hedge left uncut"
)


@family("340", "law", "number", bloom="apply", withheld=True)
def fine_by_statute(rng: np.random.Generator, level: Level) -> Draft:
    """So much a day; doubled for repeaters; days of grace, a reduction and a ceiling as well."""
    wrong, name = one_of(rng, _WRONGS), one_of(rng, NAMES)
    rate, days = integer(rng, 2, level.of(10, 10, 15)), integer(rng, level.of(2, 2, 6), level.of(10, 10, 30))
    earlier = integer(rng, 0, 3)
    grace, off, ceiling = integer(rng, 1, 5), integer(rng, 3, 20), integer(rng, 60, 400)
    poor = bool(rng.random() < 0.5)
    rules, case = f"For {wrong} the fine is {rate} crowns a day.", f"{name}'s lasted {days} days"
    fine = rate * days
    if level is Level.HARD:
        rules += f" The first {grace} days are free."
        fine = rate * (days - grace)
    if level is not Level.EASY:
        rules += " It is doubled for anyone fined before."
        case += f"; {name} was fined {earlier} times before"
        fine *= 2 if earlier else 1
    if level is Level.HARD:
        rules += f" Then no fine exceeds {ceiling} crowns, and last of all students pay {off} crowns less."
        case += f" and is {'a student' if poor else 'a clerk'}"
        fine = min(fine, ceiling) - (off if poor else 0)
    return Draft(
        facts=f"{rules} {case}",
        says=(
            f"{rules} {case}. What is the fine in crowns? Reply with the number only.",
            f"Statute: “{rules}” Case: {case}. How many crowns are due? Number only.",
            f"{case}. The law says: {rules} Compute the fine in crowns. Number only.",
        ),
        reference=str(fine),
    )


_BEASTS = phrases("goats|geese|pigs|oxen|sheep|hens|ducks|mules|bees|ponies|dogs|doves")
_PLACES = phrases("""the mill yard|the market|the churchyard|the lower meadow|the harbour
the castle ditch|the north field|the orchard|the tannery|the old barracks""")
_CLERKS = phrases("""The clerk enters the payment in the town register before the end of the month.
The bailiff inspects the place each spring and reports to the council.
Complaints are heard on the first Monday after they are made in writing.
The council may demand a written plan and keeps a copy of it for six years.""")


@family("340", "law", "number", form=Form.LONG_CONTEXT, bloom="analyse")
def statute_book(rng: np.random.Generator, level: Level) -> Draft:
    """A fee stated in its section, 220 words; one reference away, 550; two away, with more to pay, 1,250."""
    count, hops = level.of(7, 18, 40), level.of(0, 1, 2)
    topics = some_of(rng, [(beast, place) for beast in _BEASTS for place in _PLACES], count)
    fees = [integer(rng, 11, 99) for _ in range(count)]
    path = some_of(rng, range(count), hops + 1)
    extra = [_surcharge(rng, level) for _ in range(hops)]
    due = {path[k]: (path[k + 1], extra[k]) for k in range(hops)}
    pointers = [k for k in range(count) if k not in path and hops and k % 3 == 0]
    plain = [k for k in range(count) if k not in due and k not in pointers]
    due |= {k: (one_of(rng, plain), _surcharge(rng, level)) for k in pointers}
    sections = []
    for k, (beast, place) in enumerate(topics):
        rule = (
            f"pays the fee of section {due[k][0] + 1}{f' and {due[k][1]} crowns more' if due[k][1] else ''}"
            if k in due
            else f"pays a fee of {fees[k]} crowns a year"
        )
        sections.append(f"Section {k + 1}. Whoever keeps {beast} in {place} {rule}. {one_of(rng, _CLERKS)}")
    book = "\n".join(sections)
    beast, place = topics[path[0]]
    question = f"How many crowns a year does a keeper of {beast} in {place} pay in all?"
    return Draft(
        facts=f"{topics} {fees} {sorted(due.items())} {path[0]}",
        says=(
            f"{book}\n\n{question} Reply with the number only.",
            f"Read the town's statute book and answer: {question}\n\n{book}\n\nAnswer with the number alone.",
            f"Statutes of the town\n{book}\n\nUsing these sections alone: {question} Number only.",
        ),
        reference=str(fees[path[-1]] + sum(extra)),
    )


def _surcharge(rng: np.random.Generator, level: Level) -> int:
    return integer(rng, 2, 9) if level is Level.HARD else 0


class _Claimant(msgspec.Struct, frozen=True):
    years: int
    income: int
    children: int

    def met(self, years: int, income: int) -> tuple[bool, bool]:
        return self.years >= years, self.income < income or self.children >= 3

    def aid(self, years: int, income: int) -> str:
        return ("none", "half", "full")[sum(self.met(years, income))]


_MET = {
    (True, True): "both conditions",
    (True, False): "only the first condition",
    (False, True): "only the second condition",
    (False, False): "neither condition",
}


_AID = "Both met: full aid; one: half; neither: none."
_CONDITIONS = phrases("""a fixed address|a low income|a clean record|a valid card|two witnesses|a school certificate
a doctor's letter|a bank account|a signed form|an open case|a local sponsor|a paid fee|a recent photograph
a child at school|a work permit|a rented flat""")


@family("340", "law", "word", form=Form.MULTI_TURN, bloom="evaluate")
def changing_facts(rng: np.random.Generator, level: Level) -> Draft:
    """What is met is corrected; one fact is; two in turn, of three, the first of which has to be remembered."""
    name, wanted = one_of(rng, NAMES), one_of(rng, ("none", "half", "full"))
    turned = level is Level.EASY or bool(rng.random() < 0.6)
    years, income = integer(rng, 3, 9), 100 * integer(rng, 12, 30)
    fields = ["years", "income", "children"][: level.of(2, 2, 3)]
    while True:
        first, last = _claimant(rng, years, income, level), _claimant(rng, years, income, level)
        changed = shuffled(rng, fields)[: level.of(2, 1, 2)]
        final = msgspec.structs.replace(first, **{field: getattr(last, field) for field in changed})
        differ = all(getattr(first, field) != getattr(last, field) for field in changed)
        if differ and final.aid(years, income) == wanted and (first.aid(years, income) != wanted) == turned:
            break
    rule = (
        f"There are two conditions: at least {years} years here, and under {income} crowns a month"
        f"{' or three or more children' if level is Level.HARD else ''}. {_AID}"
    )
    told, news = f"{name}: {_stated(first, fields)}", _stated(final, changed[-1:])
    if level is Level.EASY:
        rule = f"There are two conditions: {' and '.join(some_of(rng, _CONDITIONS, 2))}. {_AID}"
        told, news = (f"{name} meets {_MET[one.met(years, income)]}" for one in (first, final))
    turns = [f"{rule} {told}. Which aid?"]
    states = [first]
    if level is Level.HARD:
        states.append(msgspec.structs.replace(first, **{changed[0]: getattr(last, changed[0])}))
        turns.append(f"I was wrong: {_stated(states[1], changed[:1])}. And now?")
    asks = (
        f"Correction: {news}; the rest stands. Which aid does {name} get now? Reply full, half or none.",
        f"I have to correct myself: {news}. Does {name} get full, half or no aid? One word: full, half or none.",
        f"In fact {news}. Nothing else changes. Full, half or none? Reply with one word.",
    )
    heads: list[Turn] = []
    for said, known in zip(turns, states):
        heads += [Turn("user", said), Turn("assistant", known.aid(years, income).capitalize() + ".")]
    return Draft(
        facts=f"{turns} {news}".replace(name, "X"),
        says=tuple((*heads, Turn("user", ask)) for ask in asks),
        reference=wanted,
    )


def _claimant(rng: np.random.Generator, years: int, income: int, level: Level) -> _Claimant:
    children = integer(rng, 0, 4) if level is Level.HARD else 0
    return _Claimant(years + integer(rng, -2, 4), income + 100 * integer(rng, -5, 5), children)


def _stated(claimant: _Claimant, fields: list[str]) -> str:
    said = {
        "years": f"{claimant.years} years here",
        "income": f"{claimant.income} crowns a month",
        "children": f"number of children {claimant.children}",
    }
    return ", ".join(said[field] for field in fields)
