"""Philosophy and psychology (150, 160, 170): fallacies, ethics by rule, schedules, studies, reaction times.

Beyond the names of fallacies, what is right follows from the prompt alone. Takes no side in ethics.
"""

from __future__ import annotations

import numpy as np

from routelab.workload.generate.draws import LETTERS, NAMES, integer, one_of, options, phrases, shuffled, some_of, words
from routelab.workload.generate.family import Draft, Form, Level, family

_CLAIMS = phrases("""the old mill should be saved|school should start later|tea helps against colds
buses should be free|the lake is too deep to swim in|night work makes people ill|the new bridge is safe
chess makes children clever|the town needs a second well|dogs should be allowed in shops|long walks cure sadness
the market should open on Sundays|paper books are better than screens|the harbour should be dredged
cold baths strengthen the heart|trams are cleaner than cars|the museum should be free|bees like blue flowers
homework should be abolished|the forest is growing back|uniforms improve marks|salt water keeps cut flowers fresh""")
_FALLACIES = {
    "ad hominem": "{name} says that {claim}. But {name} is lazy, so it is false.",
    "appeal to popularity": "Nearly everybody believes that {claim}, so it is true.",
    "false dilemma": "Either you admit that {claim}, or you hate our town.",
    "post hoc": "{name} said that {claim}; then it rained. So the words brought the rain.",
    "circular reasoning": "It is true that {claim}, because {claim}.",
    "appeal to ignorance": "Nobody has disproved that {claim}, so it is true.",
    "appeal to tradition": "For centuries people held that {claim}, so it is right.",
    "slippery slope": "Grant that {claim}, and soon all order collapses.",
    "hasty generalisation": "{name} once thought that {claim} and did well, so everybody will.",
    "appeal to a false authority": "{name}, a film star, says that {claim}, so it is true.",
}


@family("160", "fallacies", "choice", form=Form.CHOICE, bloom="analyse", asks="knowledge")
def fallacy_sequence(rng: np.random.Generator, level: Level) -> Draft:
    """The fallacy of one argument; of two in order; of three in order."""
    count = level.of(1, 2, 3)
    flaws = some_of(rng, list(_FALLACIES), count + 3)
    right, spare = flaws[:count], flaws[count:]
    claims, names = some_of(rng, _CLAIMS, count), some_of(rng, NAMES, count)
    arguments = [_FALLACIES[flaw].format(name=n, claim=c) for flaw, n, c in zip(right, names, claims)]
    told = " ".join(arguments if count == 1 else [f"({k}) {one}" for k, one in enumerate(arguments, 1)])
    swapped = [
        [spare[k] if place == one else flaw for place, flaw in enumerate(right)]
        for k, one in enumerate([0, 0, 0] if count == 1 else [0, count - 1, integer(rng, 0, count - 1)])
    ]
    text, letter = options(rng, ", ".join(right), [", ".join(one) for one in swapped])
    each = "this argument" if count == 1 else "each argument in turn"
    return Draft(
        facts=f"{right} {claims} {names} {sorted(swapped)}",
        says=(
            f"{told}\nWhich fallacy is committed by {each}?\n{text}\nReply with the letter.",
            f"Name the fallacy of {each}: {told}\n{text}\nAnswer with one letter.",
            f"{told}\nFind the fallacy of {each}.\n{text}\nGive the letter.",
        ),
        reference=letter,
    )


_DUTIES = phrases(
    "people hurt|promises broken|lies told|animals harmed|laws breached|trees felled|gifts refused|debts unpaid"
)


@family("170", "ethics", "choice", form=Form.CHOICE, bloom="evaluate")
def lexical_duties(rng: np.random.Generator, level: Level) -> Draft:
    """One duty; a tie on the first, with temptations on the second; two ties, and a plan that is forbidden outright."""
    depth = level.of(1, 2, 3)
    duties = some_of(rng, _DUTIES, level.of(1, 2, 4))
    best = [level.of(9, 0, 0) + integer(rng, 1, 5), *(integer(rng, 3, 8) for _ in duties[1:])]
    veto = duties[3:]
    if veto:
        best[3] = 0
    plans = [best]
    while len({tuple(plan) for plan in plans}) < 4:
        plans = [best, *(_worse_plan(rng, best, tied, level) for tied in (depth - 1, max(depth - 2, 0), 0))]
        if veto:
            plans[3] = [*(value - 1 for value in best[:3]), integer(rng, 1, 3)]
    shown = shuffled(rng, plans)
    text = "\n".join(
        f"{letter}) {', '.join(f'{n} {duty}' for n, duty in zip(plan, duties))}" for letter, plan in zip(LETTERS, shown)
    )
    rule = f"Choose the plan with the fewest {duties[0]}"
    rule += "".join(f"; among equals, the fewest {duty}" for duty in duties[1:depth])
    rule += "".join(f". A plan with any {duty} is forbidden" for duty in veto)
    return Draft(
        facts=f"{duties} {sorted(plans)}",
        says=(
            f"{rule}. Which plan is right?\n{text}\nReply with the letter.",
            f"An ethical code says: {rule}.\n{text}\nWhich plan does the code choose? Answer with one letter.",
            f"Four plans lie open.\n{text}\nThe code: {rule}. Give the letter of the plan to follow.",
        ),
        reference=LETTERS[shown.index(best)],
    )


def _worse_plan(rng: np.random.Generator, best: list[int], tied: int, level: Level) -> list[int]:
    """A plan that is as good on the first ``tied`` duties, worse on the next and tempting on the rest."""
    worse = best[tied] + integer(rng, 1, level.of(30, 5, 5))
    depth = level.of(1, 2, 3)
    return [*best[:tied], worse, *(integer(rng, 0, 2) for _ in range(tied + 1, depth)), *best[depth:]]


_PERSONS = words("mayor judge baker miller doctor farmer painter smith")


@family("170", "ethics", "number", bloom="evaluate")
def utility_total(rng: np.random.Generator, level: Level) -> Draft:
    """Two people who gain; one, and a group; one, a group that gains and a group that loses."""
    first, second = some_of(rng, _PERSONS, 2)
    extra, most = integer(rng, 2, 25), level.of(20, 5, 9)
    if level is Level.EASY:
        groups = [(1, integer(rng, 2, most))]
        told = f"the {second} gains {groups[0][1]}"
    else:
        signs = (1,) if level is Level.MEDIUM else (1, -1)
        groups = [(integer(rng, 2, most), sign * integer(rng, 2, most)) for sign in signs]
        told = ", ".join(f"{n} people {'gain' if c > 0 else 'lose'} {abs(c)} each" for n, c in groups)
    plan = f"Under a plan the {first} gains {extra}, {told}."
    return Draft(
        facts=plan,
        says=(
            f"A utilitarian adds up all gains and subtracts all losses. {plan} What is the total? Number only.",
            f"{plan} Count every gain as plus and every loss as minus, for each person. Total? Number only.",
            f"Sum of welfare = gains − losses over all people. {plan} What is it? Answer with the number alone.",
        ),
        reference=str(extra + sum(people * change for people, change in groups)),
    )


_LEARNERS = [
    *[("rat", "presses"), ("pigeon", "pecks"), ("monkey", "pulls"), ("dog", "jumps"), ("cat", "taps")],
    *[("crow", "calls"), ("pig", "pushes"), ("horse", "steps"), ("seal", "dives"), ("goat", "kicks")],
]


@family("150", "psychology", "number", bloom="apply")
def reinforcement_schedule(rng: np.random.Generator, level: Level) -> Draft:
    """A fixed ratio that divides; with pellets from before; two phases with rests left over."""
    animal, acts = one_of(rng, _LEARNERS)
    n, m, done = integer(rng, 2, 10), integer(rng, 3, 12), level.of(0, integer(rng, 1, 20), integer(rng, 1, 20))
    if level is Level.HARD:
        times, more = integer(rng, 20, 60), integer(rng, 20, 60)
        rule = (
            f"In phase one every {n} {acts} earn a pellet and it makes {times} {acts}; in phase two, counted anew, "
            f"every {m} earn one and it makes {more}."
        )
        count = done + times // n + more // m
    else:
        times = n * integer(rng, 2, 10)
        rule, count = f"Every {n} {acts} earn one pellet. It makes {times} {acts}.", done + times // n
    held = f"{done or 'no'} pellets"
    return Draft(
        facts=f"{animal} {done} {rule}",
        says=(
            f"A {animal} has {held} at the start. {rule} How many pellets has it now? Reply with the number only.",
            f"{rule} The {animal} started with {held}. What is its number of pellets at the end? Number only.",
            f"Conditioning: a {animal} holds {held} at the start. {rule} Pellets at the end? Number only.",
        ),
        reference=str(count),
    )


_CAUSES = phrases("""hours of sleep|cups of coffee|loudness of music|size of the reward|length of the lesson
number of rehearsals|amount of exercise|brightness of the lamp|speed of the film
time under stress""")
_EFFECTS = phrases("""words recalled|reaction time|errors in sums|pulse rate|puzzles solved|mood rating
reading speed|pain rating|names recognised|seconds of attention""")
_FIXED = phrases("""age of the people|time of day|temperature of the room|wording of the task|length of the test
kind of chair|meal before the test|language of the task""")


@family("150", "psychology", "choice", form=Form.CHOICE, bloom="understand")
def study_variables(rng: np.random.Generator, level: Level) -> Draft:
    """Roles told in plain words; shown by what was done; the same with a confounder."""
    cause, second = some_of(rng, _CAUSES, 2)
    effect = one_of(rng, _EFFECTS)
    fixed, other = some_of(rng, _FIXED, 2)
    told = level.of(
        f"Researchers change the {cause}. They measure the {effect}. They keep the {fixed} constant. "
        f"Nobody looks at the {other}.",
        f"One group had more and one had less of this: {cause}. The {fixed} was the same for both. Afterwards the "
        f"{effect} was compared. Nobody recorded the {other}.",
        f"All had the same {fixed}. The {effect} of two groups was compared at the end. Lots decided the {cause}; by "
        f"oversight the {second} differed between the groups too. Nobody recorded the {other}.",
    )
    roles = {"independent variable": cause, "dependent variable": effect, "control variable (held constant)": fixed}
    if level is Level.HARD:
        roles["confounder"] = second
    role = one_of(rng, list(roles))
    shown = [*roles.values(), other][:4]
    text, letter = options(rng, roles[role], [one for one in shown if one != roles[role]])
    return Draft(
        facts=f"{roles} {role} {other}",
        says=(
            f"{told} Which is the {role}?\n{text}\nReply with the letter.",
            f"A study: {told} Pick the {role}.\n{text}\nAnswer with one letter.",
            f"{told}\n{text}\nWhich of these is the {role}? Give the letter.",
        ),
        reference=letter,
    )


_INKS = words("red blue green brown black orange")


@family("150", "psychology", "number", bloom="apply", withheld=True)
def stroop_effect(rng: np.random.Generator, level: Level) -> Draft:
    """A difference of two times; of two means of round times; of two means once slow trials are dropped."""
    size, step = level.of((1, 10), (2, 20), (2, 1))
    lowest, effect = step * integer(rng, 400 // step, 600 // step), step * integer(rng, 20 // step, 160 // step)
    trials = [_around(rng, mean, size, step) for mean in (lowest, lowest + effect)]
    if level is Level.HARD:
        trials = [shuffled(rng, [*times, integer(rng, 1001, 1900)]) for times in trials]
    rule = " Leave out every trial slower than 1000 ms." if level is Level.HARD else ""
    same, mixed = (", ".join(map(str, times)) for times in trials)
    word = level.of("", "mean ", "mean ")
    ink, other = some_of(rng, _INKS, 2)
    return Draft(
        facts=f"{sorted(trials[0])} {sorted(trials[1])} {ink} {other}",
        says=(
            f"Reaction times in ms: “{ink}” in {ink} {same}; in {other} {mixed}.{rule} By how many ms is the "
            f"second {word}time longer? Reply with the number only.",
            f"The word “{ink}” takes {same} ms to name in {ink} ink, {mixed} ms in {other}.{rule} The effect is "
            f"the {word}time in {other} minus that in {ink}. How many ms? Number only.",
            f"Stroop test, the word “{ink}”: in {other} {mixed} ms, in {ink} {same} ms.{rule} By how much is "
            f"the {word}time in {other} larger? Number only.",
        ),
        reference=str(effect),
    )


def _around(rng: np.random.Generator, mean: int, size: int, step: int) -> list[int]:
    """``size`` integers with exactly this mean, which differ from it by multiples of ``step``."""
    offsets = [step * integer(rng, -60 // step, 60 // step) for _ in range(size - 1)]
    return shuffled(rng, [*(mean + one for one in offsets), mean - sum(offsets)])
