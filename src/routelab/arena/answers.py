"""Grade somebody's answers to a frozen suite: one line ``{"id", "answer"}`` each, whatever wrote them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import msgspec

from routelab.arena.statistics import Metric, from_error, share, undefined
from routelab.core import InputError, Query
from routelab.core.errors import RoutelabError, nearest
from routelab.core.files import read_text
from routelab.workload.graders import grade
from routelab.workload.suites import Suite

SLICES: dict[str, Callable[[Query], str | None]] = {
    "domain": lambda query: query.domain,
    "difficulty": lambda query: query.difficulty,
    "form": lambda query: query.form,
}


class Answer(msgspec.Struct, frozen=True):
    """One line of an answers file; other keys are ignored."""

    id: str
    answer: str


class Graded(msgspec.Struct, frozen=True):
    """The score of one answer and what was read out of it."""

    id: str
    score: float
    extracted: str | None


class Grades(msgspec.Struct, frozen=True):
    """What an answers file is worth.

    Attributes:
        accuracy: mean score of the graded answers with its interval; ``over_all`` counts unanswered items as 0.
        by: accuracy in every domain, difficulty and form.
        ungraded: answers that could not be graded, by reason.
    """

    suite: str
    hash: str
    items: int
    answered: int
    graded: int
    accuracy: Metric
    over_all: Metric
    by: dict[str, dict[str, Metric]]
    ungraded: dict[str, int]
    rows: tuple[Graded, ...]


def grade_answers(path: Path, suite: Suite) -> Grades:
    """Grade a file against a suite; raises InputError on broken lines, unknown ids and ids that occur twice."""
    queries = {query.id: query for query in suite.queries}
    rows: list[Graded] = []
    ungraded: Counter[str] = Counter()
    answers = _read(path, queries)
    for answer in answers:
        query = queries[answer.id]
        try:
            if query.metric is None or query.reference is None:
                ungraded["the item has no reference"] += 1
                continue
            verdict = grade(query.metric, answer.answer, query.reference)
        except RoutelabError as error:
            ungraded[str(error)] += 1
            continue
        rows.append(Graded(answer.id, verdict.score, verdict.extracted))
    unanswered = [0.0] * (len(queries) - len(answers))
    return Grades(
        suite=suite.name,
        hash=suite.hash,
        items=len(queries),
        answered=len(answers),
        graded=len(rows),
        accuracy=mean([row.score for row in rows]),
        over_all=mean([row.score for row in rows] + unanswered),
        by={name: _sliced(rows, queries, label) for name, label in SLICES.items()},
        ungraded=dict(ungraded.most_common()),
        rows=tuple(rows),
    )


def mean(scores: list[float]) -> Metric:
    """The mean of scores in [0, 1]: Wilson's interval where all are 0 or 1, else a normal one."""
    n = len(scores)
    if not n:
        return undefined("no graded answers")
    if all(score in (0.0, 1.0) for score in scores):
        return share(round(sum(scores)), n)
    middle = sum(scores) / n
    spread = sum((score - middle) ** 2 for score in scores) / max(1, n - 1)
    return from_error(middle, (spread / n) ** 0.5)


def _sliced(rows: list[Graded], queries: dict[str, Query], label: Callable[[Query], str | None]) -> dict[str, Metric]:
    groups: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        groups[label(queries[row.id]) or "none"].append(row.score)
    return {name: mean(scores) for name, scores in sorted(groups.items())}


def _read(path: Path, queries: dict[str, Query]) -> list[Answer]:
    seen: dict[str, Answer] = {}
    text = read_text(path, what="a JSONL file of answers").removeprefix("\ufeff")
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        try:
            answer = msgspec.json.decode(line, type=Answer)
        except (msgspec.DecodeError, RecursionError) as error:
            raise InputError(
                where, expected='{"id": …, "answer": …}', got=str(error), fix="write one JSON object a line"
            ) from None
        if answer.id not in queries:
            fix = nearest(answer.id, queries)
            raise InputError(where, expected="an id of the suite", got=repr(answer.id), fix=fix)
        if answer.id in seen:
            raise InputError(where, expected="each id once", got=f"{answer.id!r} again", fix="remove one of them")
        seen[answer.id] = answer
    if not seen:
        raise InputError(str(path), expected="at least one answer", got="none", fix="check that it was written whole")
    return list(seen.values())
