"""Difficulty of imported items: features of the text, a linear logistic model, two cut points written beforehand.

The model is Fischer's linear logistic test model (1973): log-odds of a right answer = ability of the arm − Σ w·feature.
``learn`` estimates the weights on pilot arms; a recipe then fixes them, and other arms test what they say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from routelab.core import InputError, Query
from routelab.core.decisions import Floats
from routelab.core.errors import nearest
from routelab.workload.build.recipe import Features

LEVELS = ("easy", "medium", "hard")
_NEGATION = re.compile(r"\b(?:not|no|never|except|neither|nor|false|incorrect|least)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_OPTION = re.compile(r"^\(?[A-J][).:]\s", re.MULTILINE)
_FORMULA = re.compile(r"[=<>^\\$∑∫√]")
_CLAUSE = re.compile(r"[,;:]|\b(?:if|when|because|although|which|that|while|unless)\b", re.IGNORECASE)

FEATURES = (
    "words",
    "word_length",
    "sentences",
    "clauses",
    "numbers",
    "negations",
    "options",
    "formulas",
    "rare_length",
)


def item_features(texts: Sequence[str]) -> Floats:
    """(n, 9) features, counts as log(1 + count), in the order of ``FEATURES``."""
    return np.array([_row(text) for text in texts], float).reshape(len(texts), len(FEATURES))


def difficulty(queries: Sequence[Query], rule: Features) -> Floats:
    """(n,) how hard the rule says each item is; raises InputError for a feature it does not know."""
    for name in rule.weights:
        if name not in FEATURES:
            fix = nearest(name, FEATURES)
            raise InputError("difficulty.weights", expected="a known feature", got=repr(name), fix=fix)
    if not all(map(math.isfinite, rule.weights.values())):
        raise InputError("difficulty.weights", expected="numbers", got=str(rule.weights), fix="write finite numbers")
    weights = np.array([rule.weights.get(name, 0.0) for name in FEATURES])
    result: Floats = item_features([query.text for query in queries]) @ weights
    return result


def levels(queries: Sequence[Query], rule: Features) -> list[str]:
    """The level of each item, by the rule's two cut points."""
    if not rule.cuts[0] < rule.cuts[1]:
        raise InputError("difficulty.cuts", expected="two rising numbers", got=str(list(rule.cuts)), fix="order them")
    return [LEVELS[k] for k in np.searchsorted(rule.cuts, difficulty(queries, rule), side="right")]


def learn(texts: Sequence[str], scores: Floats) -> Features:
    """Weights and tercile cut points from (n, K) scores of pilot arms in [0, 1]; the answers are never needed again."""
    from sklearn.linear_model import LogisticRegression

    n, arms = scores.shape
    features = item_features(texts)
    design = np.hstack([np.tile(features, (arms, 1)), np.repeat(np.eye(arms), n, axis=0)])
    right = scores.T.ravel()
    rows = np.vstack([design, design])
    labels = np.repeat([1, 0], len(right))
    fitted = LogisticRegression(C=10.0, max_iter=1000, fit_intercept=False).fit(
        rows, labels, sample_weight=np.concatenate([right, 1 - right])
    )
    weights = {name: round(-float(w), 4) for name, w in zip(FEATURES, fitted.coef_[0])}
    low, high = np.quantile(features @ np.array(list(weights.values())), [1 / 3, 2 / 3])
    return Features(weights, (round(float(low), 4), round(float(high), 4)))


def _row(text: str) -> list[float]:
    words = text.split()
    lengths = [len(word) for word in words] or [0]
    counts = (
        len(words),
        text.count(".") + text.count("?") + text.count("!"),
        len(_CLAUSE.findall(text)),
        len(_NUMBER.findall(text)),
        len(_NEGATION.findall(text)),
        len(_OPTION.findall(text)),
        len(_FORMULA.findall(text)),
    )
    word_count, sentences, clauses, numbers, negations, options, formulas = np.log1p(counts)
    return [
        word_count,
        sum(lengths) / max(1, len(words)),
        sentences,
        clauses,
        numbers,
        negations,
        options,
        formulas,
        np.log1p(sum(length > 9 for length in lengths)),
    ]
