"""Management (650): plans, stock, bills and rooms. Every figure and rule is in the prompt; answers are computed."""

from __future__ import annotations

import json

import numpy as np

from routelab.workload.generate.draws import NAMES, integer, one_of, options, phrases, shuffled, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_TASKS = words("survey design purchase casting welding painting testing wiring packing training printing drilling")


@family("650", "management", "number", bloom="analyse")
def project_length(rng: np.random.Generator, level: Level) -> Draft:
    """Two tasks one after the other; three; four, two of which run side by side, told out of order."""
    before: list[list[int]] = level.of([[], [0]], [[], [0], [1]], [[], [0], [0], [1, 2]])
    tasks = some_of(rng, _TASKS, len(before))
    days = [integer(rng, 2, 15) for _ in tasks]
    ends: list[int] = []
    for needs, span in zip(before, days):
        ends.append(span + max((ends[k] for k in needs), default=0))
    lines = [
        f"{task} {span} days" + (f" (after {' and '.join(tasks[k] for k in needs)})" if needs else "")
        for task, span, needs in zip(tasks, days, before)
    ]
    told = "; ".join(shuffled(rng, lines) if level is Level.HARD else lines)
    return Draft(
        facts=str(sorted(lines)),
        says=(
            f"A plan: {told}. Tasks run side by side where they can. After how many days is all done? Number only.",
            f"Tasks: {told}. What is the shortest length of the project in days? Number only.",
            f"Each task starts as soon as those before it end: {told}. Length of the whole in days? Number only.",
        ),
        reference=str(max(ends)),
    )


_PARTS = phrases("filters|valves|lamps|hinges|belts|bearings|brushes|batteries|screws|tyres")


@family("650", "management", "number", bloom="apply", withheld=True)
def stock_reorder(rng: np.random.Generator, level: Level) -> Draft:
    """Use during delivery; with a safety stock; the same in larger numbers."""
    part = one_of(rng, _PARTS)
    daily, lead = integer(rng, 2, level.of(10, 6, 40)), integer(rng, 2, level.of(10, 5, 15))
    told, asked = f"A shop uses {daily} {part} a day; delivery takes {lead} days.", "How many are used until delivery?"
    result = daily * lead
    if level is not Level.EASY:
        safety = level.of(0, 10 * integer(rng, 1, 9), integer(rng, 10, 90))
        told, asked = f"{told} It keeps {safety} more for safety.", "At which stock must it order?"
        result += safety
    return Draft(
        facts=told,
        says=(
            f"{told} {asked} Reply with the number only.",
            f"{asked} {told} Answer with the number alone.",
            f"Stores: {told} {asked} Number only.",
        ),
        reference=str(result),
    )


_INVOICE = {
    "customer": {"type": "string"},
    "net": {"type": "number"},
    "tax": {"type": "number"},
    "total": {"type": "number"},
}


@family("650", "management", "json", form=Form.STRUCTURED, bloom="apply")
def invoice_form(rng: np.random.Generator, level: Level) -> Draft:
    """One line without tax; one with a tenth as tax; two lines with any tax."""
    name, wares = one_of(rng, NAMES), some_of(rng, _PARTS, level.of(1, 1, 2))
    counts = [integer(rng, 2, level.of(5, 5, 12)) for _ in wares]
    prices = [10 * integer(rng, 1, level.of(9, 9, 20)) for _ in wares]
    rate = level.of(0, 10, 5 * integer(rng, 1, 5))
    net = sum(n * price for n, price in zip(counts, prices))
    tax = round(net * rate / 100, 2)
    lines = [f"{n} {ware} at {price} € each" for n, ware, price in zip(counts, wares, prices)]
    told = f"{name} buys {' and '.join(lines)}.{f' Tax is {rate} % of net.' if rate else ''}"
    keys = ["customer", "net", "tax", "total"] if rate else ["customer", "total"]
    value = {"customer": name, "net": net, "tax": tax, "total": round(net + tax, 2)}
    schema = {"type": "object", "properties": {key: _INVOICE[key] for key in keys}, "required": keys}
    ask = f"a JSON object with the keys {', '.join(keys)} (amounts as numbers)."
    return Draft(
        facts=told,
        says=(
            f"{told} Write the invoice as {ask}",
            f"Make an invoice: {ask} {told}",
            f"{told} Reply with nothing but {ask}",
        ),
        reference=json.dumps({"schema": schema, "value": {key: value[key] for key in keys}}),
    )


@family("650", "management", "choice", form=Form.CHOICE, bloom="analyse")
def common_meeting_hour(rng: np.random.Generator, level: Level) -> Draft:
    """The one hour at which one person is free; two; three who name busy spells."""
    people = some_of(rng, NAMES, level.of(1, 2, 3))
    hours = sorted(some_of(rng, range(8, 19), 8))
    shown = sorted(some_of(rng, hours, 4))
    right = one_of(rng, shown)
    others = [hour for hour in hours if hour != right]
    busy = [{one_of(rng, others), *(hour for hour in others if rng.random() < 0.3)} for _ in people]
    for hour in shown:
        if hour != right:
            one_of(rng, busy).add(hour)
    kind = "busy" if level is Level.HARD else "free"
    told = "; ".join(
        f"{who} is {kind} at {', '.join(map(str, sorted(spell if kind == 'busy' else set(hours) - spell)))}"
        for who, spell in zip(people, busy)
    )
    text, letter = options(rng, str(right), [str(hour) for hour in shown if hour != right])
    asked = f"can {' and '.join(people)} meet a customer"
    return Draft(
        facts=f"{sorted(told.split('; '))} {shown}",
        says=(
            f"{told} (hours of the day). At which hour {asked}?\n{text}\nReply with the letter.",
            f"Full hours of one day: {told}. When {asked}?\n{text}\nAnswer with one letter.",
            f"When {asked}? {told} (o'clock).\n{text}\nGive the letter.",
        ),
        reference=letter,
    )
