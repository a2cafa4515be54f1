"""The prefix cache: which content a server holds, who uses it, and what was unused longest."""

from __future__ import annotations

from routelab.pool.fleet.engine.state import NONE, State
from routelab.pool.fleet.jit import kernel

_MIX = 0x9E3779B97F4A7C15 - (1 << 64)  # of the golden ratio, as a signed integer


@kernel
def find(st: State, server: int, content: int) -> int:
    """The entry of a content at a server, or NONE."""
    return st.entries[_slot_of(st, server, content)].place


@kernel
def insert(st: State, server: int, content: int) -> int:
    """A new entry with one user; the content must not be there."""
    entry = st.world[0].entry
    if entry == NONE:
        raise RuntimeError("the prefix cache is too small for the servers' memory")
    st.world[0].entry = st.entries[entry].next
    new = st.entries[entry]
    new.hash, new.server, new.users, new.next, new.previous = content, server, 1, NONE, NONE
    st.entries[_slot_of(st, server, content)].place = entry
    return entry


@kernel
def use(st: State, server: int, entry: int) -> None:
    """One user more."""
    if st.entries[entry].users == 0:
        _unlink(st, server, entry)
    st.entries[entry].users += 1


@kernel
def leave(st: State, server: int, entry: int) -> None:
    """One user less; without any it is the newest of what can be forgotten."""
    st.entries[entry].users -= 1
    if st.entries[entry].users == 0:
        s = st.servers[server]
        st.entries[entry].previous, st.entries[entry].next = s.newest, NONE
        if s.newest == NONE:
            s.oldest = entry
        else:
            st.entries[s.newest].next = entry
        s.newest = entry
        s.unused += 1


@kernel
def forget_oldest(st: State, server: int) -> None:
    """Free the memory of the content that was unused longest."""
    s = st.servers[server]
    entry = s.oldest
    _unlink(st, server, entry)
    _remove(st, _slot_of(st, server, st.entries[entry].hash))
    s.free += s.unit_blocks
    if s.device != NONE:
        st.servers[s.device].device_free += s.unit_blocks * s.block_bytes
    st.entries[entry].next = st.world[0].entry
    st.world[0].entry = entry


@kernel
def _unlink(st: State, server: int, entry: int) -> None:
    s, e = st.servers[server], st.entries[entry]
    if e.previous == NONE:
        s.oldest = e.next
    else:
        st.entries[e.previous].next = e.next
    if e.next == NONE:
        s.newest = e.previous
    else:
        st.entries[e.next].previous = e.previous
    e.next = e.previous = NONE
    s.unused -= 1


@kernel
def _home(st: State, server: int, content: int) -> int:
    mixed = (content ^ (server * 0x632BE59B)) * _MIX
    mixed ^= mixed >> 29
    return mixed & (len(st.entries) - 1)


@kernel
def _slot_of(st: State, server: int, content: int) -> int:
    """Where in the table an entry is, or where it would be put."""
    place = _home(st, server, content)
    while st.entries[place].place != NONE:
        e = st.entries[st.entries[place].place]
        if e.hash == content and e.server == server:
            break
        place = (place + 1) & (len(st.entries) - 1)
    return place


@kernel
def _remove(st: State, hole: int) -> None:
    """Empty a place of the table, and close the gap so that no search ends at it."""
    last = len(st.entries) - 1
    place = hole
    st.entries[hole].place = NONE
    while True:
        place = (place + 1) & last
        entry = st.entries[place].place
        if entry == NONE:
            return
        home = _home(st, st.entries[entry].server, st.entries[entry].hash)
        if ((place - home) & last) >= ((place - hole) & last):
            st.entries[hole].place = entry
            st.entries[place].place = NONE
            hole = place
