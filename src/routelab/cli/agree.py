"""``routelab agree``: do two tables rank the same routers alike?"""

from __future__ import annotations

from pathlib import Path

import click

from routelab.cli import emit_json
from routelab.cli.options import json_option, load_table, seed_option
from routelab.cli.progress import progress_bar


@click.command("agree")
@click.argument("tables", type=click.Path(path_type=Path), nargs=2, metavar="TABLE TABLE")
@click.option("--router", "routers", multiple=True, help="Compare these instead of the headline ones; repeatable.")
@click.option("--repeats", type=click.IntRange(min=1), help="Repeats of cross-fitting.")
@seed_option
@json_option
def agree_command(
    tables: tuple[Path, Path], routers: tuple[str, ...], repeats: int | None, seed: int, as_json: bool
) -> None:
    """Judge the same routers on both tables, each fitted there; print Kendall's tau and every inverted pair."""
    from routelab.arena import evaluate
    from routelab.arena.contenders import contenders
    from routelab.arena.transfer import Ranking, agreement

    rankings: list[Ranking] = []
    for path in tables:
        table = load_table(path, ())
        with progress_bar(table.name) as update:
            result = evaluate(routers or contenders(), table, repeats=repeats, seed=seed, timing=False, progress=update)
        if result.ranking is not None:
            rankings.append(result.ranking)
    found = agreement(*rankings)
    if as_json:
        emit_json({"tables": found.tables, "routers": found.routers, "tau": found.tau, "verdict": found.verdict,
                   "inverted": found.inverted, "separated": found.separated})  # fmt: skip
        return
    tau = found.tau
    click.echo(
        f"Kendall's tau {tau['value']:.2f} [{tau['low']:.2f}, {tau['high']:.2f}] over {len(found.routers)} routers"
    )
    click.echo(f"{found.verdict}; the tables are sure of {found.separated[0]} and {found.separated[1]} pairs")
    for better, worse in found.inverted:
        click.echo(f"inverted: {better} is better on the first, {worse} on the second")
