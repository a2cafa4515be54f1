"""``routelab report``: a result file as a page, a picture, a Markdown table or a table in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table

from routelab.arena.report import (
    Headline,
    as_result,
    headline,
    leaderboard_markdown,
    leaderboard_table,
    read_json,
    write_html,
    write_png,
)
from routelab.cli import screen
from routelab.core.errors import InputError


@click.command("report")
@click.argument("result", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), default="report.html", show_default=True)
@click.option(
    "--png",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the quality and cost picture (extra: plot).",
)
@click.option("--markdown", is_flag=True, help="Print the leaderboard as a Markdown table.")
@click.option("--redact-prompts", is_flag=True, help="Leave every prompt out of the page.")
@click.option("--json", "as_json", is_flag=True, help="Print the headline and what was written as JSON.")
def report_command(
    result: Path, out: Path, png: Path | None, markdown: bool, redact_prompts: bool, as_json: bool
) -> None:
    """Render RESULT, the JSON of a run (joint ones too), into one self-contained HTML page."""
    from routelab.arena.report.joint import is_joint

    value = read_json(result)
    if is_joint(value):
        if png or markdown:
            got = "the JSON of a joint run"
            raise InputError(
                "--png, --markdown", expected="the JSON of `routelab evaluate`", got=got, fix="leave it out"
            )
        words, board = _joint(value, result, out)
    else:
        run = as_result(value, str(result))
        write_html(run, out, redact_prompts=redact_prompts)
        if png:
            write_png(run, png)
        if markdown and not as_json:
            click.echo(leaderboard_markdown(run), nl=False)
            return
        words, board = headline(run), leaderboard_table(run, screen().width)
    written = [str(path) for path in (out, png) if path]
    if as_json:
        summary = {"title": words.title, "sentences": words.sentences, "written": written}
        click.echo(msgspec.json.encode(summary).decode())
        return
    terminal = screen()
    terminal.print(board)
    terminal.print(words.title, style="bold")
    terminal.print(f"wrote {' and '.join(written)}", style="dim", soft_wrap=True)


def _joint(value: dict[str, Any], source: Path, out: Path) -> tuple[Headline, Table]:
    """Writes the page that `routelab arena --pool` writes; no prompt is in it."""
    from routelab.arena.report.joint import as_joint, headline, write_joint
    from routelab.cli.joint import scorecard

    run = as_joint(value, str(source))
    write_joint(run, out)
    return headline(run), scorecard(value)
