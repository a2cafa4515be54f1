"""The fast engine: the contract of `interface` over compiled functions and arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Ints
from routelab.pool.fleet.cost.step import StepCost
from routelab.pool.fleet.engine import cache, loop, memory, verbs
from routelab.pool.fleet.engine.interface import DECODING, LIVE, UNROUTED, UNUSED, Event, Moved, Servers, ServerSpec
from routelab.pool.fleet.engine.state import ARRIVAL, NONE, State, fresh
from routelab.pool.fleet.jit import direct


class CompiledEngine:
    """See `interface`. Memory is bound by the requests in flight and one block of arrivals."""

    def __init__(self, costs: Sequence[StepCost], servers: Sequence[ServerSpec]) -> None:
        self._state = fresh(costs, servers)
        self._seen = self._arrays.servers.view()
        self._seen.flags.writeable = False
        self.waiting, self.running = self._seen["waiting"], self._seen["running"]
        self._routed = UNROUTED
        self._done: list[NDArray[np.void]] = []
        self._stored = 0

    @property
    def _state(self) -> State:
        """The arrays, after what was routed last is at its server."""
        if self._routed != UNROUTED:
            routed, self._routed = self._routed, UNROUTED
            loop.submit(self._arrays, routed, self._arrived(), True)
        return self._arrays

    @_state.setter
    def _state(self, arrays: State) -> None:
        self._arrays = arrays
        self._advance = direct(loop.advance, arrays, 0.0, UNROUTED)

    @property
    def now(self) -> float:
        return float(self._state.world["now"][0])

    @property
    def watch_finish(self) -> bool:
        return bool(self._state.world["watch"][0])

    @watch_finish.setter
    def watch_finish(self, on: bool) -> None:
        self._state.world["watch"] = on

    @property
    def ask(self) -> bool:
        return bool(self._state.world["asks"][0])

    @ask.setter
    def ask(self, on: bool) -> None:
        self._state.world["asks"] = on

    @property
    def watch_pressure(self) -> bool:
        return bool(self._state.world["watch_pressure"][0])

    @watch_pressure.setter
    def watch_pressure(self, on: bool) -> None:
        self._state.world["watch_pressure"] = on

    @property
    def servers(self) -> NDArray[np.void]:
        """The servers' records, read only; those in a run of equal steps show how it began."""
        return self._seen

    def feed(self, arrivals: Arrivals, targets: Ints, first_id: int, *, more: bool = False) -> None:
        if len(arrivals.hash_starts) and not self._state.world["unit"]:
            self._begin_caching(arrivals.hash_tokens)
        records = np.zeros(len(arrivals), dtype=ARRIVAL)
        records["time_s"], records["target"] = arrivals.time_s, targets
        records["prompt"], records["output"] = arrivals.input_tokens, arrivals.output_tokens
        records["priority"] = arrivals.column("priority")
        records["adapter"] = arrivals.column("adapter", NONE)
        hashes = self._keep_hashes()
        if len(arrivals.hash_starts):
            records["hash_start"] = arrivals.hash_starts[:-1] + len(hashes)
            records["hashes"] = np.diff(arrivals.hash_starts)
            hashes = np.concatenate([hashes, arrivals.hash_ids])
        world = self._state.world
        world["arrived"], world["arrivals"], world["first_id"], world["more"] = 0, len(arrivals), first_id, more
        world["priorities"] |= int(records["priority"].any())
        self._state, self._stored = self._state._replace(arrivals=records, hashes=hashes), len(hashes)

    def advance(self, until: float) -> Event:
        routed, self._routed = self._routed, UNROUTED
        while True:
            event = self._advance(self._arrays, until, routed)
            routed = UNROUTED
            if event[0] == loop.DRAIN:
                self._drain()
            elif event[0] == loop.GROW:
                self._grow()
            else:
                return Event._make(event)

    def route(self, server: int, lengths: tuple[int, int] | None = None) -> None:
        if lengths:
            slot = int(self._arrays.world["pending"][0])
            record = self._arrays.slots[slot : slot + 1]
            record["prompt"], record["output"] = lengths
        self._routed = server  # the next call of compiled code takes it along

    def take(self) -> Moved:
        slot = self._arrived()
        moved = self._moved(slot)
        memory.free_slot(self._state, slot)
        return moved

    def put(self, moved: Moved, server: int, *, front: bool = False) -> int:
        there = self._there(server)
        slot = self._slot_for(moved)  # first: it may replace the state's arrays
        return int(loop.submit(self._state, there, slot, not front))

    def end(self, moved: Moved, status: int) -> None:
        slot = self._slot_for(moved)
        memory.record(self._state, slot, UNROUTED, status)

    def withdraw(self, slot: int) -> Moved:
        verbs.withdraw(self._state, self._used(slot))
        moved = self._moved(slot)
        memory.free_slot(self._state, slot)
        return moved

    def allow(self, server: int, count: int, ask_again: int) -> None:
        verbs.answer(self._state, count, ask_again)

    def done(self) -> NDArray[np.void]:
        self._drain()
        rows = np.concatenate(self._done)
        self._done.clear()
        return rows

    @property
    def ended(self) -> int:
        return int(self._state.world["ended"][0])

    @property
    def events(self) -> int:
        """Ends of steps and of runs of equal steps, and arrivals."""
        return int(self._state.world["events"][0])

    def set_active(self, server: int, active: bool) -> None:
        verbs.set_active(self._state, self._there(server), int(active))

    def set_slowdown(self, server: int, factor: float) -> None:
        verbs.set_slowdown(self._state, self._there(server), float(factor))

    def set_cost(self, server: int, cost: int) -> None:
        verbs.set_cost(self._state, self._there(server), cost)

    def reserve(self, server: int, blocks: int) -> bool:
        return bool(verbs.reserve(self._state, self._there(server), blocks))

    def claim(self, server: int, size: int) -> bool:
        return bool(verbs.claim(self._state, self._there(server), size))

    def reorder(self, server: int, slots: Ints) -> None:
        places = np.array([self._used(int(slot)) for slot in slots], dtype=np.int64)
        verbs.reorder(self._state, self._there(server), places)

    def preempt(self, slot: int) -> None:
        verbs.preempt(self._state, self._used(slot))

    def fail(self, server: int) -> list[Moved]:
        verbs.set_active(self._state, self._there(server), 0)
        rows = self.live()
        lost = [self.withdraw(int(slot)) for slot in rows["slot"][rows["server"] == server]]
        verbs.interrupt(self._state, server)
        return [moved._replace(computed=0) for moved in lost]

    def adapters(self, server: int) -> Ints:
        shelf = cache.ADAPTERS * len(self._state.servers) + server
        entries = self._state.entries
        return np.sort(entries["hash"][entries["shelf"] == shelf])

    def observe(self) -> Servers:
        columns = np.zeros((len(Servers._fields), len(self._state.servers)), dtype=np.int64)
        verbs.observe(self._state, columns)
        return Servers(*columns)

    def live(self) -> NDArray[np.void]:
        verbs.settle_all(self._state)
        records = self._state.slots
        slots = np.flatnonzero(records["state"] != UNUSED)
        return self._live(slots[np.lexsort([records["id"][slots], records["server"][slots]])])

    def row(self, slot: int) -> np.void:
        found = np.zeros(1, dtype=LIVE)
        if 0 <= slot < len(self._state.slots):
            verbs.tell(self._state, slot, found)
        return found[0]

    def queue(self, server: int) -> NDArray[np.void]:
        records = self._state.slots
        slots, slot = [], int(self._state.servers["waiting_head"][server])
        while slot != NONE:
            slots.append(slot)
            slot = int(records["next"][slot])
        return self._live(np.array(slots, dtype=np.int64))

    def _live(self, slots: Ints) -> NDArray[np.void]:
        records = self._state.slots[slots]
        clock = self._state.servers["clock"][records["server"]]
        size = self._state.servers["block_tokens"][records["server"]]
        rows = np.zeros(len(slots), dtype=LIVE)
        rows["slot"] = slots
        for name in ("id", "server", "state", "prompt", "priority", "preemptions", "arrival_s"):
            rows[name] = records[name]
        decodes = records["state"] == DECODING
        rows["computed"] = records["computed"] + np.where(decodes, clock, 0)
        left = records["finish"] - clock
        rows["produced"] = np.where(decodes, records["output"] - left, records["produced"])
        rows["blocks"] = -(-rows["computed"] // size)
        return rows

    def _there(self, server: int) -> int:
        """The number of a server, before compiled code, which does not look, gets it."""
        if not 0 <= server < len(self._seen):
            raise IndexError(f"server {server} of {len(self._seen)}")
        return server

    def _used(self, slot: int) -> int:
        """The number of a slot with a request in it."""
        if not 0 <= slot < len(self._state.slots) or self._state.slots["state"][slot] == UNUSED:
            raise IndexError(f"slot {slot}, in which no request is")
        return slot

    def _arrived(self) -> int:
        slot = int(self._state.world["pending"][0])
        self._state.world["pending"] = NONE
        return slot

    def _moved(self, slot: int) -> Moved:
        st, r = self._state, self._state.slots[slot]
        hashes = st.hashes[r["hash_start"] : r["hash_start"] + r["hashes"]]
        values = [r[name].item() for name in Moved._fields[:-1]]
        return Moved._make([*values, tuple(hashes.tolist())])

    def _slot_for(self, moved: Moved) -> int:
        if self._state.world["free_slots"][0] == 0:
            self._grow()
        slot = int(memory.new_slot(self._state))
        record = self._state.slots[slot : slot + 1]
        for name in Moved._fields[:-1]:
            record[name] = getattr(moved, name)
        if moved.hashes:
            record["hash_start"], record["hashes"] = self._store(moved.hashes), len(moved.hashes)
        return slot

    def _store(self, content: tuple[int, ...]) -> int:
        """Put content where there is room, of which there is made twice as much as is needed; its place."""
        if self._stored + len(content) > len(self._state.hashes):
            kept = self._keep_hashes()
            self._stored = len(kept)
            room = np.zeros(len(kept) + len(content) + 1024, dtype=np.int64)
            self._state = self._state._replace(hashes=np.concatenate([kept, room]))
        place, self._stored = self._stored, self._stored + len(content)
        self._state.hashes[place : self._stored] = content
        return place

    def _drain(self) -> None:
        world = self._state.world
        self._done.append(self._state.done[: world["done"][0]].copy())
        world["done"] = 0

    def _grow(self) -> None:
        """Twice the slots; there must be none free."""
        size = len(self._state.slots)
        slots = np.concatenate([self._state.slots, np.zeros(size, dtype=self._state.slots.dtype)])
        slots["free"][:size] = np.arange(2 * size - 1, size - 1, -1)
        self._state.world["free_slots"] = size
        self._state = self._state._replace(slots=slots)

    def _begin_caching(self, unit: int) -> None:
        servers = self._state.servers
        servers["unit_blocks"] = np.maximum(unit // servers["block_tokens"], 1)
        self._state.shelves["room"][len(servers) : 2 * len(servers)] = servers["host_blocks"] // servers["unit_blocks"]
        most = (servers["kv_blocks"] + servers["host_blocks"]) // servers["unit_blocks"] + servers["adapters"] + 1
        self._state.world["unit"] = unit
        self._state = cache.with_room(self._state, int(most.sum()))

    def _keep_hashes(self) -> Ints:
        """The content of those in flight and of those to come, alone; their records are moved along."""
        slots, world = self._state.slots, self._state.world
        coming = self._state.arrivals[int(world["arrived"][0]) :]
        here = (slots["state"] != UNUSED) | (np.arange(len(slots)) == world["pending"])
        live = np.flatnonzero(here & (slots["hashes"] > 0))
        lengths = np.append(slots["hashes"][live], coming["hashes"])
        before = np.append(slots["hash_start"][live], coming["hash_start"])
        starts = np.append(0, np.cumsum(lengths))
        places = np.arange(starts[-1]) - np.repeat(starts[:-1] - before, lengths)
        kept: Ints = self._state.hashes[places]
        slots["hash_start"][live], coming["hash_start"] = starts[: len(live)], starts[len(live) : -1]
        return kept
