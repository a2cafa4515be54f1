"""Economics (330): markets, opportunity cost and elasticity; accounts, taxes and exchange, from supplied numbers.

Knows no real price, rate or tax law.
"""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np

from routelab.workload.generate.draws import NAMES, integer, one_of, options, phrases, some_of
from routelab.workload.generate.family import Draft, Form, Level, family

_GOODS = phrases("bread|cloth|wine|fish|bricks|lamps|paper|rope|cheese|salt|chairs|baskets|nails|honey")


@family("330", "micro-economics", "number", bloom="apply")
def market_price(rng: np.random.Generator, level: Level) -> Draft:
    """A quantity at a price, falling one by one; falling faster; the price where two lines cross."""
    good, price = one_of(rng, _GOODS), integer(rng, 2, 9)
    fall, rise = level.of(1, integer(rng, 2, 4), integer(rng, 1, 5)), integer(rng, 1, 5)
    shift = 2 * integer(rng, 0, 10)
    sold = rise * price + shift if level is Level.HARD else integer(rng, 2, 25)
    demand = f"Demand for {good} is Q = {sold + fall * price} - {'' if fall == 1 else fall}P"
    supply = f"supply is Q = {f'{shift} + ' if shift else ''}{'' if rise == 1 else rise}P"
    told, question = f"{demand}.", f"How many are demanded at P = {price}?"
    if level is Level.HARD:
        told, question = f"{demand}, {supply}.", "At which price P is the market in equilibrium?"
    return Draft(
        facts=told + ("" if level is Level.HARD else str(price)),
        says=(
            f"{told} {question} Reply with the number only.",
            f"{question} {told} Answer with the number alone.",
            f"A market: {told} {question} Number only.",
        ),
        reference=str(price if level is Level.HARD else sold),
    )


@family("330", "micro-economics", "choice", form=Form.CHOICE, bloom="analyse")
def lowest_opportunity_cost(rng: np.random.Generator, level: Level) -> Draft:
    """Costs stated; to be divided from outputs an hour; from hours a piece, for the other good."""
    people, goods = some_of(rng, NAMES, 4), some_of(rng, _GOODS, 2)
    while True:
        pairs = [(integer(rng, 2, 12), integer(rng, 2, 12)) for _ in people]
        costs = [Fraction(b) if level is Level.EASY else Fraction(b, a) for a, b in pairs]
        if sorted(costs)[0] < sorted(costs)[1]:
            break
    told = level.of(
        "For one unit of {0}: " + ", ".join(f"{who} gives up {b} {{1}}" for who, (_, b) in zip(people, pairs)) + ".",
        "Output an hour: " + "; ".join(f"{who} {a} {{0}} or {b} {{1}}" for who, (a, b) in zip(people, pairs)) + ".",
        "Hours per unit: "
        + "; ".join(f"{who} {b} for {{0}}, {a} for {{1}}" for who, (a, b) in zip(people, pairs))
        + ".",
    ).format(*goods)
    best = people[costs.index(min(costs))]
    text, letter = options(rng, best, [who for who in people if who != best])
    return Draft(
        facts=f"{goods} {sorted(zip(people, pairs))}",
        says=(
            f"{told} Who has the lowest opportunity cost of {goods[0]}?\n{text}\nReply with the letter.",
            f"{told} Whose {goods[0]} costs the least {goods[1]} forgone?\n{text}\nAnswer with one letter.",
            f"Who should make {goods[0]}, having the lowest opportunity cost of it? {told}\n{text}\nGive the letter.",
        ),
        reference=letter,
    )


@family("330", "micro-economics", "quantity", bloom="apply", withheld=True)
def price_elasticity(rng: np.random.Generator, level: Level) -> Draft:
    """A whole number from two percentages; a number and a half; from a price and a quantity before and after."""
    good = one_of(rng, _GOODS)
    if level is Level.HARD:
        before, sold = 10 * integer(rng, 2, 15), 20 * integer(rng, 3, 30)
        after = before + before // 10 * integer(rng, 1, 5)
        less = sold - sold // 20 * integer(rng, 1, 10)
        told = f"The price of {good} rises from {before} to {after}; the quantity sold falls from {sold} to {less}."
        value = Fraction(sold - less, sold) / Fraction(after - before, before)
    else:
        percent = integer(rng, 2, 10) if level is Level.EASY else 2 * integer(rng, 1, 10)
        value = integer(rng, 1, 9) + Fraction(level is Level.MEDIUM, 2)
        moves = one_of(rng, [("rises", "falls"), ("falls", "rises")])
        told = f"The price of {good} {moves[0]} by {percent} % and the quantity sold {moves[1]} by {percent * value} %."
    form = " Round to two decimals. Number only." if level is Level.HARD else " Number only."
    return Draft(
        facts=told,
        says=(
            f"{told} What is the price elasticity of demand, without its sign?{form}",
            f"Elasticity = percentage change of quantity / that of price. {told} Its size?{form}",
            f"{told} How elastic is demand, as a positive number?{form}",
        ),
        reference=json.dumps(
            {"value": round(float(value), 4), "unit": "", "rtol": max(0.01, round(0.006 / float(value), 3))}
        ),
    )


@family("330", "personal-finance", "quantity", bloom="apply")
def savings_account(rng: np.random.Generator, level: Level) -> Draft:
    """A tenth as the interest of one year; the balance after a year; after two, with a yearly deposit or fee."""
    name, rate = one_of(rng, NAMES), one_of(rng, level.of((10,), (2, 5, 10, 20), (2, 4, 5, 10)))
    start = level.of(5 * integer(rng, 4, 800), 50 * integer(rng, 2, 200), 100 * integer(rng, 2, 90))
    yearly = one_of(rng, (-20, -10, 50, 100, 200)) if level is Level.HARD else 0
    years = level.of(1, 1, 2)
    balance = Fraction(start)
    for _ in range(years):
        balance = balance * (100 + rate) / 100 + yearly
    told = f"{name}'s account holds {start} € and earns {rate} % interest a year, added yearly."
    if yearly:
        way = "is paid in" if yearly > 0 else "goes in fees"
        told += f" At the end of each year, after interest, {abs(yearly)} € {way}."
    asked, value = level.of(
        ("How much interest is earned in one year", balance - start),
        ("What does it hold after one year", balance),
        ("What does it hold after two years", balance),
    )
    return Draft(
        facts=f"{start} {rate} {yearly}",
        says=(
            f"{told} {asked}, in euros? Number only.",
            f"{asked} (in €)? {told} Reply with the number only.",
            f"Savings: {told} {asked}? Answer with the amount in euros. Number only.",
        ),
        reference=json.dumps({"value": round(float(value), 2), "unit": "", "rtol": 0.0001}),
    )


@family("330", "personal-finance", "number", bloom="apply")
def bracket_tax(rng: np.random.Generator, level: Level) -> Draft:
    """One rate; two brackets with round numbers; two, after an allowance."""
    name = one_of(rng, NAMES)
    rates = sorted(some_of(rng, level.of((5, 10, 20, 50), (10, 20, 30, 40, 50), (5, 10, 15, 20, 25, 30, 35, 40)), 2))
    allowance = 100 * integer(rng, 5, 40) if level is Level.HARD else 0
    income = level.of(100 * integer(rng, 10, 300), 100 * integer(rng, 105, 400), 100 * integer(rng, 160, 400))
    if level is Level.EASY:
        rule, tax = f"The tax is {rates[0]} % of income.", income * rates[0] // 100
    else:
        rule = f"The first 10000 of income are taxed at {rates[0]} %, the rest at {rates[1]} %."
        tax = (10_000 * rates[0] + (income - allowance - 10_000) * rates[1]) // 100
    if level is Level.HARD:
        rule = f"First, {allowance} is deducted from income. {rule.replace('income', 'what remains')}"
    return Draft(
        facts=f"{rule} {income}",
        says=(
            f"{rule} What is the tax on {name}'s income of {income}? Reply with the number only.",
            f"{name} earns {income}. {rule} How much tax is due? Answer with the number alone.",
            f"Income of {name}: {income}. Law: {rule} Tax due? Number only.",
        ),
        reference=str(tax),
    )


_MONEY = phrases("Dollar|Pfund|Franken|Kronen|Yen|Rand|Peso|Rupien|Dinar|Lira|Taler")


@family("330", "personal-finance", "quantity", form=Form.MULTILINGUAL, bloom="apply", language="de", withheld=True)
def geld_wechseln(rng: np.random.Generator, level: Level) -> Draft:
    """Eine kleine Umrechnung; eine größere; eine mit Gebühr."""
    money, fee = one_of(rng, _MONEY), integer(rng, 2, 9) if level is Level.HARD else 0
    euros = level.of(integer(rng, 2, 12), 10 * integer(rng, 2, 30), 10 * integer(rng, 2, 60))
    rate = integer(rng, 2, level.of(10, 9, 24))
    told = f"Ein Euro kostet {rate} {money}{f'; vorher gehen {fee} Euro Gebühr ab' if fee else ''}."
    return Draft(
        facts=f"{told} {euros}",
        says=(
            f"{told} Wie viele {money} bekommt man für {euros} Euro? Antworte nur mit der Zahl.",
            f"Jemand wechselt {euros} Euro in {money}. {told} Wie viel erhält er? Nenne nur die Zahl.",
            f"{euros} Euro sollen in {money} getauscht werden. {told} Betrag in {money}? Nur die Zahl.",
        ),
        reference=json.dumps({"value": (euros - fee) * rate, "unit": "", "rtol": 0.001}),
    )
