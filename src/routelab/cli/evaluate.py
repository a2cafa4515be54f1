"""``routelab evaluate``: judge some routers on one table, or score a prediction file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.text import Text

from routelab.cli import console, emit_json, screen
from routelab.cli.options import json_option, load_table, run_options, seed_option
from routelab.cli.progress import progress_bar
from routelab.core.errors import InputError


@click.command("evaluate")
@click.option(
    "--table", type=click.Path(path_type=Path), help="Outcome table or public data [default: the embedded one]."
)
@click.option(
    "--router",
    "routers",
    multiple=True,
    help="Catalogue name, recipe.yaml, artifact folder, file.py:object or URL; repeatable.",
)
@click.option("--predictions", type=click.Path(path_type=Path), help="Score a file of predictions instead of a router.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["routerarena"]),
    default="routerarena",
    show_default=True,
    help="Format of --predictions.",
)
@click.option("--references", type=click.Path(path_type=Path), help="Where the right answers are, for --predictions.")
@click.option("--prices", type=click.Path(path_type=Path), help="Price file, for --predictions.")
@click.option("--robustness", type=click.Path(path_type=Path), help="Robustness file, for --predictions.")
@run_options
@seed_option
@click.option(
    "--fail-if", "conditions", multiple=True, help="Exit 1 when true, e.g. 'delta_vs_best_single.low < -0.5pt'."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Also save the result JSON here.")
@click.option("--html", type=click.Path(path_type=Path), help="Also write the report page here.")
@click.option("--markdown", is_flag=True, help="Print a Markdown table.")
@json_option
def evaluate_command(
    table: Path | None,
    routers: tuple[str, ...],
    predictions: Path | None,
    format_: str,
    references: Path | None,
    prices: Path | None,
    robustness: Path | None,
    seed: int,
    conditions: tuple[str, ...],
    output: Path | None,
    html: Path | None,
    markdown: bool,
    as_json: bool,
    **run: Any,
) -> int:
    """Judge routers on a table, beside every mandatory baseline."""
    from routelab.arena.conditions import failures
    from routelab.arena.result import Result

    if predictions is not None:
        from routelab.arena.profiles.predictions import score_predictions

        if routers or table:
            raise InputError(
                "evaluate", expected="--predictions or --router with --table", got="both", fix="leave one out"
            )
        data = score_predictions(
            predictions,
            references=references,
            prices=prices,
            robustness=robustness,
            profile=run["profile"] if _given("profile") else "routerarena",
            draws=run["draws"],
            seed=seed,
        )
        result = Result(data)
    else:
        result = judge(table, routers, seed=seed, **run)
    if output:
        result.save(output)
    if html:
        from routelab.arena.report import write_html

        write_html(result.data, html)
    show(result, as_json=as_json, markdown=markdown)
    failed = [sentence for condition in conditions for sentence in failures(result, condition)]
    for sentence in failed:
        console().print(Text.assemble(("failed", "bold red"), f" {sentence}"))
    return 1 if failed else 0


def _given(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def judge(table: Path | None, routers: tuple[str, ...] | list[str], *, seed: int, **run: Any) -> Any:
    """Run ``arena.evaluate`` with the shared options, with progress."""
    from routelab.arena import evaluate
    from routelab.arena.problem import ATTACKS

    with progress_bar("judging") as update:
        return evaluate(
            list(routers),
            load_table(table, run["where"]),
            protocol=run["protocol"],
            folds=run["folds"],
            repeats=run["repeats"],
            seed=seed,
            draws=run["draws"],
            margin=run["margin"] / 100,
            profile=run["profile"],
            min_coverage=run["min_coverage"],
            exclude=(*ATTACKS, *run["exclude"]),
            cluster=run["cluster"],
            timing=not run["no_timing"],
            progress=update,
        )


def show(result: Any, *, as_json: bool, markdown: bool) -> None:
    """Print a result the way it was asked for."""
    from routelab.arena.report import leaderboard_markdown, leaderboard_table

    if as_json:
        emit_json(result.data)
    elif markdown:
        click.echo(leaderboard_markdown(result.data))
    else:
        terminal = screen()
        terminal.print(leaderboard_table(result.data, width=terminal.width))
    for entry in result.data.get("skipped", ()):
        console().print(f"skipped {entry['name']}: {entry['why']}")
