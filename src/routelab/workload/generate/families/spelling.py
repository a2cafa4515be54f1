"""Letters and their order: counting, spelling backwards, anagrams, the alphabet.

Words are written here or made up from syllables, so that the letters, not the vocabulary, are what is asked.
Knows nothing of sounds or meanings.
"""

from __future__ import annotations

import json
from string import ascii_lowercase

import numpy as np

from routelab.workload.generate.draws import integer, one_of, options, shuffled, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_SHORT = words("""apple bread chair cloud dance eagle flute grape horse igloo jelly knife lemon mango
night ocean piano queen river sugar table uncle violin water zebra candle garden hammer island jacket kitten
ladder mirror needle""")
_LONG = words("""adventure butterfly celebration dictionary elephant furniture geography happiness
important jellyfish kilometre landscape mountains newspaper orchestra passenger quarterly restaurant
strawberry telephone umbrella vegetable waterfall xylophone yesterday architecture bookkeeper committee
engineering assessment""")
_ALIKE = words("""strain strand strange strap straw stray stream street strength stress stretch strict
stride strike string strip stripe stroke strong structure struggle stubborn student studio study stuff stumble
style""")
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh"]


def made_up(rng: np.random.Generator, syllables: int) -> str:
    """A pronounceable word that is none: consonant and vowel in turn."""
    return "".join(one_of(rng, _CONSONANTS) + one_of(rng, _VOWELS) for _ in range(syllables))


@family("420", "spelling", "number", bloom="apply")
def letters_in_words(rng: np.random.Generator, level: Level) -> Draft:
    """A letter once to three times in a row, beside one other; among five of two kinds; in two long words."""
    if level is Level.HARD:
        shown = " ".join(sorted(some_of(rng, _LONG, 2)))
        counts = {each: shown.count(each) for each in sorted(set(shown) - {" "})}
        wanted = one_of(rng, sorted(set(counts.values())))
        letter = one_of(rng, [each for each, n in counts.items() if n == wanted])
    else:
        (letter, other), n = some_of(rng, ascii_lowercase, 2), integer(rng, 1, level.of(3, 4, 4))
        apart = shuffled(rng, letter * n + other * (5 - n))
        shown = ", ".join(letter * n + other if level is Level.EASY else apart)
    return Draft(
        facts=f"{letter} in {shown}",
        says=(
            f'How many times does the letter "{letter}" occur in: {shown}? Reply with the number only.',
            f'Count every "{letter}" here: {shown}. How many are there? Reply with the number only.',
            f'Here is some text: {shown}. How many letters in it are "{letter}"? Reply with the number only.',
        ),
        reference=str(shown.count(letter)),
    )


@family("420", "spelling", "list", bloom="apply")
def reversed_order(rng: np.random.Generator, level: Level) -> Draft:
    """Three words in the opposite order; six words; the eight letters of a made-up word."""
    parts = level.of(some_of(rng, _SHORT, 3), some_of(rng, _SHORT, 6), list(made_up(rng, 4)))
    shown = level.of(", ", ", ", "").join(parts)
    what = level.of("the words", "the words", "the letters")
    return Draft(
        facts=shown,
        says=(
            f"Reverse the order of {what}: {shown}. Reply with a comma-separated list.",
            f"Write {what} of {shown} from the last to the first. Reply with a comma-separated list.",
            f"Read {shown} from right to left, turning round the order of {what}. Reply with a comma-separated list.",
        ),
        reference=json.dumps(parts[::-1]),
    )


def _altered(rng: np.random.Generator, text: str, n: int) -> str:
    """The same letters but for ``n`` that become a letter the text lacks, in random order."""
    letters = shuffled(rng, text)
    absent = [letter for letter in _CONSONANTS + _VOWELS if letter not in text]
    return "".join(shuffled(rng, letters[n:] + some_of(rng, absent, n)))


@family("420", "spelling", "choice", form=Form.CHOICE, bloom="analyse", withheld=True)
def anagram_option(rng: np.random.Generator, level: Level) -> Draft:
    """Four letters against ones with three others; six with two others; eight with one other."""
    text = made_up(rng, level.of(2, 3, 4))
    right = "".join(shuffled(rng, text))
    while right == text:
        right = "".join(shuffled(rng, text))
    wrong: set[str] = set()
    while len(wrong) < 3:
        wrong.add(_altered(rng, text, level.of(3, 2, 1)))
    lettered, letter = options(rng, right, sorted(wrong))
    return Draft(
        facts=f"{text}: {right} | {' '.join(sorted(wrong))}",
        says=(
            f'Which option has exactly the letters of "{text}"?\n{lettered}\nReply with the letter A-D.',
            f'Which of these is an anagram of "{text}"?\n{lettered}\nReply with the letter A-D.',
            f'One option is "{text}" with its letters in another order. Which?\n{lettered}\nReply with the letter A-D.',
        ),
        reference=letter,
    )


@family("400", "word-order", "word", bloom="apply")
def alphabetical_place(rng: np.random.Generator, level: Level) -> Draft:
    """First of three; second of four; any place of seven that share their beginning."""
    shown = some_of(rng, level.of(_SHORT, _SHORT, _ALIKE), level.of(3, 4, 7))
    place = level.of(0, 1, integer(rng, 1, 5))
    asked, listed = _ORDINALS[place], ", ".join(shown)
    return Draft(
        facts=f"{asked} of {' '.join(sorted(shown))}",
        says=(
            f"Which of these words comes {asked} in alphabetical order: {listed}? Reply with one word.",
            f"Put these words in dictionary order: {listed}. Which one is {asked}? Reply with that word only.",
            f"{listed}. Sorted from A to Z, which word stands {asked}? Reply with one word.",
        ),
        reference=sorted(shown)[place],
    )


@family("400", "word-order", "list", form=Form.STRUCTURED, bloom="apply", withheld=True)
def alphabetical_list(rng: np.random.Generator, level: Level) -> Draft:
    """Three words; four; seven that share their beginning."""
    shown = some_of(rng, level.of(_SHORT, _SHORT + _LONG, _ALIKE), level.of(3, 4, 7))
    listed = ", ".join(shown)
    return Draft(
        facts=" ".join(sorted(shown)),
        says=(
            f"Sort these words alphabetically: {listed}. Reply with a comma-separated list.",
            f"Put into dictionary order: {listed}. Reply with a comma-separated list.",
            f"{listed}. Write these words from A to Z. Reply with a comma-separated list.",
        ),
        reference=json.dumps(sorted(shown)),
    )
