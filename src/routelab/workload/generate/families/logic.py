"""Logic (160): joined comparisons, what follows from rules, syllogisms.

Every answer is computed from the drawn premises, by evaluation or by trying all worlds. Knows no fact about the world.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np

from routelab.workload.generate.draws import integer, one_of, options, phrases, shuffled, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_STATES = phrases("""the lamp is on|the door is open|the pump is running|the tank is full|the alarm is ringing
the gate is locked|the stove is hot|the road is wet|the shop is busy|the dog is awake|the radio is loud
the kettle is empty|the bridge is closed|the field is dry|the train is late|the window is clean|the soup is ready
the river is high|the garden is quiet|the phone is charged|the oven is clean|the hall is crowded""")
_KINDS = words("""bakers sailors poets farmers singers judges painters cyclists gardeners dancers pilots weavers
hikers tailors nurses chemists potters drummers carpenters fishers""")

Literal = tuple[str, bool]
Rule = tuple[Literal, Literal]


@family("160", "formal-logic", "word", bloom="apply")
def joined_comparisons(rng: np.random.Generator, level: Level) -> Draft:
    """Two comparisons joined once; three and five, with brackets and denials."""
    wanted = bool(rng.random() < 0.5)
    text, value = _formula(rng, level.of(2, 3, 5), 0.0 if level is Level.EASY else 0.3)
    while value != wanted:
        text, value = _formula(rng, level.of(2, 3, 5), 0.0 if level is Level.EASY else 0.3)
    return Draft(
        facts=text,
        says=(
            f"Is this statement true or false? {text}. Reply with one word.",
            f"Decide whether the following holds: {text}. Answer true or false.",
            f"Statement: {text}.\nTruth value (true or false)?",
            f"Evaluate the claim “{text}” and reply with true or false.",
        ),
        reference="true" if value else "false",
    )


def _formula(rng: np.random.Generator, size: int, denial: float) -> tuple[str, bool]:
    """A formula over ``size`` comparisons, each node denied with probability ``denial``."""
    if size == 1:
        a, b = sorted(some_of(rng, range(2, 100), 2), key=lambda _: rng.random())
        less = bool(rng.random() < 0.5)
        text, value = f"{a} {'<' if less else '>'} {b}", (a < b) == less
    else:
        left = integer(rng, 1, size - 1)
        parts = [_formula(rng, left, denial), _formula(rng, size - left, denial)]
        both = bool(rng.random() < 0.5)
        shown = [part if n == 1 else f"({part})" for (part, _), n in zip(parts, (left, size - left))]
        text = f" {'and' if both else 'or'} ".join(shown)
        value = all(truth for _, truth in parts) if both else any(truth for _, truth in parts)
    return (f"not ({text})", not value) if rng.random() < denial else (text, value)


@family("160", "formal-logic", "choice", form=Form.CHOICE, bloom="analyse")
def what_follows(rng: np.random.Generator, level: Level) -> Draft:
    """One rule; two and a third that leads nowhere; three either way, with denials."""
    steps, sure = level.of((1, 1.0), (2, 1.0), (3, 0.7))
    literals: list[Literal] = [(state, bool(rng.random() < sure)) for state in some_of(rng, _STATES, steps + 4)]
    chain, loose = literals[: steps + 1], literals[steps + 1 :]
    backwards = level is Level.HARD and rng.random() < 0.5
    rules = list(pairwise(chain))
    if level is not Level.EASY:
        rules.append((loose[0], loose[1] if level is Level.MEDIUM else chain[1]))
    given, right = (_denied(chain[-1]), _denied(chain[0])) if backwards else (chain[0], chain[-1])
    known = follows(rules, given)
    truths = (True, False) if level is Level.HARD else (True,)
    open_ones = [(state, truth) for state, _ in literals for truth in truths if (state, truth) not in known]
    wrong = some_of(rng, open_ones, 3)
    shown = " ".join(f"If {_said(a)}, then {_said(b)}." for a, b in shuffled(rng, rules))
    case = f"{shown} Now {_said(given)}."
    text, letter = options(rng, _said(right), [_said(one) for one in wrong])
    return Draft(
        facts=f"{sorted(rules)} {given} {sorted(wrong)}",
        says=(
            f"{case} Which statement must be true?\n{text}\nReply with the letter.",
            f"{case} What follows for certain?\n{text}\nAnswer with one letter.",
            f"Take these as true: {case} Choose the conclusion that is forced.\n{text}\nReply with the letter.",
            f"{case}\n{text}\nWhich of A–D can be proved? Give the letter.",
        ),
        reference=letter,
    )


def follows(rules: Sequence[Rule], given: Literal) -> set[Literal]:
    """All literals true in every world that satisfies the rules and the given literal."""
    states = sorted({state for rule in rules for state, _ in rule})
    worlds = [dict(zip(states, values)) for values in product((False, True), repeat=len(states))]
    left = [
        world
        for world in worlds
        if world[given[0]] == given[1] and all(world[a] != x or world[b] == y for (a, x), (b, y) in rules)
    ]
    return {(state, left[0][state]) for state in states if len({world[state] for world in left}) == 1}


def _denied(literal: Literal) -> Literal:
    return literal[0], not literal[1]


def _said(literal: Literal) -> str:
    return literal[0] if literal[1] else literal[0].replace(" is ", " is not ", 1)


Statement = tuple[str, str, str]
_FORMS = ("all", "no", "some", "some not")


@family("160", "formal-logic", "choice", form=Form.CHOICE, bloom="analyse", withheld=True)
def syllogism_conclusion(rng: np.random.Generator, level: Level) -> Draft:
    """Two premises with all and no, in order; turned about; three of any form over four kinds."""
    forms = level.of(_FORMS[:2], _FORMS[:2], _FORMS)
    while True:
        kinds = some_of(rng, _KINDS, level.of(3, 3, 4))
        links = list(pairwise(kinds))
        if level is not Level.EASY:
            links = [link if rng.random() < 0.5 else link[::-1] for link in links]
        premises = [(one_of(rng, forms), a, b) for a, b in links]
        ends = [(kinds[0], kinds[-1]), (kinds[-1], kinds[0])]
        conclusions = [(form, a, b) for form in _FORMS for a, b in ends]
        with_members = [*premises, *(("some", kind, kind) for kind in kinds)]
        certain = [one for one in conclusions if entails(premises, one)]
        wrong = [one for one in conclusions if certain and not entails(with_members, one)]
        if len(wrong) >= 3:
            break
    right, wrong = certain[0], some_of(rng, wrong, 3)
    told = premises if level is Level.EASY else shuffled(rng, premises)
    shown = " ".join(_worded(one) + "." for one in told)
    text, letter = options(rng, _worded(right), [_worded(one) for one in wrong])
    return Draft(
        facts=f"{sorted(premises)} {right} {sorted(wrong)}",
        says=(
            f"{shown} Which conclusion must be true?\n{text}\nReply with the letter.",
            f"Premises: {shown} Pick the valid conclusion.\n{text}\nAnswer with one letter.",
            f"Suppose that the following holds. {shown} What follows?\n{text}\nGive the letter.",
        ),
        reference=letter,
    )


def entails(premises: Sequence[Statement], conclusion: Statement) -> bool:
    """Whether no world satisfies the premises and denies the conclusion; kinds may be empty, worlds have any size."""
    kinds = sorted({kind for _, *pair in [*premises, conclusion] for kind in pair})
    types = [dict(zip(kinds, values)) for values in product((False, True), repeat=len(kinds))]
    types = [
        one for one in types if not any(form in ("all", "no") and _broken(form, a, b, one) for form, a, b in premises)
    ]
    form, a, b = conclusion
    if form in ("all", "no"):
        return not any(_broken(form, a, b, one) for one in types)
    without = [one for one in types if not _shown(form, a, b, one)]
    return any(
        not any(_shown(part, x, y, one) for one in without) for part, x, y in premises if part in ("some", "some not")
    )


def _broken(form: str, a: str, b: str, one: dict[str, bool]) -> bool:
    return one[a] and (one[b] if form == "no" else not one[b])


def _shown(form: str, a: str, b: str, one: dict[str, bool]) -> bool:
    return one[a] and (one[b] if form == "some" else not one[b])


def _worded(statement: Statement) -> str:
    form, a, b = statement
    return f"Some {a} are not {b}" if form == "some not" else f"{form.capitalize()} {a} are {b}"
