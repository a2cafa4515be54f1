"""Medicine, agriculture and household (610, 630, 640): doses, forms, fields, recipes, lists and device calls.

Arithmetic and reading only: every rate and rule is in the prompt, and no medicine is named.
"""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np

from routelab.workload.generate.draws import NAMES, integer, one_of, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family


@family("610", "medicine", "quantity", bloom="apply")
def dose_by_weight(rng: np.random.Generator, level: Level) -> Draft:
    """Milligrams for a round weight; for any weight; one of several doses a day."""
    name, doses = one_of(rng, NAMES), integer(rng, 2, 4)
    rate = integer(rng, 2, level.of(9, 9, 25))
    weight = 10 * integer(rng, 1, 9) if level is Level.EASY else integer(rng, 8, 90)
    split = f" a day, in {doses} equal doses" if level is Level.HARD else ""
    told = f"A drug is given at {rate} mg per kg{split}. {name} weighs {weight} kg."
    asked, value = "What is the dose, in mg", Fraction(rate * weight)
    if level is Level.HARD:
        asked, value = "What is a single dose, in mg to one decimal", value / doses
    return Draft(
        facts=told,
        says=(
            f"{told} {asked}? Number only.",
            f"Exercise in arithmetic: {told} {asked}? Answer with the number alone.",
            f"{asked}? {told} Reply with the number only.",
        ),
        reference=json.dumps({"value": round(float(value), 4), "unit": "mg", "rtol": 0.02}),
    )


@family("610", "medicine", "number", bloom="apply", withheld=True)
def drip_rate(rng: np.random.Generator, level: Level) -> Draft:
    """Millilitres an hour, in round numbers; in any; drops a minute."""
    name, hours, factor = one_of(rng, NAMES), integer(rng, 2, level.of(6, 9, 14)), one_of(rng, (10, 15, 20, 60))
    rate = level.of(10 * integer(rng, 1, 12), integer(rng, 11, 120), 12 * integer(rng, 1, 40))
    told, asked = f"{name} is to get {rate * hours} ml in {hours} hours.", "How many ml an hour is that?"
    if level is Level.HARD:
        told, asked = f"{told} One ml is {factor} drops.", "How many drops a minute is that?"
    return Draft(
        facts=told,
        says=(
            f"{told} {asked} Reply with the number only.",
            f"An infusion: {told} {asked} Number only.",
            f"{asked} {told} Answer with the number alone.",
        ),
        reference=str(rate * factor // 60 if level is Level.HARD else rate),
    )


_SIGNS = words("headache fever cough nausea dizziness rash cramps fatigue")
_TRIAGE = {
    "name": {"type": "string"},
    "age": {"type": "integer"},
    "symptoms": {"type": "array", "items": {"type": "string"}},
    "urgent": {"type": "boolean"},
}


@family("610", "medicine", "json", form=Form.STRUCTURED, bloom="apply")
def triage_form(rng: np.random.Generator, level: Level) -> Draft:
    """Two facts; a list of signs sorted by name as well; and urgency from a rule of two parts."""
    name, age, heat = one_of(rng, NAMES), integer(rng, 3, 95), integer(rng, 365, 405)
    signs = some_of(rng, _SIGNS, level.of(1, 2, 3))
    limit, old = integer(rng, 375, 398), integer(rng, 55, 80)
    keys = level.of(["name", "age"], ["name", "age", "symptoms"], ["name", "age", "symptoms", "urgent"])
    urgent = heat >= limit or (age >= old and "cough" in signs)
    value = {"name": name, "age": age, "symptoms": sorted(signs), "urgent": urgent}
    note = f"{name}, {age}, reports {' and '.join(signs)}; temperature {heat / 10:.1f} °C."
    sort = " Sort symptoms alphabetically." if level is not Level.EASY else ""
    rule = (
        f" Urgent means: {limit / 10:.1f} °C or more, or a cough at age {old} or over." if level is Level.HARD else ""
    )
    schema = {"type": "object", "properties": {key: _TRIAGE[key] for key in keys}, "required": keys}
    ask = f"a JSON object with the keys {', '.join(keys)}."
    return Draft(
        facts=note + rule,
        says=(
            f"{note}{sort}{rule} Write {ask}",
            f"Fill in a triage form as {ask}{sort}{rule} Note: {note}",
            f"Turn this note into {ask} {note}{sort}{rule} Reply with JSON only.",
        ),
        reference=json.dumps({"schema": schema, "value": {key: value[key] for key in keys}}),
    )


_CROPS = words("wheat barley oats rye maize potatoes beets peas beans hay")


@family("630", "agriculture", "quantity", bloom="apply")
def harvest_of_field(rng: np.random.Generator, level: Level) -> Draft:
    """Tonnes from a few hectares; from many; from a field measured in metres."""
    crop, tonnes = one_of(rng, _CROPS), integer(rng, 2, 9)
    hectares = Fraction(integer(rng, 2, 12) if level is Level.EASY else integer(rng, 13, 60))
    told = f"{hectares} hectares of {crop} give {tonnes} tonnes a hectare."
    if level is Level.HARD:
        long, wide = 50 * integer(rng, 4, 24), 50 * integer(rng, 2, 12)
        hectares = Fraction(long * wide, 10_000)
        told = f"A field of {long} m by {wide} m bears {crop}, {tonnes} tonnes a hectare (10,000 m²)."
    form = ", to two decimals if needed" if level is Level.HARD else ""
    return Draft(
        facts=told,
        says=(
            f"{told} How many tonnes is the harvest{form}? Reply with the number only.",
            f"How many tonnes is the harvest{form}? {told} Number only.",
            f"A farmer reckons: {told} Harvest in tonnes{form}? Answer with the number alone.",
        ),
        reference=json.dumps({"value": round(float(hectares * tonnes), 4), "unit": "", "rtol": 0.002}),
    )


_ZONES = words("orchard greenhouse lawn vineyard nursery terrace meadow hedge courtyard tunnel paddock rosebed")
_TOOLS = "water(zone: str, minutes: int), stop(zone: str), shade(zone: str, percent: int)"


@family("630", "agriculture", "tool_call", form=Form.TOOL_CALL, bloom="apply")
def irrigation_call(rng: np.random.Generator, level: Level) -> Draft:
    """An order in words; minutes from litres; a rule on soil and sun that decides which tool."""
    zone, rate, minutes, percent = (
        one_of(rng, _ZONES),
        one_of(rng, (2, 4, 5, 10, 20)) if level is Level.MEDIUM else integer(rng, 4, 25),
        integer(rng, 5, level.of(120, 30, 120)),
        integer(rng, 5, 95),
    )
    dry, moist, sun, hot = integer(rng, 20, 40), integer(rng, 10, 60), integer(rng, 20, 40), integer(rng, 24, 36)
    water = {"name": "water", "arguments": {"zone": zone, "minutes": minutes}}
    shade = {"name": "shade", "arguments": {"zone": zone, "percent": percent}}
    stop = {"name": "stop", "arguments": {"zone": zone}}
    if level is Level.EASY:
        told, call = one_of(
            rng,
            [(f"Water the {zone} for {minutes} minutes.", water), (f"Shade the {zone} by {percent} percent.", shade)],
        )
    elif level is Level.MEDIUM:
        told, call = f"The {zone} needs {rate * minutes} litres; {rate} litres flow a minute. Water it.", water
    else:
        told = (
            f"If soil moisture is below {dry} %, give {rate * minutes} litres at {rate} litres a minute; else, above "
            f"{hot} °C, shade by {percent} percent; else stop. The {zone} has {moist} % and {sun} °C."
        )
        call = water if moist < dry else shade if sun > hot else stop
    shape = 'Reply with one JSON call {"name": …, "arguments": {…}}.'
    return Draft(
        facts=told,
        says=(
            f"Tools: {_TOOLS}. {told} {shape}",
            f"{told} Use one of these tools: {_TOOLS}. {shape}",
            f"You control a farm with {_TOOLS}. Order: {told} {shape}",
        ),
        reference=json.dumps(call),
    )
