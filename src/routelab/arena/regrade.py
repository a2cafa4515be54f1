"""Grade published answers again and say where our score is not the published one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Literal

import msgspec

from routelab.arena.profiles.native import read_cached
from routelab.core.errors import InputError, RoutelabError
from routelab.workload.graders import grade

FORMATS = ("routerarena",)
Format = Literal["routerarena"]


class Disagreement(msgspec.Struct, frozen=True):
    """One answer whose published score is not ours."""

    id: str
    metric: str
    published: float
    ours: float
    extracted: str | None
    reference: str


class Regrade(msgspec.Struct, frozen=True):
    """What grading a file again gave; ``ungraded`` counts rows by the reason they could not be graded."""

    rows: int
    graded: int
    agree: int
    disagree: list[Disagreement]
    ungraded: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def regrade(path: Path, format: Format = "routerarena") -> Regrade:
    """Grade every answer of a cached-results file from its text. Raises InputError on a malformed row."""
    if format not in FORMATS:
        raise InputError("--format", expected="routerarena", got=repr(format), fix="use --format routerarena")
    rows = agree = 0
    disagree: list[Disagreement] = []
    ungraded: Counter[str] = Counter()
    for _, row in read_cached(path):
        rows += 1
        published = row.evaluation_result
        if published is None:
            ungraded["no published evaluation"] += 1
            continue
        try:
            ours = grade(published.metric, row.generated_answer or "", published.ground_truth)
        except RoutelabError as error:
            ungraded[str(error)] += 1
            continue
        if ours.score == published.score:
            agree += 1
        else:
            disagree.append(
                Disagreement(
                    id=row.global_index,
                    metric=published.metric,
                    published=published.score,
                    ours=ours.score,
                    extracted=ours.extracted,
                    reference=published.ground_truth,
                )
            )
    return Regrade(rows, agree + len(disagree), agree, disagree, dict(sorted(ungraded.items())))
