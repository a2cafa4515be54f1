"""BlendServe: densities and trees by hand, nobody lost, and a blend that is faster only where densities differ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fleets import fleet_of, gpu_cost
from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Ints
from routelab.core.seeds import stream
from routelab.pool.fleet.build import Fleet
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.policies.blend_tree import Node, Rates, distinct_tokens, estimated, grow, split
from routelab.pool.fleet.policies.blendserve import BlendServe, OracleBlendServe
from routelab.pool.fleet.policies.offline import DepthFirst, RandomOrder
from routelab.pool.fleet.policy import Policy, Request
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.simulator import Simulation

RATES = Rates(token_s=1.0, pair_s=0.0, key_s=0.001, unit=10)


def request(name: int, prompt: int, *content: int) -> Request:
    return Request(name, 0.0, prompt, 0, 0, 0, -1, -1, -1, content)


def names(node: Node) -> list[int]:
    return [leaf.requests[0].id for leaf in node.leaves()]


def test_a_tree_brings_together_what_begins_alike() -> None:
    tree = grow(
        [request(0, 30, 1, 2, 3), request(1, 25, 7, 8), request(2, 30, 1, 2, 4), request(3, 15, 1), request(4, 5)]
    )
    assert names(tree) == [0, 2, 3, 1, 4]
    assert distinct_tokens(tree, 10) == 30 + 10 + 5 + 25 + 5


def test_densities_by_hand_count_a_shared_prefix_once() -> None:
    tree = grow([request(0, 30, 1, 2, 3), request(1, 30, 1, 2, 4)])
    tree.weigh(RATES, {0: 10.0, 1: 20.0})
    assert tree.compute_s == pytest.approx(20 + (10 + 10) + (10 + 20))
    assert tree.memory_s == pytest.approx(0.001 * (10 * 35 + 20 * 40))


def test_lengths_are_those_of_the_smallest_subtree_that_was_sampled() -> None:
    tree = grow([request(0, 30, 1, 2, 3), request(1, 30, 1, 2, 4), request(2, 30, 1, 5, 6), request(3, 30, 9)])
    found = estimated(tree, {0: 8.0, 2: 4.0}, 100.0)
    assert found == {0: 8.0, 1: 8.0, 2: 4.0, 3: 6.0}


def test_splitting_keeps_everybody_and_nearly_all_sharing() -> None:
    draw = stream(0, "split")
    pool = [request(k, 40, *(int(draw.integers(5)) * 100 + d for d in range(3)), 1000 + k) for k in range(400)]
    lengths = {k: float(draw.integers(1, 200)) for k in range(400)}
    tree = grow(pool)
    before = distinct_tokens(tree, 10)
    tree.weigh(RATES, lengths)
    tree.sort()
    split(tree, RATES, lengths, share=0.05)
    saved = sum(each.input_tokens for each in pool) - before
    assert sorted(names(tree)) == list(range(400))
    assert 0 < distinct_tokens(tree, 10) - before <= 0.05 * saved + 10 * 40


def pool(n: int = 600, *, groups: int = 5, alike: bool = False) -> Arrivals:
    """All at once: short answers to long prompts, long answers to short ones; a group shares half a prompt."""
    draw = stream(0, "pool")
    dense = draw.random(n) < 0.9
    prompt = np.full(n, 256) if alike else np.where(dense, 512, 64)
    output = np.full(n, 40) if alike else np.where(dense, 4, 400)
    group = draw.integers(0, groups, n) + np.where(dense, 0, groups)
    blocks: Ints = prompt // 32
    starts = np.concatenate([[0], np.cumsum(blocks)])
    place = np.arange(starts[-1]) - np.repeat(starts[:-1], blocks)
    own = 100_000 + np.arange(starts[-1])
    ids = np.where(place < np.repeat(blocks // 2, blocks), 100 * np.repeat(group, blocks) + place, own)
    return Arrivals(np.zeros(n), prompt, output, hash_ids=ids, hash_starts=starts, hash_tokens=32)


def one_server(rule: str) -> Fleet:
    """Only keys are read: were weights, too, fewer steps would be a gain of their own."""
    cost = gpu_cost()
    cost = replace(cost, tokens=cost.tokens * [1, 1, 0, 0], rule=rule, fixed_s=0.0, decode_memory_s=5e-7)
    return fleet_of([ServerSpec(cost=0, kv_blocks=1500, max_tokens=512)], [cost])


def served(policy: Policy, arrivals: Arrivals, rule: str = "max") -> Run:
    run = Simulation(one_server(rule), policy).run(arrivals)
    assert run.ok.all() and len(run.requests) == len(arrivals)
    return run


@pytest.mark.parametrize("policy", [DepthFirst, RandomOrder, BlendServe, OracleBlendServe])
def test_every_order_serves_everybody_whole(policy: type[DepthFirst]) -> None:
    arrivals = pool()
    run = served(policy(32), arrivals)
    assert (run.requests["output_tokens"] == arrivals.output_tokens).all()


def test_a_blend_is_faster_where_steps_overlap() -> None:
    first, blend = served(DepthFirst(32), pool()), served(BlendServe(32), pool())
    assert first.span_s / blend.span_s > 1.1
    assert blend.requests["cached_tokens"].sum() > 0.9 * first.requests["cached_tokens"].sum()


def test_there_is_nothing_to_gain_where_all_are_alike_or_nothing_overlaps() -> None:
    alike = [served(policy(32), pool(alike=True)).span_s for policy in (DepthFirst, BlendServe)]
    turns = [served(policy(32), pool(), "sum").span_s for policy in (DepthFirst, BlendServe)]
    assert alike[0] / alike[1] == pytest.approx(1.0, abs=0.03)
    assert turns[0] / turns[1] == pytest.approx(1.0, abs=0.03)


def test_a_random_order_loses_shared_prefixes() -> None:
    many = pool(groups=120)
    first, mixed = served(DepthFirst(32), many), served(RandomOrder(32), many)
    assert mixed.requests["cached_tokens"].sum() < first.requests["cached_tokens"].sum()
