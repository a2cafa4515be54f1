"""``routelab collect``: ask arms the queries of a suite and keep the outcomes; run it again to continue."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.table import Table
from rich.text import Text

from routelab.arena.collect import Collected, Progress, collect
from routelab.arena.spend import ArmPreview, Tariff, preview
from routelab.cli import emit_json, screen
from routelab.cli.options import json_option, seed_option
from routelab.cli.progress import progress_bar
from routelab.core import Query, registry, stream
from routelab.outcomes import OutcomeTable
from routelab.pool.live import DECLARED, Endpoints, endpoints
from routelab.workload.suites import open_suite


@click.command("collect")
@click.argument("folder", type=click.Path(path_type=Path), metavar="TABLE_DIR")
@click.option("--arm", "arms", multiple=True, required=True, help="provider/model@effort#policy; repeatable.")
@click.option("--suite", help="A suite's folder or registered name [default: the table's own queries].")
@click.option("--limit", type=click.IntRange(min=1), help="Only this many queries, drawn at random.")
@click.option(
    "--endpoints", "file", type=click.Path(path_type=Path), help="YAML with more providers and priced models."
)
@click.option("--samples", type=click.IntRange(min=1), default=1, show_default=True, help="Answers to every query.")
@click.option("--temperature", type=click.FloatRange(min=0), default=0.0, show_default=True)
@click.option("--concurrency", type=click.IntRange(min=1), default=1, show_default=True, help="Calls in flight.")
@click.option("--max-spend", type=click.FloatRange(min=0), metavar="USD", help="Never spend more than this.")
@click.option("--dry-run", is_flag=True, help="Only estimate tokens and cost; nothing is called or written.")
@seed_option
@json_option
def collect_command(
    folder: Path,
    arms: tuple[str, ...],
    suite: str | None,
    limit: int | None,
    file: Path | None,
    samples: int,
    temperature: float,
    concurrency: int,
    max_spend: float | None,
    dry_run: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Ask every ARM the queries and append the outcomes to TABLE_DIR. The same command again continues."""
    known, arms = endpoints(file), tuple(dict.fromkeys(arms))
    for arm in arms:
        known.provider(arm)
    queries = _limited(_queries(folder, suite), limit, seed)
    tariffs = {arm: _tariff(known, arm) for arm in arms}
    if dry_run:
        _show_preview(preview(queries, arms, tariffs, samples), as_json)
        return
    cards = {card.id: card for arm in arms if (card := known.card(arm)) is not None}
    with progress_bar("collecting") as update:

        def report(at: Progress) -> None:
            update(at.done, at.total, f"{at.spent_usd:.4f} USD, {at.errors} errors")

        run = collect(
            folder,
            queries,
            {arm: known.connect(arm) for arm in arms},
            tariffs,
            models=list(cards.values()),
            samples=samples,
            temperature=temperature,
            concurrency=concurrency,
            max_spend_usd=max_spend,
            seed=seed,
            progress=report,
        )
    _show(run, folder, as_json)


def _queries(folder: Path, suite: str | None) -> list[Query]:
    if suite is None and folder.exists():
        return OutcomeTable.open(folder).query_list()
    if suite is not None and (Path(suite) / "suite.json").is_file():
        return list(open_suite(Path(suite)).queries)
    queries: list[Query] = registry.load("routelab.suites", suite or "default")()
    return queries


def _limited(queries: list[Query], limit: int | None, seed: int) -> list[Query]:
    if limit is None or limit >= len(queries):
        return queries
    chosen = sorted(int(k) for k in stream(seed, "limit").permutation(len(queries))[:limit])
    return [queries[k] for k in chosen]


def _tariff(known: Endpoints, arm: str) -> Tariff:
    card = known.card(arm)
    return Tariff(card.price_on() if card else None, DECLARED)


def _show_preview(rows: list[ArmPreview], as_json: bool) -> None:
    if as_json:
        emit_json({"arms": rows, "usd": sum(row.usd or 0.0 for row in rows)})
        return
    table = Table(caption="at most: answers are taken to be as long as the policy permits")
    table.add_column("arm")
    for heading in ("calls", "input tokens", "output tokens", "USD"):
        table.add_column(heading, justify="right")
    for row in rows:
        usd = "no price" if row.usd is None else f"{row.usd:.4f}"
        table.add_row(row.arm, f"{row.calls:,}", f"{row.input_tokens:,}", f"{row.output_tokens:,}", usd)
    screen().print(table)


def _show(run: Collected, folder: Path, as_json: bool) -> None:
    if as_json:
        state = {key: value for key, value in msgspec.structs.asdict(run.progress).items() if key != "last"}
        emit_json({"folder": str(folder), "hash": run.table.hash, "stopped": run.stopped} | state)
        return
    at, terminal = run.progress, screen()
    terminal.print(f"{at.done:,} calls for {at.spent_usd:.4f} USD, {at.errors} errors, {at.skipped:,} known → {folder}")
    if run.stopped:
        terminal.print(Text.assemble(("stopped", "yellow"), f" {run.stopped}"))
