"""What stands behind a server's memory: content that it let go to the host, and the adapters that it has loaded."""

from __future__ import annotations

from routelab.pool.fleet.engine import cache
from routelab.pool.fleet.engine.state import NONE, State
from routelab.pool.fleet.jit import kernel


@kernel
def forget_oldest(st: State, server: int) -> None:
    """Free the memory of the content that was unused longest; the host keeps it, where it has room."""
    s = st.servers[server]
    content = cache.forget_oldest(st, server)
    s.free += s.unit_blocks
    if s.device != NONE:
        st.servers[s.device].device_free += s.unit_blocks * s.block_bytes
    cache.put(st, cache.shelf_of(st, server, cache.HOST), content)


@kernel
def units_in_host(st: State, server: int, slot: int, found: int) -> int:
    """How many blocks of a request's content, after those found in the server, are in its host."""
    r, unit = st.slots[slot], st.world[0].unit
    if unit == 0 or st.servers[server].host_blocks == 0:
        return 0
    shelf = cache.shelf_of(st, server, cache.HOST)
    most = min(r.hashes, (r.prompt + r.produced - 1) // unit)
    place = found
    while place < most and cache.find(st, shelf, st.hashes[r.hash_start + place]) != NONE:
        place += 1
    return place - found


@kernel
def load(st: State, server: int, slot: int, found: int, units: int) -> None:
    """Bring blocks of content from the host, after those found in the server; the next step waits for them."""
    shelf = cache.shelf_of(st, server, cache.HOST)
    for unit in range(found, found + units):
        cache.put(st, shelf, st.hashes[st.slots[slot].hash_start + unit])
    st.servers[server].pending_s += units * st.servers[server].unit_blocks * st.servers[server].load_s


@kernel
def adapters_used(st: State, server: int) -> int:
    shelf = st.shelves[cache.shelf_of(st, server, cache.ADAPTERS)]
    return shelf.size - shelf.unused


@kernel
def has_adapter(st: State, server: int, slot: int) -> bool:
    """Whether a request needs none, or its adapter is loaded or there is room for it."""
    s, adapter = st.servers[server], st.slots[slot].adapter
    if adapter < 0 or s.adapters == 0 or adapters_used(st, server) < s.adapters:
        return True
    return cache.find(st, cache.shelf_of(st, server, cache.ADAPTERS), adapter) != NONE


@kernel
def use_adapter(st: State, server: int, slot: int) -> None:
    """A request is in the batch: its adapter stays as long, and is loaded before the next step where it is not here."""
    s, adapter = st.servers[server], st.slots[slot].adapter
    if adapter < 0 or s.adapters == 0:
        return
    shelf = cache.shelf_of(st, server, cache.ADAPTERS)
    entry = cache.find(st, shelf, adapter)
    if entry != NONE:
        cache.use(st, shelf, entry)
        return
    if st.shelves[shelf].size >= s.adapters:
        cache.forget_oldest(st, shelf)
    cache.insert(st, shelf, adapter)
    s.pending_s += s.adapter_load_s


@kernel
def leave_adapter(st: State, server: int, slot: int) -> None:
    """A request leaves the batch."""
    if st.slots[slot].adapter >= 0 and st.servers[server].adapters > 0:
        shelf = cache.shelf_of(st, server, cache.ADAPTERS)
        cache.leave(st, shelf, cache.find(st, shelf, st.slots[slot].adapter))
