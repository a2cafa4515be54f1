"""``routelab try``: from one's own request logs to one honest sentence about routing."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from routelab.arena.dayone.connect import connect
from routelab.arena.dayone.sample import Budget, points
from routelab.arena.dayone.trial import Trial, plan_trial
from routelab.arena.dayone.tryout import run_trial
from routelab.cli import console, emit_json, screen
from routelab.cli.options import json_option, seed_option
from routelab.cli.progress import progress_bar
from routelab.outcomes.importers import open_table


@click.command("try")
@click.argument("logs")
@click.option("--arms", required=True, metavar="A,B,C", help="What to choose from: provider/model or local/model.")
@click.option("--budget", required=True, metavar="B", help="What it may take in all: 5usd or 2000calls.")
@click.option("--current", metavar="ARM", help="The arm in use; the logs' most used one when left out.")
@click.option("--judge", metavar="ARM", help="The model that judges answers without a reference.")
@click.option("--labels", type=click.Path(path_type=Path), help="Human scores (CSV: query_id, arm, score).")
@click.option("--endpoints", "file", type=click.Path(path_type=Path), help="YAML with providers and priced models.")
@click.option("--base-url", metavar="URL", help="The OpenAI-compatible endpoint of all arms that are not local.")
@click.option("--key-env", metavar="NAME", help="The environment variable that holds its API key.")
@click.option("--prices", type=click.Path(path_type=Path), help="YAML: model → dated USD per million tokens.")
@click.option("--precision", default="2pt", show_default=True, help="Wanted half-width of the quality difference.")
@click.option("--format", "format_", metavar="F", help="The logs' format; recognised when left out.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("trial"), show_default=True, metavar="DIR")
@click.option("--repeats", type=int, default=3, show_default=True, help="Repeats of cross-fitting.")
@click.option("--yes", is_flag=True, help="Spend without asking.")
@seed_option
@json_option
def try_command(
    logs: str,
    arms: str,
    budget: str,
    current: str | None,
    judge: str | None,
    labels: Path | None,
    file: Path | None,
    base_url: str | None,
    key_env: str | None,
    prices: Path | None,
    precision: str,
    format_: str | None,
    out: Path,
    repeats: int,
    yes: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Would routing LOGS over some arms save money at the quality of today? Ask a sample, and hear one sentence.

    Run the same command again to continue where it stopped.
    """
    names = [name.strip() for name in arms.split(",") if name.strip()]
    allowed, width = Budget.parse(budget), points(precision)
    asked = dict.fromkeys([*names, *([judge] if judge else [])])
    pool = connect(
        asked, file=file, base_url=base_url, key_env=key_env, prices=prices, need_prices=allowed.usd is not None
    )
    trial = plan_trial(
        open_table(logs, format=format_), pool, folder=out, arms=names, budget=allowed, current=current,
        judge=judge, precision=width, seed=seed,
    )  # fmt: skip
    shown = console()
    _show(shown, trial)
    if not yes:
        click.confirm("Ask them?", abort=True, err=True)
    with progress_bar("trial") as update:
        report = run_trial(trial, pool, labels=labels, slack=width, repeats=repeats, progress=update)
    if as_json:
        emit_json(report)
        return
    terminal = screen()
    terminal.print(report["headline"], style="bold", soft_wrap=True)
    terminal.print(f"details in {out / 'report.json'}", style="dim", soft_wrap=True)


def _show(shown: Console, trial: Trial) -> None:
    """What is about to be asked, and what it can cost at most."""
    drawn = trial.sample
    short = f", limited by the {drawn.limited_by}" if drawn.limited_by else ""
    shown.print(
        f"{len(drawn.queries):,} of {drawn.distinct:,} distinct prompts, "
        f"in proportion from {drawn.strata} strata{short}: "
        f"about ± {100 * drawn.precision:.1f} points ({drawn.formula})",
    )
    table = Table("arm", caption=f"in use: {trial.current}")
    for heading in ("calls", "input tokens", "output tokens, at most", "USD, at most"):
        table.add_column(heading, justify="right")
    for arm in trial.preview:
        usd = "unknown" if arm.usd is None else f"{arm.usd:.4f}"
        table.add_row(arm.arm, f"{arm.calls:,}", f"{arm.input_tokens:,}", f"{arm.output_tokens:,}", usd)
    shown.print(table)
