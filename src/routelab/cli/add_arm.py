"""``routelab add-arm``: teach a frozen router one more arm, without a refit."""

from __future__ import annotations

from pathlib import Path

import click

from routelab.cli import emit_json, screen
from routelab.cli.options import json_option, load_table


@click.command("add-arm")
@click.argument("artifact", type=click.Path(path_type=Path))
@click.option("--table", required=True, type=click.Path(path_type=Path), help="Where calls of the arm are.")
@click.option("--arm", required=True, metavar="ARM", help="The arm that joins.")
@json_option
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="ARTIFACT_DIR")
def add_arm_command(artifact: Path, table: Path, arm: str, as_json: bool, output: Path) -> None:
    """Write ARTIFACT with one more arm to a new folder. What it believes of the other arms stays as it was."""
    from routelab.arena.freeze import teach_arm
    from routelab.core import InputError
    from routelab.router import artifact_hash, load_artifact, save_artifact

    if output.resolve() == artifact.resolve():
        raise InputError(
            "--output",
            expected="another folder",
            got="that of the artifact",
            fix="choose a new folder: the old one stays",
        )
    old = load_artifact(artifact)
    old_hash = artifact_hash(old)
    grown = teach_arm(old, load_table(table, ()), arm)
    new_hash = save_artifact(grown, output)
    if as_json:
        emit_json({"artifact": str(output), "artifact_hash": new_hash, "parent_hash": old_hash, "arms": grown.arms_})
        return
    screen().print(f"{grown.name} with {len(grown.arms_)} arms: {output} ({new_hash})", soft_wrap=True)
