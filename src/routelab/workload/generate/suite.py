"""The suite behind the embedded default: which seed and how many items, fixed once and for all."""

from __future__ import annotations

from routelab.core import Query
from routelab.workload.generate.family import generate

SEED = 20261121
PER_CELL = 34


def default_suite() -> list[Query]:
    """510 queries: 5 domains × 3 levels × 34 items over 24 families, the same on every machine."""
    return generate(SEED, PER_CELL)
