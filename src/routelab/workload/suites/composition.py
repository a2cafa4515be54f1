"""What a suite is made of: how many items each domain, category, level, form, grader and language has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from routelab.core import Query

LEVELS = ("easy", "medium", "hard")

_COUNTED: dict[str, Callable[[Query], Any]] = {
    "domains": lambda q: q.domain,
    "divisions": lambda q: q.metadata.get("division"),
    "categories": lambda q: q.category,
    "levels": lambda q: q.difficulty,
    "forms": lambda q: q.form,
    "metrics": lambda q: q.metric,
    "languages": lambda q: q.language,
    "bloom": lambda q: q.metadata.get("bloom"),
    "asks": lambda q: q.metadata.get("asks"),
    "sources": lambda q: q.source,
    "families": lambda q: q.task,
}


def composition(queries: Sequence[Query]) -> dict[str, Any]:
    """Counts by every label, the category × level cells, and the lengths of the prompts in words.

    >>> composition([Query.ask("a", "2 + 2?", domain="5 Science")])["domains"]
    {'5 Science': 1}
    """
    lengths = sorted(len(query.text.split()) for query in queries)
    return {
        "items": len(queries),
        **{name: _counted(map(label, queries)) for name, label in _COUNTED.items()},
        "cells": _cells(queries),
        "words": {
            f"p{share}": lengths[min(len(lengths) - 1, share * len(lengths) // 100)] for share in (5, 50, 95, 100)
        }
        if lengths
        else {},
        "multi_turn": sum(len(query.turns) > 1 for query in queries),
        "distracted": sum(bool(query.metadata.get("distractor")) for query in queries),
    }


def _counted(labels: Iterable[Any]) -> dict[str, int]:
    found = Counter("none" if label is None else str(label) for label in labels)
    return dict(sorted(found.items(), key=lambda item: (LEVELS.index(item[0]) if item[0] in LEVELS else -1, item[0])))


def _cells(queries: Sequence[Query]) -> list[dict[str, Any]]:
    """One row a category: its domain and how many items each level has."""
    found = Counter((q.domain or "none", q.category or "none", q.difficulty or "none") for q in queries)
    rows = sorted({(domain, category) for domain, category, _ in found})
    levels = [*LEVELS, *sorted({level for _, _, level in found} - set(LEVELS))]
    return [
        {"domain": domain, "category": category}
        | {
            level: found[domain, category, level]
            for level in levels
            if level in LEVELS or found[domain, category, level]
        }
        for domain, category in rows
    ]
