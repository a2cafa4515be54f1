"""Language: letters, spelling backwards, alphabetical order, opposites and plurals, over lists of our own."""

from __future__ import annotations

import numpy as np

from routelab.workload.generate.draws import integer, one_of, options, pairs, some_of, words
from routelab.workload.generate.family import Level, family

_SHORT = words("""apple bread chair cloud dance eagle flute grape horse igloo jelly knife lemon mango
night ocean piano queen river sugar table uncle violin water zebra candle garden hammer island jacket kitten
ladder mirror needle""")
_LONG = words("""adventure butterfly celebration dictionary elephant furniture geography happiness
important jellyfish kilometre landscape mountains newspaper orchestra passenger quarterly restaurant
strawberry telephone umbrella vegetable waterfall xylophone yesterday architecture bookkeeper committee
engineering mississippi""")
_ALIKE = words("""strain strand strange strap straw stray stream street strength stress stretch strict
stride strike string strip stripe stroke strong structure struggle stubborn student studio study stuff stumble
style""")

_OPPOSITES = {
    Level.EASY: """hot cold|big small|fast slow|happy sad|light dark|up down|open closed|rich poor
young old|early late|full empty|hard soft|wet dry|strong weak|loud quiet|clean dirty|near far|high low""",
    Level.MEDIUM: """ancient modern|generous stingy|expand contract|arrive depart|victory defeat
brave cowardly|accept reject|increase decrease|public private|simple complex|temporary permanent
guilty innocent|shallow deep|attack defend|praise blame|rough smooth|scarce abundant|timid bold""",
    Level.HARD: """verbose terse|mitigate aggravate|ephemeral enduring|opaque transparent
benevolent malicious|frugal lavish|candid evasive|lethargic energetic|novice expert|diligent lazy
obscure famous|placid agitated|fortify undermine|meagre ample|vindicate convict|arid humid|docile unruly
hinder assist""",
}
_PLURALS = {
    Level.EASY: """cat cats|book books|tree trees|bird birds|box boxes|bus buses|dish dishes|car cars
star stars|lamp lamps|glass glasses|watch watches|game games|shoe shoes|fox foxes|brush brushes""",
    Level.MEDIUM: """city cities|baby babies|leaf leaves|knife knives|wolf wolves|story stories|party parties
shelf shelves|potato potatoes|hero heroes|lady ladies|half halves|loaf loaves|berry berries|tomato tomatoes
thief thieves""",
    Level.HARD: """child children|mouse mice|goose geese|ox oxen|criterion criteria|phenomenon phenomena
cactus cacti|crisis crises|analysis analyses|tooth teeth|louse lice|axis axes|fungus fungi|thesis theses
die dice|nucleus nuclei""",
}


@family("language", "spelling", "number")
def letter_count(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """A letter in a short word; in a long one; in two long ones."""
    chosen = some_of(rng, level.of(_SHORT, _LONG, _LONG), level.of(1, 1, 2))
    text = " ".join(chosen)
    repeated = sorted({letter for letter in text if text.count(letter) > 1} - {" "})
    letter = one_of(rng, repeated if repeated and level is not Level.EASY else sorted(set(chosen[0])))
    return f'How many times does the letter "{letter}" occur in "{text}"?', str(text.count(letter))


@family("language", "spelling", "word")
def reverse_word(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """Three letters, a word of five or six, a long word."""
    word = "".join(some_of(rng, list("abcdefghiklmnoprstuw"), 3)) if level is Level.EASY else ""
    word = word or one_of(rng, level.of(_SHORT, _SHORT, _LONG))
    return f'Write "{word}" backwards.', word[::-1]


@family("language", "ordering", "word")
def alphabetical(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """First of three; first of six; the last of six that share their beginning."""
    shown = some_of(rng, level.of(_SHORT, _SHORT + _LONG, _ALIKE), level.of(3, 6, 6))
    asked, right = level.of(("first", min(shown)), ("first", min(shown)), ("last", max(shown)))
    return f"Which of these words comes {asked} in alphabetical order: {', '.join(shown)}?", right


@family("language", "vocabulary", "choice")
def opposite(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """Everyday words, educated words, rare words."""
    (word, right), *others = some_of(rng, pairs(_OPPOSITES[level]), 4)
    if rng.random() < 0.5:
        word, right = right, word
    text, letter = options(rng, right, [one_of(rng, other) for other in others])
    return f'Which word is the opposite of "{word}"?\n{text}\nReply with the letter.', letter


@family("language", "grammar", "word")
def plural(rng: np.random.Generator, level: Level) -> tuple[str, str]:
    """Regular, with a change of spelling, irregular."""
    singular, right = one_of(rng, pairs(_PLURALS[level]))
    shape = integer(rng, 0, 2)
    return (
        f'What is the plural of "{singular}"?',
        f"Complete with the plural: one {singular}, two ...",
        f'There is one {singular} here and many there. Many what? Give the plural of "{singular}".',
    )[shape], right
