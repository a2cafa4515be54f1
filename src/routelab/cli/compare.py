"""``routelab compare``: many routers on many tables, resumable, with claims corrected over all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from routelab.cli import console, emit_json, screen
from routelab.cli.options import json_option, load_table, seed_option
from routelab.cli.progress import progress_bar

if TYPE_CHECKING:
    from routelab.arena.rows import Part


@click.command("compare")
@click.option(
    "--table",
    "tables",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Outcome table or public data; repeatable [default: the embedded one].",
)
@click.option("--router", "routers", multiple=True, help="Compare these instead of the whole catalogue; repeatable.")
@click.option(
    "--protocol",
    "protocols",
    type=click.Choice(["cross-fit", "leave-task-out"]),
    multiple=True,
    help="Repeatable [default: both].",
)
@click.option(
    "--part",
    type=click.Choice(["all", "tuning", "claims"]),
    default="all",
    show_default=True,
    help="A third of the prompts to try designs on, or the rest to make claims on; told apart by their text.",
)
@click.option(
    "--most-queries",
    type=click.IntRange(min=100),
    default=4000,
    show_default=True,
    help="Thin larger tables out to this, evenly over tasks.",
)
@click.option("--folds", type=click.IntRange(min=2), default=5, show_default=True)
@click.option("--repeats", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--draws", type=click.IntRange(min=100), default=1000, show_default=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("comparison"),
    show_default=True,
    help="Folder of the results; the same command goes on where it stopped.",
)
@click.option("--markdown", is_flag=True, help="Print Markdown tables.")
@seed_option
@json_option
def compare_command(
    tables: tuple[Path, ...],
    routers: tuple[str, ...],
    protocols: tuple[str, ...],
    part: Part,
    most_queries: int,
    folds: int,
    repeats: int,
    draws: int,
    output: Path,
    markdown: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Judge routers on every table, with and without the tasks they are asked about; write compare.json."""
    from routelab.arena.compare import Design, compare
    from routelab.arena.contenders import contenders
    from routelab.arena.report.comparison import comparison_markdown, comparison_tables
    from routelab.core.files import write_text

    design = Design(
        routers=tuple(routers or contenders(whole=True)),
        protocols=tuple(protocols) or Design.protocols,  # type: ignore[arg-type]
        part=part,
        most_queries=most_queries,
        folds=folds,
        repeats=repeats,
        draws=draws,
        seed=seed,
    )
    known = [load_table(path, ()) for path in tables or (None,)]
    with progress_bar("comparing") as update:
        found = compare(known, design, output, progress=update)

    write_text(output / "compare.json", msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
    if as_json:
        emit_json(found)
    elif markdown:
        click.echo(comparison_markdown(found))
    else:
        for shown in comparison_tables(found, screen().width):
            screen().print(shown)
        console().print(f"\nthe numbers are in {output / 'compare.json'}", markup=False)
