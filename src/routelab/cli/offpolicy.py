"""``routelab offpolicy``: what other routers would have earned on logged traffic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.table import Table

from routelab.cli import emit_json, screen
from routelab.cli.options import json_option, load_table, seed_option
from routelab.cli.progress import progress_bar


@click.command("offpolicy")
@click.argument("log", type=click.Path(path_type=Path), metavar="TABLE_DIR")
@click.option(
    "--router", "routers", required=True, multiple=True, metavar="R", help="An artifact; a recipe with --table."
)
@click.option("--table", type=click.Path(path_type=Path), help="Fit recipes on this table first.")
@click.option("--model", default="ridge", show_default=True, help="The recipe that predicts outcomes.")
@click.option("--folds", type=click.IntRange(min=2), default=5, show_default=True, help="Folds of its cross-fitting.")
@seed_option
@json_option
def offpolicy_command(
    log: Path, routers: tuple[str, ...], table: Path | None, model: str, folds: int, seed: int, as_json: bool
) -> None:
    """Estimate what each router would have scored and cost on the traffic of a log with propensities.

    The log is what `routelab serve --explore` writes.
    """
    from routelab.arena.offpolicy import off_policy

    fit_on = None if table is None else load_table(table, ())
    with progress_bar("estimating") as update:
        found = off_policy(
            list(routers), load_table(log, ()), fit_on=fit_on, model=model, folds=folds, seed=seed, progress=update
        )
    if as_json:
        emit_json(found)
        return
    shown = Table("router", "score", "against the log", "USD/1k", "effective", caption=_caption(found))
    logged = found["logged"]
    shown.add_row("the log itself", _around(logged["score"], 3), "", _around(logged["cost_per_1k_usd"], 4), "")
    for row in found["routers"]:
        cells = (_around(row["score"]["dr"], 3), _around(row["delta"], 3), _around(row["cost_per_1k_usd"]["dr"], 4))
        shown.add_row(row["name"], *cells, f"{row['effective']:,.0f}")
    terminal = screen()
    terminal.print(shown)
    for note in found["notes"]:
        terminal.print(f"note: {note}", soft_wrap=True)


def _caption(found: dict[str, Any]) -> str:
    return f"doubly robust, 95 % intervals, {found['log']['decisions']:,} decisions; --json has IPS and SNIPS beside"


def _around(metric: dict[str, Any], digits: int) -> str:
    if metric["value"] is None:
        return "unknown"
    return f"{metric['value']:.{digits}f} ± {(metric['high'] - metric['low']) / 2:.{digits}f}"
