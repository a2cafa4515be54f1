"""A trial on one's own traffic: ask the arms, grade or judge, evaluate, calibrate, and say one honest sentence.

Everything lies in the trial's folder. Running the same trial again continues it: answers and verdicts are kept, and
the budget covers all runs together.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from routelab.arena.calibrate import Calibration, calibrate
from routelab.arena.collect import Collected, collect
from routelab.arena.collect import Progress as Calls
from routelab.arena.dayone import model_judge
from routelab.arena.dayone.advice import UNPRICED, judge_trial
from routelab.arena.dayone.connect import Connected
from routelab.arena.dayone.sample import FEWEST
from routelab.arena.dayone.trial import Trial
from routelab.arena.judge import evaluate
from routelab.arena.statistics.ppi import Estimated
from routelab.core import InputError
from routelab.core.errors import shorten
from routelab.core.files import write_text
from routelab.outcomes import OutcomeTable
from routelab.router import catalogue, save_artifact

ROUTERS = (catalogue.knn_guarded, catalogue.ridge, catalogue.clusters)
MARGIN = 0.005
TARGET = f"quality>=current-{100 * MARGIN:g}pt"
MOST_FAILURES = 0.2

Progress = Callable[[int, int, str], None]


def run_trial(
    trial: Trial,
    pool: Connected,
    *,
    labels: Path | None = None,
    slack: float = 0.02,
    repeats: int = 3,
    progress: Progress = lambda done, total, what: None,
) -> dict[str, Any]:
    """Spend, judge, calibrate; writes ``result.json``, ``report.json`` and, for a gain, ``artifact``.

    ``slack`` is how far below the margin the interval of the quality difference may reach. Returns the report.
    """
    folder, run = trial.folder, _collect(trial, pool, progress)
    table, told = run.table, None
    if trial.judge is not None:
        table, told = _judged(trial, pool, run, labels, progress)
    table = _billed(_complete(table, trial, run), pool)
    result = evaluate(list(ROUTERS), table, seed=trial.seed, repeats=repeats, progress=progress)
    found: dict[str, Calibration] = {}
    verdict = UNPRICED
    if result.data["table"]["costs"] != "unknown":
        doubt = {arm: part["label_se"] for arm, part in (told or {}).get("arms", {}).items()}
        fit = partial(
            calibrate, table=table, target=TARGET, current=trial.current, seed=trial.seed, repeats=repeats, doubt=doubt
        )
        found = {"route": fit(list(ROUTERS), progress=progress), "switch": fit(catalogue.best_single)}
        verdict = judge_trial(found["route"].data, found["switch"].data, margin=MARGIN, slack=slack)
    artifact = folder / "artifact"
    shutil.rmtree(artifact, ignore_errors=True)
    if verdict.gain:
        save_artifact(found[verdict.advice].router, artifact)
    report = {
        "headline": verdict.sentence + _caveat(trial, told),
        "gain": verdict.gain,
        "advice": verdict.advice,
        "current": trial.current,
        "arms": list(trial.arms),
        "sample": {k: v for k, v in msgspec.to_builtins(trial.sample).items() if k != "queries"}
        | {"queries": len(trial.sample.queries), "judged": table.queries.height},
        "stopped": run.stopped,
        "spent_usd": round(_spent(folder), 9),
        "judge": told,
        "calibrations": {advice: calibration.data for advice, calibration in found.items()},
        "artifact": str(artifact) if verdict.gain else None,
    }
    result.save(folder / "result.json")
    write_text(folder / "report.json", msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    return report


def _collect(trial: Trial, pool: Connected, progress: Progress) -> Collected:
    """Answers of all arms, in ``folder/table``."""
    return collect(
        trial.folder / "table",
        trial.sample.queries,
        {arm: pool.arms[arm] for arm in trial.arms},
        name="trial",
        progress=_calls(progress, "asking the arms"),
        **_options(trial, pool),
    )


def _options(trial: Trial, pool: Connected) -> dict[str, Any]:
    left = None if trial.budget.usd is None else max(0.0, trial.budget.usd - _spent(trial.folder))
    return {
        "tariffs": pool.tariffs,
        "models": pool.models,
        "concurrency": pool.concurrency,
        "max_spend_usd": left,
        "seed": trial.seed,
    }


def _calls(progress: Progress, what: str) -> Callable[[Calls], None]:
    return lambda state: progress(state.done, state.total, what)


def _spent(folder: Path) -> float:
    """Dollars of all runs of this trial."""
    tables = [path.parent for path in (*folder.glob("table/manifest.json"), *folder.glob("verdicts/*/manifest.json"))]
    return float(sum(OutcomeTable.open(place).calls["cost_usd"].sum() or 0.0 for place in tables))


def _judged(
    trial: Trial, pool: Connected, run: Collected, labels: Path | None, progress: Progress
) -> tuple[OutcomeTable, dict[str, Any]]:
    """The table with verdicts for scores, saved as ``folder/scored``, and what is to be said of the judge."""
    assert trial.judge is not None
    runs = model_judge.judge_answers(
        trial.folder / "verdicts",
        run.table,
        trial.judge,
        arms={trial.judge: pool.arms[trial.judge]},
        progress=_calls(progress, "judging the answers"),
        **_options(trial, pool),
    )
    found = model_judge.verdicts(runs)
    scores = {key: score for key, score in found.items() if score is not None}
    means: dict[str, Estimated] = {}
    if labels is not None:
        scores, means = model_judge.correct(scores, model_judge.read_labels(labels))
    table = model_judge.rescored(run.table, scores)
    shutil.rmtree(trial.folder / "scored", ignore_errors=True)
    table.save(trial.folder / "scored")
    return table, {
        "arm": trial.judge,
        "verdicts": len(scores),
        "refused": len(found) - len(scores),
        "corrected": labels is not None,
        "arms": {arm: mean._asdict() for arm, mean in means.items()},
    }


def _complete(table: OutcomeTable, trial: Trial, run: Collected) -> OutcomeTable:
    """The queries that every arm has answered and somebody has scored; refuses arms that mostly failed."""
    calls = table.calls.filter(pl.col("score").is_not_null() | pl.col("error").is_not_null())
    for arm, failed in calls.group_by("arm").agg(pl.col("error").is_not_null().mean()).sort("arm").iter_rows():
        if failed > MOST_FAILURES:
            first = calls.filter((pl.col("arm") == arm) & pl.col("error").is_not_null())["error"][0]
            raise InputError(f"arm {arm}", expected="answers", got=shorten(first), fix="mend it; try a new --out")
    counts = calls.group_by("query_id").agg(pl.col("arm").n_unique())
    whole = counts.filter(pl.col("arm") == len(trial.arms))["query_id"].to_list()
    if len(whole) < FEWEST:
        raise InputError(
            "trial",
            expected=f"at least {FEWEST} queries answered by all arms and scored",
            got=f"{len(whole)}{f' ({run.stopped})' if run.stopped else ''}",
            fix="raise --budget and run the same command again: it continues",
        )
    return table.select(query_ids=whole)


def _billed(table: OutcomeTable, pool: Connected) -> OutcomeTable:
    """Bills for calls that were made before their prices were given."""
    priced = replace(table, models=pool.models).reprice()
    cost = table.calls.select(pl.coalesce("cost_usd", priced.calls["cost_usd"]))["cost_usd"]
    return replace(table, calls=table.calls.with_columns(cost_usd=cost))


def _caveat(trial: Trial, told: dict[str, Any] | None) -> str:
    if told is None or told["corrected"]:
        return ""
    return f" (as {trial.judge} judges, not corrected by human labels: give some with --labels)"
