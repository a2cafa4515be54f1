"""Do graders and references fit together? Every reference, written as a perfect answer, must score 1; silence,
nonsense and another item's answer must score 0.

Two references that accept one another's answers mean the same and are no problem. Knows nothing of models.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal

import msgspec

from routelab.core import InputError, Query, stream
from routelab.workload.graders import grade
from routelab.workload.graders.program import tests_of

NONSENSE = "I would rather talk about the weather, zyx!"

Check = Literal["metric", "reference", "empty", "nonsense", "another"]


class Problem(msgspec.Struct, frozen=True):
    """One item whose grader fails one check, and how."""

    query_id: str
    check: Check
    detail: str


def perfect_answer(metric: str, reference: str) -> str | None:
    """The reference written as a right answer; None for a program's tests without a solution.

    >>> perfect_answer("quantity", '{"value": 2.5, "unit": "kg"}')
    'Answer: 2.5 kg'
    """
    if metric == "code":
        solution = tests_of(reference).solution
        return solution and f"```python\n{solution}\n```"
    if metric == "sql":
        return f"```sql\n{json.loads(reference)['query']}\n```"
    if metric == "json":
        return json.dumps(json.loads(reference)["value"])
    if metric == "quantity":
        wanted = json.loads(reference)
        return f"Answer: {wanted['value']} {wanted.get('unit') or ''}".rstrip()
    if metric in ("list", "set", "table", "tool_call"):
        return reference
    return f"Answer: {reference}" if metric in ("number", "word", "choice") else f"\\boxed{{{reference}}}"


def self_check(queries: Iterable[Query], *, programs: bool = True) -> list[Problem]:
    """Every problem of the graders with these items; without ``programs``, items of metric ``code`` are left out.

    Raises PrerequisiteError where a grader lacks its instrument.
    """
    checked = [query for query in queries if programs or query.metric != "code"]
    others = _others(checked)
    return [problem for query in checked for problem in _problems(query, others.get(_key(query)))]


def _key(query: Query) -> tuple[str | None, str | None, str | None]:
    return query.task, query.metric, query.reference


def _others(queries: list[Query]) -> dict[tuple[str | None, str | None, str | None], str]:
    """For every reference of a family, another one of it, drawn by a shuffle."""
    families: dict[tuple[str | None, str | None], dict[str, None]] = {}
    for query in queries:
        if query.reference is not None:
            families.setdefault((query.task, query.metric), {})[query.reference] = None
    found = {}
    for (task, metric), references in families.items():
        known = list(references)
        order = [known[place] for place in stream(0, "self-check", str(task), str(metric)).permutation(len(known))]
        found.update({(task, metric, a): b for a, b in zip(order, [*order[1:], order[0]]) if a != b})
    return found


def _problems(query: Query, other: str | None) -> list[Problem]:
    metric, reference = query.metric, query.reference
    if metric is None or reference is None:
        return [Problem(query.id, "metric", "no metric or no reference")]
    try:
        answer = perfect_answer(metric, reference)
        if answer is None:
            return [Problem(query.id, "reference", "tests without a solution")]
        return _failed(query.id, metric, reference, answer, other)
    except (InputError, KeyError, TypeError, ValueError) as error:
        return [Problem(query.id, "reference", f"{type(error).__name__}: {error}")]


def _failed(query_id: str, metric: str, reference: str, answer: str, other: str | None) -> list[Problem]:
    found = []
    score = grade(metric, answer, reference).score
    if score != 1.0:
        found.append(Problem(query_id, "reference", f"the reference scores {score:g}"))
    useless: tuple[tuple[Check, str], ...] = (("empty", ""), ("nonsense", NONSENSE))
    for check, text in useless:
        if grade(metric, text, reference).score != 0.0:
            found.append(Problem(query_id, check, f"{text!r} scores"))
    alien = None if other is None else perfect_answer(metric, other)
    if other is None or alien is None or grade(metric, alien, reference).score == 0.0:
        return found
    if grade(metric, answer, other).score != 1.0:
        found.append(Problem(query_id, "another", f"the answer of another item scores: {alien}"))
    return found
