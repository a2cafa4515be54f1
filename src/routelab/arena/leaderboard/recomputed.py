"""What the figures of RouterArena's published leaderboard make of each other, and how far rounding may part them.

The arena score follows from accuracy and cost, accuracy from the accuracy of each domain, robustness from the flips.
Works on published figures alone; it has seen no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from routelab.arena.leaderboard.published_files import Published, Site
from routelab.arena.metrics.arena_score import arena_score
from routelab.arena.statistics import number

QUERIES = {
    **{"computer": 1400, "philosophy": 700, "social": 700, "language": 700, "science": 1400},
    **{"technology": 1400, "arts": 700, "literature": 700, "history": 700},
}  # of each class of RouterArena's full split, by the first word of its name
ALL = sum(QUERIES.values())
HALF = 0.005  # published to two decimals
HALF_DOMAIN = 0.05  # domains to one


@dataclass(frozen=True)
class Recomputed:
    """A published figure and what other published figures make of it, in percent; ``low`` to ``high`` is what their
    rounding allows."""

    metric: str
    source: str
    published: float
    value: float
    low: float
    high: float

    @property
    def agrees(self) -> bool:
        return self.low - HALF <= self.published <= self.high + HALF

    def to_json(self) -> dict[str, Any]:
        shares = {key: number(getattr(self, key) / 100) for key in ("published", "value", "low", "high")}
        return shares | {"difference": number((self.published - self.value) / 100), "agrees": self.agrees}

    def verdict(self) -> dict[str, str]:
        """As an audit of the board."""
        evidence = (
            f"published {self.published:.2f}; {self.source} {self.value:.2f} ({self.published - self.value:+.2f})"
        )
        allowed = f"; rounding allows {self.low:.2f} to {self.high:.2f}"
        return {
            "name": f"{self.metric.replace('_', '-')}-recomputed",
            "verdict": "pass" if self.agrees else "fail",
            "evidence": evidence + allowed,
        }


def recomputed(row: Published, site: Site) -> list[Recomputed]:
    """Each figure of a row that other published figures tell again."""
    accuracy, cost = (np.array([-HALF, 0, HALF]) + each for each in (row.accuracy, row.cost_per_1k_usd))
    low, value, high = (100 * arena_score(accuracy / 100, np.maximum(cost[::-1], 0.0))).tolist()
    source = f"from {row.accuracy} % and ${row.cost_per_1k_usd} per 1,000"
    found = [Recomputed("arena_score", source, row.arena_score, value, low, high)]
    domains = site.of(site.domains, row.name)
    if domains is not None and {class_of(name) for name in domains} == set(QUERIES):
        mean = sum(QUERIES[class_of(name)] * one for name, (one, _) in domains.items()) / ALL
        source = "from the accuracy of each domain"
        found.append(Recomputed("accuracy", source, row.accuracy, mean, mean - HALF_DOMAIN, mean + HALF_DOMAIN))
    flips = site.of(site.flips, row.name)
    if flips is not None and row.robustness is not None:
        steady = 100 * (1 - flips[0] / flips[1])
        source = f"from {flips[0]} flips on {flips[1]} reworded prompts"
        found.append(Recomputed("robustness", source, row.robustness, steady, steady, steady))
    return found


def class_of(domain: str) -> str:
    """The first word of a domain's name, by which ``QUERIES`` knows it."""
    return domain.casefold().partition(" ")[0].strip(",")
