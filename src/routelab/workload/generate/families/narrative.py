"""Stories that must be followed: who holds what, who believes what; short, told over turns, and long.

The teller keeps the state of the world while telling; the answer is that state. Knows no psychology beyond seeing.
"""

from __future__ import annotations

import numpy as np

from routelab.core import Turn
from routelab.workload.generate.draws import NAMES, one_of, phrases, shuffled, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_OBJECTS = words("lantern compass violin ledger key dagger necklace telescope whistle map candle mirror")
_PLACES = words("drawer basket cupboard chest barrel oven suitcase box trunk shelf")
_WAYS = phrases("gave the {} to|handed the {} to|passed the {} to|sold the {} to|lent the {} to")
_FILLERS = phrases("""The rain had not stopped since the morning, and the road was deep in mud.
Somebody in the kitchen was singing, badly, about a miller and his horse.
Nobody spoke for a while; only the fire could be heard.
The innkeeper counted his coins twice and shook his head.
A dog slept under the long table and would not be moved.
They ate bread and onions and talked about the price of wool.
Far off a bell rang, although it was not yet the hour.
The youngest of them had never seen the sea and asked what it was like.
Two travellers came in, warmed their hands, and went on without a word.
The windows were small and let in little light, so they sat close together.
It was agreed that the bridge should have been mended years ago.
A cart went by outside, loaded with apples for the market.
The old clock on the wall had stopped at a quarter to nine.
There was a long argument about whether the winter would be hard.
A child ran in, laughed at all of them, and ran out again.
The wind turned to the north, and the shutters had to be closed.
Later they played cards, and everyone accused everyone of cheating.
The soup was thin but hot, and nobody complained.
An old soldier told the story of the siege, which all of them knew by heart.
Snow lay on the hills by then, and the passes were said to be closed.""")


class _Hands:
    """Who holds which object, and the sentences that made it so."""

    def __init__(self, rng: np.random.Generator, people: int, objects: int) -> None:
        self.rng = rng
        self.people, self.objects = some_of(rng, NAMES, people), some_of(rng, _OBJECTS, objects)
        self.holder = {thing: one_of(rng, self.people) for thing in self.objects}
        self.told = [f"{person} had the {thing}." for thing, person in self.holder.items()]

    def pass_on(self) -> None:
        """One object changes hands."""
        thing = one_of(self.rng, self.objects)
        giver = self.holder[thing]
        taker = one_of(self.rng, [person for person in self.people if person != giver])
        self.holder[thing] = taker
        self.told.append(f"{giver} {one_of(self.rng, _WAYS).format(thing)} {taker}.")

    def swap(self) -> None:
        """Two people exchange everything they hold."""
        a, b = some_of(self.rng, self.people, 2)
        self.holder = {thing: {a: b, b: a}.get(who, who) for thing, who in self.holder.items()}
        self.told.append(f"{a} and {b} exchanged everything they held.")


@family("800", "narrative-tracking", "word", bloom="analyse")
def holder_of_object(rng: np.random.Generator, level: Level) -> Draft:
    """Two objects, one handed on; two objects, three times; three objects, four times, and an exchange."""
    hands = _Hands(rng, level.of(3, 3, 4), level.of(2, 2, 3))
    for _ in range(level.of(1, 3, 3)):
        hands.pass_on()
    if level is Level.HARD:
        hands.swap()
        hands.pass_on()
    asked = one_of(rng, hands.objects)
    story = " ".join(hands.told)
    return Draft(
        facts=f"{story} {asked}",
        says=(
            f"{story} Who has the {asked} now? Reply with one name.",
            f"Follow the story. {story} At the end, who holds the {asked}? Reply with one name.",
            f"Question: in whose hands is the {asked} at the end? {story} Reply with one name.",
        ),
        reference=hands.holder[asked],
    )


@family("800", "narrative-tracking", "word", bloom="analyse", withheld=True)
def place_believed(rng: np.random.Generator, level: Level) -> Draft:
    """One may leave, one move; one may leave, two moves; two may leave, three moves."""
    people, thing = some_of(rng, NAMES, level.of(2, 3, 3)), one_of(rng, _OBJECTS)
    places = some_of(rng, _PLACES, level.of(2, 3, 4))
    mover, *goers = people
    present, belief = set(people), dict.fromkeys(people, places[0])
    told = [f"{' and '.join(shuffled(rng, people))} see the {thing} in the {places[0]}."]
    for k, place in enumerate(places[1:]):
        person = one_of(rng, goers[: level.of(1, 1, 2)])
        if person in present and (k or rng.random() < 0.5):
            present.remove(person)
            told.append(f"{person} goes away.")
        belief |= dict.fromkeys(present, place)
        told.append(f"{mover} moves the {thing} to the {place}.")
    asked = one_of(rng, level.of(goers, people[:2], people))
    story = f"{' '.join(told)} Who is away sees nothing."
    question = f"Where does {asked} believe the {thing} is"
    return Draft(
        facts=f"{story} {question}",
        says=(
            f"{story} {question}? Reply with the place in one word.",
            f"Read: {story} {question}? Give the place in one word.",
            f"{question}? The story: {story} Reply with the place in one word.",
        ),
        reference=belief[asked],
    )


@family("800", "narrative-tracking", "word", form=Form.MULTI_TURN, bloom="analyse")
def holder_over_turns(rng: np.random.Generator, level: Level) -> Draft:
    """Two turns of news about one object; three about two; four about three with an exchange."""
    hands = _Hands(rng, level.of(3, 4, 4), level.of(1, 2, 3))
    news, owners = [" ".join(hands.told)], []
    for k in range(level.of(1, 2, 3)):
        before, asked = len(hands.told), one_of(rng, hands.objects)
        owners.append((asked, hands.holder[asked]))
        for _ in range(level.of(1, 2, 2)):
            hands.pass_on()
        if level is Level.HARD and k == 1:
            hands.swap()
        news.append(" ".join(hands.told[before:]))
    asked = one_of(rng, hands.objects)
    wordings = (
        ("Who has the {} now? Reply with one name.", ""),
        ("Now who holds the {}? One name, please.", "Next: "),
        ("In whose hands is the {} at this point? Reply with one name.", "Then this happened. "),
    )
    return Draft(
        facts=" ".join([*news, asked]),
        says=tuple(
            (
                *(
                    turn
                    for k, (thing, owner) in enumerate(owners)
                    for turn in (
                        Turn("user", f"{lead if k else ''}{news[k]} {question.format(thing)}"),
                        Turn("assistant", owner),
                    )
                ),
                Turn("user", f"{lead}{news[-1]} {question.format(asked)}"),
            )
            for question, lead in wordings
        ),
        reference=hands.holder[asked],
    )


@family("800", "narrative-tracking", "word", form=Form.LONG_CONTEXT, bloom="analyse")
def holder_in_long_story(rng: np.random.Generator, level: Level) -> Draft:
    """220 words and one hand-over; 550 words and three; 1250 words, six and an exchange."""
    hands = _Hands(rng, level.of(3, 4, 5), level.of(2, 3, 4))
    for k in range(level.of(1, 3, 6)):
        hands.pass_on()
        if level is Level.HARD and k == 3:
            hands.swap()
    asked = one_of(rng, hands.objects)
    length, told = level.of(220, 550, 1250), hands.told
    story, written, spoken = [], 0, 0
    while written < length or spoken < len(told):
        due = spoken < len(told) and written * len(told) >= spoken * length
        sentence = told[spoken] if due else one_of(rng, _FILLERS)
        spoken += due
        story.append(sentence)
        written += len(sentence.split())
    text = " ".join(story)
    return Draft(
        facts=" ".join([*told, asked]),
        says=(
            f"{text}\n\nAt the end of this story, who has the {asked}? Reply with one name.",
            f"Read this story and say who holds the {asked} at its end.\n\n{text}\n\nReply with one name.",
            f"Story:\n{text}\n\nQuestion: in whose hands does the {asked} end up? Reply with one name.",
        ),
        reference=hands.holder[asked],
    )
