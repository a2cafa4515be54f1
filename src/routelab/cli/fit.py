"""``routelab fit``: fit a recipe on a whole table and freeze it, with the dial where it is told to stand."""

from __future__ import annotations

from pathlib import Path

import click

from routelab.cli import emit_json, screen
from routelab.cli.options import json_option, load_table, seed_option


@click.command("fit")
@click.option("--table", type=click.Path(path_type=Path), help="Outcome table or data [default: the embedded one].")
@click.option("--router", required=True, metavar="R", help="A catalogue name or recipe.yaml.")
@click.option("--dial", type=click.FloatRange(0, 1), help="Where the dial stands [default: as the recipe says].")
@seed_option
@json_option
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="ARTIFACT_DIR")
def fit_command(table: Path | None, router: str, dial: float | None, seed: int, as_json: bool, output: Path) -> None:
    """Fit a router on every complete row of a table and freeze it in ARTIFACT_DIR.

    `routelab calibrate` does the same and finds the dial for a target.
    """
    from routelab.arena.freeze import fit_whole
    from routelab.router import save_artifact

    fitted, problem = fit_whole(router, load_table(table, ()), dial=dial, seed=seed)
    artifact_hash = save_artifact(fitted, output)
    if as_json:
        emit_json(
            {
                "artifact": str(output),
                "artifact_hash": artifact_hash,
                "recipe_hash": fitted.recipe.hash,
                "router": fitted.name,
                "dial": fitted.recipe.dial,
                "arms": fitted.arms_,
                "table": {"name": problem.name, "hash": problem.table_hash, "queries": len(problem)},
                "seed": seed,
                "notes": problem.notes,
            }
        )
        return
    terminal = screen()
    terminal.print(
        f"{fitted.name} at dial {fitted.recipe.dial:g}, fitted on {len(problem):,} queries and "
        f"{len(fitted.arms_)} arms: {output} ({artifact_hash})",
        soft_wrap=True,
    )
    for note in problem.notes:
        terminal.print(f"note: {note}", soft_wrap=True)
