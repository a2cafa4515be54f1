"""The fast engine does what the plain one does, event for event; neither loses a request, a token or a block."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fleets import drawn_servers, flat_cost, gpu_cost, linear_cost, requests
from routelab.core.arrivals import Arrivals
from routelab.core.seeds import stream
from routelab.pool.fleet.engine import CompiledEngine, Engine, Moved, ReferenceEngine, ServerSpec
from routelab.pool.fleet.engine.interface import (
    ASK,
    FINISHED,
    HANDOFF,
    OK,
    OUT_OF_MEMORY,
    PREFILL,
    ROUTE,
    STARVED,
    TOO_LONG,
    UNROUTED,
    UNTIL,
)

ENGINES = [CompiledEngine, ReferenceEngine]


def drawn_world(seed: int) -> tuple[Arrivals, list[ServerSpec]]:
    draw = stream(seed, "world")
    n = int(draw.integers(5, 120))
    arrivals = requests(n, float(10 ** draw.uniform(-1, 2)), seed, shared=bool(draw.integers(2)))
    if draw.integers(2):
        arrivals = replace(arrivals, priority=draw.integers(0, 3, n))
    if draw.integers(2):
        arrivals = replace(arrivals, adapter=draw.integers(-1, 5, n))
    return arrivals, drawn_servers(draw, costs=2)


def run_to_end(kind: Callable[..., Engine], arrivals: Arrivals, servers: list[ServerSpec]) -> np.ndarray:
    engine = kind([gpu_cost(), linear_cost(3e-5)], servers)
    engine.feed(arrivals, stream(7, "targets").integers(0, len(servers), len(arrivals)), 0)
    assert engine.advance(math.inf).kind == STARVED
    assert_nothing_held(engine)
    return engine.done()


def assert_nothing_held(engine: Engine) -> None:
    """Every block is free again, or holds content that nobody uses."""
    if isinstance(engine, ReferenceEngine):
        assert all(
            server.free + server.unit_blocks * len(server.keys.users) == server.spec.kv_blocks
            for server in engine.servers
        )
        shelves = [shelf for server in engine.servers for shelf in (server.keys, server.host, server.loaded)]
        assert all(len(shelf.unused) == len(shelf.users) for shelf in shelves)
    else:
        servers, shelves = engine.servers, engine._state.shelves
        cached = shelves["unused"][: len(servers)]
        assert (servers["free"] + servers["unit_blocks"] * cached == servers["kv_blocks"]).all()
        assert (shelves["unused"] == shelves["size"]).all()


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return len(one) == len(other) and all(np.array_equal(one[f], other[f], equal_nan=True) for f in one.dtype.names)


@pytest.mark.parametrize("seed", range(60))
def test_both_engines_agree_event_for_event(seed: int) -> None:
    world = drawn_world(seed)
    assert same(run_to_end(CompiledEngine, *world), run_to_end(ReferenceEngine, *world))


@pytest.mark.slow
def test_both_engines_agree_on_six_hundred_fleets() -> None:
    for seed in range(1000, 1600):
        world = drawn_world(seed)
        assert same(run_to_end(CompiledEngine, *world), run_to_end(ReferenceEngine, *world)), seed


def meddled(kind: Callable[..., Engine], seed: int) -> list[object]:
    """All that is seen of a run in which requests are routed, held, admitted by hand, moved under way and handed over.

    Everything by the same draws, whichever the engine.
    """
    arrivals, servers = drawn_world(seed)
    draw = stream(seed, "meddling")
    servers = [
        replace(spec, role=PREFILL) if place and draw.integers(2) else spec for place, spec in enumerate(servers)
    ]
    engine = kind([gpu_cost(), linear_cost(3e-5)], servers)
    engine.watch_finish, engine.ask, engine.watch_pressure = True, bool(draw.integers(2)), bool(draw.integers(2))
    engine.feed(arrivals, np.where(draw.integers(0, 2, len(arrivals)), UNROUTED, 0), 0)
    seen: list[object] = []
    held: list[Moved] = []
    slots: dict[int, int] = {}
    ended = 0
    lent: int | None = None
    claimed = 0

    def put(moved: Moved, server: int) -> None:
        seen.append(moved)
        slots[moved.id] = engine.put(moved, server, front=bool(draw.integers(2)))

    while ended < len(arrivals):
        event = engine.advance(engine.now + float(draw.exponential(0.2)))
        seen.append(event[:3])
        if event.kind == ROUTE and draw.integers(5):
            engine.route(int(draw.integers(len(servers))))
        elif event.kind == ROUTE:
            held.append(engine.take())
        elif event.kind == ASK:
            engine.allow(event.server, int(draw.integers(1, 4)), int(draw.integers(1, 9)))
        elif event.kind == HANDOFF:
            put(engine.withdraw(event.row), 0)
        elif event.kind == FINISHED:
            rows = engine.done()
            ended += len(rows)
            seen.extend(rows.tolist())
            slots = {key: slot for key, slot in slots.items() if key not in rows["id"]}
        elif event.kind == UNTIL and draw.integers(4) == 0:
            seen.append([column.tolist() for column in engine.observe()])
            seen.append([row[1:] for row in engine.live()[NAMES].tolist()])
            seen.append([engine.row(int(slot)).tolist()[1:] for slot in engine.live()["slot"]])
            seen.append([engine.queue(server)["id"].tolist() for server in range(len(servers))])
            lent = lend(engine, lent, int(draw.integers(len(servers))))
            engine.set_slowdown(int(draw.integers(len(servers))), float(draw.uniform(0.5, 2)))
            engine.set_cost(int(draw.integers(len(servers))), int(draw.integers(2)))
            if len(rows := engine.live()):
                engine.preempt(int(rows["slot"][draw.integers(len(rows))]))
            shuffle(engine, int(draw.integers(len(servers))), draw)
            if servers[0].device == 0:
                claimed += 50 if engine.claim(0, 50) else 0
        elif event.kind == UNTIL and draw.integers(8) == 0:
            broken = int(draw.integers(len(servers)))
            failed = engine.fail(broken)
            seen += [failed, engine.adapters(broken).tolist()]
            held += failed
            slots = {key: slot for key, slot in slots.items() if key not in {moved.id for moved in failed}}
            engine.set_active(broken, True)
        elif held:
            put(held.pop(), int(draw.integers(len(servers))))
        elif slots:
            put(engine.withdraw(slots.pop(min(slots))), int(draw.integers(len(servers))))
            if claimed and draw.integers(2):
                assert engine.claim(0, -claimed)
                claimed = 0
    if lent is not None:
        engine.reserve(lent, -10)
    assert engine.ended == len(arrivals)
    assert_nothing_held(engine)
    return seen


NAMES = ["slot", "id", "server", "state", "prompt", "produced", "computed", "blocks", "priority", "arrival_s"]


def shuffle(engine: Engine, server: int, draw: np.random.Generator) -> None:
    """Another order of a queue: the requests with odd numbers first, or last."""
    rows = engine.queue(server)
    if len(rows):
        engine.reorder(server, rows["slot"][np.argsort((rows["id"] + draw.integers(2)) % 2, kind="stable")])


def lend(engine: Engine, lent: int | None, server: int) -> int | None:
    """Take ten blocks from a server, or give back those of the one that lent them."""
    if lent is not None:
        assert engine.reserve(lent, -10)
        return None
    return server if engine.reserve(server, 10) else None


@pytest.mark.parametrize("seed", range(40))
def test_both_engines_agree_however_a_caller_meddles(seed: int) -> None:
    for one, other in zip(meddled(CompiledEngine, seed), meddled(ReferenceEngine, seed), strict=True):
        assert str(one) == str(other)


@pytest.mark.parametrize("kind", ENGINES)
def test_equal_steps_of_a_lone_request(kind: Callable[..., Engine]) -> None:
    """One prompt of 100 tokens in two chunks, then 9 more tokens: 11 steps of a millisecond."""
    engine = kind([flat_cost(0.001)], [ServerSpec(cost=0, kv_blocks=10, max_tokens=64)])
    engine.feed(Arrivals(np.array([1.0]), np.array([100]), np.array([10])), np.zeros(1, dtype=np.int64), 5)
    assert engine.advance(math.inf).kind == STARVED
    (row,) = engine.done()
    assert row["id"] == 5 and row["scheduled_s"] == 1.0
    assert row["first_token_s"] == pytest.approx(1.002) and row["last_token_s"] == pytest.approx(1.011)
    assert row["status"] == OK and row["output_tokens"] == 10


@pytest.mark.parametrize("kind", ENGINES)
def test_what_can_never_fit_is_told(kind: Callable[..., Engine]) -> None:
    engine = kind([flat_cost()], [ServerSpec(cost=0, kv_blocks=4)])
    lengths = np.array([65, 60]), np.array([1, 30])
    engine.feed(Arrivals(np.zeros(2), *lengths), np.zeros(2, dtype=np.int64), 0)
    engine.advance(math.inf)
    assert engine.done()["status"].tolist() == [TOO_LONG, OUT_OF_MEMORY]


@pytest.mark.parametrize("kind", ENGINES)
def test_cached_content_is_not_computed_again(kind: Callable[..., Engine]) -> None:
    """Two equal prompts of 64 tokens, one after the other: the second computes its last block alone."""
    engine = kind([linear_cost(0.001)], [ServerSpec(cost=0, kv_blocks=100)])
    content = {"hash_ids": np.array([1, 2, 1, 2]), "hash_starts": np.array([0, 2, 4]), "hash_tokens": 32}
    engine.feed(
        Arrivals(np.array([0.0, 9.0]), np.full(2, 64), np.ones(2, dtype=np.int64), **content),
        np.zeros(2, dtype=np.int64),
        0,
    )
    engine.advance(math.inf)
    done = engine.done()
    assert done["cached_tokens"].tolist() == [0, 32]
    assert np.diff([done["scheduled_s"], done["first_token_s"]], axis=0)[0] == pytest.approx([0.064, 0.032])


@pytest.mark.parametrize("kind", ENGINES)
def test_tokens_out_are_the_tokens_asked_for(kind: Callable[..., Engine]) -> None:
    """Memory for a few requests, many at once: preemption recomputes, and neither invents nor loses tokens."""
    arrivals = requests(60, 1000.0, prompt=100, output=100)
    engine = kind([gpu_cost()], [ServerSpec(cost=0, kv_blocks=40, max_seqs=30)])
    engine.feed(arrivals, np.zeros(60, dtype=np.int64), 0)
    engine.advance(math.inf)
    done = np.sort(engine.done(), order="id")
    assert done["preemptions"].sum() > 0
    assert (done["output_tokens"] == arrivals.output_tokens).all()


def test_time_goes_on_in_parts_as_at_once() -> None:
    """Where a run of equal steps is cut does not matter."""
    arrivals, servers = drawn_world(3)
    whole = run_to_end(CompiledEngine, arrivals, servers)
    engine = CompiledEngine([gpu_cost(), linear_cost(3e-5)], servers)
    targets = stream(7, "targets").integers(0, len(servers), len(arrivals))
    for start in range(0, len(arrivals), 7):
        part = arrivals.part(start, start + 7)
        engine.feed(part, targets[start : start + 7], start, more=start + 7 < len(arrivals))
        while engine.advance(engine.now + 0.05).kind == UNTIL and engine.now < 1e4:
            pass
    assert same(whole, engine.done())
