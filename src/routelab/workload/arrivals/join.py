"""Times and lengths from one place, content and outcomes from another: which query each request carries."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from routelab.core.arrivals import Arrivals
from routelab.core.errors import InputError


@dataclass(frozen=True)
class Joined:
    """Requests with a query each, and the sentence that says what was assumed."""

    arrivals: Arrivals
    assumption: str


def join(arrivals: Arrivals, queries: int, rng: np.random.Generator) -> Joined:
    """Give every request a row of a table of `queries` rows: each row once, in random order, before any comes again.

    The lengths stay those of the arrivals; the outcome table says only how well each arm answers.
    """
    if queries < 1:
        raise InputError(
            "join queries", expected="a table with at least one query", got=str(queries), fix="choose another"
        )
    rounds = -(-len(arrivals) // queries)
    order = rng.permuted(np.tile(np.arange(queries), (rounds, 1)), axis=1).ravel()
    return Joined(
        replace(arrivals, query=order[: len(arrivals)]),
        f"Arrival times and token counts are those of the workload; which of the {queries} queries a request carries "
        f"is drawn at random, independently of its time and lengths, each query once before any comes again.",
    )
