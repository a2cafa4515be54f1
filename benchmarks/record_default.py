"""Record the embedded tables again: two seasons of Atlas-Fresh, small open models on this machine.

    pip install 'routelab[atlas,local]' and the packages that routelab.pool.live.local_models names
    python benchmarks/record_default.py WORK_DIR [--part NAME]... [--arm ARM]... [--url MODEL=URL]... [--publish TARGET]

Every part grows an outcome table in WORK_DIR call by call; the same command continues it. Parts and arms can be
recorded by several processes and on several days: each arm has a table of its own. ``--url`` sends a model's calls to
an OpenAI-compatible server that holds the same weights instead of loading them here. With ``--publish`` nothing is
called: the tables are joined, priced by token, given an estimated energy and written to TARGET.
"""

from __future__ import annotations

import datetime as dt
import itertools
import platform
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import click
import msgspec
import polars as pl

from routelab.arena.collect import Progress, collect
from routelab.arena.spend import Tariff
from routelab.core import Arm, Complete, Completion, Query, Sampling, Turn
from routelab.core.files import write_text
from routelab.outcomes import OutcomeTable
from routelab.pool.live import DECLARED, endpoints, policy_of
from routelab.pool.live.openai import connect as connect_openai
from routelab.workload.build.season import TRANSFER
from routelab.workload.generate import generate, open_season
from routelab.workload.perturb import variants

DIRECT = (
    "local/smollm2-135m#direct",
    "local/qwen2.5-coder-0.5b#direct",
    "local/qwen2.5-coder-1.5b#direct",
)
STEPWISE = ("local/qwen2.5-coder-0.5b#cot", "local/qwen2.5-coder-1.5b#cot")
ARMS = DIRECT + STEPWISE
TOOLS = ("tool/calculator", "tool/lookup", "tool/sql", "tool/code")
ITEMS, GATE, SEASON_2, RESERVED, PERTURBED_SHARE = 2100, 300, 330, 150, 0.1
LONGEST_WORDS = 1400
LONG_CONTEXT_EVERY = 3
SEED = 20261121


class Part(msgspec.Struct, frozen=True):
    """A part of the recording: which arms answer which items, at which temperature.

    ``beyond`` names a part whose items are left out; ``perturbed`` asks a tenth of the items in changed wordings.
    """

    arms: tuple[str, ...]
    season: int = 1
    items: int = ITEMS
    temperature: float = 0.0
    beyond: str | None = None
    perturbed: bool = False
    phrasing: Literal["open", "reserved"] = "open"


PARTS = {
    "gate": Part(ARMS, items=GATE),
    "again": Part(DIRECT, items=GATE, temperature=0.7),
    "main": Part(ARMS, beyond="gate"),
    "season-2": Part(ARMS, season=2, items=SEASON_2),
    "perturbed": Part(DIRECT, perturbed=True),
    "reserved": Part(DIRECT, items=RESERVED, phrasing="reserved"),
    "tools": Part(TOOLS),
}


def items(part: Part) -> list[Query]:
    """The queries of a part. Long-context items are thinned out, and left out beyond the local models' context."""
    known = {query.id for query in items(PARTS[part.beyond])} if part.beyond else set()
    drawn = [
        query
        for query in generate(open_season(part.season), part.items, phrasing=part.phrasing)
        if query.id not in known
        and len(query.text.split()) <= LONGEST_WORDS
        and (query.form != "long-context" or int(query.id.partition("~")[0][-3:]) % LONG_CONTEXT_EVERY == 0)
    ]
    return variants(drawn, PERTURBED_SHARE, SEED) if part.perturbed else drawn


class InTurn:
    """Several servers of one model as one: calls go round."""

    def __init__(self, servers: list[Complete]) -> None:
        self._next = itertools.cycle(servers)
        self._lock = threading.Lock()

    def __call__(self, turns: Sequence[Turn], sampling: Sampling) -> Completion:
        with self._lock:
            server = next(self._next)
        return server(turns, sampling)


def record(work: Path, name: str, arms: tuple[str, ...], connections: dict[str, Complete], concurrency: int) -> None:
    """Make the calls of a part that are still missing."""
    part, known = PARTS[name], endpoints()
    queries = items(part)
    for arm in part.arms:
        if arms and arm not in arms:
            continue
        card = known.card(arm)
        assert card is not None

        def say(at: Progress, arm: str = arm) -> None:
            if at.done % 50 == 0 or at.done == at.total:
                now = dt.datetime.now().strftime("%H:%M:%S")
                click.echo(f"{now} {name} {arm}: {at.done + at.skipped} of {at.total + at.skipped}, {at.errors} errors")

        collect(
            work / name / arm.replace("/", "-").replace("#", "-"),
            queries,
            {arm: connections.get(card.id) or known.connect(arm)},
            {arm: Tariff(card.price_on())},
            models=[card],
            name=f"atlas-{name}",
            temperature=part.temperature,
            concurrency=concurrency,
            seed=SEED,
            checkpoint_calls=25,
            progress=say,
        )


def joined(work: Path, *parts: str) -> OutcomeTable | None:
    """What was recorded of some parts: the items that every one of their arms has answered, None where there are none.

    Every arm goes through the items in the same random order, so an unfinished recording is a fair sample.
    """
    folders = [folder for part in parts if (work / part).is_dir() for folder in sorted((work / part).iterdir())]
    if not folders:
        return None
    tables = [OutcomeTable.open(folder) for folder in folders]
    table = tables[0].concat(*tables[1:])
    answered = table.calls.filter(pl.col("error").is_null()).group_by("query_id").agg(arms=pl.col("arm").n_unique())
    whole = answered.filter(pl.col("arms") == len(table.arms))
    return table.select(query_ids=whole["query_id"]) if whole.height else None


def publish(work: Path, target: Path) -> Iterator[OutcomeTable]:
    """Write the tables that ship: the default, other arms beside it, season 2, and other wordings."""
    first = joined(work, "gate", "main")
    assert first is not None, "record the part main first"
    tables: dict[str, OutcomeTable | None] = {"default": first}
    for name in ("again", "season-2", "perturbed", "reserved"):
        tables[name] = joined(work, name)
    tools = joined(work, "tools")
    shared = set(first.queries["query_id"]) & set(tools.queries["query_id"]) if tools else set()
    tables["tools"] = tools.select(query_ids=shared).concat(first.select(query_ids=shared)) if tools else None
    for name, table in tables.items():
        if table is None:
            click.echo(f"{name}: not recorded yet")
            continue
        kept = OutcomeTable.from_frames(
            table.queries,
            with_energy(table.calls).sort("query_id", "arm", "sample"),
            answers=table.answers().sort("query_id", "arm", "sample"),
            models=table.models,
            name=f"atlas-{name}",
            notes=[TRANSFER],
        ).save(target / name)
        facts = msgspec.json.format(msgspec.json.encode(provenance(kept)), indent=2).decode()
        write_text(target / name / "provenance.json", facts + "\n")
        yield kept


def with_energy(calls: pl.DataFrame) -> pl.DataFrame:
    """Energy by the same rule as the price: the processor seconds that the tokens imply, times watts per core."""
    seconds = pl.col("cost_usd") * 3600 / DECLARED.usd_per_vcpu_hour
    return calls.with_columns(energy_j=(seconds * DECLARED.watts_per_vcpu).round(4))


def provenance(table: OutcomeTable) -> dict[str, Any]:
    """Everything one needs to judge or repeat the recording."""
    times: list[dt.datetime] = sorted(table.calls["time"].to_list())
    return {
        "table": {"name": table.name, "hash": table.hash, "queries": table.queries.height, "calls": table.calls.height},
        "recorded": {"first_call": times[0].isoformat(), "last_call": times[-1].isoformat()},
        "suite": {"generator": "routelab suite generate atlas", "parts": msgspec.to_builtins(PARTS), "seed": SEED},
        "sampling": "greedy; the part again at temperature 0.7; several requests at a time",
        "policies": {arm: msgspec.to_builtins(policy_of(arm)) for arm in table.arms},
        "models": [
            {"id": card.id, "name": card.name, "licence": card.licence, "source": card.source, "sha256": card.sha256}
            for card in table.models
        ],
        "price_rule": {
            "rule": "cost_usd = tokens × ModelCard.prices, fitted to CPU-seconds of calls × a declared rate",
            "energy": "energy_j = the CPU-seconds that the price implies × watts_per_vcpu, an estimate",
            **msgspec.to_builtins(DECLARED),
        },
        "software": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("routelab", "numpy", "polars")},
        },
        "machine": "x86-64 server processor, virtual CPUs shared with other work, no accelerator; latencies not clean",
        "command": "python benchmarks/record_default.py WORK_DIR; … --publish TARGET",
    }


@click.command()
@click.argument("work", type=click.Path(path_type=Path))
@click.option("--part", "parts", multiple=True, type=click.Choice(list(PARTS)), help="[default: all]")
@click.option("--arm", "arms", multiple=True, help="Only these arms; repeatable.")
@click.option("--url", "urls", multiple=True, metavar="MODEL=URL", help="A server that holds a model's weights.")
@click.option("--concurrency", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--publish", "target", type=click.Path(path_type=Path), help="Write what ships; no calls are made.")
def main(
    work: Path,
    parts: tuple[str, ...],
    arms: tuple[str, ...],
    urls: tuple[str, ...],
    concurrency: int,
    target: Path | None,
) -> None:
    """Record, or publish what was recorded."""
    if target is not None:
        for table in publish(work, target):
            click.echo(f"{table.name}: {table.queries.height} queries, {table.calls.height} calls, {table.hash}")
        return
    servers: dict[str, list[Complete]] = {}
    for model, _, url in (text.partition("=") for text in urls):
        servers.setdefault(model, []).append(connect_openai(Arm(model), base_url=url))
    connections: dict[str, Complete] = {model: InTurn(each) for model, each in servers.items()}
    for name in parts or PARTS:
        record(work, name, arms, connections, concurrency)


if __name__ == "__main__":
    main()
