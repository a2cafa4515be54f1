"""``routelab report``: a result file as a page, a picture, a Markdown table or a table in the terminal."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from routelab.arena.report import (
    headline,
    leaderboard_markdown,
    leaderboard_table,
    read_result,
    write_html,
    write_png,
)
from routelab.cli import screen


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
    """Render RESULT, the JSON of a run, into one self-contained HTML page."""
    run = read_result(result)
    write_html(run, out, redact_prompts=redact_prompts)
    if png:
        write_png(run, png)
    written = [str(path) for path in (out, png) if path]
    words = headline(run)
    if as_json:
        summary = {"title": words.title, "sentences": words.sentences, "written": written}
        click.echo(msgspec.json.encode(summary).decode())
    elif markdown:
        click.echo(leaderboard_markdown(run), nl=False)
    else:
        terminal = screen()
        terminal.print(leaderboard_table(run, terminal.width))
        terminal.print(words.title, style="bold")
        terminal.print(f"wrote {' and '.join(written)}", style="dim", soft_wrap=True)
