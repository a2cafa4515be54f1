"""Logic: orderings, implications, syllogisms, knights and knaves. Every answer follows by construction."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from routelab.workload.generate.draws import NAMES, integer, one_of, options, some_of, words
from routelab.workload.generate.family import Level, family

_KINDS = words("wugs blips daxes zorks feps morps lunks tibs gorps vems")


@family("logic", "ordering", "word")
def ordering(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """The first of three in order; of four, shuffled; the k-th of five, shuffled and mixed in direction."""
    people = some_of(rng, NAMES, level.of(3, 4, 5))
    more, less, most = one_of(
        rng, [("taller", "shorter", "tallest"), ("older", "younger", "oldest"), ("faster", "slower", "fastest")]
    )
    facts = []
    for high, low in pairwise(people):
        flip = level is Level.HARD and rng.random() < 0.5
        facts.append(f"{low} is {less} than {high}." if flip else f"{high} is {more} than {low}.")
    if level is not Level.EASY:
        facts = some_of(rng, facts, len(facts))
    rank = level.of(0, 0, integer(rng, 1, 3))
    place = ["", "second ", "third ", "fourth "][rank]
    return f"{' '.join(facts)} Who is the {place}{most}?", people[rank]


@family("logic", "deduction", "choice")
def implication(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """Chains of one, two and four rules; asks what follows, may be denied, or stays open."""
    letters = some_of(rng, list("PQRSTUVW"), level.of(3, 4, 6))
    chain, loose = letters[:-1], letters[-1]
    rules = [f"If {a} then {b}." for a, b in pairwise(chain)][: level.of(1, 2, 4)]
    reached = len(rules)
    case = one_of(rng, ["forward", "backward", "open"])
    start, asked, right = {
        "forward": (f"{chain[0]} is true.", chain[reached], "true"),
        "backward": (f"{chain[reached]} is false.", chain[0], "false"),
        "open": (f"{chain[reached]} is true.", one_of(rng, [chain[0], loose]), "unknown"),
    }[case]
    shown = some_of(rng, rules, len(rules))
    lettered = "A) true\nB) false\nC) cannot be known"
    answer = {"true": "A", "false": "B", "unknown": "C"}[right]
    return f"{' '.join(shown)} {start} Is {asked} true?\n{lettered}\nReply with the letter.", answer


@family("logic", "deduction", "choice")
def syllogism(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """Which conclusion must be true, over two, three and four nested or disjoint kinds."""
    kinds = some_of(rng, _KINDS, level.of(3, 3, 4))
    first, last = kinds[0], kinds[-1]
    premises = [f"All {a} are {b}." for a, b in pairwise(kinds)]
    right = f"All {first} are {last}"
    wrong = [f"All {last} are {first}", f"No {first} are {last}", f"Some {first} are not {last}"]
    if level is not Level.EASY and rng.random() < 0.6:
        premises[-1] = f"No {kinds[-2]} are {last}."
        right = f"No {first} are {last}"
        wrong = [f"All {first} are {last}", f"Some {first} are {last}", f"All {last} are {first}"]
    text, letter = options(rng, right, wrong)
    shown = some_of(rng, premises, len(premises)) if level is not Level.EASY else premises
    return f"{' '.join(shown)} Which must be true?\n{text}\nReply with the letter.", letter


@family("logic", "puzzles", "word")
def knights(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """Knights tell the truth, knaves lie: a chain of two, three or four people whose first member is known."""
    people = some_of(rng, NAMES, level.of(2, 3, 4))
    honest = [bool(rng.random() < 0.5) for _ in people]
    says = [honest[k] == honest[k + 1] for k in range(len(people) - 1)]
    kind = {True: "knight", False: "knave"}
    lines = [f"{a} says: {b} is a {kind[said]}." for a, b, said in zip(people, people[1:], says)]
    return (
        f"Knights always tell the truth, knaves always lie. {people[0]} is a {kind[honest[0]]}. "
        f"{' '.join(lines)} Is {people[-1]} a knight or a knave? Reply with one word.",
        kind[honest[-1]],
    )
