"""Fills a board with the field: every router of the catalogue that runs here, every single arm, and given folders.

    python examples/competitors/field.py board [SUBMISSION ...]

An entry that cannot run here is told with its reason and left out. Running it again adds what is missing, at no cost
for what is there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import polars as pl
import yaml

from routelab.arena import baselines
from routelab.arena.leaderboard.board import Board, Config
from routelab.core import RoutelabError, registry
from routelab.data import default_table

SUBMISSIONS_PER_OWNER = 1000


def main(folder: Path, submitted: list[Path]) -> None:
    board = Board.create(folder, default_table(), Config(name="field", submissions_per_owner=SUBMISSIONS_PER_OWNER))
    with TemporaryDirectory() as made:
        for place in [*submitted, *single_arms(board, Path(made)), *catalogue(Path(made))]:
            started = time.perf_counter()
            try:
                told = board.update(place).to_json()
            except RoutelabError as error:
                click.echo(f"{place.name}: left out: {error}")
                continue
            rank = f"rank {told['rank']['low']} to {told['rank']['high']}" if told["listed"] else told["why"]
            click.echo(f"{told['router']}: {rank}, {time.perf_counter() - started:.0f} s")


def single_arms(board: Board, made: Path) -> Iterator[Path]:
    """For each arm the decision to ask it always."""
    ids = board.open.problem.batch.ids
    for place, arm in enumerate(board.open.problem.arms):
        folder = made / f"arm-{place}"
        manifest = {"name": arm.replace("#", " "), "decisions": "decisions.parquet", "description": f"always {arm}"}
        write(folder, manifest)
        pl.DataFrame({"query_id": ids, "arm": [arm] * len(ids)}).write_parquet(folder / "decisions.parquet")
        yield folder


def catalogue(made: Path) -> Iterator[Path]:
    """The catalogue's routers, but for the yardsticks that stand on every board."""
    for name in registry.names("routelab.routers"):
        if name not in baselines.ORDER:
            yield write(made / name, {"name": name, "recipe": name})


def write(folder: Path, manifest: dict[str, str]) -> Path:
    folder.mkdir()
    (folder / "submission.yaml").write_text(yaml.safe_dump(manifest | {"owner": "routelab"}), encoding="utf-8")
    return folder


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]])
