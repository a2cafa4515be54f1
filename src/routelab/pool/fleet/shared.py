"""Servers that share devices: one memory for the weights and keys of all, one step at a time.

What a runtime keeps of a device for itself is taken once. Knows no policy: who is loaded when is for one to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from routelab.core.errors import InputError
from routelab.pool.fleet.cost.plan import RESERVED_BYTES

if TYPE_CHECKING:
    from routelab.pool.fleet.build import Server


def on_shared_devices(servers: Sequence[Server]) -> tuple[Server, ...]:
    """The servers with their devices: the k-th of each pool of the same `shared` name is on the k-th device of it.

    Raises InputError where they cannot be on one device.
    """
    seen: defaultdict[int, int] = defaultdict(int)
    devices: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for place, server in enumerate(servers):
        if server.pool.shared:
            devices[server.pool.shared, seen[id(server.pool)]].append(place)
            seen[id(server.pool)] += 1
    found = list(servers)
    for device, places in enumerate(devices.values()):
        for place, server in zip(places, _together(device, [servers[each] for each in places]), strict=True):
            found[place] = server
    return tuple(found)


def _together(device: int, servers: list[Server]) -> list[Server]:
    first = servers[0]
    for server in servers:
        _check(server, first)
    room = int(first.device.memory_gb * 1e9 * first.pool.memory_utilization - RESERVED_BYTES)
    weights = sum(server.weight_bytes for server in servers if server.pool.loaded)
    if weights >= room:
        raise InputError(
            f"shared {first.pool.shared}",
            expected=f"weights of less than {room / 1e9:.0f} GB on one {first.device.name}",
            got=f"{weights / 1e9:.0f} GB",
            fix="set `loaded: false` for some pools, under a policy that loads them, or give them more devices",
        )
    return [_on(server, device, room, 1 / len(servers)) for server in servers]


def _on(server: Server, device: int, room: int, share: float) -> Server:
    size = round(server.spec.block_tokens * server.kv_token_bytes)
    blocks = server.spec.kv_blocks if server.pool.kv_tokens else int(room - server.weight_bytes) // size
    spec = replace(server.spec, kv_blocks=blocks, device=device, device_bytes=room, block_bytes=size)
    usd = server.usd_per_hour * (share if server.pool.usd_per_hour is None else 1.0)
    return replace(server, spec=spec, share=share, usd_per_hour=usd)


def _check(server: Server, first: Server) -> None:
    if server.devices > 1:
        fix = "give it devices of its own"
        raise InputError("shared", expected="models on one device each", got=f"{server.devices} devices", fix=fix)
    for name in ("gpu", "memory_utilization", "replicas", "region"):
        ours, theirs = getattr(server.pool, name), getattr(first.pool, name)
        if ours != theirs:
            expected = f"the same for all pools of {first.pool.shared!r} ({theirs!r})"
            raise InputError(f"pools {name}", expected=expected, got=repr(ours), fix="make them equal")
