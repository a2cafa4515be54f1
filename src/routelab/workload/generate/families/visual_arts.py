"""Visual arts by measure: colours in hexadecimal, patterns and symmetry, scale drawings, exposure stops.

Truth follows from arithmetic or from the drawn pattern itself. Knows no artists and no works.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from routelab.workload.generate.draws import integer, one_of, options, shuffled, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_CHANNELS = ("red", "green", "blue")
_ROOMS = words("kitchen hall bedroom library studio office garage chapel porch gallery")
_SUBJECTS = words("horse bird train dancer river cloud dog cat storm market parade flower kite ship")
_TILES = words("red blue green white black gold grey pink")
_SPEEDS = (2, 4, 8, 15, 30, 60, 125, 250, 500, 1000)
_APERTURES = ("1.4", "2", "2.8", "4", "5.6", "8", "11", "16", "22")
_ISO = (100, 200, 400, 800, 1600, 3200)


@family("740", "colours-and-patterns", "number", bloom="apply", asks="knowledge")
def hex_colour_channels(rng: np.random.Generator, level: Level) -> Draft:
    """One of three named channels; of three in their order; of a hex colour."""
    colour = [integer(rng, 1, 255) for _ in _CHANNELS]
    named = ", ".join(f"{name} {value}" for name, value in zip(_CHANNELS, colour))
    written = "#" + "".join(f"{value:02X}" for value in colour)
    shown = level.of(named, f"rgb({', '.join(map(str, colour))})", written)
    channel = integer(rng, 0, 2)
    asked = f"{_CHANNELS[channel]} value{level.of('', '', ' as a decimal number')}"
    return Draft(
        facts=f"{asked} of {shown}",
        says=(
            f"A colour is {shown}. What is its {asked}? Reply with the number only.",
            f"A web page uses this colour: {shown}. Give the {asked}. Reply with the number only.",
            f"What is the {asked} of the colour {shown}? Reply with the number only.",
        ),
        reference=str(colour[channel]),
    )


def _tiled(grid: list[list[str]]) -> str:
    return " / ".join(" ".join(row) for row in grid)


@family("740", "colours-and-patterns", "choice", form=Form.CHOICE, bloom="apply")
def mirrored_pattern(rng: np.random.Generator, level: Level) -> Draft:
    """A row of four tiles mirrored, against other colours; against near ones; two rows of three turned by half."""
    width, rows = level.of(4, 4, 3), level.of(1, 1, 2)
    colours = shuffled(rng, _TILES)
    grid = [[one_of(rng, _TILES) for _ in range(width)] for _ in range(rows)]
    if level is Level.EASY:
        grid = [colours[:4]]
    turned = [row[::-1] for row in grid][::-1]
    right = _tiled(turned)
    wrong = {_tiled(grid), _tiled(grid[::-1])} - {right} if level is Level.HARD else set()
    while len(wrong) < 3:
        other = [list(row) for row in turned]
        other[integer(rng, 0, rows - 1)][integer(rng, 0, width - 1)] = one_of(rng, _TILES)
        if level is Level.EASY:
            other = [shuffled(rng, colours[4:])]
        wrong |= {_tiled(other)} - {right}
    lettered, letter = options(rng, right, sorted(wrong))
    shown = _tiled(grid)
    how = level.of("mirrored left to right", "mirrored left to right", "turned by 180 degrees (a slash separates rows)")
    return Draft(
        facts=f"{how}: {shown}",
        says=(
            f"The pattern {shown} is {how}. What does it look like?\n{lettered}\nReply with the letter A-D.",
            f"Which pattern is {shown} {how}?\n{lettered}\nReply with the letter A-D.",
            f"A mosaic shows {shown}. Which option is this mosaic {how}?\n{lettered}\nReply with the letter A-D.",
        ),
        reference=letter,
    )


@family("720", "architecture-scale", "number", bloom="apply", asks="knowledge")
def scale_drawing(rng: np.random.Generator, level: Level) -> Draft:
    """A length where 1 cm is some metres; a longer one; a length at 1:n."""
    room, scale = one_of(rng, _ROOMS), one_of(rng, (20, 25, 50, 75, 100, 125, 200, 250, 400, 500))
    metres = integer(rng, 2, level.of(10, 5, 5))
    length = Fraction(integer(rng, *level.of((2, 10), (11, 40), (11, 299))), level.of(1, 1, 10))
    drawn = f"{float(length):g} cm"
    rule, right = f"1 cm on the plan is {metres} m", length * metres
    if level is Level.HARD:
        rule, right = f"The scale is 1:{scale}", length * scale / 100
    asked = "How many metres long is it really? Reply with the number only."
    return Draft(
        facts=f"{room}: {rule}; {drawn}",
        says=(
            f"{rule}. On the plan the {room} is {drawn} long. {asked}",
            f"An architect draws the {room} {drawn} long. {rule}. {asked}",
            f"The {room} is {drawn} long on paper. {rule}. {asked}",
        ),
        reference=f"{float(right):.10g}",
    )


@family("770", "photography", "choice", form=Form.CHOICE, bloom="apply", asks="knowledge")
def equal_exposure(rng: np.random.Generator, level: Level) -> Draft:
    """The longest or shortest time; the same light after a change of aperture; the same after aperture and ISO."""
    t, f, iso = integer(rng, 3, 6), integer(rng, 2, 6), integer(rng, 1, 4)
    if level is Level.EASY:
        extreme, amount = one_of(rng, (("longest", "most"), ("shortest", "least")))
        seconds = sorted((6 * k + integer(rng, 1, 4) for k in some_of(rng, range(10), 4)), reverse=amount == "most")
        shown = [f"{n} seconds" for n in seconds]
        setting = f"f/{_APERTURES[f]} and ISO {_ISO[iso]}"
        question = f"Which shutter time is the {extreme} and lets in the {amount} light"
    else:
        df = one_of(rng, [d for d in (-2, -1, 1, 2) if 0 <= f + d < len(_APERTURES)])
        di = level.of(0, 0, one_of(rng, [d for d in (-1, 1) if 0 <= iso + d < len(_ISO) and d != df]))
        goal = t + di - df
        near = [n for n in range(len(_SPEEDS)) if n != goal and abs(n - goal) <= 4]
        shown = [f"1/{_SPEEDS[n]} s" for n in (goal, *some_of(rng, near, 3))]
        setting = f"1/{_SPEEDS[t]} s at f/{_APERTURES[f]}" + level.of("", "", f", ISO {_ISO[iso]}")
        change = f"f/{_APERTURES[f + df]}" + level.of("", "", f" and ISO {_ISO[iso + di]}")
        question = f"Which shutter time gives the same exposure at {change}"
    lettered, letter = options(rng, shown[0], shown[1:])
    return Draft(
        facts=f"{setting} {question} {' '.join(sorted(shown))}",
        says=(
            f"A camera is set to {setting}. {question}?\n{lettered}\nReply with the letter A-D.",
            f"{question}? The setting is {setting}.\n{lettered}\nReply with the letter A-D.",
            f"Photographer's note: {setting}. {question}?\n{lettered}\nReply with the letter A-D.",
        ),
        reference=letter,
    )


@family("770", "photography", "number", bloom="apply")
def frames_of_film(rng: np.random.Generator, level: Level) -> Draft:
    """Frames of a clip; photographs of a time lapse; seconds of film from a time lapse of some hours."""
    subject, rate, seconds = one_of(rng, _SUBJECTS), integer(rng, 2, 12), integer(rng, 2, 10)
    pause, minutes = one_of(rng, (2, 3, 5, 6, 10)), integer(rng, 2, 20)
    fps, gap, film = 10 * integer(rng, 1, 6), one_of(rng, (6, 12, 18, 24, 30)), integer(rng, 5, 120)
    hours, rest = divmod(film * fps * gap // 60, 60)
    text, asked, right = level.of(
        (
            f"A film of a {subject} shows {rate} frames each second for {seconds} seconds",
            "frames is that",
            rate * seconds,
        ),
        (
            f"A camera takes a picture of a {subject} every {pause} seconds for {minutes} minutes",
            "pictures is that",
            60 * minutes // pause,
        ),
        (
            f"A {subject} is pictured every {gap} seconds for {hours} h {rest} min; the film shows {fps} per second",
            "seconds does the film last",
            film,
        ),
    )
    return Draft(
        facts=text,
        says=(
            f"{text}. How many {asked}? Reply with the number only.",
            f"How many {asked}? {text}. Reply with the number only.",
            f"Work it out: {text}. How many {asked}? Reply with the number only.",
        ),
        reference=str(right),
    )
