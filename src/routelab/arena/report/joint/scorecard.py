"""The scorecard of a joint run as a table that sorts: routers, then yardsticks, every figure with its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from routelab.arena.report.format import DOLLARS, PERCENT, POINTS, Unit, explain, plus_minus
from routelab.arena.report.joint.schema import JointResult, Row
from routelab.arena.report.joint.words import CONFIDENCE, JOULES, SECONDS, VIEWS, sure
from routelab.arena.report.schema import Metric
from routelab.arena.report.sections import esc


@dataclass(frozen=True)
class Column:
    """``importance`` 1 stays on the narrowest screen; 3 is the first to go."""

    key: str
    title: str
    hint: str
    read: Callable[[Row], Metric | None]
    unit: Unit
    importance: int = 1


COLUMNS = (
    Column(
        "right",
        "Right in time",
        "Mean score where a late answer counts nothing, in percent",
        lambda r: r.good_in_time,
        PERCENT,
    ),
    Column(
        "delta",
        "Δ best single",
        "The same minus that of the best single arm, in points, paired; bold where its interval leaves out zero",
        lambda r: r.delta_vs_best_single.good_in_time,
        POINTS,
    ),
    Column(
        "quality",
        "Quality",
        "Mean recorded score of the answers, late or not, in percent",
        lambda r: r.quality,
        PERCENT,
        2,
    ),
    Column(
        "time",
        "In time",
        "Share of requests answered within every limit, in percent",
        lambda r: r.slo_attainment,
        PERCENT,
        2,
    ),
    Column(
        "p50", "E2E p50", "Seconds from arrival to last token, median; simulated", lambda r: r.e2e_s_p50, SECONDS, 3
    ),
    Column(
        "p99",
        "E2E p99",
        "Seconds from arrival to last token, 99th percentile; simulated",
        lambda r: r.e2e_s_p99,
        SECONDS,
    ),
    Column(
        "ttft",
        "TTFT p99",
        "Seconds from arrival to first token, 99th percentile; simulated",
        lambda r: r.ttft_s_p99,
        SECONDS,
        3,
    ),
    Column(
        "cost",
        "$ / 1k",
        "US dollars per 1,000 requests at the table's prices of the arms",
        lambda r: r.usd_per_1k,
        DOLLARS,
        3,
    ),
    Column(
        "rent",
        "Rent / 1k",
        "US dollars per 1,000 requests for renting the fleet over the run; simulated",
        lambda r: r.fleet_usd_per_1k,
        DOLLARS,
        3,
    ),
    Column("energy", "Energy", "Joules a request; simulated", lambda r: r.energy_j_per_request, JOULES, 3),
)


def scorecard(run: JointResult) -> str:
    """The sortable table: routers, then yardsticks."""
    heads = _head("name", 1, "Router", "The router, and how old its view of the pool was") + "".join(
        _head(column.key, column.importance, column.title, column.hint) for column in COLUMNS
    )
    bodies = "".join(
        f'<tbody class="{kind}">{"".join(map(_row, rows))}</tbody>'
        for kind, rows in (("routers", run.ranked), ("yardsticks", run.yardsticks))
        if rows
    )
    caption = '<caption class="unseen">Scorecard</caption>'
    return f'<table class="board" id="board">{caption}<thead><tr>{heads}</tr></thead>{bodies}</table>'


def options(run: JointResult) -> str:
    """The choices of the router selector."""
    return "".join(f"<option>{esc(row.name)}</option>" for row in (*run.ranked, *run.yardsticks))


def _head(key: str, importance: int, title: str, hint: str) -> str:
    return (
        f'<th scope="col" class="c-{key} i{importance}" aria-sort="none">'
        f'<button type="button" data-sort="{key}" title="{esc(hint)}">{esc(title)}</button></th>'
    )


def _row(row: Row) -> str:
    cells = "".join(_cell(column, row) for column in COLUMNS)
    button = f'<button type="button" data-pick="{esc(row.name)}">{esc(row.name)}</button>'
    named = (
        f'<th scope="row" class="c-name i1" data-value="{esc(row.name)}" title="{esc(VIEWS[row.view])}">{button}</th>'
    )
    return f'<tr data-router="{esc(row.name)}">{named}{cells}</tr>'


def _cell(column: Column, row: Row) -> str:
    metric = column.read(row)
    value = metric.known if metric else None
    held_against = metric is None and row.name == "best-single"
    tip = "What others are held against" if held_against else explain(metric, column.unit, CONFIDENCE)
    kind = f"c-{column.key} i{column.importance}" + (" proven" if column.key == "delta" and sure(metric) else "")
    sort = "" if value is None else value
    return f'<td class="{kind}" data-value="{sort}" title="{esc(tip)}">{_figure(metric, column)}</td>'


def _figure(metric: Metric | None, column: Column) -> str:
    """The value, with half of its interval in the columns that stay on a small screen."""
    value, sign, half = plus_minus(metric, column.unit).partition(" ±")
    return f'{value}<span class="pm">{sign}{half}</span>' if sign and column.importance < 3 else value
