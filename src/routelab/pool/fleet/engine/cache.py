"""Shelves: which contents are at a place, who uses them, and what was unused longest.

A server has three: its memory for keys, the host's memory behind it, and the adapters that it has loaded. Knows no
bytes and no blocks; whoever takes something off a shelf gives its memory back.
"""

from __future__ import annotations

import numpy as np

from routelab.pool.fleet.engine.state import NONE, State, empty_entries
from routelab.pool.fleet.jit import entry, kernel

_MIX = 0x9E3779B97F4A7C15 - (1 << 64)  # of the golden ratio, as a signed integer
KEYS, HOST, ADAPTERS = range(3)


def with_room(st: State, most: int) -> State:
    """The same with room for so many contents on all shelves together."""
    entries, old = empty_entries(most), st.entries
    kept = np.flatnonzero(old["shelf"] != NONE)
    for name in ("hash", "shelf", "users", "next", "previous"):
        entries[name][: len(old)] = old[name]
    free = np.append(np.flatnonzero(entries["shelf"] == NONE), NONE)
    entries["next"][free[:-1]], st.world["entry"] = free[1:], free[0]
    grown = st._replace(entries=entries)
    for place in kept.tolist():
        entries["place"][place_of(grown, int(old["shelf"][place]), int(old["hash"][place]))] = place
    return grown


@kernel
def shelf_of(st: State, server: int, kind: int) -> int:
    return kind * len(st.servers) + server


@kernel
def find(st: State, shelf: int, content: int) -> int:
    """The entry of a content on a shelf, or NONE."""
    return st.entries[place_of(st, shelf, content)].place


@kernel
def insert(st: State, shelf: int, content: int) -> int:
    """A new entry with one user; the content must not be there."""
    entry = st.world[0].entry
    if entry == NONE:
        raise RuntimeError("the prefix cache is too small for the servers' memory")
    st.world[0].entry = st.entries[entry].next
    new = st.entries[entry]
    new.hash, new.shelf, new.users, new.next, new.previous = content, shelf, 1, NONE, NONE
    st.entries[place_of(st, shelf, content)].place = entry
    st.shelves[shelf].size += 1
    return entry


@kernel
def use(st: State, shelf: int, entry: int) -> None:
    """One user more."""
    if st.entries[entry].users == 0:
        _unlink(st, shelf, entry)
    st.entries[entry].users += 1


@kernel
def leave(st: State, shelf: int, entry: int) -> None:
    """One user less; without any it is the newest of what can be forgotten."""
    st.entries[entry].users -= 1
    if st.entries[entry].users == 0:
        s = st.shelves[shelf]
        st.entries[entry].previous, st.entries[entry].next = s.newest, NONE
        if s.newest == NONE:
            s.oldest = entry
        else:
            st.entries[s.newest].next = entry
        s.newest = entry
        s.unused += 1


@kernel
def forget_oldest(st: State, shelf: int) -> int:
    """Take the content that was unused longest off a shelf; there must be one."""
    entry = st.shelves[shelf].oldest
    _unlink(st, shelf, entry)
    _remove(st, place_of(st, shelf, st.entries[entry].hash))
    st.shelves[shelf].size -= 1
    st.entries[entry].next, st.entries[entry].shelf = st.world[0].entry, NONE
    st.world[0].entry = entry
    return st.entries[entry].hash


@kernel
def put(st: State, shelf: int, content: int) -> None:
    """Unused content comes to a shelf with limited room, as its newest."""
    s, entry = st.shelves[shelf], find(st, shelf, content)
    if entry != NONE:
        use(st, shelf, entry)
    elif s.room > 0:
        if s.size >= s.room:
            forget_oldest(st, shelf)
        entry = insert(st, shelf, content)
    if entry != NONE:
        leave(st, shelf, entry)


@kernel
def _unlink(st: State, shelf: int, entry: int) -> None:
    s, e = st.shelves[shelf], st.entries[entry]
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
def _home(st: State, shelf: int, content: int) -> int:
    mixed = (content ^ (shelf * 0x632BE59B)) * _MIX
    mixed ^= mixed >> 29
    return mixed & (len(st.entries) - 1)


@entry
def place_of(st: State, shelf: int, content: int) -> int:
    """Where in the table an entry is, or where it would be put."""
    place = _home(st, shelf, content)
    while st.entries[place].place != NONE:
        e = st.entries[st.entries[place].place]
        if e.hash == content and e.shelf == shelf:
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
        home = _home(st, st.entries[entry].shelf, st.entries[entry].hash)
        if ((place - home) & last) >= ((place - hole) & last):
            st.entries[hole].place = entry
            st.entries[place].place = NONE
            hole = place
