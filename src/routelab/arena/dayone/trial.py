"""What a trial on one's own traffic will ask, and what that can cost: decided, shown and kept before any call.

The sample is drawn once and lies in the trial's folder, so that running the same trial again continues it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from routelab.arena.dayone import model_judge
from routelab.arena.dayone.connect import Connected
from routelab.arena.dayone.sample import Budget, Sample, sample
from routelab.arena.spend import BYTES_PER_TOKEN, ArmPreview, preview
from routelab.core import InputError, Query
from routelab.core.config import convert
from routelab.core.errors import shorten
from routelab.core.files import canonical_json, read_text, write_text
from routelab.outcomes import OutcomeTable
from routelab.pool.live.policies import policy_of


@dataclass(frozen=True)
class Trial:
    """What is decided before the first call."""

    folder: Path
    arms: tuple[str, ...]
    current: str
    judge: str | None
    budget: Budget
    seed: int
    sample: Sample
    preview: tuple[ArmPreview, ...]


def plan_trial(
    logs: OutcomeTable,
    pool: Connected,
    *,
    folder: Path,
    arms: Sequence[str],
    budget: Budget,
    current: str | None = None,
    judge: str | None = None,
    precision: float = 0.02,
    seed: int = 0,
) -> Trial:
    """Draw the sample (or find the one drawn before) and foresee the bill. Raises InputError for what cannot work."""
    if len(set(arms)) < 2 or len(set(arms)) < len(arms):
        raise InputError("arms", expected="at least two different ones", got=", ".join(arms), fix="--arms a,b")
    queries = [query for query in logs.query_list() if judge or (query.metric and query.reference)]
    if not queries:
        raise InputError(
            f"logs {logs.name!r}",
            expected="queries with a metric and a reference, or a judge",
            got="neither",
            fix="name a judge with --judge ARM",
        )
    foresee = partial(_foresee, arms=arms, judge=judge, pool=pool)
    drawn = _kept_sample(folder, logs, queries)
    if drawn is None:
        drawn = sample(queries, precision, affordable=lambda part: _within(budget, foresee(part)), seed=seed)
        facts = msgspec.to_builtins(drawn) | {"queries": [query.id for query in drawn.queries], "logs": logs.hash}
        write_text(folder / "sample.json", msgspec.json.format(canonical_json(facts), indent=2).decode() + "\n")
    return Trial(
        folder=folder,
        arms=tuple(arms),
        current=_current(logs, arms, current),
        judge=judge,
        budget=budget,
        seed=seed,
        sample=drawn,
        preview=tuple(foresee(drawn.queries)),
    )


def _kept_sample(folder: Path, logs: OutcomeTable, queries: Sequence[Query]) -> Sample | None:
    path = folder / "sample.json"
    if not path.is_file():
        return None
    facts = msgspec.json.decode(read_text(path, what="the sample of a trial"))
    if not isinstance(facts, dict) or facts.pop("logs", None) != logs.hash:
        raise InputError(
            str(folder), expected="a trial of these logs", got="one of others", fix="name a new folder with --out"
        )
    by_id = {query.id: query for query in queries}
    facts["queries"] = [by_id[name] for name in facts["queries"] if name in by_id]
    return convert(msgspec.to_builtins(facts), Sample, str(path))


def _foresee(queries: Sequence[Query], arms: Sequence[str], judge: str | None, pool: Connected) -> list[ArmPreview]:
    """Previews of all arms, and of the judge over answers of full permitted length."""
    found = preview(queries, arms, pool.tariffs)
    if judge is None:
        return found
    judged = [query for query in queries if not (query.metric and query.reference)]
    longest = [(arm, "x" * int(BYTES_PER_TOKEN * policy_of(arm).max_tokens)) for arm in arms]
    questions = [model_judge.question_of(query, arm, answer) for query in judged for arm, answer in longest]
    return [*found, *preview(questions, [judge], pool.tariffs)] if questions else found


def _within(budget: Budget, foreseen: Sequence[ArmPreview]) -> bool:
    if budget.calls is not None:
        return sum(arm.calls for arm in foreseen) <= budget.calls
    return sum(arm.usd or 0.0 for arm in foreseen) <= (budget.usd or 0.0)


def _current(logs: OutcomeTable, arms: Sequence[str], named: str | None) -> str:
    """The arm in use: the named one, else the one that the logs call most often, with or without its provider."""
    by_use = logs.calls.group_by("arm").len().sort(["len", "arm"], descending=[True, False])["arm"].to_list()
    used = named or next(iter(by_use), "none in the logs")
    same = [arm for arm in arms if used == arm or used.rpartition("/")[2] == arm.rpartition("/")[2]]
    if used in arms or len(same) == 1:
        return used if used in arms else same[0]
    raise InputError(
        "current arm",
        expected=f"one of --arms ({', '.join(arms)})",
        got=shorten(used),
        fix="add it to --arms, or name another with --current",
    )
