"""How a joint run was made, for the foot of its page: what was recorded, what was simulated, what a figure means."""

from __future__ import annotations

from routelab.arena.report.joint.schema import JointResult, Pool
from routelab.arena.report.joint.words import limits
from routelab.arena.report.sections import esc


def method(run: JointResult) -> str:
    """A definition list."""
    protocol, rate = run.protocol, run.workload.rate_req_s
    items = {
        "Recorded": f"Scores and token counts, from the table {run.table.name}. {run.workload.assumption}",
        "Simulated": "Every second, joule and queue, iteration by iteration on the fleet below. Nothing here was "
        "measured on these devices; docs/fleet-cost.md has the errors of the cost model.",
        "Fleet": "; ".join(map(_pool, run.fleet.pools)),
        "In time": limits(run),
        "Routers": f"Cross-fitted, {protocol.folds} folds: no query is decided by a router that was fitted on it.",
        "View": f"Fresh: as of the arrival. Aged: up to {protocol.view_age_s:g} s old. None: decided as if alone.",
        "Load": f"×1 is the workload's own rate, {rate:.3g} requests a second; another load is the same requests in "
        "less or more time.",
        "Knee": f"The highest load of the sweep up to which at least {protocol.knee_attainment:.0%} of requests are "
        "answered in time.",
        "Intervals": f"95 %, Student's t over {protocol.seeds} seeds. Arrivals, queries and folds are drawn anew with "
        "each seed and are the same for all routers, so differences are paired. Not corrected for the number of "
        "routers, and without the error of the cost model, which is the same for all.",
        "Energy": "Idle watts while a server rests; while busy between idle and the device's limit, by the shares of "
        "its peak and bandwidth in use.",
        "Made by": f"routelab {run.routelab_version}, table {run.table.hash}, seed {protocol.seed}",
    }
    listing = "".join(f"<dt>{name}</dt><dd>{esc(text)}</dd>" for name, text in items.items())
    return f'<dl class="method">{listing}</dl>'


def _pool(pool: Pool) -> str:
    split = f", tp {pool.tp}" if pool.tp > 1 else ""
    return f"{pool.replicas} × {pool.model} on {pool.gpu}{split} ({pool.dtype})"
