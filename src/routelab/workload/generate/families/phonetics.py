"""Sounds of English words: syllables, rhymes, stress. The lists are our own, of words with one usual pronunciation.

Knows nothing of a pronouncing dictionary, and avoids words whose count or rhyme differs between British and American.
"""

from __future__ import annotations

import numpy as np

from routelab.workload.generate.draws import integer, one_of, options, phrases, shuffled, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

SYLLABLES = {
    1: words("""cat tree house book star bread night ship cloud stone glass king horse green strength moon snow leaf
bridge knife school lamp stretched thought"""),
    2: words("""table window garden yellow river doctor summer apple paper mountain silver kitchen monkey rabbit
bottle pencil mirror number letter sister"""),
    3: words("""banana computer elephant umbrella tomato potato hospital musician holiday piano
butterfly telephone adventure october detective pyramid kangaroo gorilla violin manager"""),
    4: words("""television information watermelon helicopter calculator photography education geography
supermarket kindergarten competition conversation experiment security majority economics astronomy community
democracy biology"""),
    5: words("""refrigerator university electricity imagination curiosity opportunity hippopotamus
mathematician communication possibility pronunciation examination investigation personality creativity
consideration cooperation hospitality"""),
}
RHYMES = phrases("""cat hat bat rat mat|night light bright kite white|moon spoon tune soon june|tree key sea bee knee
day play grey weigh they|cake break steak lake snake|star car far guitar jar|stone phone alone bone throne
bread head red said shed|blue shoe two new zoo|ring king sing wing string|boat note coat vote goat
rain train plane lane crane|nose rose goes snows toes|fire choir wire tyre liar|bear chair hair care square
sun one run ton fun|door four more floor store|hand sand land band stand|bell shell tell well smell""")
_EYE_RHYMES = phrases("""cough though bough|love move stove|bead dead great|home some womb|war far ear
word lord|food blood good|have cave|five give|sew few|paid said|gone bone|tomb comb bomb|post lost
work fork|wear dear|laughter daughter|height weight|anger danger|rough through""")
_TRUE_RHYMES = phrases("""cough off|though snow|bough cow|stove drove|great late|home foam|war more|ear deer|bead need
sea key|word bird|blood mud|good wood|food rude|cave wave|five alive|sew go|few blue|said bed|paid shade|gone swan
comb foam|tomb room|post toast|lost crossed|work shirk|wear chair|dear beer|laughter after|daughter water|height bite
weight late|rough stuff|through blue|quay tree|aisle smile""")
_FRONT = words("""window garden paper river table yellow summer pencil kitchen sister doctor bottle mirror number
hospital elephant holiday butterfly telephone pyramid""")
_BACK = words("""hotel guitar balloon machine police canal parade giraffe cartoon shampoo bamboo alone agree
begin believe arrive forget enjoy explain decide""")


@family("410", "phonetics", "number", bloom="apply", asks="knowledge")
def syllables_together(rng: np.random.Generator, level: Level) -> Draft:
    """Two words of one or two syllables; three of one to three; five of one to five."""
    counts = [integer(rng, 1, level.of(2, 3, 5)) for _ in range(level.of(2, 3, 5))]
    if level is Level.EASY:
        counts = one_of(rng, ([1, 1], [1, 2], [2, 2]))
    chosen: list[str] = []
    for n in counts:
        chosen.append(one_of(rng, [word for word in SYLLABLES[n] if word not in chosen]))
    shown = ", ".join(chosen)
    return Draft(
        facts=" ".join(sorted(chosen)),
        says=(
            f"How many syllables do these words have together: {shown}? Reply with the number only.",
            f"Count the syllables of all these words and add them up: {shown}. Reply with the number only.",
            f"Speak aloud: {shown}. How many syllables are spoken in total? Reply with the number only.",
        ),
        reference=str(sum(counts)),
    )


@family("410", "phonetics", "choice", form=Form.CHOICE, bloom="understand", asks="knowledge")
def rhyming_pair(rng: np.random.Generator, level: Level) -> Draft:
    """A word's rhyme among other words; a rhyming pair against near ones; true rhymes against eye rhymes."""
    asked = ("Which two words rhyme?", "Which pair of words ends in the same sound?", "Which pair is a true rhyme?")
    if level is Level.HARD:
        right = one_of(rng, _TRUE_RHYMES)
        wrong = [" ".join(some_of(rng, group.split(), 2)) for group in some_of(rng, _EYE_RHYMES, 3)]
    else:
        home, *others = (group.split() for group in some_of(rng, RHYMES, 5))
        model, rhyme, x, y = some_of(rng, home, 4)
        a, b, c, d = (one_of(rng, group) for group in others)
        right, wrong = f"{model} {rhyme}", [f"{a} {x}", f"{b} {y}", f"{c} {d}"]
        if level is Level.EASY:
            right, wrong = rhyme, [a, b, c]
            asked = (
                f'Which word rhymes with "{model}"?',
                f'Which word ends in the same sound as "{model}"?',
                f'Which word is a true rhyme of "{model}"?',
            )
    facts = f"{level.of(asked[0], '', '')}{right} | {' | '.join(sorted(wrong))}"
    lettered, letter = options(rng, right.replace(" ", " / "), [pair.replace(" ", " / ") for pair in wrong])
    return Draft(
        facts=facts,
        says=tuple(f"{question}\n{lettered}\nReply with the letter A-D." for question in asked),
        reference=letter,
    )


@family("410", "phonetics", "number", bloom="analyse", asks="knowledge", withheld=True)
def first_syllable_stress(rng: np.random.Generator, level: Level) -> Draft:
    """How many of two, of three, of six words carry their stress on the first syllable."""
    n = level.of(2, 3, 6)
    front = integer(rng, 0, n)
    chosen = shuffled(rng, some_of(rng, _FRONT, front) + some_of(rng, _BACK, n - front))
    shown = ", ".join(chosen)
    return Draft(
        facts=" ".join(sorted(chosen)),
        says=(
            f"How many of these words are stressed on the first syllable: {shown}? Reply with the number only.",
            f"Say {shown}. In how many does the stress fall on the first syllable? Reply with the number only.",
            f"{shown}: count the words whose first syllable is the stressed one. Reply with the number only.",
        ),
        reference=str(front),
    )
