"""The page of a joint run: one file that needs no network and runs no script but its own.

Knows how the parts are put together, not what they say; style, scripts and manners are those of the report page.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from routelab.arena.report.html import asset, embedded_json, policy
from routelab.arena.report.joint.method import method
from routelab.arena.report.joint.payload import chart_data
from routelab.arena.report.joint.schema import JointResult, Shown, as_joint
from routelab.arena.report.joint.scorecard import options, scorecard
from routelab.arena.report.joint.tables import energy, gantt_table, servers_table, state_table, sweep_table
from routelab.arena.report.joint.words import facts, sentences, title
from routelab.arena.report.sections import esc
from routelab.core.files import write_text

SCRIPTS = ("echarts.min.js", "charts.js", "joint.js", "report.js")


def render_joint(result: Mapping[str, Any] | JointResult) -> str:
    """The whole page as text; raises InputError for what is no joint run."""
    run = as_joint(result)
    scripts = [asset(name) for name in SCRIPTS]
    return Template(asset("joint.html")).substitute(
        policy=policy(scripts),
        title=esc(f"{run.table.name} under load · routelab"),
        style=asset("report.css") + asset("joint.css"),
        table=esc(run.table.name),
        facts=esc(facts(run)),
        headline=esc(title(run)),
        sentences="".join(f"<p>{esc(sentence)}</p>" for sentence in sentences(run)),
        board=scorecard(run),
        options=options(run),
        attainment=f"{run.protocol.knee_attainment:.0%}",
        sweep=sweep_table(run),
        state=state_table(run) if run.state else '<p class="note">No router of this run looks at the pool.</p>',
        runs=_runs(run),
        gantt="".join(
            f'<span data-when="run:{place}">{esc(shown.gantt.server)}</span>' for place, shown in enumerate(run.shown)
        ),
        servers="".join(_panel(place, shown) for place, shown in enumerate(run.shown)),
        energy=energy(run),
        method=method(run),
        version=esc(run.routelab_version),
        data=embedded_json(chart_data(run)),
        scripts="\n".join(f"<script>{text}</script>" for text in scripts),
    )


def write_joint(result: Mapping[str, Any] | JointResult, path: Path) -> None:
    """Write the page, whole or not at all."""
    write_text(path, render_joint(result))


def _runs(run: JointResult) -> str:
    pressed = ("true", *["false"] * len(run.shown))
    return "".join(
        f'<button type="button" data-run="{place}" aria-pressed="{pressed[place]}">{esc(shown.router)}</button>'
        for place, shown in enumerate(run.shown)
    )


def _panel(place: int, shown: Shown) -> str:
    hidden = " hidden" if place else ""
    return (
        f'<div data-when="run:{place}"{hidden}><details><summary>The same in numbers</summary>'
        f"{servers_table(shown)}</details><details><summary>Requests of {esc(shown.gantt.server)}</summary>"
        f"{gantt_table(shown)}</details></div>"
    )
