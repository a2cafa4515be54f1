"""Requests that one of some listed tools can serve, answered by a JSON call. No tool exists here."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np

from routelab.workload.generate.draws import integer, one_of, phrases, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_ROOMS = words("kitchen bedroom bathroom study hall attic cellar garage")
_HOUSE = """set_timer(room: string, seconds: integer)
set_alarm(room: string, hour: integer 0-23, minute: integer)
set_heating(room: string, celsius: integer, minutes: integer)"""
_CALL = 'Reply with one JSON object {"name": …, "arguments": {…}}.'


@family("000", "api-tool-calls", "tool_call", form=Form.TOOL_CALL, bloom="apply")
def call_a_house_tool(rng: np.random.Generator, level: Level) -> Draft:
    """Values as they stand; values in other words; values that follow from others."""
    room = one_of(rng, _ROOMS)
    wish, name, arguments = level.of(_plain_wish, _worded_wish, _derived_wish)(rng, room)
    return Draft(
        facts=wish,
        says=(
            f"Tools:\n{_HOUSE}\nRequest: {wish}\n{_CALL}",
            f"You can call one of these tools.\n{_HOUSE}\nThe user says: {wish}\n{_CALL}",
            f"User: {wish}\nAvailable functions:\n{_HOUSE}\n{_CALL}",
            f"Choose the right function and its arguments.\n{_HOUSE}\n“{wish}”\n{_CALL}",
        ),
        reference=json.dumps({"name": name, "arguments": {"room": room, **arguments}}),
    )


_Wish = tuple[str, str, dict[str, int]]


def _plain_wish(rng: np.random.Generator, room: str) -> _Wish:
    seconds, celsius, minutes = integer(rng, 20, 300), integer(rng, 15, 25), integer(rng, 10, 90)
    if rng.random() < 0.5:
        return f"Set a timer of {seconds} seconds in the {room}.", "set_timer", {"seconds": seconds}
    wish = f"Heat the {room} to {celsius} degrees Celsius for {minutes} minutes."
    return wish, "set_heating", {"celsius": celsius, "minutes": minutes}


def _worded_wish(rng: np.random.Generator, room: str) -> _Wish:
    kind, minutes = integer(rng, 0, 2), integer(rng, 2, 40)
    hour, celsius, hours = integer(rng, 1, 11), integer(rng, 15, 25), integer(rng, 2, 9)
    if kind == 0:
        wish = f"Ring in the {room} {minutes} minutes from now."
        return wish, "set_timer", {"seconds": 60 * minutes}
    if kind == 1:
        wish = f"Wake me in the {room} at {hour}:{minutes:02d} in the evening (pm)."
        return wish, "set_alarm", {"hour": hour + 12, "minute": minutes}
    wish = f"I would like {celsius} degrees in the {room} for {hours} hours."
    return wish, "set_heating", {"celsius": celsius, "minutes": 60 * hours}


def _derived_wish(rng: np.random.Generator, room: str) -> _Wish:
    now = 60 * integer(rng, 17, 23) + 10 * integer(rng, 0, 5)
    hours, early = integer(rng, 5, 9), 5 * integer(rng, 1, 11)
    clock = f"It is {now // 60}:{now % 60:02d}."
    if rng.random() < 0.5:
        ring = (now + 60 * hours - early) % 1440
        wish = f"{clock} My train leaves in {hours} hours. Set the alarm in the {room} {early} minutes before that."
        return wish, "set_alarm", {"hour": ring // 60, "minute": ring % 60}
    celsius, drop = integer(rng, 19, 25), integer(rng, 2, 5)
    wish = (
        f"{clock} Guests come to the {room} at midnight and stay {hours} hours. From now until they leave, keep it "
        f"{drop} degrees below the usual {celsius}."
    )
    return wish, "set_heating", {"celsius": celsius - drop, "minutes": 1440 - now + 60 * hours}


_CITIES = words("Oslo Lima Cairo Delhi Quito Paris Tokyo Accra Sofia Porto Turin Perth")
_TRIPS = """search_flights(from: string, to: string, date: "YYYY-MM-DD", max_price: integer)
search_trains(from: string, to: string, date: "YYYY-MM-DD", seats: integer)
search_hotels(city: string, arrival: "YYYY-MM-DD", nights: integer, max_price: integer)"""
_BEFORE_TRAINS = phrases("I hate flying, so I go by rail|The airport is closed, so I take the railway")


@family("000", "api-tool-calls", "tool_call", form=Form.TOOL_CALL, bloom="apply", withheld=True)
def call_a_travel_tool(rng: np.random.Generator, level: Level) -> Draft:
    """An ISO date and plain values; a written date; dates and values that follow from others."""
    here, there = some_of(rng, _CITIES, 2)
    day = dt.date(2027, 1, 1) + dt.timedelta(days=integer(rng, 0, 700))
    days, n, price = integer(rng, 3, 12), integer(rng, 2, 8), 10 * integer(rng, 9, 60)
    later, written = day + dt.timedelta(days=days), f"{day.day} {day:%B %Y}"
    flight = {"from": here, "to": there, "date": str(day), "max_price": price}
    train = {"from": here, "to": there, "date": str(later), "seats": n + 1}
    back = {"from": there, "to": here, "date": str(later), "max_price": price}
    stay = {"city": there, "arrival": str(day), "nights": n, "max_price": price}
    name, arguments, wish = one_of(
        rng,
        level.of(
            [
                ("search_flights", flight, f"Find a flight from {here} to {there} on {day}, at most {price} dollars."),
                ("search_hotels", stay, f"Search hotels in {there}: arrival {day}, {n} nights, max {price} dollars."),
            ],
            [
                ("search_flights", flight, f"I fly from {here} to {there} on {written} and can pay {price} dollars."),
                (
                    "search_hotels",
                    stay,
                    f"From {written} I need a bed in {there} for {n} nights, up to {price} dollars.",
                ),
            ],
            [
                (
                    "search_trains",
                    train,
                    f"{one_of(rng, _BEFORE_TRAINS)} from {here} to {there} with {n} friends, "
                    f"{days} days after {written}.",
                ),
                (
                    "search_flights",
                    back,
                    f"I arrive in {there} from {here} on {written} and fly back {days} days later. "
                    f"The flight out cost {price + 40} dollars; for the way back, look for 40 dollars less at most.",
                ),
            ],
        ),
    )
    return Draft(
        facts=wish,
        says=(
            f"Tools:\n{_TRIPS}\nRequest: {wish}\n{_CALL}",
            f"You can call one of these tools.\n{_TRIPS}\nThe user says: {wish}\n{_CALL}",
            f"User: {wish}\nAvailable functions:\n{_TRIPS}\n{_CALL}",
            f"Choose the right function and its arguments.\n{_TRIPS}\n“{wish}”\n{_CALL}",
        ),
        reference=json.dumps({"name": name, "arguments": arguments}),
    )
