"""``routelab calibrate``: turn a router's dial until a target is kept, check it, write the artifact."""

from __future__ import annotations

from pathlib import Path

import click

from routelab.arena.calibrate import calibrate
from routelab.arena.dayone.advice import percent, points
from routelab.cli import emit_json, screen
from routelab.cli.options import json_option, load_table, seed_option
from routelab.cli.progress import progress_bar
from routelab.router import save_artifact


@click.command("calibrate")
@click.option("--table", type=click.Path(path_type=Path), help="Outcome table or data [default: the embedded one].")
@click.option("--router", "routers", required=True, multiple=True, metavar="R", help="A recipe; the best of several.")
@click.option("--target", required=True, help="cost<=0.5/1k, quality>=0.98*best or quality>=best-0.5pt.")
@click.option("--current", metavar="ARM", help="The arm that `current` stands for in a target.")
@click.option("--folds", type=int, default=5, show_default=True)
@click.option("--repeats", type=int, default=3, show_default=True)
@seed_option
@json_option
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="ARTIFACT_DIR")
def calibrate_command(
    table: Path | None,
    routers: tuple[str, ...],
    target: str,
    current: str | None,
    folds: int,
    repeats: int,
    seed: int,
    as_json: bool,
    output: Path,
) -> None:
    """Choose the dial of a router for a target, check it on held-out rows, and freeze the router in ARTIFACT_DIR."""
    known = load_table(table, ())
    with progress_bar("calibrating") as update:
        found = calibrate(
            list(routers), known, target, current=current, seed=seed, folds=folds, repeats=repeats, progress=update
        )
    save_artifact(found.router, output)
    data = found.data
    if as_json:
        emit_json(data | {"artifact": str(output)})
        return
    held = data["held_out"]
    terminal = screen()
    for line in (
        f"{data['router']} at dial {data['dial']:.4g} (parts chose {data['dial_interval']['low']:.4g} to "
        f"{data['dial_interval']['high']:.4g}) for {data['target']}: {output} ({data['artifact_hash']})",
        f"held out: saves {percent(held['saving'])} at {points(held['delta'])} against {data['reference']}",
        f"the target is kept with probability {held['reach_probability']:.0%}; "
        f"{data['coverage']:.0%} of {data['parts']} parts went as the others promised",
        *([] if data["reached"] else ["no dial reaches the target: this is the nearest"]),
    ):
        terminal.print(line, soft_wrap=True)
