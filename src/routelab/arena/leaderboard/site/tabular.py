"""The board as one flat table: a row for each router, a column for each fact and each end of an interval.

Text that a spreadsheet would run as a formula is quoted in the CSV. Knows no HTML and computes nothing.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import polars as pl

FACTS = {
    "name": pl.String,
    "owner": pl.String,
    "kind": pl.String,
    "fit": pl.String,
    "baseline": pl.Boolean,
    "listed": pl.Boolean,
    "why": pl.String,
    "submission": pl.String,
    "recipe_hash": pl.String,
    "artifact_hash": pl.String,
    "received": pl.String,
    "licence": pl.String,
    "open_source": pl.Boolean,
    "group": pl.Int64,
    "calls_per_query": pl.Float64,
}
METRICS = (
    "arena_score",
    "accuracy",
    "cost_per_1k_usd",
    "delta_vs_best_single",
    "delta_vs_hull",
    "regret_vs_oracle",
    "optimality.selection",
    "optimality.cost",
    "optimality.accuracy",
    "collapse",
    "pick_entropy",
    "robustness",
    "selectivity",
)
ENDS = ("value", "low", "high")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def frame(board: Mapping[str, Any]) -> pl.DataFrame:
    """The routers in the board's order; what is not known is null."""
    schema = {**FACTS, "rank_low": pl.Int64, "rank_high": pl.Int64, "failed_audits": pl.String}
    schema |= {_column(metric, end): pl.Float64 for metric in METRICS for end in ENDS}
    return pl.DataFrame([_row(router) for router in board["routers"]], schema=schema, orient="row")


def csv_bytes(table: pl.DataFrame) -> bytes:
    """The table as CSV, safe to open in a spreadsheet."""
    text = pl.col(pl.String)
    safe = pl.when(text.str.slice(0, 1).is_in(FORMULA)).then("'" + text).otherwise(text)
    return table.with_columns(safe.name.keep()).write_csv().encode()


def parquet_bytes(table: pl.DataFrame) -> bytes:
    """The table as Parquet."""
    buffer = io.BytesIO()
    table.write_parquet(buffer, statistics=False)
    return buffer.getvalue()


def _row(router: Mapping[str, Any]) -> list[Any]:
    rank = router["rank"] or {"low": None, "high": None}
    failed = ", ".join(audit["name"] for audit in router["audits"] if audit["verdict"] == "fail")
    row = [router.get(fact) for fact in FACTS] + [rank["low"], rank["high"], failed]
    for metric in METRICS:
        row += _ends(router, metric)
    return row


def _ends(router: Mapping[str, Any], metric: str) -> list[float | None]:
    found: Any = router
    for part in metric.split("."):
        found = found.get(part) if found else None
    if isinstance(found, Mapping):
        return [found.get(end) for end in ENDS]
    return [found, None, None]


def _column(metric: str, end: str) -> str:
    name = metric.replace(".", "_")
    return name if end == "value" else f"{name}_{end}"
