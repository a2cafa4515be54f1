"""``routelab robust``: what do edited prompts cost in accuracy, where outcomes on them were recorded?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from routelab.cli import emit_json
from routelab.cli.options import json_option, load_table, seed_option
from routelab.cli.progress import progress_bar


@click.command("robust")
@click.argument("table", type=click.Path(path_type=Path))
@click.argument("perturbed", type=click.Path(path_type=Path))
@click.option("--router", "routers", multiple=True, help="Judge these instead of the headline ones; repeatable.")
@click.option("--repeats", type=click.IntRange(min=1), help="Repeats of cross-fitting.")
@seed_option
@json_option
def robust_command(
    table: Path, perturbed: Path, routers: tuple[str, ...], repeats: int | None, seed: int, as_json: bool
) -> None:
    """Compare accuracy on the queries of TABLE with accuracy on their variants in PERTURBED.

    Routers are fitted on TABLE, never on the original of a variant, and route the edited prompts.
    """
    from routelab.arena.contenders import contenders
    from routelab.arena.robust import accuracy_loss

    tables = load_table(table, ()), load_table(perturbed, ())
    with progress_bar(tables[0].name) as update:
        rows = accuracy_loss(routers or contenders(), *tables, repeats=repeats, seed=seed, progress=update)
    if as_json:
        emit_json({"table": tables[0].name, "perturbed": tables[1].name, "seed": seed, "rows": rows})
        return
    click.echo(f"{rows[0]['variants']} edited prompts; accuracy before → after, in points, loss with its interval")
    for row in rows:
        click.echo(f"{row['name']:<34} {_points(row)}")


def _points(row: dict[str, Any]) -> str:
    before, after, loss = (row[key] for key in ("original", "perturbed", "loss"))
    said = f"{100 * before['value']:5.1f} → {100 * after['value']:5.1f}  loss {_interval(loss)}"
    return said if row["kind"] == "arm" else f"{said}, of it by routing {_interval(row['routing_loss'])}"


def _interval(metric: dict[str, Any]) -> str:
    return f"{100 * metric['value']:.1f} [{100 * metric['low']:.1f}, {100 * metric['high']:.1f}]"
