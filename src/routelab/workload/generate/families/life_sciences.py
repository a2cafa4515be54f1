"""Genes read into proteins, offspring counted by their traits, animals named by an identification key.

The codons come from the standard genetic code, written out here; the animals of the keys are invented.
"""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from routelab.workload.generate.draws import integer, one_of, phrases, shuffled, some_of, words
from routelab.workload.generate.family import Draft, Level, family

_ONLY = "Reply with the number only."

_AMINO = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODONS = {"".join(bases): amino for bases, amino in zip(product("UCAG", repeat=3), _AMINO)}
_SENSE = [codon for codon, amino in CODONS.items() if amino not in "*M"]
_STOPS = [codon for codon, amino in CODONS.items() if amino == "*"]


def protein(rna: str) -> str:
    """The one-letter protein from the first AUG to the next stop in its frame, or to the end.

    >>> protein("GGAUGUUUUAACC")
    'MF'
    """
    start = rna.find("AUG")
    letters = "".join(CODONS[rna[k : k + 3]] for k in range(start, len(rna) - 2, 3))
    return letters.partition("*")[0]


@family("570", "genetics", "word", bloom="apply")
def express_a_gene(rng: np.random.Generator, level: Level) -> Draft:
    """Look up one codon; translate two by a table; change a base and translate from the start to the stop."""
    codons = some_of(rng, _SENSE, 2)
    aim, value = level.of(_looked_up, _translated, _mutated)(rng, codons)
    return Draft(
        facts=aim,
        says=(
            f"{aim} Reply with the one-letter codes only.",
            f"Genetics: {aim} Reply with one-letter codes without spaces, and nothing else.",
            f"Work this out and reply with one-letter codes only. {aim}",
            f"{aim} Write only the one-letter codes, as one word.",
        ),
        reference=value,
    )


def _looked_up(rng: np.random.Generator, codons: list[str]) -> tuple[str, str]:
    return f"{_table(rng, codons[:1])} Which amino acid does the codon {codons[0]} give?", CODONS[codons[0]]


def _translated(rng: np.random.Generator, codons: list[str]) -> tuple[str, str]:
    rna = "".join(codons)
    return f"{_table(rng, codons)} Which protein does the mRNA {rna} give?", "".join(CODONS[codon] for codon in codons)


def _mutated(rng: np.random.Generator, codons: list[str]) -> tuple[str, str]:
    rna = f"AUG{''.join(codons)}{one_of(rng, _STOPS)}"
    place = integer(rng, 3, 8)
    base = one_of(rng, [base for base in "UCAG" if base != rna[place]])
    changed = rna[:place] + base + rna[place + 1 :]
    read = [text[k : k + 3] for text in (rna, changed) for k in range(0, len(rna), 3)]
    return (
        f"{_table(rng, read)} In the mRNA {rna}, base number {place + 1} (counted from 1) becomes {base}. Which "
        "protein is made from the first codon to the first stop?",
        protein(changed),
    )


def _table(rng: np.random.Generator, codons: list[str]) -> str:
    spare = some_of(rng, _SENSE, 2)
    rows = (f"{codon} {CODONS[codon].replace('*', 'stop')}" for codon in shuffled(rng, sorted({*codons, *spare})))
    return f"Codons: {', '.join(rows)}."


_TRAITS = phrases("""brown coat (B) over white (b)|long tail (L) over short (l)|round ears (R) over pointed (r)
dark eyes (D) over pale (d)|tall stem (T) over dwarf (t)|green pod (G) over yellow (g)|hairy leaf (H) over bare (h)
axial flower (A) over terminal (a)|early bloom (E) over late (e)|marked wing (M) over plain (m)""")


@family("570", "genetics", "number", bloom="apply")
def count_the_offspring(rng: np.random.Generator, level: Level) -> Draft:
    """One gene in a cross that gives one half, as is told; one gene in either cross; two independent genes."""
    count = level.of(1, 1, 2)
    number = 4**count * integer(rng, 2, level.of(90, 90, 20))
    traits = some_of(rng, _TRAITS, count)
    pairs = [trait[trait.index("(") + 1] + trait[trait.rindex("(") + 1] for trait in traits]
    double = [level is not Level.EASY and bool(rng.integers(2)) for _ in traits]
    shown = [bool(rng.integers(2)) for _ in traits]
    quarters = [(3 if dominant else 1) if both else 2 for both, dominant in zip(double, shown)]
    wanted = " and ".join(
        f"the {'dominant' if dominant else 'recessive'} form of gene {pair[0]}" for pair, dominant in zip(pairs, shown)
    )
    parents = f"{''.join(pairs)} and {''.join(pair if both else pair[1] * 2 for pair, both in zip(pairs, double))}"
    told = level.of(f"One half of them show {wanted}. ", "", "The genes are independent. ")
    story = (
        f"Dominant are {' and '.join(traits)}. Parents {parents} have {number} offspring. {told}"
        f"How many of these are expected to show {wanted}"
    )
    return Draft(
        facts=f"{sorted(traits)} {number} {level.of('', story, story)}",
        says=(
            f"{story}? {_ONLY}",
            f"Genetics: {story}? {_ONLY}",
            f"Work this out. {story}? {_ONLY}",
            f"Answer with one number. {story}? {_ONLY}",
        ),
        reference=str(number * prod(quarters) // 4 ** len(quarters)),
    )


_FEATURES = phrases("""wings|no wings
stripes|no stripes
a long tail|a short tail
webbed feet|clawed feet
smooth skin|scaly skin
round eyes|slit eyes
horns|no horns
two toes|three toes
a blue belly|a grey belly""")
_SYLLABLES = words("mol tar ven bru kel dos rin pag lum sef wat zor nib hul")
_Couplets = list[tuple[int | str, int | str]]


@family("590", "animals", "word", bloom="apply")
def use_an_identification_key(rng: np.random.Generator, level: Level) -> Draft:
    """One couplet; two; four, where the way to the animal passes at least two of them."""
    size, least = level.of((1, 1), (2, 1), (4, 2))
    pairs = [(_FEATURES[2 * k], _FEATURES[2 * k + 1]) for k in rng.permutation(len(_FEATURES) // 2).tolist()]
    while True:
        sides = [int(side) for side in rng.integers(2, size=len(pairs))]
        couplets = _grown(rng, size)
        place: int | str = 0
        passed = 0
        while isinstance(place, int):
            place, passed = couplets[place][sides[place]], passed + 1
        if passed >= least:
            break
    key = " ".join(
        f"{k}) {yes}: {_target(left)}; {no}: {_target(right)}."
        for k, ((yes, no), (left, right)) in enumerate(zip(pairs, couplets), 1)
    )
    seen = [pair[side] for pair, side in zip(pairs, sides)][: size + 1]
    told = ", ".join(shuffled(rng, seen))
    name = "Reply with the animal's name only."
    return Draft(
        facts=f"{key} {', '.join(sorted(seen))}",
        says=(
            f"Identification key, from step 1: {key} An animal has {told}. Which animal is it? {name}",
            f"You see an animal with {told}. Use this key, starting at 1, to name it. {key} {name}",
            f"Key: {key}\nStart at 1. What is the name of the animal that has {told}? {name}",
            f"An unknown animal has {told}. Follow the key from step 1 to its name. {name}\n{key}",
        ),
        reference=str(place),
    )


def _grown(rng: np.random.Generator, size: int) -> _Couplets:
    """A random key: either side of a couplet leads to a later couplet or to an invented name."""
    names = (one + two for one, two in zip(some_of(rng, _SYLLABLES, size + 1), some_of(rng, _SYLLABLES, size + 1)))
    couplets: _Couplets = []

    def branch(couplets_left: int) -> int | str:
        if couplets_left == 0:
            return next(names).capitalize()
        k = len(couplets)
        couplets.append((0, 0))
        left = integer(rng, 0, couplets_left - 1)
        couplets[k] = (branch(left), branch(couplets_left - 1 - left))
        return k

    branch(size)
    return couplets


def _target(target: int | str) -> str:
    return target if isinstance(target, str) else f"go to {target + 1}"
