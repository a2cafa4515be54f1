"""Which of one's own queries to collect: enough for the precision, few enough for the budget, like the rest.

The sample is stratified by language, length and topic and allocated in proportion, so that its plain mean
stands for all distinct prompts. Copies of a prompt count once. Knows no endpoints and asks nobody anything.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from math import ceil

import msgspec
import numpy as np
from sklearn.cluster import KMeans

from routelab.core import InputError, Query, derive, stream
from routelab.core.decisions import Ints
from routelab.core.errors import shorten
from routelab.core.threads import single_threaded
from routelab.encode import HashedNgrams, QueryBatch, TfidfSvd, normalise

Z95 = 1.959963985
DEVIATION = 0.5
FEWEST = 40
TOPICS = 8
FORMULA = "n = (1.96 s / h)^2, with s = 0.5 the assumed deviation of a paired score difference"
_BUDGET = re.compile(r"(\d+(?:\.\d+)?)\s*(usd|calls?)")
_POINTS = re.compile(r"(\d+(?:\.\d+)?)\s*pt")


class Budget(msgspec.Struct, frozen=True):
    """What a trial may take, in dollars or in calls."""

    usd: float | None = None
    calls: int | None = None

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Read ``5usd`` or ``2000calls``.

        >>> Budget.parse("5usd")
        Budget(usd=5.0, calls=None)
        """
        found = _BUDGET.fullmatch(text.strip().lower())
        if found is None:
            raise InputError("budget", expected="5usd or 2000calls", got=shorten(text), fix="write --budget 5usd")
        return cls(usd=float(found[1])) if found[2] == "usd" else cls(calls=int(float(found[1])))


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """The drawn queries and why they are this many; ``precision`` is what this number is expected to give."""

    queries: tuple[Query, ...]
    distinct: int
    strata: int
    needed: int
    asked_precision: float
    precision: float
    limited_by: str | None
    formula: str = FORMULA


def points(text: str) -> float:
    """A half-width like ``2pt`` as a share.

    >>> points("2pt")
    0.02
    """
    found = _POINTS.fullmatch(text.strip().lower())
    if found is None or not 0 < float(found[1]) < 50:
        raise InputError(
            "precision",
            expected="points like 2pt, above 0 and below 50",
            got=shorten(text),
            fix="write --precision 2pt",
        )
    return float(found[1]) / 100


def needed(precision: float, population: int) -> int:
    """Queries for a 95 % interval of ± ``precision`` on a paired difference (``FORMULA``), all at most.

    No correction for a finite population: the logs stand for the traffic to come, as every interval here does.

    >>> needed(0.02, 10**9), needed(0.02, 1000)
    (2401, 1000)
    """
    return min(population, ceil((Z95 * DEVIATION / precision) ** 2))


def expected_precision(n: int) -> float:
    """The half-width that ``n`` queries are expected to give: ``needed`` the other way round."""
    return float(Z95 * DEVIATION / np.sqrt(n))


def sample(
    queries: Sequence[Query],
    precision: float,
    *,
    affordable: Callable[[Sequence[Query]], bool],
    seed: int = 0,
) -> Sample:
    """Draw as many as ``precision`` needs, or as many as are ``affordable`` where that is fewer.

    Raises InputError where not even ``FEWEST`` can be had.
    """
    distinct = list({normalise(query.text): query for query in reversed(queries) if query.text.strip()}.values())[::-1]
    if len(distinct) < FEWEST:
        raise InputError(
            "logs",
            expected=f"at least {FEWEST} distinct prompts",
            got=str(len(distinct)),
            fix="give more of them",
        )
    strata = stratify(distinct, seed)
    wanted = needed(precision, len(distinct))
    order = _interleaved(strata, seed)
    low, high = 0, max(wanted, FEWEST)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if affordable([distinct[k] for k in order[:middle]]) else (low, middle - 1)
    if low < FEWEST:
        raise InputError(
            "budget",
            expected=f"enough for {FEWEST} queries",
            got=f"enough for {low}",
            fix="raise it, or ask fewer arms",
        )
    drawn = sorted(int(k) for k in order[:low])
    return Sample(
        queries=tuple(distinct[k] for k in drawn),
        distinct=len(distinct),
        strata=int(strata.max()) + 1,
        needed=wanted,
        asked_precision=precision,
        precision=expected_precision(low),
        limited_by="budget" if low < wanted else None,
    )


def stratify(queries: Sequence[Query], seed: int) -> Ints:
    """(n,) index of the cell of language × third of length × topic."""
    texts = [query.text for query in queries]
    length = np.array([len(text) for text in texts])
    third = np.searchsorted(np.quantile(length, [1 / 3, 2 / 3]), length)
    cells = zip((query.language or script(query.text) for query in queries), third, topics(texts, seed))
    names = np.array([f"{language}/{size}/{topic}" for language, size, topic in cells])
    return np.asarray(np.unique(names, return_inverse=True)[1], np.int64)


@single_threaded
def topics(texts: Sequence[str], seed: int) -> Ints:
    """(n,) k-means cluster of the prompts' hashed n-grams, about one a dozen prompts and ``TOPICS`` at most."""
    count = min(TOPICS, max(1, len(texts) // 12))
    encoded = QueryBatch.of(texts).encoded(HashedNgrams())
    features = TfidfSvd().fit(encoded, seed).transform(encoded)
    model = KMeans(count, n_init=1, random_state=derive(seed, "topics") % 2**32)
    return np.asarray(model.fit_predict(features), np.int64)


def script(text: str) -> str:
    """The writing system of most of the letters, as a stand-in for an unlabelled language.

    >>> script("Привет, мир"), script("hello")
    ('CYRILLIC', 'LATIN')
    """
    letters = [character for character in text[:1000] if character.isalpha()]
    names = Counter(unicodedata.name(letter, "OTHER").partition(" ")[0] for letter in letters)
    return names.most_common(1)[0][0] if names else "NONE"


def _interleaved(strata: Ints, seed: int) -> Ints:
    """An order whose every prefix holds the strata in proportion: members stand at evenly spaced places."""
    place = np.zeros(len(strata))
    rng = stream(seed, "sample")
    for stratum in np.unique(strata):
        members = rng.permutation(np.flatnonzero(strata == stratum))
        place[members] = (np.arange(len(members)) + rng.random()) / len(members)
    return np.asarray(np.argsort(place, kind="stable"), np.int64)
