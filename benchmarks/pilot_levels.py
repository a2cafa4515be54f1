"""Pilot of the procedural levels: is the best arm's accuracy inside the band of each level, family by family?

    python benchmarks/pilot_levels.py --arm local/qwen2.5-coder-1.5b#direct [--per-level 6] [--family NAME]...

Draws items that belong to no season, asks the arms, and lists every family × level whose best arm misses its band. Run
it when parameters change, before a season is recorded; the arms asked here must not be the ones that test the levels.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import click
import polars as pl

from routelab.arena.collect import collect
from routelab.cli.progress import progress_bar
from routelab.core import Query
from routelab.pool.live import endpoints
from routelab.workload.generate import FAMILIES, families
from routelab.workload.generate.drawing import draw
from routelab.workload.generate.seasons import Season

assert families
BANDS = {"easy": (0.60, 0.95), "medium": (0.25, 0.65), "hard": (0.03, 0.35)}
PILOT = Season(1, b"routelab/atlas/pilot", commitment="pilot")
LONGEST_WORDS = 700


def items(names: tuple[str, ...], per_level: int) -> list[Query]:
    """``per_level`` items of each family and level, withheld families included; long prompts are left out."""
    drawn = []
    for name in names or sorted(FAMILIES):
        drawn += draw(PILOT, {name: FAMILIES[name]}, 3 * per_level)
    return [query for query in drawn if len(query.text.split()) <= LONGEST_WORDS]


@click.command()
@click.option("--arm", "arms", multiple=True, required=True)
@click.option("--family", "names", multiple=True, type=click.Choice(sorted(FAMILIES)))
@click.option("--per-level", type=click.IntRange(min=1), default=6, show_default=True)
@click.option("--endpoints", "file", type=click.Path(path_type=Path))
@click.option("--concurrency", type=click.IntRange(min=1), default=1, show_default=True)
def main(arms: tuple[str, ...], names: tuple[str, ...], per_level: int, file: Path | None, concurrency: int) -> None:
    """Ask and list what is outside its band."""
    known = endpoints(file)
    with progress_bar("pilot") as update:
        run = collect(
            None,
            items(names, per_level),
            {arm: known.connect(arm) for arm in arms},
            concurrency=concurrency,
            progress=lambda at: update(at.done, at.total, ""),
        )
    labels = run.table.queries.select("query_id", "task", "difficulty")
    cells = (
        run.table.calls.join(labels, on="query_id").group_by("task", "difficulty", "arm").agg(pl.col("score").mean())
    )
    best: dict[str, dict[str, float]] = defaultdict(dict)
    for task, level, score in cells.group_by("task", "difficulty").agg(pl.col("score").max()).iter_rows():
        best[task][level] = score
    for task, scores in sorted(best.items()):
        shown = "  ".join(f"{level} {scores.get(level, float('nan')):.2f}" for level in BANDS)
        missed = [level for level, (low, high) in BANDS.items() if not low <= scores.get(level, low) <= high]
        click.echo(f"{task:32s} {shown}  {'outside: ' + ', '.join(missed) if missed else 'inside'}")


if __name__ == "__main__":
    main()
