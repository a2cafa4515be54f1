"""Household (640): recipes, shopping lists, the thermostat and a Spanish market. All figures are in the prompt."""

from __future__ import annotations

import json

import numpy as np

from routelab.core import Turn
from routelab.workload.generate.draws import integer, one_of, phrases, shuffled, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_STUFFS = words("flour sugar butter rice lentils oats milk cheese raisins nuts")


@family("640", "household", "quantity", bloom="apply")
def recipe_scaling(rng: np.random.Generator, level: Level) -> Draft:
    """From one person to some; from some to twice or thrice as many; to any number."""
    stuff, grams = one_of(rng, _STUFFS), 10 * integer(rng, level.of(1, 4, 4), level.of(10, 30, 60))
    people = level.of(1, integer(rng, 2, 8), integer(rng, 2, 8))
    guests = level.of(integer(rng, 2, 10), people * integer(rng, 2, 3), integer(rng, 9, 25))
    told = f"A recipe for {'one person' if people == 1 else f'{people} people'} takes {grams} g of {stuff}."
    asked = f"How many grams of {stuff} do {guests} people need?"
    return Draft(
        facts=f"{told} {guests}",
        says=(
            f"{told} {asked} Reply with the number only.",
            f"{asked} {told} Answer with the number alone.",
            f"In the kitchen: {told} {asked} Number only.",
        ),
        reference=json.dumps({"value": round(grams * guests / people, 4), "unit": "", "rtol": 0.005}),
    )


_WARES = words("bread eggs milk apples soap rice tea salt candles pears honey oil flour carrots cheese")


@family("640", "household", "set", form=Form.MULTI_TURN, bloom="apply")
def shopping_edits(rng: np.random.Generator, level: Level) -> Draft:
    """One addition or removal; two edits in one message; five, with swaps and one taken back."""
    wares = shuffled(rng, _WARES)
    listed, spare = wares[:4], wares[4:]
    now, edits = list(listed), []
    for k in range(level.of(1, 2, 4)):
        kind = one_of(rng, ("add", "remove", "swap") if level is not Level.EASY else ("add", "remove"))
        gone, new = one_of(rng, now), spare[k]
        if kind != "add":
            now.remove(gone)
        if kind != "remove":
            now.append(new)
        edits.append({"add": f"add {new}", "remove": f"drop {gone}", "swap": f"take {new} instead of {gone}"}[kind])
    if level is Level.HARD:
        back = one_of(rng, [one for one in listed if one not in now] or [spare[5]])
        edits.append(f"put {back} on the list again" if back in listed else f"add {back}")
        now.append(back)
    change = "; then ".join(edits)
    head = (Turn("user", f"My shopping list: {', '.join(listed)}."), Turn("assistant", "Noted."))
    asks = (
        f"Please {change}. What is on the list now? Reply with a comma-separated list.",
        f"Changes: {change}. Give the final list, comma-separated.",
        f"Now {change}. Write only the resulting list, separated by commas.",
    )
    return Draft(
        facts=f"{sorted(listed)} {change}",
        says=tuple((*head, Turn("user", ask)) for ask in asks),
        reference=json.dumps(sorted(now)),
    )


_ROOMS = words("kitchen bedroom bathroom hall study cellar attic nursery lounge pantry office library garage porch")
_TOOLS = "set_heat(room: str, celsius: int), timer(room: str, minutes: int), off(room: str)"


@family("640", "household", "tool_call", form=Form.TOOL_CALL, bloom="apply")
def thermostat_call(rng: np.random.Generator, level: Level) -> Draft:
    """A plain wish; a wish relative to now; the room that a rule picks among three."""
    rooms = some_of(rng, _ROOMS, level.of(1, 1, 3))
    degrees, change, minutes = integer(rng, 12, 27), integer(rng, 1, 6), integer(rng, 5, 150)
    if level is Level.EASY:
        told, name, arguments = one_of(
            rng,
            [
                (
                    f"Heat the {rooms[0]} to {degrees} degrees; it is {degrees - change} there.",
                    "set_heat",
                    {"room": rooms[0], "celsius": degrees},
                ),
                (
                    f"Set a timer of {minutes} minutes in the {rooms[0]}.",
                    "timer",
                    {"room": rooms[0], "minutes": minutes},
                ),
            ],
        )
    elif level is Level.MEDIUM:
        up = bool(rng.random() < 0.5)
        told = f"The {rooms[0]} is at {degrees} degrees. Make it {change} degrees {'warmer' if up else 'cooler'}."
        name, arguments = "set_heat", {"room": rooms[0], "celsius": degrees + (change if up else -change)}
    else:
        heats = some_of(rng, range(12, 26), 3)
        cold = bool(rng.random() < 0.5)
        pick = rooms[heats.index(min(heats) if cold else max(heats))]
        told = (
            "Temperatures: " + ", ".join(f"{room} {heat}" for room, heat in zip(rooms, heats)) + ". Set the "
            f"{'coldest' if cold else 'warmest'} room {change} degrees {'above' if cold else 'below'} "
            "the mean of the other two, rounded down."
        )
        rest = (sum(heats) - (min(heats) if cold else max(heats))) // 2
        name, arguments = "set_heat", {"room": pick, "celsius": rest + (change if cold else -change)}
    shape = 'Reply with one JSON call {"name": …, "arguments": {…}}.'
    return Draft(
        facts=told,
        says=(
            f"Tools: {_TOOLS}. {told} {shape}",
            f"{told} Call one of the tools {_TOOLS}. {shape}",
            f"You run a home with {_TOOLS}. {told} {shape}",
        ),
        reference=json.dumps({"name": name, "arguments": arguments}),
    )


_FRUTAS = phrases("manzanas|peras|naranjas|tomates|cebollas|patatas|uvas|limones|ciruelas|zanahorias")


@family("640", "household", "number", form=Form.MULTILINGUAL, bloom="apply", language="es", withheld=True)
def compra_en_el_mercado(rng: np.random.Generator, level: Level) -> Draft:
    """Un producto; un producto y un café; dos productos y el cambio."""
    wares, most = some_of(rng, _FRUTAS, level.of(1, 1, 2)), level.of(10, 6, 12)
    kilos, prices = [integer(rng, 2, most) for _ in wares], [integer(rng, 2, most) for _ in wares]
    result = sum(a * b for a, b in zip(kilos, prices))
    lines = [f"{k} kg de {w} a {p} euros el kilo" for k, w, p in zip(kilos, wares, prices)]
    told, asked = f"Ana compra {' y '.join(lines)}.", "¿Cuántos euros paga?"
    if level is Level.MEDIUM:
        coffee = integer(rng, 2, 6)
        told, result = f"{told} También toma un café de {coffee} euros.", result + coffee
    if level is Level.HARD:
        change = integer(rng, 1, 60)
        told, asked, result = f"{told} Paga con {result + change} euros.", "¿Cuántos euros le devuelven?", change
    return Draft(
        facts=told,
        says=(
            f"{told} {asked} Responde solo con el número.",
            f"{asked} {told} Da solo el número.",
            f"En el mercado: {told} {asked} Solo el número.",
        ),
        reference=str(result),
    )
