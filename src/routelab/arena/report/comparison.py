"""A comparison over many tables, for a terminal and for Markdown. Knows the JSON of ``arena.compare`` only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from rich import box
from rich.table import Table

from routelab.arena.report.format import DASH, MILLISECONDS, POINTS, SCORE, WHOLE_PERCENT, Unit, interval, number
from routelab.arena.report.schema import Metric

SECONDS = Unit(1, None, suffix=" s")
TITLES = {
    "cross-fit": "Every task was seen in training (cross-fit)",
    "leave-task-out": "No task was seen in training (leave-task-out)",
}
OVERALL: tuple[tuple[str, str, Unit], ...] = (
    ("Δ best single", "delta_vs_best_single", POINTS),
    ("Δ hull", "delta_vs_hull", POINTS),
    ("Δ at equal cost", "quality_at_equal_cost", POINTS),
    ("saved at equal quality", "cost_saving_at_equal_quality", WHOLE_PERCENT),
    ("regret", "regret_vs_oracle_transferable", POINTS),
    ("collapse", "collapse", SCORE),
)
CLAIMS = (
    ("> best single", "beats_best_single"),
    ("> hull", "above_hull"),
    ("> kNN", "beats_knn"),
    ("> shuffled", "beats_shuffled"),
)


def comparison_markdown(comparison: Mapping[str, Any]) -> str:
    """One section a protocol: the tables, all routers over all tables, and every router on every table."""
    return "\n\n".join(
        "\n".join([f"## {TITLES.get(protocol, protocol)}", "", *_markdown(head, rows)])
        for protocol, found in comparison["protocols"].items()
        for head, rows in ((_head(), _rows(found)),)
    )


def comparison_tables(comparison: Mapping[str, Any]) -> Iterator[Table]:
    """One table a protocol, all routers over all tables."""
    for protocol, found in comparison["protocols"].items():
        table = Table(box=box.SIMPLE_HEAD, title=TITLES.get(protocol, protocol), pad_edge=False)
        for place, title in enumerate(_head()):
            table.add_column(title, justify="right" if place else "left", no_wrap=not place)
        for row in _rows(found):
            table.add_row(*row)
        yield table


def by_table_markdown(found: Mapping[str, Any], measure: str, unit: Unit) -> str:
    """One measure of every router (rows) on every table (columns), with intervals."""
    tables = [table["name"] for table in found["tables"]]
    rows = [
        [router["name"], *(_cell(router["by_table"].get(table, {}).get(measure), unit) for table in tables)]
        for router in _sorted(found)
    ]
    return "\n".join(_markdown(["router", *tables], rows))


def tables_markdown(found: Mapping[str, Any]) -> str:
    """What was judged: the tables, their size, and what one could gain on them."""
    rows = [
        [
            table["name"],
            f"{table['queries']:,}",
            str(table["arms"]),
            table["costs"],
            _cell(table["best_single"], SCORE),
            _cell(table["oracle_transferable"], SCORE),
        ]
        for table in found["tables"]
    ]
    head = ["table", "queries", "arms", "costs", "best single", "best arm per task and length"]
    return "\n".join(_markdown(head, rows))


def _head() -> list[str]:
    return ["router", *(title for title, _, _ in OVERALL), *(title for title, _ in CLAIMS), "decision", "fit"]


def _rows(found: Mapping[str, Any]) -> list[list[str]]:
    return [
        [
            router["name"],
            *(_cell(router["overall"][measure], unit) for _, measure, unit in OVERALL),
            *(_claim(router["claims"][claim]) for _, claim in CLAIMS),
            number(router["decision_latency_ms"], MILLISECONDS),
            number(router["fit_s"], SECONDS),
        ]
        for router in _sorted(found)
    ]


def _sorted(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Best mean gain over best single first."""
    return sorted(found["routers"], key=lambda router: -(router["overall"]["delta_vs_best_single"]["value"] or 0.0))


def _cell(metric: Mapping[str, Any] | None, unit: Unit) -> str:
    return interval(None if metric is None else msgspec.convert(metric, Metric), unit)


def _claim(claim: Mapping[str, Any]) -> str:
    return f"{len(claim['holds'])} of {claim['tested']}" if claim["tested"] else DASH


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", "|" + "|".join("--:" if place else ":--" for place in range(len(head))) + "|"]
    return [*lines, *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)]
