"""``routelab submit``: look at a submission before anybody else does."""

from __future__ import annotations

from pathlib import Path

import click

from routelab.cli import emit_json, screen
from routelab.cli.options import json_option


@click.group("submit")
def submit_command() -> None:
    """Prepare a submission to a leaderboard."""


@submit_command.command("check")
@click.argument("path")
@click.option("--board", type=click.Path(path_type=Path), help="Check against this board [default: the embedded one].")
@json_option
def check_command(path: str, board: Path | None, as_json: bool) -> int:
    """Tell everything that is wrong with PATH at once; nothing is asked, spent or kept. Status 2 where it is not fit.

    PATH is a folder with submission.yaml, an artifact folder, a recipe, router.py, a table of decisions, RouterArena's
    prediction file or a catalogue name.
    """
    from routelab.arena.leaderboard.board import shared_outcomes
    from routelab.arena.leaderboard.choices import told_missing
    from routelab.arena.leaderboard.intake import look

    found = look(path, shared_outcomes(board))
    problems = [{key: getattr(one, key) for key in ("where", "expected", "got", "fix")} for one in found.problems]
    one = found.submission
    if as_json:
        about = {"submission": one.id, "name": one.manifest.name, "kind": one.kind} if one else {}
        emit_json({"ok": found.ok, "problems": problems, "missing": found.missing, **about})
        return 0 if found.ok else 2
    terminal = screen()
    for problem in found.problems:
        terminal.print(f"✗ {problem}", soft_wrap=True)
    for cell in found.missing:
        terminal.print(f"to collect first: {told_missing(cell)}", soft_wrap=True)
    if one is not None and found.ok:
        terminal.print(f"✓ {one.manifest.name} ({one.kind}) by {one.manifest.owner}: submission {one.id}")
    return 0 if found.ok else 2
