"""The tables of the joint page: what its charts draw, in numbers, and energy as bars."""

from __future__ import annotations

from collections.abc import Sequence

from routelab.arena.report.format import PERCENT, POINTS, Unit, explain, interval, number, plain
from routelab.arena.report.joint.schema import Figures, JointResult, Shown
from routelab.arena.report.joint.words import CONFIDENCE, JOULES, VIEWS, knee_text, sure
from routelab.arena.report.schema import Metric
from routelab.arena.report.sections import esc

SIGNED_SECONDS = Unit(1, None, suffix=" s", signed=True)


def sweep_table(run: JointResult) -> str:
    """Share in time by load, and the knee of each router."""
    loads = sorted({point.load for line in run.sweep for point in line.points})
    rows = []
    for line in run.sweep:
        cells = [plain(point.slo_attainment if point else None, PERCENT) for point in map(line.at, loads)]
        rows.append([line.name, knee_text(run, line), *cells])
    heads = ["router", "knee", *(f"×{load:g}" for load in loads)]
    return plain_table("Share answered in time by load", heads, rows)


def state_table(run: JointResult) -> str:
    """At the workload's own rate and at the highest load: figures with a view minus those without one."""
    loads = sorted({point.load for line in run.state for point in line.points})
    chosen = [load for load in dict.fromkeys((1.0, *loads[-1:])) if load in loads]
    rows = []
    for line in run.state:
        for load in chosen:
            point = line.at(load) or Figures()
            differences = (
                (point.good_in_time, POINTS),
                (point.slo_attainment, POINTS),
                (point.e2e_s_p99, SIGNED_SECONDS),
            )
            rows.append([line.router, VIEWS[line.view], f"×{load:g}", *(_marked(*each) for each in differences)])
    heads = ["router", "with", "load", "right in time", "in time", "E2E p99"]
    return plain_table("Figures with a view of the pool minus those without", heads, rows)


def servers_table(shown: Shown) -> str:
    """What stands in the timeline, in numbers."""
    rows = []
    for server in shown.timeline.servers:
        n = max(len(server.running), 1)
        peak = max(server.waiting, default=0), max(server.kv_used, default=0.0)
        rows.append([server.name, f"{peak[0]:,}", f"{sum(server.running) / n:.1f}", number(peak[1], PERCENT)])
    heads = ["server", "longest queue", "mean batch", "most memory for keys"]
    return plain_table(f"Servers under {shown.router}", heads, rows)


def gantt_table(shown: Shown) -> str:
    """What stands in the Gantt chart, in numbers."""
    rows = [
        [f"{arrival:.3f} s", *(f"{1000 * part:.1f} ms" for part in (start - arrival, first - start, last - first))]
        for arrival, start, first, last in shown.gantt.requests
    ]
    return plain_table(f"Requests on {shown.gantt.server}", ["arrival", "waiting", "prefill", "decode"], rows)


def energy(run: JointResult) -> str:
    """Bars of joules a request, and what an answer that is right and in time took."""
    rows = [
        row for row in (*run.ranked, *run.yardsticks) if row.energy_j_per_request and row.energy_j_per_request.known
    ]
    most = max((row.energy_j_per_request.known or 0.0 for row in rows if row.energy_j_per_request), default=0.0)
    items = []
    for row in rows:
        metric = row.energy_j_per_request or Metric()
        right = row.good_in_time.known if row.good_in_time else None
        each = number(metric.known / right if metric.known and right else None, JOULES)
        items.append(
            f'<li title="{esc(explain(metric, JOULES, CONFIDENCE))}"><span>{esc(row.name)}</span>'
            f'<i style="--share:{(metric.known or 0.0) / most:.3f}"></i>'
            f"<b>{esc(interval(metric, JOULES))} · {each}</b></li>"
        )
    return f'<ul class="bars">{"".join(items)}</ul>'


def plain_table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column names its rows; text is escaped. It scrolls by keyboard where it is too wide."""
    head = "".join(f'<th scope="col">{esc(each)}</th>' for each in heads)
    body = "".join(
        f'<tr><th scope="row">{esc(first)}</th>{"".join(f"<td>{esc(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{esc(caption)}"><table class="figures">'
        f"<caption>{esc(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _marked(metric: Metric | None, unit: Unit) -> str:
    return interval(metric, unit) + (" *" if sure(metric) else "")
