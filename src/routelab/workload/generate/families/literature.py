"""The craft of texts: metre, rhyme schemes, figures of speech, acrostics, ciphers, who says what.

Lines are made up here by rule, so the figure, metre or speaker is known by construction. Knows no existing work.
"""

from __future__ import annotations

import numpy as np

from routelab.workload.generate.draws import NAMES, integer, one_of, options, phrases, shuffled, some_of, words
from routelab.workload.generate.families.phonetics import RHYMES
from routelab.workload.generate.families.spelling import made_up
from routelab.workload.generate.family import Draft, Form, Level, family

_FEET = {"iambic": "-/", "trochaic": "/-", "anapaestic": "--/", "dactylic": "/--"}
_LENGTHS = {"dimeter": 2, "trimeter": 3, "tetrameter": 4, "pentameter": 5, "hexameter": 6}
_QUATRAINS = words("AABB ABAB ABBA AABA ABCB AAAA")
_SIXAINS = words("ABABCC AABBCC ABCABC ABBACC AABCCB ABCCBA ABABAB")
_ADJECTIVES = words("silent silver bitter golden gentle broken patient distant hollow restless")
_NOUNS = words("river harbour garden window mountain forest sailor kingdom morning winter letter soldier")
_VERBS = words("waits sings burns sleeps calls turns falls rises listens trembles wanders")
_NEAR = words("here again tonight below outside alone forever")
_SAYINGS = phrases("""the bridge is unsafe|the harvest was poor|the letter is forged|the king will return
the road is closed|the gold is hidden|the ship has sailed|the trial was unfair|the well is dry
the gate stands open|winter comes early|the map is wrong|the clock is slow|the witness lied|the debt is paid
the tower will fall""")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def _syllables(rng: np.random.Generator, pattern: str) -> str:
    """Made-up syllables, the stressed ones in capitals."""
    return " ".join(made_up(rng, 1).upper() if mark == "/" else made_up(rng, 1) for mark in pattern)


@family("800", "scansion", "choice", form=Form.CHOICE, bloom="analyse", asks="knowledge")
def scanned_metre(rng: np.random.Generator, level: Level) -> Draft:
    """Foot shown in the line's own syllables; foot named with its marks; foot and length."""
    foot, length = one_of(rng, list(_FEET)), one_of(rng, list(_LENGTHS))
    pattern = _FEET[foot] * _LENGTHS[length]
    if level is Level.HARD:
        other = one_of(rng, [name for name in _FEET if name != foot])
        near = one_of(rng, [name for name in _LENGTHS if abs(_LENGTHS[name] - _LENGTHS[length]) == 1])
        right, wrong = f"{foot} {length}", [f"{foot} {near}", f"{other} {length}", f"{other} {near}"]
    else:
        soft, loud = level.of((made_up(rng, 1), made_up(rng, 1).upper()), ("unstressed", "stressed"), ("", ""))
        spoken = {name: " ".join(loud if mark == "/" else soft for mark in marks) for name, marks in _FEET.items()}
        right, *wrong = (f"{name} ({spoken[name]})" for name in sorted(_FEET, key=lambda name: name != foot))
    line = " ".join([spoken[foot]] * _LENGTHS[length]) if level is Level.EASY else _syllables(rng, pattern)
    lettered, letter = options(rng, right, sorted(wrong))
    return Draft(
        facts=line,
        says=(
            f"Stressed syllables are in capitals: {line}. Its metre?\n{lettered}\nReply with the letter A-D.",
            f"Name this line's metre (capitals are stressed). {line}\n{lettered}\nReply with the letter A-D.",
            f"A verse is read {line}, capitals stressed. Which metre?\n{lettered}\nReply with the letter A-D.",
        ),
        reference=letter,
    )


@family("800", "rhyme-schemes", "choice", form=Form.CHOICE, bloom="analyse", asks="knowledge")
def rhyme_scheme_of_endings(rng: np.random.Generator, level: Level) -> Draft:
    """Four lines with the rhymes of each scheme shown; four lines; six. Each line is given by its last word."""
    scheme, *others = some_of(rng, level.of(_QUATRAINS, _QUATRAINS, _SIXAINS), 4)
    rhymes = some_of(rng, RHYMES, len(set(scheme)))
    groups = {letter: some_of(rng, group.split(), 5) for letter, group in zip("ABC", rhymes)}
    last = [groups[letter].pop() for letter in scheme]
    ends = ", ".join(last)

    def offered(name: str) -> str:
        """The scheme, at the easy level with the words that would rhyme."""
        together = ["-".join(word for word, at in zip(last, name) if at == letter) for letter in sorted(set(name))]
        return f"{name} ({', '.join(together)})" if level is Level.EASY else name

    lettered, letter = options(rng, offered(scheme), [offered(name) for name in others])
    return Draft(
        facts=ends,
        says=(
            f"The lines of a poem end in: {ends}. What is its rhyme scheme?\n{lettered}\nReply with the letter A-D.",
            f"A stanza has these last words: {ends}. Name the rhyme scheme.\n{lettered}\nReply with the letter A-D.",
            f"{ends}: so end the lines of a poem. Which rhyme scheme is it?\n{lettered}\nReply with the letter A-D.",
        ),
        reference=letter,
    )


def _figure(rng: np.random.Generator, name: str) -> str:
    """A sentence that has one figure of speech, by construction."""
    (a, b, c), (v, w, x) = some_of(rng, _NOUNS, 3), some_of(rng, _VERBS, 3)
    adjective, end = one_of(rng, _ADJECTIVES), one_of(rng, _NEAR)
    return {
        "anaphora": f"Every {a} {v}. Every {b} {w}. Every {c} {x}.",
        "epistrophe": f"The {a} {v} {end}, the {b} {w} {end}, the {c} {x} {end}.",
        "chiasmus": f"The {adjective} {a} needs the {b}, and the {b} needs the {adjective} {a}.",
        "simile": f"The {a} {v} like a {adjective} {b}.",
        "metaphor": f"The {a} is a {adjective} {b}.",
        "rhetorical question": f"Who could forget the {adjective} {a} of the {b}?",
        "hyperbole": f"The {adjective} {a} {v} for ten million years.",
        "apostrophe": f"O {adjective} {a}, how your {b} {v}!",
    }[name]


@family("800", "rhetoric", "choice", form=Form.CHOICE, bloom="analyse", asks="knowledge")
def figure_of_speech(rng: np.random.Generator, level: Level) -> Draft:
    """A familiar figure; one of the rhetoric books; the figures of two sentences in order."""
    known = ["simile", "metaphor", "rhetorical question", "hyperbole"]
    learned = ["anaphora", "epistrophe", "chiasmus", "apostrophe", "metaphor", "hyperbole"]
    if level is Level.HARD:
        first, second, third = some_of(rng, learned, 3)
        text = f"{_figure(rng, first)} {_figure(rng, second)}"
        right = f"{first}, then {second}"
        wrong = [f"{a}, then {b}" for a, b in ((second, first), (first, third), (third, second))]
        asked = "figures of speech"
    else:
        right, *wrong = some_of(rng, level.of(known, learned, learned), 4)
        text, asked = _figure(rng, right), "figure of speech"
    lettered, letter = options(rng, right, wrong)
    return Draft(
        facts=text,
        says=(
            f'Which {asked} does this use? "{text}"\n{lettered}\nReply with the letter A-D.',
            f'"{text}" Name the {asked}.\n{lettered}\nReply with the letter A-D.',
            f'A speaker says: "{text}" This is an example of what?\n{lettered}\nReply with the letter A-D.',
        ),
        reference=letter,
    )


@family("800", "acrostics-and-ciphers", "word", bloom="apply")
def hidden_acrostic(rng: np.random.Generator, level: Level) -> Draft:
    """First letters of two words in capitals; of three words; of six."""
    chosen = some_of(rng, [*_NOUNS, *_VERBS, *_ADJECTIVES, *_NEAR], level.of(2, 3, 6))
    text = ", ".join(word.capitalize() if level is Level.EASY else word for word in chosen)
    return Draft(
        facts=text,
        says=(
            f"Take the first letters of these words: {text}. Reply with the {len(chosen)} letters only, as one word.",
            f"{text}. Write the initials of these words together. Reply with the {len(chosen)} letters only.",
            f"A message hides in the first letters of: {text}. Reply with the {len(chosen)} letters only, as one word.",
        ),
        reference="".join(word[0] for word in chosen),
    )


@family("800", "acrostics-and-ciphers", "word", bloom="apply", withheld=True)
def shifted_cipher(rng: np.random.Generator, level: Level) -> Draft:
    """Two letters moved one place; three letters moved one place; five moved two to four."""
    text = "".join(some_of(rng, _ALPHABET, level.of(2, 3, 5)))
    shift = level.of(1, 1, integer(rng, 2, 4))
    coded = "".join(_ALPHABET[(_ALPHABET.index(c) + shift) % 26] for c in text)
    rule = (
        f"Each letter was moved {shift} place{'s' * (shift > 1)} forward in the alphabet (a became {_ALPHABET[shift]})"
    )
    return Draft(
        facts=f"{coded} {rule}",
        says=(
            f'{rule}, giving "{coded}". What was the original? Reply with one word.',
            f'Decode "{coded}". {rule}. Reply with one word.',
            f'"{coded}" is a secret word. {rule}. Reply with the original word only.',
        ),
        reference=text,
    )


@family("080", "attribution", "word", bloom="understand")
def speaker_of_quote(rng: np.random.Generator, level: Level) -> Draft:
    """Three named speakers; four named in other ways too; five in any order, two of them mixed up."""
    n = level.of(3, 4, 5)
    people, sayings = some_of(rng, NAMES, n), some_of(rng, _SAYINGS, n)
    k = integer(rng, 0, n - 1)
    said = [f'{person} said "{saying}".' for person, saying in zip(people, sayings)]
    if level is Level.MEDIUM:
        _, b, c, d = people
        said[1] = f'The next to speak, before {c}, was {b}: "{sayings[1]}".'
        said[3] = f'"{sayings[3][0].upper()}{sayings[3][1:]}", answered {c}\'s cousin {d}.'
    if level is Level.HARD:
        i, j = some_of(rng, range(n), 2)
        said = shuffled(rng, said)
        said.append(f"The clerk mixed up two speakers: swap {people[i]} and {people[j]}.")
        k = one_of(rng, [i, j, k])
        right = people[j] if k == i else people[i] if k == j else people[k]
    else:
        right = people[k]
    text = " ".join(said)
    return Draft(
        facts=f"{text} {sayings[k]}",
        says=(
            f'{text} Who really said "{sayings[k]}"? Reply with one name.',
            f'Minutes: {text} Name the true speaker of "{sayings[k]}". Reply with one name.',
            f'To whom does the quotation "{sayings[k]}" belong? {text} Reply with one name.',
        ),
        reference=right,
    )
