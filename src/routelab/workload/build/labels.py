"""Labels an item may lack: its Dewey division, by a classifier trained on labelled sources, and its Bloom level.

Every label says in the item's metadata where it comes from (``division_by``: source or classifier).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from routelab.core import InputError, Query
from routelab.workload.build.recipe import Domains
from routelab.workload.dewey import domain_of

FOLDS = 5
FEWEST = 10

# The verbs of Anderson & Krathwohl's revision (2001), from the highest level down.
_BLOOM = tuple(
    (level, re.compile(rf"\b(?:{verbs})\b", re.IGNORECASE))
    for level, verbs in (
        ("create", "write|compose|design|create|invent|construct|generate|implement"),
        ("evaluate", "judge|evaluate|justify|assess|best|most likely|should|better|argue"),
        ("analyse", "compare|contrast|analy[sz]e|classify|infer|why|which .* not|except|distinguish"),
        ("apply", r"calculate|compute|solve|find|how many|how much|convert|translate|apply|\d+\s*[-+*/=]"),
        ("understand", "explain|describe|summari[sz]e|mean|means|meaning|interpret|according to"),
    )
)


def bloom(text: str) -> str:
    """Bloom's level by the highest verb that occurs; "remember" where none does.

    >>> bloom("Calculate 2 + 2."), bloom("What is the capital of France?")
    ('apply', 'remember')
    """
    return next((level for level, verbs in _BLOOM if verbs.search(text)), "remember")


def label(queries: Sequence[Query], rule: Domains, seed: int) -> tuple[list[Query], dict[str, Any]]:
    """Items with division, domain and Bloom level, and a report of how the divisions were found.

    Raises InputError where a classifier is asked for and fewer than ten items of two divisions are labelled.
    """
    known = [query for query in queries if "division" in query.metadata]
    unknown = [query for query in queries if "division" not in query.metadata]
    report: dict[str, Any] = {"by source": len(known), "unlabelled": len(unknown)}
    found: dict[str, str] = {}
    if unknown and rule.unlabelled == "classify":
        found, told = _classified(known, unknown, rule, seed)
        report |= told
    labelled = [
        _placed(query, query.metadata.get("division") or found.get(query.id), "division" not in query.metadata)
        for query in queries
    ]
    kept = [query for query in labelled if query is not None]
    report["dropped without a division"] = len(labelled) - len(kept)
    return kept, report


def _placed(query: Query, division: str | None, guessed: bool) -> Query | None:
    if division is None:
        return None
    more = {
        "division": division,
        "division_by": "classifier" if guessed else "source",
        "bloom": query.metadata.get("bloom") or bloom(query.text),
    }
    return msgspec.structs.replace(query, domain=domain_of(division), metadata=query.metadata | more)


def _classified(
    known: Sequence[Query], unknown: Sequence[Query], rule: Domains, seed: int
) -> tuple[dict[str, str], dict[str, Any]]:
    """Divisions of the unknown that are probable enough; accuracy is that of cross-validation on the known."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    often = {name for name, count in Counter(q.metadata["division"] for q in known).items() if count >= FEWEST}
    train = [query for query in known if query.metadata["division"] in often]
    if len(often) < 2:
        raise InputError(
            "domain.unlabelled: classify",
            expected=f"two divisions with {FEWEST} labelled items",
            got=f"{len(often)}",
            fix="add labelled sources or use drop",
        )
    model = make_pipeline(
        TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)), LogisticRegression(C=10, max_iter=500)
    )
    texts, labels = [q.text for q in train], np.array([q.metadata["division"] for q in train])
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    hits = int((cross_val_predict(model, texts, labels, cv=folds) == labels).sum())
    chances = model.fit(texts, labels).predict_proba([q.text for q in unknown])
    best = chances.argmax(axis=1)
    sure = chances.max(axis=1) >= rule.least_probability
    found = {q.id: str(model.classes_[k]) for q, k, ok in zip(unknown, best, sure) if ok}
    return found, {
        "classified": len(found),
        "classifier accuracy": wilson(hits, len(train)),
        "classifier trained on": len(train),
    }


def wilson(hits: int, n: int) -> dict[str, float]:
    """A share and its 95 % interval (Wilson 1927)."""
    from scipy.stats import binomtest

    interval = binomtest(hits, n).proportion_ci(method="wilson")
    return {"value": round(hits / n, 4), "low": round(float(interval.low), 4), "high": round(float(interval.high), 4)}
