"""``routelab arena``: the main job. Judge the headline routers and leave a board and a report behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from routelab.cli import console, emit_json, screen
from routelab.cli.evaluate import judge
from routelab.cli.options import json_option, load_table, run_options, seed_option


@click.command("arena")
@click.option(
    "--table", type=click.Path(path_type=Path), help="Outcome table or public data [default: the embedded one]."
)
@click.option("--router", "routers", multiple=True, help="Judge these instead of the headline ones; repeatable.")
@run_options
@seed_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Folder for what is written.",
)
@click.option(
    "--live", type=click.IntRange(min=20), metavar="N", help="Judge on N fresh items that local models answer now."
)
@click.option("--endpoints", type=click.Path(path_type=Path), help="YAML with the providers that answer --live.")
@click.option("--pool", metavar="FLEET", help="Judge under load, on this fleet: FLEET.yaml, or `default`.")
@click.option("--workload", metavar="FILE", help="What arrives, with --pool [default: the embedded one].")
@click.option("--seeds", type=click.IntRange(min=1), default=5, show_default=True, help="Runs, with --pool.")
@click.option("--view-age", type=float, default=5.0, show_default=True, help="Seconds of an aged view, with --pool.")
@click.option("--redact-prompts", is_flag=True, help="Keep prompts out of the report.")
@json_option
def arena_command(
    table: Path | None,
    routers: tuple[str, ...],
    seed: int,
    output: Path,
    live: int | None,
    endpoints: Path | None,
    pool: str | None,
    workload: str | None,
    seeds: int,
    view_age: float,
    redact_prompts: bool,
    as_json: bool,
    **run: Any,
) -> int:
    """Judge the headline routers of the catalogue and every plug-in; write result.json, board.md and report.html."""
    if pool is not None:
        from routelab.cli.joint import run_joint

        return run_joint(
            load_table(table, run["where"]), routers, pool, workload, seeds, seed, view_age, output, as_json
        )
    from rich.text import Text

    from routelab.arena.contenders import contenders
    from routelab.arena.report import as_result, headline, leaderboard_markdown, leaderboard_table, write_html
    from routelab.core.files import write_text

    if live is None:
        result = judge(table, routers or contenders(), seed=seed, **run)
    else:
        from routelab.cli.live import run_live

        result = run_live(live, load_table(table, ()), list(routers or contenders()), endpoints, seed)
    result.save(output / "result.json")
    write_text(output / "board.md", leaderboard_markdown(result.data) + "\n")
    write_html(result.data, output / "report.html", redact_prompts=redact_prompts)
    if as_json:
        emit_json(result.data)
        return 0
    terminal = screen()
    terminal.print(leaderboard_table(result.data, width=terminal.width))
    found = headline(as_result(result.data))
    terminal.print(Text.assemble("\n", (found.title, "bold"), f" {' '.join(found.sentences)}"))
    page = Text(str(output / "report.html"), "bold")
    console().print(Text.assemble("\nopen ", page, f" in a browser; the numbers are in {output / 'result.json'}"))
    return 0
