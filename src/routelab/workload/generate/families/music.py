"""Music by arithmetic: intervals in semitones, transposition, note values, beats and tempo.

Notes are pitch classes written with sharps; intervals are those of equal temperament. Knows no repertoire.
"""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np

from routelab.workload.generate.draws import integer, one_of, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

NOTES = words("C C# D D# E F F# G G# A A# B")
_PLAYERS = words(
    "flute violin piano guitar harp cello trumpet clarinet lute horn bassoon tuba recorder banjo whistle viola"
)
_ONLY = "Reply with the number only."
_LIST = "Reply with a comma-separated list."
_INTERVALS = {
    "a minor second": 1,
    "a major second": 2,
    "a minor third": 3,
    "a major third": 4,
    "a perfect fourth": 5,
    "a tritone": 6,
    "a perfect fifth": 7,
    "a minor sixth": 8,
    "a major sixth": 9,
    "a minor seventh": 10,
    "a major seventh": 11,
    "an octave": 12,
}
_VALUES = {
    "whole": Fraction(4),
    "half": Fraction(2),
    "quarter": Fraction(1),
    "eighth": Fraction(1, 2),
    "dotted half": Fraction(3),
    "dotted quarter": Fraction(3, 2),
    "sixteenth": Fraction(1, 4),
    "dotted eighth": Fraction(3, 4),
}


@family("780", "music-intervals", "number", bloom="apply", asks="knowledge")
def semitones_climbed(rng: np.random.Generator, level: Level) -> Draft:
    """Two steps given in semitones; one named interval and a step; four named intervals, up and down."""
    names = some_of(rng, list(_INTERVALS), level.of(0, 1, 4))
    steps = [(name, _INTERVALS[name]) for name in names]
    for _ in range(level.of(2, 1, 0)):
        n = integer(rng, 2, level.of(12, 24, 24))
        steps.append((f"{n} semitones", n))
    signs = [1, *(level.of(1, 1, one_of(rng, (1, -1))) for _ in steps[1:])]
    moves = ", then ".join(f"{'up' if sign > 0 else 'down'} {name}" for sign, (name, _) in zip(signs, steps))
    jumps = sorted(sign * size for sign, (_, size) in zip(signs, steps))
    player = one_of(rng, _PLAYERS)
    note = level.of("", "", " (negative if below)")
    return Draft(
        facts=f"{player} {jumps}",
        says=(
            f"A {player} goes {moves}. How many semitones above its first note does it end{note}? {_ONLY}",
            f"A {player} starts on a note and goes {moves}. What is the total climb in semitones{note}? {_ONLY}",
            f"Add these steps of a {player}: {moves}. How many semitones higher does it end{note}? {_ONLY}",
        ),
        reference=str(sum(jumps)),
    )


@family("780", "music-intervals", "list", form=Form.STRUCTURED, bloom="apply", asks="knowledge", withheld=True)
def transposed_melody(rng: np.random.Generator, level: Level) -> Draft:
    """Two notes up by 1 semitone; three notes up by 1 to 3; four notes down by a named interval."""
    melody = [integer(rng, 0, 11) for _ in range(level.of(2, 3, 4))]
    player, (name, size) = one_of(rng, _PLAYERS), one_of(rng, list(_INTERVALS.items())[1:11])
    if level is not Level.HARD:
        size = integer(rng, 1, level.of(1, 3, 0))
        name = f"{size} semitone{'s' * (size > 1)}"
    direction, sign = level.of(("up", 1), ("up", 1), ("down", -1))
    shown, scale = ", ".join(NOTES[note] for note in melody), f"The scale is {' '.join(NOTES)}."
    return Draft(
        facts=f"{player}: {shown} {sign * size}",
        says=(
            f"{scale} A {player} plays {shown}. Move each note {direction} by {name}. {_LIST}",
            f"Transpose the notes {shown} of a {player} {direction} by {name}. {scale} {_LIST}",
            f"Shift {shown}, played by a {player}, {direction} by {name}. {scale} {_LIST}",
        ),
        reference=json.dumps([NOTES[(note + sign * size) % 12] for note in melody]),
    )


@family("780", "rhythm", "number", bloom="apply", asks="knowledge")
def beats_in_rhythm(rng: np.random.Generator, level: Level) -> Draft:
    """Quarter or half notes; two of quarter, half and whole notes; four values with dots and eighths."""
    kinds = level.of(["half", "quarter"], ["half", "quarter", "whole"], list(_VALUES)[:6])
    chosen = sorted(some_of(rng, kinds, level.of(1, 2, 4)))
    counts = [integer(rng, 2, level.of(30, 9, 9)) for _ in chosen]
    shown = ", ".join(f"{n} {kind} notes" for n, kind in zip(counts, chosen))
    beats = sum((n * _VALUES[kind] for n, kind in zip(counts, chosen)), Fraction())
    player = one_of(rng, _PLAYERS)
    rule = "A quarter note lasts 1 beat, a half note 2."
    return Draft(
        facts=f"{player}: {shown}",
        says=(
            f"{rule} A {player} plays {shown}. How many beats is that? {_ONLY}",
            f"A {player} plays {shown}. {rule} How many beats does this last? {_ONLY}",
            f"How many beats do {shown} of a {player} last? {rule} {_ONLY}",
        ),
        reference=str(beats),
    )


@family("780", "rhythm", "number", bloom="apply")
def length_of_piece(rng: np.random.Generator, level: Level) -> Draft:
    """Beats of some bars; seconds of some bars at a tempo; of two sections at two tempos, the first repeated."""
    meter, bars = integer(rng, 2, level.of(8, 6, 7)), integer(rng, 2, level.of(10, 20, 40))
    tempo, second_tempo = one_of(rng, level.of((60,), (60, 120), (30, 60, 120, 240))), one_of(rng, (90, 150, 180))
    coda = 2 * integer(rng, 4, 45)
    tail = f"a coda of {coda * second_tempo // 60} beats"
    body = f"{bars} bars of {meter} beats"
    piece = level.of(
        body,
        f"{body} at {tempo} beats per minute",
        f"{body} at {tempo} beats per minute, played twice, then {tail} at {second_tempo} beats per minute",
    )
    asked, player = level.of("beats", "seconds", "seconds"), one_of(rng, _PLAYERS)
    played = Fraction(bars * meter * 60, tempo)
    return Draft(
        facts=f"{player}: {piece}",
        says=(
            f"A piece for {player} has {piece}. How many {asked} does it last? {_ONLY}",
            f"How many {asked} long is a piece for {player} with {piece}? {_ONLY}",
            f"Music for {player}: {piece}. What is its length in {asked}? {_ONLY}",
        ),
        reference=str(level.of(Fraction(bars * meter), played, 2 * played + coda)),
    )
