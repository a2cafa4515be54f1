"""The parts of the page that need no script: leaderboard, close look at each router, how it was measured.

Everything that comes from outside is escaped here, in ``esc``; a ``title`` becomes the page's own hover text.
"""

from __future__ import annotations

from html import escape

from routelab.arena.report.columns import COLUMNS, Cell, Column
from routelab.arena.report.format import WHOLE_PERCENT, Unit, number, plural
from routelab.arena.report.schema import Metric, Result, Scorecard

STRIP_WIDTH, STRIP_HEIGHT = 84, 12


def esc(value: object) -> str:
    """Text made safe inside HTML and inside a quoted attribute."""
    return escape(str(value), quote=True)


def leaderboard(result: Result) -> str:
    """The sortable table: routers, then yardsticks."""
    reach = _reach(result)
    heads = "".join(
        f'<th scope="col" class="c-{column.key} i{column.importance}" aria-sort="none">'
        f'<button type="button" data-sort="{column.key}" title="{esc(column.hint)}">'
        f"{esc(column.title)}</button></th>"
        for column in COLUMNS
    )
    bodies = "".join(
        f'<tbody class="{kind}">{"".join(_row(row, result.confidence, reach) for row in rows)}</tbody>'
        for kind, rows in (("routers", result.ranked), ("yardsticks", result.baselines))
        if rows
    )
    return f'<table class="board" id="board"><thead><tr>{heads}</tr></thead>{bodies}</table>'


def router_options(result: Result) -> str:
    """The choices of the router selector, yardsticks grouped apart."""
    groups = (("Routers", result.ranked), ("Yardsticks", result.baselines))
    return "".join(
        f'<optgroup label="{label}">'
        + "".join(f'<option value="{esc(row.name)}">{esc(row.name)}</option>' for row in rows)
        + "</optgroup>"
        for label, rows in groups
        if rows
    )


def method(result: Result) -> str:
    """How it was measured: a definition list, the notes, and what was skipped."""
    table = result.table
    seen = result.minimum_detectable_difference or {}
    smallest = ", ".join(
        f"{name.replace('_', ' ')} {number(value, Unit(100, 1, suffix=' points'))}" for name, value in seen.items()
    )
    facts = {
        "Estimand": result.estimand,
        "Protocol": result.protocol
        + (f", {plural(result.folds, 'fold')}" if result.folds else "")
        + (f" × {plural(result.repeats, 'repeat')}" if result.repeats else ""),
        "Table": f"{table.name}, {plural(table.queries, 'query')} × {plural(table.arms, 'arm')}",
        "Costs": table.costs,
        "Arms": ", ".join(table.arm_ids),
        "Intervals": f"{number(result.confidence, WHOLE_PERCENT)}"
        + (f", {plural(result.draws, 'draw')}" if result.draws else ""),
        "Smallest visible difference": smallest,
        "Ranked by": result.rank_metric.replace("_", " "),
        "Profile": result.profile,
        "Seed": "" if result.seed is None else str(result.seed),
        "Table hash": table.hash or "",
        "Made by": f"routelab {result.routelab_version}".strip(),
    }
    listing = "".join(f"<dt>{name}</dt><dd>{esc(text)}</dd>" for name, text in facts.items() if text)
    notes = "".join(f"<li>{esc(note)}</li>" for note in result.notes)
    skipped = "".join(f"<li><b>{esc(one.name)}</b>: {esc(one.why)}</li>" for one in result.skipped)
    return (
        f'<dl class="method">{listing}</dl>'
        + (f"<h3>Notes</h3><ul>{notes}</ul>" if notes else "")
        + (f"<h3>Skipped</h3><ul>{skipped}</ul>" if skipped else "")
    )


def _row(row: Scorecard, confidence: float, reach: float) -> str:
    cells = "".join(_cell(column, column.fill(row, confidence), row, reach) for column in COLUMNS)
    return f'<tr data-router="{esc(row.name)}">{cells}</tr>'


def _cell(column: Column, cell: Cell, row: Scorecard, reach: float) -> str:
    key = "" if cell.sort is None else esc(cell.sort)
    kind = f"c-{column.key} i{column.importance}" + (" proven" if cell.claim else "")
    opening = f'class="{kind}" data-value="{key}" title="{esc(cell.tip)}"'
    if column.key == "name":
        button = f'<button type="button" data-pick="{esc(row.name)}">{esc(cell.text)}</button>'
        return f'<th scope="row" {opening}>{button}</th>'
    text = _with_faint_interval(cell.text)
    if column.key in ("single", "hull"):
        text = f'<span class="figure">{text}</span><span class="tick">{"✓" if cell.claim else ""}</span>'
    strip = _strip(row.delta_vs_best_single, reach) if column.key == "single" else ""
    return f"<td {opening}>{strip}{text}</td>"


def _with_faint_interval(text: str) -> str:
    value, sign, rest = text.removesuffix(" ✓").partition(" ±")
    return f'{esc(value)}<span class="pm">{sign}{esc(rest)}</span>' if sign else esc(text)


def _reach(result: Result) -> float:
    """How far the strips go to each side: as far as the routers' own intervals."""
    ends = [
        abs(end)
        for row in result.ranked or result.routers
        if row.delta_vs_best_single and row.delta_vs_best_single.known is not None
        for end in (row.delta_vs_best_single.low, row.delta_vs_best_single.high)
        if end is not None
    ]
    return max(ends, default=0.0) or 0.01


def _strip(metric: Metric | None, reach: float) -> str:
    """The interval as a small picture around zero; a value beyond the edge becomes an arrow."""
    if metric is None or metric.known is None:
        return ""

    def at(value: float) -> float:
        share = max(-1.0, min(1.0, value / reach))
        return round(STRIP_WIDTH / 2 + share * (STRIP_WIDTH / 2 - 4), 1)

    middle = STRIP_HEIGHT / 2
    if abs(metric.known) > reach:
        edge, back = (STRIP_WIDTH - 1, -5) if metric.known > 0 else (1, 5)
        drawn = f'<path d="M{edge} {middle}l{back} -3.2v6.4z"/>'
    else:
        low, high = (metric.known if end is None else end for end in (metric.low, metric.high))
        drawn = f'<line class="span" x1="{at(low)}" x2="{at(high)}" y1="{middle}" y2="{middle}"/>'
        drawn += f'<circle cx="{at(metric.known)}" cy="{middle}" r="2.8"/>'
    return (
        f'<svg class="strip" width="{STRIP_WIDTH}" height="{STRIP_HEIGHT}" aria-hidden="true">'
        f'<path class="zero" d="M{STRIP_WIDTH / 2} 0v{STRIP_HEIGHT}"/>{drawn}</svg>'
    )
