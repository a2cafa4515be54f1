"""Society (310, 320): small tables and elections, computed from what is supplied. Knows no real figures or parties."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from statistics import median

import numpy as np

from routelab.workload.generate.draws import NAMES, integer, one_of, options, shuffled, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_TOWNS = words("Arlen Borwick Calder Dunmere Elsworth Farley Gorston Hadby Ilsham Jorvale Kelby Lorne Marsden Norby")


@family("310", "statistics", "number", bloom="apply")
def table_summary(rng: np.random.Generator, level: Level) -> Draft:
    """The difference or sum of two; the range or sum of three; the median or mean of five."""
    count, most = level.of((2, 20), (3, 30), (5, 99))
    towns = some_of(rng, _TOWNS, count)
    kind = int(rng.integers(2))
    while True:
        values = [integer(rng, 2, most) for _ in towns]
        ranked = sorted(values)
        if level is Level.HARD:
            asked, result = [("the median", Fraction(median(values))), ("the mean", Fraction(sum(values), 5))][kind]
        else:
            width = Fraction(ranked[-1] - ranked[0])
            asked, result = [
                ("the largest minus the smallest number", width),
                ("the sum", Fraction(sum(values))),
            ][kind]
        if result.denominator == 1 and len(set(values)) == count:
            break
    table = ", ".join(f"{town} {value}" for town, value in zip(towns, values))
    return Draft(
        facts=f"{sorted(zip(towns, values))} {asked}",
        says=(
            f"Schools by town: {table}. What is {asked}? Reply with the number only.",
            f"A census counts wells: {table}. Compute {asked}. Number only.",
            f"{table}. Of these counts, give {asked}. Number only.",
        ),
        reference=str(result),
    )


@family("310", "statistics", "choice", form=Form.CHOICE, bloom="analyse")
def greatest_growth(rng: np.random.Generator, level: Level) -> Draft:
    """Largest growth as told; in heads, to be subtracted; in per cent, which is not the largest in heads."""
    towns, unit = some_of(rng, _TOWNS, 4), level.of(10, 100, 10)
    while True:
        starts = [unit * integer(rng, 100 // unit, 900 // unit) for _ in towns]
        heads = [10 * integer(rng, 1, level.of(9, 30, 30)) for _ in towns]
        if level is Level.EASY:
            heads[0] = 10 * integer(rng, 20, 90)
        grown = [Fraction(more, start if level is Level.HARD else 1) for more, start in zip(heads, starts)]
        ranked = sorted(grown)
        trap = level is not Level.HARD or heads.index(max(heads)) != grown.index(ranked[-1])
        if ranked[-1] - ranked[-2] > Fraction(1, 50) and trap:
            break
    best = towns[grown.index(ranked[-1])]
    rows = [
        f"{town} +{more}" if level is Level.EASY else f"{town} {start} → {start + more}"
        for town, start, more in zip(towns, starts, heads)
    ]
    table = "; ".join(shuffled(rng, rows))
    text, letter = options(rng, best, [town for town in towns if town != best])
    kind = "in per cent from first to last" if level is Level.HARD else "in number of people"
    return Draft(
        facts=f"{sorted(rows)} {kind}",
        says=(
            f"Inhabitants: {table}. Which town grew most {kind}?\n{text}\nReply with the letter.",
            f"{table} (people over the years). Where was growth greatest, {kind}?\n{text}\nAnswer with one letter.",
            f"Which town has the largest growth {kind}? {table}.\n{text}\nGive the letter.",
        ),
        reference=letter,
    )


Ballots = Mapping[tuple[str, ...], int]


@family("320", "voting", "choice", form=Form.CHOICE, bloom="apply")
def ballot_winner(rng: np.random.Generator, level: Level) -> Draft:
    """Most votes by far; a run-off of the first two; points by rank; each where the rule decides alone."""
    people = some_of(rng, NAMES, 4)
    rule = level.of(plurality, runoff, borda)
    while True:
        orders = list(dict.fromkeys(tuple(shuffled(rng, people)) for _ in range(4)))
        ballots = {order: integer(rng, 3, 29) for order in orders}
        if level is Level.EASY:
            ballots[orders[0]] += 40
        winner = rule(ballots)
        apart = len({order[0] for order in orders}) == 4 if level is Level.EASY else winner != plurality(ballots)
        if winner and apart:
            break
    lines = [
        f"{order[0]} has {n} votes" if level is Level.EASY else f"{n} voters: {' > '.join(order)}"
        for order, n in ballots.items()
    ]
    told = "; ".join(shuffled(rng, lines))
    law = level.of(
        "Most votes wins.",
        "The two with most first places meet in a run-off; there each voter backs the one ranked higher.",
        "A first place gives 3 points, a second 2, a third 1; most points wins.",
    )
    text, letter = options(rng, winner, [who for who in people if who != winner])
    return Draft(
        facts=str(sorted(lines)),
        says=(
            f"{told}. {law} Who wins?\n{text}\nReply with the letter.",
            f"An election. {law} {told}. Name the winner.\n{text}\nAnswer with one letter.",
            f"Ballots – {told}. Who is elected? {law}\n{text}\nGive the letter.",
        ),
        reference=letter,
    )


def _alone(points: Mapping[str, int]) -> str:
    """Who has most points, or nobody where two have."""
    first, second = sorted(points.values(), reverse=True)[:2]
    return max(points, key=lambda who: points[who]) if first > second else ""


def _first_places(ballots: Ballots) -> dict[str, int]:
    people = next(iter(ballots))
    return {who: sum(n for order, n in ballots.items() if order[0] == who) for who in people}


def plurality(ballots: Ballots) -> str:
    return _alone(_first_places(ballots))


def runoff(ballots: Ballots) -> str:
    votes = _first_places(ballots)
    ranked = sorted(votes, key=lambda who: -votes[who])
    if votes[ranked[1]] == votes[ranked[2]]:
        return ""
    a, b = ranked[:2]
    for_a = sum(n for order, n in ballots.items() if order.index(a) < order.index(b))
    return _alone({a: for_a, b: sum(ballots.values()) - for_a})


def borda(ballots: Ballots) -> str:
    people = next(iter(ballots))
    return _alone({who: sum(n * (3 - order.index(who)) for order, n in ballots.items()) for who in people})


@family("320", "voting", "number", bloom="apply", withheld=True)
def seat_allocation(rng: np.random.Generator, level: Level) -> Draft:
    """Half or a tenth of the seats; an exact proportion; highest averages for three parties."""
    parties = some_of(rng, ["Reds", "Blues", "Greens", "Whites", "Golds", "Greys"], level.of(2, 2, 3))
    if level is Level.HARD:
        seats = integer(rng, 6, 11)
        while True:
            votes = {party: 10 * integer(rng, 10, 99) for party in parties}
            won = highest_averages(votes, seats)
            if won:
                break
        asked = one_of(rng, parties)
        told = ", ".join(f"{party} {n}" for party, n in votes.items()) + " votes."
        rule = f"{seats} seats go one by one to the party with the largest votes / (seats it has so far + 1)."
        result = won[asked]
    else:
        seats = 10 * integer(rng, 2, 20 if level is Level.EASY else 10)
        share = one_of(rng, (10, 50)) if level is Level.EASY else 10 * integer(rng, 1, 9)
        votes, asked = {parties[0]: share, parties[1]: 100 - share}, parties[0]
        told = "The " + " and the ".join(f"{party} won {n} %" for party, n in shuffled(rng, [*votes.items()]))
        told, rule = f"{told} of the votes.", f"{seats} seats are shared in exact proportion."
        result = seats * share // 100
    return Draft(
        facts=f"{sorted(votes.items())} {seats} {asked}",
        says=(
            f"{told} {rule} How many seats do the {asked} get? Reply with the number only.",
            f"{rule} {told} Number of seats of the {asked}? Number only.",
            f"An election: {told} {rule} How large is the group of the {asked}? Number only.",
        ),
        reference=str(result),
    )


def highest_averages(votes: Mapping[str, int], seats: int) -> dict[str, int]:
    """Seats by D'Hondt, or nothing where a tie decides."""
    quotients = sorted(
        ((Fraction(n, k), party) for party, n in votes.items() for k in range(1, seats + 1)), reverse=True
    )
    if quotients[seats - 1][0] == quotients[seats][0]:
        return {}
    return {party: sum(one == party for _, one in quotients[:seats]) for party in votes}
