"""Orbits and brightness, rock layers and earthquakes, and a long log of river stations to search.

Knows no constants of nature but those of Kepler's law in years and astronomical units.
"""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np

from routelab.core.files import digest
from routelab.workload.generate.draws import integer, one_of, shuffled, some_of, words
from routelab.workload.generate.families.quantities import quantity
from routelab.workload.generate.family import Draft, Form, Level, family

_ONLY = "Reply with the number only."
_LIST = "Reply with a comma-separated list."


@family("520", "astronomy", "quantity", bloom="apply")
def time_an_orbit(rng: np.random.Generator, level: Level) -> Draft:
    """Some orbits of a known period; the lead of one body over another; Kepler's law for some orbits."""
    body = one_of(rng, words("planet comet asteroid probe"))
    period, n, longer = integer(rng, 11, 99), integer(rng, 2, 9), integer(rng, 2, 12)
    root, many = integer(rng, 2, 12), integer(rng, 2, 70)
    story, value, unit = level.of(
        (f"A {body} needs {period} days for one orbit. How many days do {n} orbits take?", period * n, "d"),
        (
            f"One {body} needs {period} days for an orbit, another {period + longer} days. How many days longer does "
            f"the other need for {n} orbits?",
            longer * n,
            "d",
        ),
        (
            f"A {body} is {root**2} AU from a star like the Sun. By Kepler's third law, P² = a³ (P in years, a in AU). "
            f"How many years do {many} orbits take?",
            root**3 * many,
            "yr",
        ),
    )
    return Draft(
        facts=story.replace(body, "body"),
        says=(
            f"{story} {_ONLY}",
            f"Astronomy: {story} {_ONLY}",
            f"Work this out. {story} {_ONLY}",
            f"Answer with one number. {story} {_ONLY}",
        ),
        reference=quantity(value, unit, rtol=0.02),
    )


@family("520", "astronomy", "quantity", bloom="apply", asks="knowledge", withheld=True)
def compare_star_brightness(rng: np.random.Generator, level: Level) -> Draft:
    """A whole difference of magnitudes; one with a decimal; an absolute magnitude by two corrections."""
    pair = one_of(rng, words("stars galaxies planets asteroids"))
    gap = level.of(10 * integer(rng, 1, 5), integer(rng, 5, 60), integer(rng, 5, 60))  # in tenths, like those below
    bright, dust = integer(rng, 1, 60), integer(rng, 2, 19)
    story, value = level.of(
        (f"Two {pair} have magnitudes {bright / 10} and {(bright + gap) / 10}. By how much do they differ?", gap),
        (f"Two {pair} have magnitudes {bright / 10} and {(bright + gap) / 10}. By how much do they differ?", gap),
        (
            f"A star shows magnitude {(bright + gap + dust) / 10}. Dust dims it by {dust / 10} magnitudes and distance "
            f"by {gap / 10}. What is its absolute magnitude?",
            bright,
        ),
    )
    return Draft(
        facts=story,
        says=(
            f"{story} {_ONLY}",
            f"Astronomy: {story} {_ONLY}",
            f"Work this out. {story} {_ONLY}",
            f"Answer with one number. {story} {_ONLY}",
        ),
        reference=quantity(value / 10, ""),
    )


_ROCKS = words(
    "sandstone limestone shale chalk clay coal gravel marl tuff siltstone dolomite gypsum mudstone peat slate salt"
)


@family("550", "earth-science", "list", form=Form.STRUCTURED, bloom="analyse")
def order_rock_layers(rng: np.random.Generator, level: Level) -> Draft:
    """Three layers told from the bottom; three from the top; four by neighbours."""
    layers = some_of(rng, _ROCKS, level.of(3, 3, 4))
    told = level.of(
        f"from bottom to top, so from oldest to youngest, there are {', '.join(layers)}",
        f"from top to bottom there are {', '.join(reversed(layers))}",
        "; ".join(shuffled(rng, [f"{upper} lies directly on {lower}" for lower, upper in pairwise(layers)])),
    )
    return Draft(
        facts=" < ".join(layers),
        says=(
            f"In an undisturbed cliff, {told}. List the layers from oldest to youngest. {_LIST}",
            f"A geologist notes of layers that were never overturned: {told}. Order the layers by age, oldest first. "
            f"{_LIST}",
            f"In a cliff with its layers the right way up, {told}. Give the layers in order of age, the oldest first. "
            f"{_LIST}",
            f"Layers are as they were laid down: {told}. Name them from oldest to youngest. {_LIST}",
        ),
        reference=json.dumps(layers),
    )


@family("550", "earth-science", "quantity", bloom="apply", withheld=True)
def locate_an_earthquake(rng: np.random.Generator, level: Level) -> Draft:
    """A small delay times a rate; a longer one; the delay from two clock times."""
    station, lag, rate = (
        one_of(rng, _STATIONS),
        integer(rng, *level.of((2, 12), (13, 60), (4, 29))),
        integer(rng, 4, 10),
    )
    first = 3600 * integer(rng, 1, 22) + 60 * integer(rng, 0, 59) + integer(rng, 0, 30)
    waves = level.of(
        f"S waves arrive {lag} seconds after P waves",
        f"S waves arrive {lag} seconds after P waves",
        f"P waves arrive at {_clock(first)} and S waves at {_clock(first + lag)}",
    )
    story = (
        f"At {station} station, {waves}. Each second of delay means {rate} km of distance. "
        "How many km away is the earthquake?"
    )
    return Draft(
        facts=story,
        says=(
            f"{story} {_ONLY}",
            f"Seismology: {story} {_ONLY}",
            f"Work this out. {story} {_ONLY}",
            f"Answer with one number. {story} {_ONLY}",
        ),
        reference=quantity(lag * rate, "km"),
    )


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


_STATIONS = words("Alder Birch Cedar Elm Hazel Linden Maple Rowan Willow Aspen")
_SKIES = words("clear cloudy rainy foggy windy misty stormy")


@family("550", "earth-science", "number", form=Form.LONG_CONTEXT, bloom="analyse")
def search_a_station_log(rng: np.random.Generator, level: Level) -> Draft:
    """One reading of 9; the higher of two of 24; of 56, a reading at the hour of another station's."""
    stations = some_of(rng, _STATIONS, level.of(3, 3, 4))
    hours = level.of(3, 8, 14)
    levels = {name: some_of(rng, range(100, 500), hours) for name in stations}
    times = [f"day {k // 24 + 1}, {k % 24:02d}:00" for k in range(hours)]
    log = "\n".join(
        f"On {time} the weather at {name} station was {one_of(rng, _SKIES)} and the river there stood at a level of "
        f"{levels[name][k]} centimetres."
        for k, time in enumerate(times)
        for name in shuffled(rng, stations)
    )
    here, there = some_of(rng, stations, 2)
    k, m = some_of(rng, range(hours), 2)
    aim, value = level.of(
        (f"the river level at {here} station on {times[k]}", levels[here][k]),
        (
            f"the higher of two river levels: that at {here} station on {times[k]} and that at {there} station on "
            f"{times[m]}",
            max(levels[here][k], levels[there][m]),
        ),
        (
            f"the river level at {there} station in the hour in which the level at {here} station was "
            f"{levels[here][k]} centimetres",
            levels[there][k],
        ),
    )
    return Draft(
        facts=f"{aim} {digest(levels)}",
        says=(
            f"{log}\n\nWhat is {aim}? {_ONLY}",
            f"Read this log and give {aim}, in centimetres. {_ONLY}\n\n{log}",
            f"Here is a log of river stations.\n{log}\n\nFind {aim}. {_ONLY}",
            f"Question: what is {aim}?\n\nLog:\n{log}\n\n{_ONLY}",
        ),
        reference=str(value),
    )
