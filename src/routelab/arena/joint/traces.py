"""What happened over time in one run: queues, batches and memory of the servers, and what one of them was doing."""

from __future__ import annotations

from typing import Any

import numpy as np

from routelab.arena.joint.run import Joint

SHOWN = 120


def timeline(joint: Joint) -> dict[str, Any]:
    """(samples,) times, and by server requests that wait and run and the share of memory for keys in use."""
    samples = joint.fleet.samples
    blocks = [server.spec.kv_blocks for server in joint.fleet.fleet.servers]
    return {
        "time_s": [round(time_s, 3) for time_s, _ in samples],
        "servers": [
            {
                "name": f"{server.pool.model} {place}",
                "waiting": [int(seen.waiting[place]) for _, seen in samples],
                "running": [int(seen.running[place]) for _, seen in samples],
                "kv_used": [round(1 - int(seen.available[place]) / blocks[place], 4) for _, seen in samples],
            }
            for place, server in enumerate(joint.fleet.fleet.servers)
        ],
    }


def gantt(joint: Joint) -> dict[str, Any]:
    """The first requests of the busiest server: when each waited, read its prompt and wrote its answer."""
    rows = joint.fleet.requests
    server = int(np.bincount(rows["server"][rows["server"] >= 0]).argmax())
    mine = rows[(rows["server"] == server) & np.isfinite(rows["last_token_s"])][:SHOWN]
    names = ("arrival_s", "scheduled_s", "first_token_s", "last_token_s")
    return {
        "server": f"{joint.fleet.fleet.servers[server].pool.model} {server}",
        "requests": [[round(float(row[name]), 4) for name in names] for row in mine],
    }
