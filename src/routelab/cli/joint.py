"""``routelab arena --pool``: routers and the fleet behind them in one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from routelab.cli import console, emit_json, screen
from routelab.cli.progress import progress_bar
from routelab.core.files import atomic_path
from routelab.outcomes import OutcomeTable


def run_joint(
    table: OutcomeTable,
    routers: tuple[str, ...],
    pool: str,
    workload: str | None,
    seeds: int,
    seed: int,
    view_age_s: float,
    output: Path,
    as_json: bool,
) -> int:
    """Judge, save ``joint.json`` and its page ``joint.html``, and print the scorecard."""
    from routelab.arena.joint.judge import ROUTERS, judge
    from routelab.arena.report.joint import write_joint
    from routelab.data import FLEETS
    from routelab.pool.fleet.spec import load_fleet
    from routelab.workload.arrivals import workload as find_workload

    spec = load_fleet(FLEETS / "default.yaml" if pool == "default" else Path(pool))
    arrivals = find_workload(workload or FLEETS / "default-workload.yaml")
    with progress_bar("runs") as progress:
        found = judge(
            table,
            spec,
            arrivals.arrivals,
            routers or ROUTERS,
            seeds=seeds,
            seed=seed,
            view_age_s=view_age_s,
            progress=progress,
        )
    with atomic_path(output / "joint.json") as temporary:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    write_joint(found, output / "joint.html")
    if as_json:
        emit_json(found)
        return 0
    screen().print(scorecard(found))
    page = Text(str(output / "joint.html"), "bold")
    console().print(Text.assemble("\nopen ", page, f" in a browser; the numbers are in {output / 'joint.json'}"))
    return 0


def scorecard(found: dict[str, Any]) -> Table:
    """The routers of a joint run, best first, in eighty columns."""
    slo = ", ".join(f"{name.removesuffix('_s')} ≤ {limit:g} s" for name, limit in found["fleet"]["slo"].items())
    title = f"{found['fleet']['servers']} servers · {found['workload']['requests']:,} requests · {slo or 'no limits'}"
    table = Table(padding=(0, 0), title=f"{title} · {found['protocol']['seeds']} seeds", title_justify="left")
    table.add_column("router", no_wrap=True)
    for name in ("right in time", "quality", "in time", "p50", "p99", "$/1k", "J"):
        table.add_column(name, justify="right")
    for row in found["routers"]:
        told = [_told(row.get("good_in_time"), 100, 1)]
        told += [_told(row.get(name), 100, 1, bare=True) for name in ("quality", "slo_attainment")]
        told += [_told(row.get(name), 1, 2, bare=True) for name in ("e2e_s_p50", "e2e_s_p99")]
        told += [_told(row.get(name), 1, 3, bare=True) for name in ("usd_per_1k", "energy_j_per_request")]
        table.add_row(row["name"], *told)
    return table


def _told(metric: dict[str, float | None] | None, scale: float, digits: int, *, bare: bool = False) -> str:
    """A mean over seeds with half of its interval, or `bare`."""
    if metric is None or metric["value"] is None:
        return "–"
    text = f"{scale * metric['value']:.{digits}f}"
    low, high = metric["low"], metric["high"]
    return text if bare or low is None or high is None else f"{text} ±{scale * (high - low) / 2:.{digits}f}"
