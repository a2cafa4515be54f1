"""Prefix-aware routing: the longest match among those that may be chosen, unless it is short or the load uneven."""

from __future__ import annotations

import numpy as np

from fleets import fleet_of, gpu_cost, requests
from routelab.core.arrivals import Arrivals
from routelab.pool.fleet.engine import ServerSpec
from routelab.pool.fleet.policies import load_policy
from routelab.pool.fleet.policies.load import LeastLoaded
from routelab.pool.fleet.policies.prefix import PrefixAware
from routelab.pool.fleet.policies.trie import Trie
from routelab.pool.fleet.simulator import Simulation

SERVER = ServerSpec(cost=0, kv_blocks=2000, max_seqs=64, max_tokens=1024)


def asked(contents: list[list[int]], gap_s: float = 1.0, output: int = 8) -> Arrivals:
    """Prompts of whole blocks of 16 tokens, and a token of their own."""
    n, sizes = len(contents), [len(each) for each in contents]
    return Arrivals(
        time_s=gap_s * np.arange(n),
        input_tokens=16 * np.array(sizes) + 1,
        output_tokens=np.full(n, output),
        hash_ids=np.concatenate(contents).astype(np.int64),
        hash_starts=np.concatenate([[0], np.cumsum(sizes)]),
    )


def test_a_match_ends_where_no_target_was_sent_more() -> None:
    trie: Trie[str] = Trie()
    trie.insert([1, 2, 3, 4], "a")
    trie.insert([1, 2, 9], "b")
    assert trie.match([1, 2, 3, 5], ["a", "b"]) == (0.75, ["a"])
    assert trie.match([1, 2, 3, 5], ["b"]) == (0.5, ["b"])
    assert trie.match([1, 2], ["a", "b", "c"]) == (1.0, ["a", "b"])
    assert trie.match([], ["c"]) == (0.0, ["c"])


def test_what_was_not_sent_for_longest_is_forgotten_from_its_end() -> None:
    trie: Trie[str] = Trie(most=4)
    trie.insert([1, 2, 3], "a")
    trie.insert([5, 6], "b")
    assert trie.match([1, 2, 3], ["a"]) == (2 / 3, ["a"])
    assert trie.match([5, 6], ["b"]) == (1.0, ["b"])


def test_a_short_match_explores_the_least_loaded() -> None:
    trie: Trie[int] = Trie()
    trie.insert([1, 2, 3, 4], 0)
    load = [5.0, 1.0]
    assert trie.choose([1, 2, 3, 9], [0, 1], load.__getitem__, 0.5) == 0
    assert trie.choose([1, 8, 7, 9], [0, 1], load.__getitem__, 0.5) == 1


def test_what_begins_alike_goes_to_one_server_and_hits_its_cache() -> None:
    families = [[100 * (row % 4) + block for block in range(20)] for row in range(40)]
    run = Simulation(fleet_of([SERVER] * 4, [gpu_cost()]), PrefixAware()).run(asked(families, gap_s=0.01))
    servers = run.requests["server"]
    assert [len(set(servers[family::4].tolist())) for family in range(4)] == [1, 1, 1, 1]
    assert len(set(servers.tolist())) > 1


def test_an_uneven_load_goes_before_a_match() -> None:
    same = asked([list(range(20))] * 200, gap_s=1e-4, output=200)
    run = Simulation(fleet_of([SERVER] * 2, [gpu_cost()]), PrefixAware()).run(same)
    first = np.bincount(run.requests["server"][:60], minlength=2)
    assert first[0] == 60 and (run.requests["server"] == 1).sum() > 40


def test_it_hits_more_than_load_alone() -> None:
    shared = requests(1500, 60.0, shared=True)
    hits = [
        Simulation(fleet_of([SERVER] * 4, [gpu_cost()]), policy).run(shared).summary()["prefix_hit_rate"]
        for policy in (PrefixAware(), LeastLoaded())
    ]
    assert hits[0] > hits[1]


def test_it_is_registered() -> None:
    assert isinstance(load_policy("prefix-aware"), PrefixAware)
