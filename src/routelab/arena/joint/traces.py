"""What happened over time in one run: queues, batches and memory of the servers, and what one of them was doing."""

from __future__ import annotations

from typing import Any

import numpy as np

from routelab.arena.joint.run import Joint

SHOWN = 120
"""Requests of a Gantt chart, one after the other."""
SERVERS = 8
"""Servers of a timeline; the busiest are kept."""


def traces(name: str, joint: Joint) -> dict[str, Any]:
    """Both pictures of one run of a router."""
    return {"router": name, "timeline": timeline(joint), "gantt": gantt(joint)}


def timeline(joint: Joint) -> dict[str, Any]:
    """(samples,) times, and by server requests that wait and run and the share of memory for keys in use."""
    samples = joint.fleet.samples
    servers = joint.fleet.fleet.servers
    busiest = np.sort(np.argsort(-joint.fleet.usage["busy_s"], kind="stable")[:SERVERS]).tolist()
    return {
        "time_s": [round(time_s, 3) for time_s, _ in samples],
        "servers": [
            {
                "name": f"{servers[place].pool.model} {place}",
                "waiting": [int(seen.waiting[place]) for _, seen in samples],
                "running": [int(seen.running[place]) for _, seen in samples],
                "kv_used": [
                    round(1 - int(seen.available[place]) / servers[place].spec.kv_blocks, 4) for _, seen in samples
                ],
            }
            for place in busiest
        ],
    }


def gantt(joint: Joint) -> dict[str, Any]:
    """The server with most requests where it was slowest: when each waited, read its prompt and wrote its answer."""
    rows, servers = joint.fleet.requests, joint.fleet.fleet.servers
    server = int(np.bincount(rows["server"][rows["server"] >= 0], minlength=len(servers)).argmax())
    mine = rows[(rows["server"] == server) & np.isfinite(rows["last_token_s"])]
    seconds = np.concatenate([[0.0], np.cumsum(mine["last_token_s"] - mine["arrival_s"])])
    first = int((seconds[SHOWN:] - seconds[:-SHOWN]).argmax()) if len(mine) > SHOWN else 0
    names = ("arrival_s", "scheduled_s", "first_token_s", "last_token_s")
    return {
        "server": f"{servers[server].pool.model} {server}",
        "requests": [[round(float(row[name]), 4) for name in names] for row in mine[first : first + SHOWN]],
    }
