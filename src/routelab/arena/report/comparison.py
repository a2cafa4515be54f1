"""A comparison over many tables, for a terminal and for Markdown. Knows the JSON of ``arena.compare`` only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from rich import box
from rich.table import Table

from routelab.arena.report.format import (
    DASH,
    MILLISECONDS,
    POINTS,
    SCORE,
    WHOLE_PERCENT,
    Unit,
    interval,
    number,
    plus_minus,
)
from routelab.arena.report.schema import Metric

SECONDS = Unit(1, None, suffix=" s")
TITLES = {
    "cross-fit": "Every task was seen in training (cross-fit)",
    "leave-task-out": "No task was seen in training (leave-task-out)",
}
MEASURES: tuple[tuple[str, str, Unit], ...] = (
    ("Δ best single", "delta_vs_best_single", POINTS),
    ("Δ hull", "delta_vs_hull", POINTS),
    ("saved", "cost_saving_at_equal_quality", WHOLE_PERCENT),
    ("Δ equal cost", "quality_at_equal_cost", POINTS),
    ("regret", "regret_vs_oracle_transferable", POINTS),
    ("collapse", "collapse", SCORE),
)
CLAIMS = (
    ("> best", "beats_best_single"),
    ("> hull", "above_hull"),
    ("> kNN", "beats_knn"),
    ("> shuffled", "beats_shuffled"),
)
WIDE, MEDIUM = 132, 112
"""Terminal columns that everything needs, and that half of the measures need."""


def comparison_markdown(comparison: Mapping[str, Any]) -> str:
    """One section a protocol: the tables, all routers over all tables, and every router on every table."""
    return "\n\n".join(
        "\n".join([f"## {TITLES.get(protocol, protocol)}", "", *_markdown(head, rows)])
        for protocol, found in comparison["protocols"].items()
        for head, rows in ((_head(), _rows(found)),)
    )


def comparison_tables(comparison: Mapping[str, Any], width: int = 120) -> Iterator[Table]:
    """One table a protocol, all routers over all tables; fewer measures on a narrow terminal."""
    count = 6 if width >= WIDE else 4 if width >= MEDIUM else 2
    times = ["decision", "fit"] if width >= MEDIUM else []
    for protocol, found in comparison["protocols"].items():
        table = Table(box=box.SIMPLE_HEAD, title=TITLES.get(protocol, protocol), padding=0)
        table.caption = "means over tables in points and %, ± half a 95 % interval\n> on how many tables a claim holds"
        table.add_column("router", no_wrap=True, overflow="ellipsis")
        for title in [*(title for title, _, _ in MEASURES[:count]), *(title for title, _ in CLAIMS), *times]:
            table.add_column(title, justify="right", no_wrap=True)
        for router in _sorted(found):
            cells = [plus_minus(_metric(router["overall"][measure]), unit) for _, measure, unit in MEASURES[:count]]
            table.add_row(router["name"], *cells, *_claims(router), *_times(router)[: len(times)])
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
    return ["router", *(title for title, _, _ in MEASURES), *(title for title, _ in CLAIMS), "decision", "fit"]


def _rows(found: Mapping[str, Any]) -> list[list[str]]:
    return [
        [
            router["name"],
            *(_cell(router["overall"][measure], unit) for _, measure, unit in MEASURES),
            *_claims(router),
            *_times(router),
        ]
        for router in _sorted(found)
    ]


def _claims(router: Mapping[str, Any]) -> list[str]:
    """On how many tables each claim holds, of those on which it could be tested."""
    claims = (router["claims"][claim] for _, claim in CLAIMS)
    return [f"{len(claim['holds'])}/{claim['tested']}" if claim["tested"] else DASH for claim in claims]


def _times(router: Mapping[str, Any]) -> list[str]:
    return [number(router["decision_latency_ms"], MILLISECONDS), number(router["fit_s"], SECONDS)]


def _sorted(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Best mean gain over best single first."""
    return sorted(found["routers"], key=lambda router: -(router["overall"]["delta_vs_best_single"]["value"] or 0.0))


def _metric(metric: Mapping[str, Any] | None) -> Metric | None:
    return None if metric is None else msgspec.convert(metric, Metric)


def _cell(metric: Mapping[str, Any] | None, unit: Unit) -> str:
    return interval(_metric(metric), unit)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", "|" + "|".join("--:" if place else ":--" for place in range(len(head))) + "|"]
    return [*lines, *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)]
