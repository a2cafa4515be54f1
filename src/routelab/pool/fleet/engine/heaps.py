"""Two heaps in arrays: the servers by the time they wake, and a server's decodes by the clock of their last token."""

from __future__ import annotations

from routelab.pool.fleet.engine.state import State
from routelab.pool.fleet.jit import kernel


@kernel
def wake_at(st: State, server: int, time_s: float) -> None:
    """Set when a server wakes, and keep the heap of servers in order."""
    st.servers[server].wake_s = time_s
    place = st.servers[server].place
    while place > 0 and _sooner(st, server, st.servers[(place - 1) >> 1].heap):
        _seat(st, st.servers[(place - 1) >> 1].heap, place)
        place = (place - 1) >> 1
    while True:
        child = 2 * place + 1
        if child >= len(st.servers):
            break
        if child + 1 < len(st.servers) and _sooner(st, st.servers[child + 1].heap, st.servers[child].heap):
            child += 1
        if not _sooner(st, st.servers[child].heap, server):
            break
        _seat(st, st.servers[child].heap, place)
        place = child
    _seat(st, server, place)


@kernel
def _seat(st: State, server: int, place: int) -> None:
    st.servers[place].heap = server
    st.servers[server].place = place


@kernel
def _sooner(st: State, one: int, other: int) -> bool:
    first, second = st.servers[one].wake_s, st.servers[other].wake_s
    return first < second or (first == second and one < other)


@kernel
def push_finish(st: State, server: int, slot: int) -> None:
    """A request begins to decode; `decodes` of its server counts it already."""
    _up(st, server, slot, st.servers[server].decodes - 1)


@kernel
def drop_finish(st: State, server: int, slot: int) -> None:
    """A request decodes no more; `decodes` of its server counts it still."""
    heap, last = st.finishing[server], st.servers[server].decodes - 1
    place = 0
    while heap[place] != slot:
        place += 1
    moved = heap[last]
    if place == last:
        return
    while True:
        child = 2 * place + 1
        if child >= last:
            break
        if child + 1 < last and _before(st, heap[child + 1], heap[child]):
            child += 1
        if not _before(st, heap[child], moved):
            break
        heap[place] = heap[child]
        place = child
    _up(st, server, moved, place)


@kernel
def _up(st: State, server: int, slot: int, place: int) -> None:
    heap = st.finishing[server]
    while place > 0 and _before(st, slot, heap[(place - 1) >> 1]):
        heap[place] = heap[(place - 1) >> 1]
        place = (place - 1) >> 1
    heap[place] = slot


@kernel
def _before(st: State, one: int, other: int) -> bool:
    first, second = st.slots[one], st.slots[other]
    return first.finish < second.finish or (first.finish == second.finish and first.sequence < second.sequence)
