"""Invented languages: a small lexicon and a grammar are supplied, a sentence is to be translated.

Every lexicon is drawn anew, so nothing can be remembered. Knows no natural language but the English of its prompts.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

from routelab.workload.generate.draws import one_of, options, shuffled, some_of, words
from routelab.workload.generate.families.spelling import made_up
from routelab.workload.generate.family import Draft, Form, Level, family

_NOUNS = dict(
    zip(
        words("bird cat wolf bear horse crow frog snake goat fox"),
        words("birds cats wolves bears horses crows frogs snakes goats foxes"),
    )
)
_VERBS = dict(zip(words("sees hears follows helps finds"), words("saw heard followed helped found")))
_ADJECTIVES = words("red big old small white quiet")
_ORDERS = {
    "verb subject object": (1, 0, 2),
    "subject object verb": (0, 2, 1),
    "object verb subject": (2, 1, 0),
    "object subject verb": (2, 0, 1),
}


def _lexicon(rng: np.random.Generator, meanings: list[str]) -> dict[str, str]:
    """A different invented word for each meaning."""
    spoken: list[str] = []
    while len(spoken) < len(meanings):
        word = made_up(rng, 2)
        if word not in spoken:
            spoken.append(word)
    return dict(zip(meanings, spoken))


@family("410", "constructed-languages", "word", bloom="apply")
def into_invented_language(rng: np.random.Generator, level: Level) -> Draft:
    """One word of two; a noun and its adjective in order; a sentence in order with plural and past affixes."""
    noun, other = some_of(rng, list(_NOUNS), 2)
    adjective, verb = one_of(rng, _ADJECTIVES), one_of(rng, list(_VERBS))
    lexicon = _lexicon(rng, level.of([noun, other], [noun, other, adjective], [noun, other, adjective, verb]))
    if level is Level.EASY:
        asked = one_of(rng, list(lexicon))
        rule, right = "", lexicon[asked]
    elif level is Level.MEDIUM:
        first = one_of(rng, ("noun", "adjective"))
        pair = [lexicon[noun], lexicon[adjective]]
        rule, asked = f" The {first} comes first.", f"{adjective} {noun}"
        right = " ".join(pair if first == "noun" else pair[::-1])
    else:
        order, places = one_of(rng, list(_ORDERS.items()))
        plural, past = made_up(rng, 1), made_up(rng, 1)
        parts = (lexicon[noun] + plural, past + lexicon[verb], lexicon[other])
        rule = f' Word order: {order}. Plural nouns end in "-{plural}". Past verbs begin with "{past}-". No articles.'
        asked = f"{_NOUNS[noun]} {_VERBS[verb]} a {other}"
        right = " ".join(parts[k] for k in places)
    listed = ", ".join(f'"{meaning}" is "{word}"' for meaning, word in shuffled(rng, list(lexicon.items())))
    return Draft(
        facts=f"{sorted(lexicon.items())}{rule} {asked}",
        says=(
            f'In an invented language {listed}.{rule} What is "{asked}"? Reply with the translation only.',
            f'Lexicon of a language: {listed}.{rule} Translate "{asked}". Reply with the translation only.',
            f'Put "{asked}" into a language where {listed}.{rule} Reply with the translation only.',
        ),
        reference=right,
    )


@family("410", "constructed-languages", "choice", form=Form.CHOICE, bloom="apply", withheld=True)
def from_invented_language(rng: np.random.Generator, level: Level) -> Draft:
    """Which words, the verb second; who does it to whom, the verb elsewhere; the same by a case ending, order free."""
    subject, obj, spare, *strangers = some_of(rng, list(_NOUNS), 9)
    verb, *others = some_of(rng, list(_VERBS), 4)
    lexicon = _lexicon(rng, [subject, obj, verb, *level.of([], [spare], [spare])])
    order, places = ("subject verb object", (0, 1, 2)) if level is Level.EASY else one_of(rng, list(_ORDERS.items()))
    spoken = [lexicon[subject], lexicon[verb], lexicon[obj]]
    rule = f"Word order: {order}."
    if level is Level.HARD:
        ending = made_up(rng, 1)
        marked = one_of(rng, (0, 2))
        spoken[marked] += ending
        rule = f'Word order is free. The {"subject" if marked == 0 else "object"} ends in "-{ending}".'
        places = one_of(rng, [(a, b, c) for a, b, c in permutations(range(3))])
    sentence = " ".join(spoken[k] for k in places)
    right = f"The {subject} {verb} the {obj}."
    wrong = [f"The {a} {verb} the {b}." for a, b in ((obj, subject), (subject, spare), (spare, obj))]
    if level is Level.EASY:
        wrong = [f"The {a} {does} the {b}." for a, does, b in zip(strangers[:3], others, strangers[3:])]
    listed = ", ".join(f"{word} = {meaning}" for meaning, word in shuffled(rng, list(lexicon.items())))
    lettered, letter = options(rng, right, wrong)
    return Draft(
        facts=f"{sorted(lexicon.items())} {rule} {sentence}",
        says=(
            f'{listed}. {rule} What does "{sentence}" mean?\n{lettered}\nReply with the letter A-D.',
            f'Invented language: {listed}. {rule} Translate "{sentence}".\n{lettered}\nReply with the letter A-D.',
            f'Which English sentence is "{sentence}"? Words: {listed}. {rule}\n{lettered}\nReply with the letter A-D.',
        ),
        reference=letter,
    )
