"""Scores for answers without a reference: a model judges them, a few human labels put its mean right, arm by arm.

Verdicts are collected like any outcomes (resumed, capped, billed), one question an answer. The correction maps an
arm's verdicts onto the prediction-powered estimate of its mean and keeps their order; it assumes that a judge's
bias towards an arm does not depend on which queries a router sends there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from routelab.arena.collect import Collected, collect
from routelab.arena.statistics.ppi import FEWEST_LABELS, Estimated, ppi_mean
from routelab.core import InputError, Query
from routelab.core.decisions import Floats
from routelab.core.errors import nearest, shorten
from routelab.core.files import digest
from routelab.outcomes import OutcomeTable
from routelab.workload.graders.judge import question, verdict

Key = tuple[str, str]
"""A query's id and an arm."""

LABEL_COLUMNS = {"query_id": pl.String, "arm": pl.String, "score": pl.Float64}


def question_of(query: Query, arm: str, answer: str) -> Query:
    """What the judge is asked about one answer."""
    key = {"query_id": query.id, "arm": arm}
    return Query(id=digest(key), turns=question(query.text, answer), metadata=key)


def judge_answers(folder: Path, table: OutcomeTable, judge: str, **options: Any) -> list[Collected]:
    """Ask ``judge`` about every answer that has no score yet; ``options`` are those of ``collect``.

    Questions that came up in an earlier run stay in its part of ``folder``; new ones open the next part.
    """
    asked = {query.id: query for query in table.query_list()}
    open_calls = table.calls.filter(pl.col("score").is_null() & pl.col("error").is_null()).select("query_id", "arm")
    answers = table.answers().join(open_calls, on=["query_id", "arm"], how="semi")
    questions = [
        question_of(asked[row["query_id"]], row["arm"], row["answer"]) for row in answers.iter_rows(named=True)
    ]
    parts = [OutcomeTable.open(path).query_list() for path in sorted(folder.glob("part-*"))]
    known = {query.id for part in parts for query in part}
    fresh = [query for query in questions if query.id not in known]
    runs = []
    for number, part in enumerate([*parts, *([fresh] if fresh else [])]):
        runs.append(collect(folder / f"part-{number:03}", part, name="verdicts", **options))
    return runs


def verdicts(runs: list[Collected]) -> dict[Key, float | None]:
    """The score of every judged answer, None where the judge gave none."""
    found: dict[Key, float | None] = {}
    for run in runs:
        about = {query.id: query.metadata for query in run.table.query_list()}
        for row in run.table.answers().iter_rows(named=True):
            key = about[row["query_id"]]
            found[key["query_id"], key["arm"]] = verdict(row["answer"])
    return found


def read_labels(path: Path) -> dict[Key, float]:
    """Human scores in [0, 1] from a CSV with the columns query_id, arm and score."""
    try:
        frame = pl.read_csv(path, schema_overrides=LABEL_COLUMNS)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            str(path), expected="a CSV of query_id, arm, score", got=shorten(str(error)), fix="mend the file"
        ) from None
    for column in LABEL_COLUMNS:
        if column not in frame.columns:
            raise InputError(str(path), expected=f"a column {column}", got=", ".join(frame.columns), fix="add it")
    labels: dict[Key, float] = {}
    for number, (query_id, arm, score) in enumerate(frame.select(list(LABEL_COLUMNS)).iter_rows(), 2):
        if score is None or not 0 <= score <= 1 or (query_id, arm) in labels:
            got = shorten(score) if (query_id, arm) not in labels else f"a second label of {arm} on {query_id}"
            raise InputError(
                f"{path} line {number}", expected="one score in [0, 1] an answer", got=got, fix="correct this line"
            )
        labels[query_id, arm] = score
    return labels


def correct(judged: Mapping[Key, float], labels: Mapping[Key, float]) -> tuple[dict[Key, float], dict[str, Estimated]]:
    """Judged scores whose mean is each arm's prediction-powered mean, and those means.

    Raises InputError for an arm with too few labelled answers and for labels of unknown arms.
    """
    arms = sorted({arm for _, arm in judged})
    for _, arm in labels:
        if arm not in arms:
            raise InputError("labels", expected="an arm that was judged", got=repr(arm), fix=nearest(arm, arms))
    corrected: dict[Key, float] = {}
    means: dict[str, Estimated] = {}
    for arm in arms:
        keys = [key for key in judged if key[1] == arm]
        known = [key for key in keys if key in labels]
        if len(known) < FEWEST_LABELS:
            raise InputError(
                f"labels of {arm}",
                expected=f"at least {FEWEST_LABELS} labelled answers",
                got=str(len(known)),
                fix="label a random sample of its answers",
            )
        rest = [judged[key] for key in keys if key not in labels]
        means[arm] = ppi_mean(rest, [judged[key] for key in known], [labels[key] for key in known])
        scores = _with_mean(np.array([judged[key] for key in keys]), means[arm].value)
        corrected |= dict(zip(keys, map(float, scores)))
    return corrected, means


def _with_mean(scores: Floats, mean: float) -> Floats:
    """Scores shrunk towards 0 or towards 1, whichever brings their mean to ``mean``; they stay in [0, 1]."""
    wanted, found = float(np.clip(mean, 0.0, 1.0)), float(scores.mean())
    if wanted <= found:
        return scores * (wanted / found) if found > 0 else scores
    return 1 - (1 - scores) * ((1 - wanted) / (1 - found))


def rescored(table: OutcomeTable, scores: Mapping[Key, float]) -> OutcomeTable:
    """The table with these scores where it had none."""
    rows = [(query_id, arm, score) for (query_id, arm), score in scores.items()]
    given = pl.DataFrame(rows, schema={"query_id": pl.String, "arm": pl.String, "_given": pl.Float64}, orient="row")
    calls = table.calls.join(given, on=["query_id", "arm"], how="left", maintain_order="left")
    calls = calls.with_columns(score=pl.coalesce("score", "_given")).drop("_given")
    return OutcomeTable.from_frames(
        table.queries, calls, answers=table.answers(), models=table.models, name=table.name, notes=table.notes
    )
