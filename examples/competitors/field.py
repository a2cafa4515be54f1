"""Fills a board with the field: given folders, every single arm, and every router of the catalogue that runs here.

    python examples/competitors/field.py board [SUBMISSION ...]

On equal data: ours are fitted on the prompts that the board does not judge, those that competitors learn from, and
enter as artifacts. An entry that cannot run here is told with its reason and left out. Running it again fits ours
again and adds what is missing.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import polars as pl
import yaml
from training import unjudged

from routelab.arena import baselines
from routelab.arena.freeze import fit_whole
from routelab.arena.leaderboard.board import Board
from routelab.core import RoutelabError, registry
from routelab.router import save_artifact

LONGEST_NAME = 64


def main(folder: Path, submitted: list[Path]) -> None:
    board = Board(folder)
    with TemporaryDirectory() as made:
        started = time.perf_counter()
        for place in chain(submitted, single_arms(board, Path(made)), catalogue(board, Path(made))):
            try:
                told = board.update(place).to_json()
            except RoutelabError as error:
                click.echo(f"{place.name}: left out: {error}")
                continue
            rank = f"rank {told['rank']['low']} to {told['rank']['high']}" if told["listed"] else told["why"]
            click.echo(f"{told['router']}: {rank}, {time.perf_counter() - started:.0f} s")
            started = time.perf_counter()


def single_arms(board: Board, made: Path) -> Iterator[Path]:
    """For each arm the decision to ask it always."""
    ids = board.open.problem.batch.ids
    for place, arm in enumerate(board.open.problem.arms):
        name = re.sub(r"[^\w .*+()@/-]", " ", arm)[:LONGEST_NAME]
        manifest = {"name": name, "decisions": "decisions.parquet", "description": f"always {arm}"}
        folder = write(made / f"arm-{place}", manifest)
        pl.DataFrame({"query_id": ids, "arm": [arm] * len(ids)}).write_parquet(folder / "decisions.parquet")
        yield folder


def catalogue(board: Board, made: Path) -> Iterator[Path]:
    """The catalogue's routers as artifacts, but for the yardsticks that stand on every board."""
    known = unjudged(board)
    for name in registry.names("routelab.routers"):
        if name in baselines.ORDER:
            continue
        try:
            router, problem = fit_whole(name, known, seed=board.config.seed)
        except RoutelabError as error:
            click.echo(f"{name}: left out: {error}")
            continue
        about = f"{router.recipe.description}; fitted on {len(problem):,} prompts that are not judged"
        folder = write(made / name, {"name": name, "artifact": "artifact", "description": about})
        save_artifact(router, folder / "artifact")
        yield folder


def write(folder: Path, manifest: dict[str, str]) -> Path:
    folder.mkdir()
    (folder / "submission.yaml").write_text(yaml.safe_dump(manifest | {"owner": "routelab"}), encoding="utf-8")
    return folder


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]])
