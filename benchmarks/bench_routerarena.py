"""Scoring RouterArena predictions: ours, and RouterArena's own evaluator on the same rows in the same process.

    python benchmarks/bench_routerarena.py [--predictions FILE] [--competitor CHECKOUT] [--repeats 7]

FILE is a prediction file with its layout beside it (cached results, price file, …). The competitor
needs its own dependencies (sympy, latex2sympy2, jieba, fuzzywuzzy, rouge, regex, pandas); its data-set reader
is replaced by rows in memory, which only favours it. Rows of LiveCodeBench are left out for both, since their
tests are not at hand.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import logging
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np
import polars as pl

from routelab.arena.profiles import PROFILES, Rows, score_predictions, score_rows
from routelab.arena.profiles.native import read_predictions
from routelab.arena.profiles.references import Reference, judge_for, load_references
from routelab.core import stream

QUERIES, TASKS, TESTED, MODELS = 8_400, 40, 809, 6


def measure(work: Callable[[], object], repeats: int) -> list[float]:
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return seconds


def show(name: str, seconds: list[float]) -> float:
    middle = statistics.median(seconds)
    click.echo(f"  {name:<66} {middle * 1e3:9.2f} ms  [{min(seconds) * 1e3:.2f}, {max(seconds) * 1e3:.2f}]")
    return middle


def full_size_rows(seed: int) -> Rows:
    """A prediction set of the full split's size: 8,400 queries in 40 data sets, 809 with six other models."""
    rng = stream(seed, "bench", "routerarena")
    strata = np.sort(rng.choice(TASKS, QUERIES, p=rng.dirichlet(np.full(TASKS, 0.5))))
    return Rows(
        strata=np.unique(strata, return_inverse=True)[1],
        score=rng.integers(0, 2, QUERIES).astype(float),
        cost_usd=rng.exponential(1e-3, QUERIES),
        valid=rng.random(QUERIES) > 0.01,
        similar=strata == 3,
        flip=np.where(rng.random(QUERIES) < 0.05, rng.integers(0, 2, QUERIES), np.nan),
        pool=np.sort(rng.choice(QUERIES, TESTED, replace=False)),
        pool_score=rng.integers(0, 2, (TESTED, MODELS)).astype(float),
        pool_cost_usd=rng.exponential(1e-3, (TESTED, MODELS)),
    )


class Competitor:
    """RouterArena's evaluator, run in a folder of its own layout on the rows of one prediction file."""

    def __init__(self, checkout: Path, layout: Path, references: dict[str, Reference]) -> None:
        self.layout = layout
        for name in ("config", "model_cost"):
            shutil.copytree(checkout / name, layout / name)
        (layout / "dataset" / "routerarena").mkdir(parents=True)
        blank = {"Question": "", "Context": "", "Options": [], "Metadata": {}}
        table = [blank | {"Global Index": key, "Answer": known.answer} for key, known in references.items()]
        reader: Any = types.ModuleType("datasets")
        reader.load_from_disk = lambda path: table
        sys.modules["datasets"] = reader
        sys.path[:0] = [str(checkout), str(checkout / "llm_evaluation")]
        logging.disable(logging.CRITICAL)
        self.run = sys.modules.get("run") or importlib.import_module("run")

    def score(self) -> None:
        here = Path.cwd()
        os.chdir(self.layout)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                self.run.process_router_predictions("rows", "full", force=True)
        finally:
            os.chdir(here)

    def metrics(self) -> dict[str, float]:
        return dict(json.loads((self.layout / "metrics.json").read_text(encoding="utf-8")))


def answers(predictions: Path, references: dict[str, Reference], size: int) -> tuple[list[Any], dict[str, Reference]]:
    """The file's gradable rows, repeated under new ids up to ``size``; and the reference of each."""
    known = [row for row in json.loads(predictions.read_bytes()) if not row["global index"].startswith("LiveCodeBench")]
    rows, truth = [], {}
    for place in range(size or len(known)):
        row = known[place % len(known)]
        key = f"{row['global index']}x{place // len(known)}"
        rows.append(row | {"global index": key})
        truth[key] = references[row["global index"]]
    return rows, truth


def contest(predictions: Path, competitor: Path | None, size: int, repeats: int, seed: int) -> None:
    root = predictions.parent.parent
    rows, truth = answers(predictions, load_references(root / "cached_results"), size)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "router_inference", "predictions", "rows.json")
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(rows), encoding="utf-8")
        given = Path(folder, "references.parquet")
        columns = {
            "query_id": list(truth),
            **{name: [getattr(r, name) for r in truth.values()] for name in ("metric", "answer")},
        }
        pl.DataFrame(columns).write_parquet(given)
        ours: dict[str, Any] = {}

        def score() -> None:
            ours.update(
                score_predictions(path, references=given, prices=root / "model_cost.json", seed=seed)["routers"][0]
            )

        graded, judge = read_predictions(path), judge_for(path, given)
        click.echo(f"\n{len(rows)} answers, file to scores")
        show("routelab: grading alone", measure(lambda: [judge.score(row) for row in graded], repeats))
        middle = show("routelab: all metrics, intervals from 1000 draws", measure(score, repeats))
        if competitor is None:
            return
        rival = Competitor(competitor.resolve(), Path(folder), truth)
        theirs = show("RouterArena: no intervals", measure(rival.score, 1 if size else repeats))
        click.echo(f"  RouterArena takes {theirs / middle:.0f} times as long")
        pairs = {"accuracy": "accuracy", "cost_per_1k_usd": "avg_cost_per_1000", "arena_score": "arena_score"}
        for name, key in pairs.items():
            click.echo(f"  {name:<16} ours {ours[name]['value']:.9f}  theirs {rival.metrics()[key]:.9f}")


@click.command()
@click.option("--predictions", type=click.Path(path_type=Path, exists=True))
@click.option("--competitor", type=click.Path(path_type=Path, exists=True))
@click.option("--repeats", default=7, show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(predictions: Path | None, competitor: Path | None, repeats: int, seed: int) -> None:
    click.echo(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {platform.platform()}")
    click.echo(f"Python {platform.python_version()}, numpy {np.__version__}, msgspec {msgspec.__version__}")
    click.echo(f"seed {seed}, median of {repeats} [min, max]; the competitor runs once on the large set\n")

    rows, profile = full_size_rows(seed), PROFILES["routerarena"]
    click.echo(f"{QUERIES} graded rows in memory, all metrics")
    show("routelab: intervals from 1000 draws", measure(lambda: score_rows(rows, profile, seed=seed), repeats))
    show("routelab: point values", measure(lambda: score_rows(rows, profile, draws=1, seed=seed), repeats))
    if predictions is None:
        click.echo("no --predictions given: answers were not graded and the competitor was not run")
        return
    for size in (0, QUERIES):
        contest(predictions, competitor, size, repeats, seed)


if __name__ == "__main__":
    main()
