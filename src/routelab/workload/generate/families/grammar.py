"""English grammar and vocabulary: agreement, verb forms, opposites and synonyms.

The verbs are those whose past tense and participle differ, so that every offered sentence but one breaks a rule of
standard written English. Lists are our own. Knows nothing of spelling puzzles or sounds.
"""

from __future__ import annotations

import json

import numpy as np

from routelab.workload.generate.draws import NAMES, one_of, options, phrases, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_ACTS = phrases("""walk walks to the park|play plays in the garden|drink drinks cold water|read reads long books
cook cooks warm soup|wash washes the car|sing sings old songs|draw draws small horses|clean cleans the kitchen
watch watches the birds|paint paints the fence|buy buys fresh bread|visit visits the library|feed feeds the cats
ride rides a bicycle|help helps the teacher|open opens the shop|carry carries the bags""")
_ADVERBS = phrases("every day|every morning|every Monday|every evening|every week|every winter|every Friday")
_MOVES = phrases("fall fell fallen|go went gone|rise rose risen|sink sank sunk|shrink shrank shrunk|break broke broken")
_THINGS = words("box list basket bag crate bundle picture drawer row stack jar tray parcel chest page")
_PARTS = words("letter apple coin stamp ticket flower key photograph pencil recipe button map card shell note")
_PEOPLE = words("uncle teacher neighbour sister friend doctor cousin driver baker pilot farmer painter")
_GIVEN = phrases("bought|found|chose|wanted|liked|packed|described|forgot|mended|counted")
_PAST = {
    Level.EASY: phrases("""walk walked|play played|open opened|jump jumped|clean cleaned|look looked|help helped
paint painted|call called|ask asked|start started|laugh laughed|push pushed|cook cooked|talk talked|wait waited
climb climbed|work worked|listen listened|visit visited|answer answered|turn turned|rain rained|wash washed
want wanted|need needed|show showed|pull pulled|kick kicked|count counted|fill filled|fold folded|follow followed
lock locked|mix mixed|pick picked|press pressed|knock knocked|touch touched|watch watched|finish finished"""),
    Level.MEDIUM: phrases("""go went|see saw|take took|give gave|come came|eat ate|write wrote|run ran|begin began
speak spoke|drive drove|know knew|find found|think thought|buy bought|bring brought|catch caught|teach taught
sleep slept|keep kept|leave left|feel felt|send sent|build built"""),
    Level.HARD: phrases("""arise arose|forsake forsook|slay slew|smite smote|stride strode|tread trod|cling clung
fling flung|sling slung|wring wrung|spin spun|bind bound|grind ground|flee fled|seek sought|overthrow overthrew
withdraw withdrew|swear swore|tear tore|string strung|sting stung|swing swung|creep crept|foresee foresaw"""),
}
_OPPOSITES = {
    Level.EASY: phrases("""hot cold|big small|fast slow|happy sad|light dark|up down|open closed|rich poor
young old|early late|full empty|hard soft|wet dry|strong weak|loud quiet|clean dirty|near far|high low"""),
    Level.MEDIUM: phrases("""ancient modern|generous stingy|expand contract|arrive depart|victory defeat
brave cowardly|accept reject|increase decrease|public private|simple complex|temporary permanent
guilty innocent|shallow deep|attack defend|praise blame|rough smooth|scarce abundant|timid bold"""),
}
_TRIPLES = phrases("""verbose wordy terse|aggravate worsen mitigate|ephemeral fleeting enduring
opaque cloudy transparent|benevolent kindly malicious|frugal thrifty lavish|candid frank evasive
lethargic sluggish energetic|diligent industrious idle|renowned famous obscure|placid calm agitated
fortify strengthen undermine|meagre scanty ample|arid parched humid|docile tame unruly|impede hinder assist
novice beginner expert|taciturn reticent talkative|laud praise censure|austere plain ornate""")


@family("420", "english-grammar", "choice", form=Form.CHOICE, bloom="apply", asks="knowledge")
def grammatical_sentence(rng: np.random.Generator, level: Level) -> Draft:
    """A verb after a name; a perfect after a noun; a perfect after a noun, its complement and a relative clause."""
    if level is Level.EASY:
        name, other = some_of(rng, NAMES, 2)
        base, third, rest = one_of(rng, _ACTS).split(" ", 2)
        end = f"{rest} {one_of(rng, _ADVERBS)}."
        right, wrong = f"{name} {third} {end}", [f"{name} {verb} {end}" for verb in (base, f"to {base}")]
        wrong.append(f"{name} and {other} {third} {end}")
    else:
        plural = rng.random() < 0.5
        thing, part, person = one_of(rng, _THINGS), one_of(rng, _PARTS), one_of(rng, _PEOPLE)
        _, past, participle = one_of(rng, _MOVES).split()
        thing = {"box": "boxes"}.get(thing, f"{thing}s") if plural else thing
        subject = f"The {thing} with the {part if plural else f'{part}s'}"
        if level is Level.HARD:
            subject += (
                f" that my {person if plural else f'{person}s'} {one_of(rng, _GIVEN)} for the {one_of(rng, _PEOPLE)}"
            )
        else:
            subject = f"The {thing} of my {person}"
        have, had_not = ("have", "has") if plural else ("has", "have")
        right = f"{subject} {have} {participle}."
        wrong = [f"{subject} {had_not} {participle}.", f"{subject} {have} {past}.", f"{subject} {had_not} {past}."]
    lettered, letter = options(rng, right, wrong)
    return Draft(
        facts=right,
        says=(
            f"Which sentence is correct English?\n{lettered}\nReply with the letter A-D.",
            f"Only one of these sentences is grammatical. Which one?\n{lettered}\nReply with the letter A-D.",
            f"Three of these sentences contain a mistake. Which has none?\n{lettered}\nReply with the letter A-D.",
        ),
        reference=letter,
    )


@family("420", "english-grammar", "list", form=Form.STRUCTURED, bloom="remember", asks="knowledge")
def past_tense_list(rng: np.random.Generator, level: Level) -> Draft:
    """Two regular verbs; three everyday irregular ones; four rare irregular ones."""
    chosen = [pair.split() for pair in some_of(rng, _PAST[level], level.of(2, 3, 4))]
    shown = ", ".join(base for base, _ in chosen)
    return Draft(
        facts=" ".join(sorted(base for base, _ in chosen)),
        says=(
            f"Write the simple past tense of each verb: {shown}. Reply with a comma-separated list in this order.",
            f"Put these verbs into the simple past: {shown}. Reply with a comma-separated list, same order.",
            f"{shown}: yesterday, what were these verbs? Reply with their simple past as a comma-separated list.",
        ),
        reference=json.dumps([past for _, past in chosen]),
    )


@family("400", "vocabulary", "choice", form=Form.CHOICE, bloom="understand", asks="knowledge")
def word_analogy(rng: np.random.Generator, level: Level) -> Draft:
    """Opposites of everyday words; of educated words; opposites or synonyms of rare words, with both on offer."""
    if level is Level.HARD:
        model, asked, *others = (triple.split() for triple in some_of(rng, _TRIPLES, 4))
        relation = one_of(rng, (1, 2))
        (a, b), c, right = (model[0], model[relation]), asked[0], asked[relation]
        wrong = [asked[3 - relation], *(other[one_of(rng, (1, 2))] for other in others)]
    else:
        first, second, *rest = (pair.split() for pair in some_of(rng, _OPPOSITES[level], 5))
        (a, b), (c, right) = first, second
        wrong = [one_of(rng, pair) for pair in rest]
    lettered, letter = options(rng, right, wrong)
    return Draft(
        facts=f"{a}:{b}::{c}:{right} | {' '.join(sorted(wrong))}",
        says=(
            f'"{a}" is to "{b}" as "{c}" is to which word?\n{lettered}\nReply with the letter A-D.',
            f"Complete the analogy {a} : {b} = {c} : ?\n{lettered}\nReply with the letter A-D.",
            f'"{c}" and one option are related in the way "{a}" and "{b}" are. Which option?\n{lettered}\n'
            "Reply with the letter A-D.",
        ),
        reference=letter,
    )
