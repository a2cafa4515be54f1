"""Number bases, bits, algorithms on lists and graphs, and the order of books on a shelf.

Shortest routes are found by networkx (BSD-3-Clause). Knows nothing of Python programs; those are in ``coding``.
"""

from __future__ import annotations

import json
from collections import deque
from typing import Any

import numpy as np

from routelab.core.errors import need_extra
from routelab.workload.generate.draws import integer, one_of, shuffled, some_of
from routelab.workload.generate.family import Draft, Form, Level, family

LIST = "Reply with a comma-separated list."
_CALL_NUMBERS = "Reply with a comma-separated list of the call numbers."
_DIGIT = "Reply with the digit only."


@family("000", "number-bases-and-bits", "number", bloom="apply")
def add_across_bases(rng: np.random.Generator, level: Level) -> Draft:
    """A small number whose decimal value is told; one to be read; five bits and two hexadecimal digits."""
    binary = bool(rng.integers(2))
    low, high = (8, 31) if level is Level.HARD else level.of((4, 15), (2, 7), (8, 31)) if binary else (10, 15)
    value, other = integer(rng, low, high), integer(rng, *level.of((1, 35), (1, 60), (16, 127)))
    left = f"binary {value:b}" if binary or level is Level.HARD else f"hexadecimal {value:X}"
    right = f"hexadecimal {other:X}" if level is Level.HARD else f"decimal {other}"
    told = level.of(f"{left[0].upper()}{left[1:]} is decimal {value}. ", "", "")
    return Draft(
        facts=f"{left}+{right}",
        says=(
            f"{told}What is {left} plus {right}? Reply with the decimal number only.",
            f"{told}Add {left} and {right}. Reply only with a decimal number.",
            f"{told}Give the sum of {right} and {left} in decimal, and nothing else.",
            f"{told}A register holds {left}. {right[0].upper()}{right[1:]} is added. What does it hold now? "
            "Reply with the decimal number only.",
        ),
        reference=str(value + other),
    )


@family("000", "number-bases-and-bits", "word", bloom="apply", withheld=True)
def combine_bit_patterns(rng: np.random.Generator, level: Level) -> Draft:
    """One operator with a plain mask; one on any five bits; two operators."""
    width = level.of(6, 5, 5)
    a, b, c = (integer(rng, 1, 2**width - 2) for _ in range(3))
    if level is Level.EASY:
        b = one_of(rng, (0b000000, 0b000111, 0b111000, 0b111111))
    first, second = some_of(rng, ["AND", "OR", "XOR"], 2)
    text, value = f"{a:0{width}b} {first} {b:0{width}b}", _bitwise(first, a, b)
    if level is Level.HARD:
        text, value = f"({text}) {second} {c:0{width}b}", _bitwise(second, value, c)
    return Draft(
        facts=text,
        says=(
            f"Compute, on {width}-bit binary numbers: {text}. Reply with the {width} bits only.",
            f"Evaluate the bitwise expression {text}. Reply with the {width} bits of the result and nothing else.",
            f"All numbers are {width} bits wide. What is {text}? Answer with {width} binary digits only.",
            f"Which {width}-bit pattern is {text}? Keep leading zeros and reply with the bits only.",
        ),
        reference=f"{value:0{width}b}",
    )


def _bitwise(operator: str, a: int, b: int) -> int:
    return a & b if operator == "AND" else a | b if operator == "OR" else a ^ b


@family("000", "algorithms", "list", form=Form.STRUCTURED, bloom="apply")
def follow_a_deque(rng: np.random.Generator, level: Level) -> Draft:
    """Four pushes at one end; three and one removal; seven steps at both ends."""
    fresh = iter(some_of(rng, range(1, 60), 7))
    held: deque[int] = deque()
    steps = []
    adding = level.of(("push",), ("push",), ("push", "unshift"))
    moves = level.of(adding, ("pop", "shift"), ("push", "unshift", "pop", "shift"))
    for _ in range(level.of(4, 4, 7)):
        move = one_of(rng, moves if len(held) > 2 else adding)
        if move in ("push", "unshift"):
            item = next(fresh)
            (held.append if move == "push" else held.appendleft)(item)
            steps.append(f"add {item} at the {'right' if move == 'push' else 'left'}")
        else:
            (held.pop if move == "pop" else held.popleft)()
            steps.append(f"remove the {'rightmost' if move == 'pop' else 'leftmost'} item")
    told = "; ".join(steps)
    return Draft(
        facts=told,
        says=(
            f"A queue is empty. Do this: {told}. What does it hold, from left to right? {LIST}",
            f"Start with an empty double-ended queue, then {told}. List its items from left to right. {LIST}",
            f"Steps on an empty row of numbers: {told}. Which numbers are left, from left to right? {LIST}",
            f"Follow these operations on an empty deque and give what remains, left end first: {told}. {LIST}",
        ),
        reference=json.dumps(list(held)),
    )


@family("000", "algorithms", "list", form=Form.STRUCTURED, bloom="apply", withheld=True)
def sort_in_steps(rng: np.random.Generator, level: Level) -> Draft:
    """Four numbers after three rounds (sorted); four after one round; five after two rounds."""
    size, rounds = level.of((4, 3), (4, 1), (5, 2))
    numbers = some_of(rng, range(10, 100), size)
    state = list(numbers)
    for k in range(rounds):
        least = state.index(min(state[k:]), k)
        state[k], state[least] = state[least], state[k]
    shown, said = ", ".join(map(str, numbers)), "1 round" if rounds == 1 else f"{rounds} rounds"
    rule = "selection sort (in round k, the smallest number not yet placed is swapped with the one in place k)"
    final = " The list is then in ascending order." if rounds == size - 1 else ""
    return Draft(
        facts=f"{shown} after {rounds}",
        says=(
            f"Run {said} of {rule} on {shown}.{final} Give the whole list after them. {LIST}",
            f"The list {shown} is sorted by {rule}. How does it read after {said}?{final} {LIST}",
            f"Apply {rule} to {shown} and stop after {said}.{final} What is the list now? {LIST}",
            f"After {said} of {rule}, what has become of the list {shown}?{final} {LIST}",
        ),
        reference=json.dumps(state),
    )


@family("000", "algorithms", "list", form=Form.STRUCTURED, bloom="analyse", source="networkx (BSD-3-Clause)")
def find_shortest_route(rng: np.random.Generator, level: Level) -> Draft:
    """Three places in a row; three in a ring; five places and six roads. The shortest route is unique."""
    size, roads = level.of((3, 2), (3, 3), (5, 6))
    least = level.of(3, integer(rng, 2, 3), 3)
    while True:
        graph, start, end = _roads(rng, size, roads)
        routes = list(_networkx().all_shortest_paths(graph, start, end, weight="km"))
        if len(routes) == 1 and len(routes[0]) >= least:
            break
    told = ", ".join(f"{a}–{b} {km}" for a, b, km in graph.edges(data="km"))
    return Draft(
        facts=f"{start}>{end} "
        + " ".join(sorted(f"{min(a, b)}{max(a, b)}{km}" for a, b, km in graph.edges(data="km"))),
        says=(
            f"Roads with their lengths in km: {told}. Name the places on the shortest route from {start} to {end}, "
            f"both ends included. {LIST}",
            f"A map has these roads (km): {told}. Which places, in order and with both ends, lie on the shortest way "
            f"from {start} to {end}? {LIST}",
            f"Go from {start} to {end} in as few km as possible. Roads: {told}. List all places passed, "
            f"from {start} to {end}. {LIST}",
            f"Undirected weighted graph: {told}. Give the shortest path from {start} to {end} as its nodes. {LIST}",
        ),
        reference=json.dumps(routes[0]),
    )


def _networkx() -> Any:
    try:
        import networkx
    except ImportError:
        raise need_extra("networkx", "atlas", "drawing graph tasks") from None
    return networkx


def _roads(rng: np.random.Generator, size: int, roads: int) -> tuple[Any, str, str]:
    """A connected graph on letters, with its two places to join."""
    places = some_of(rng, "ABCDEFGHJKLMNPRSTUVW", size)
    ties = [(places[k], one_of(rng, places[:k])) for k in range(1, size)]
    spare = [(a, b) for k, a in enumerate(places) for b in places[:k] if (a, b) not in ties]
    ties += some_of(rng, spare, roads - len(ties))
    graph = _networkx().Graph()
    graph.add_weighted_edges_from([(a, b, integer(rng, 2, 30)) for a, b in shuffled(rng, ties)], weight="km")
    start, end = some_of(rng, places, 2)
    return graph, start, end


@family("020", "library-shelving", "list", form=Form.STRUCTURED, bloom="apply")
def shelve_call_numbers(rng: np.random.Generator, level: Level) -> Draft:
    """Two class numbers; three; four that share class numbers and differ in decimals and book marks."""
    size = level.of(2, 3, 4)
    whole, letter = integer(rng, 110, 989), one_of(rng, "BCDFGHKLMPRST")
    books = [str(k) for k in some_of(rng, range(110, 990), size)]
    rule = "The lowest number stands first"
    if level is Level.HARD:
        one, other = (f"{whole}.{part}" for part in some_of(rng, _NEAR, 2))
        marks = [f"{letter}{part}" for part in some_of(rng, _NEAR, size)]
        books = [f"{number} {mark}" for number, mark in zip((one, one, other, other), marks)]
        rule = "Digits after the point of the class number and after the letter of the book mark are decimals"
    right = sorted(books, key=_place)
    told = ", ".join(shuffled(rng, books))
    return Draft(
        facts=" | ".join(right),
        says=(
            f"Put these library call numbers in shelf order. {rule}. {told}. {_CALL_NUMBERS}",
            f"Shelve the books {told}. {rule}. In which order do they stand, from the left? {_CALL_NUMBERS}",
            f"A librarian sorts {told}. {rule}. Give the call numbers in ascending order. {_CALL_NUMBERS}",
            f"{rule}. Sort these call numbers as on a shelf: {told}. {_CALL_NUMBERS}",
        ),
        reference=json.dumps(right),
    )


_NEAR = ["2", "3", "12", "14", "15", "19", "22", "25", "29", "125", "145", "195", "205", "31", "35", "315", "4", "41"]


def _place(book: str) -> tuple[float, float]:
    number, _, mark = book.partition(" ")
    return float(number), float(f"0.{mark[1:] or 0}")


@family("020", "library-shelving", "number", bloom="apply")
def book_check_digit(rng: np.random.Generator, level: Level) -> Draft:
    """Sum of two digits; last digit of a sum of two numbers; weights 1 and 3 on twelve digits (ISBN-13)."""
    digits = [9, 7, 8] if level is Level.HARD else []
    digits += [integer(rng, 0, 9) for _ in range(level.of(4, 4, 12) - len(digits))]
    a, b, c, d = digits[:4]
    if level is Level.EASY:
        total = integer(rng, 1, 9)
        a = digits[0] = integer(rng, 0, total)
        d = digits[3] = total - a
    weighted = sum(digits[::2]) + 3 * sum(digits[1::2])
    check = level.of(a + d, b + d, -weighted) % 10
    rule = level.of(
        f"its first digit plus its last digit, {a} + {d}",
        f"the last digit of the sum {a}{b} + {c}{d}",
        "that of ISBN-13: what must be added to the weighted sum of its digits (weights 1, 3, 1, 3, … from the left) "
        "to reach the next multiple of 10; 0 if it is one already",
    )
    code = "".join(map(str, digits))
    return Draft(
        facts=code,
        says=(
            f"The check digit of a book code is {rule}. What is the check digit of {code}? {_DIGIT}",
            f"Give the check digit for the book code {code}. It is {rule}. {_DIGIT}",
            f"A library prints a check digit after {code}. The check digit is {rule}. Which digit is printed? {_DIGIT}",
            f"Book code {code} lacks its check digit, which is {rule}. {_DIGIT}",
        ),
        reference=str(check),
    )
