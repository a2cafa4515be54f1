"""Conversations, agents and trees share the prefixes that their making says, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routelab.core.arrivals import Arrivals
from routelab.core.errors import InputError
from routelab.core.seeds import stream
from routelab.workload.arrivals import (
    AdapterPopularity,
    Agents,
    Fixed,
    Lognormal,
    Poisson,
    Popularity,
    Sessions,
    Trees,
    Uniform,
    default_workload,
    join,
    merged,
    phase_shifted,
    scaled,
)
from routelab.workload.arrivals.structured import Structured

TEXT = Uniform(least=1, most=200)
SHAPES = st.fixed_dictionaries(
    {
        "starts": st.just(Poisson(rate=2)),
        "n": st.integers(1, 12),
        "system_tokens": st.integers(0, 100),
        "system_prompts": st.integers(1, 3),
        "hash_tokens": st.sampled_from([1, 16, 64]),
        "keep_answers": st.booleans(),
        "first": st.just(TEXT),
        "answer": st.just(TEXT),
    }
)
WORKLOADS: st.SearchStrategy[Structured] = SHAPES.flatmap(
    lambda shape: st.one_of(
        st.builds(lambda turns: Sessions(**shape, follow=TEXT, turns=turns, think_s=1), st.floats(1, 5)),
        st.builds(
            lambda widths: Agents(**shape, instructions=TEXT, widths=tuple(widths)),
            st.lists(st.integers(1, 3), min_size=1, max_size=4),
        ),
        st.builds(
            lambda depth, branches: Trees(**shape, follow=TEXT, depth=depth, branches=branches),
            st.integers(1, 4),
            st.integers(1, 3),
        ),
    )
)


def content(arrivals: Arrivals, row: int) -> list[int]:
    return arrivals.hash_ids[slice(*arrivals.hash_starts[row : row + 2])].tolist()


def shared(one: list[int], other: list[int]) -> int:
    """How many blocks two prompts begin with alike."""
    differing = (place for place, (a, b) in enumerate(zip(one, other)) if a != b)
    return next(differing, min(len(one), len(other)))


@settings(deadline=None)
@given(WORKLOADS, st.integers(0, 50))
def test_content_is_shared_only_at_the_beginning(workload: Structured, seed: int) -> None:
    """No block comes twice in a prompt, nor in two prompts at different places or after something that differs."""
    made = workload.arrivals(seed)
    covered = made.input_tokens + (made.output_tokens if workload.keep_answers else 0)
    assert (np.diff(made.hash_starts) == covered // workload.hash_tokens).all()
    rows = [content(made, row) for row in range(len(made))]
    for row, one in enumerate(rows):
        for other in rows[:row]:
            same = shared(one, other)
            assert not set(one[same:]) & set(other[same:])


@given(WORKLOADS, st.integers(0, 50))
def test_every_task_shares_its_system_prompt(workload: Structured, seed: int) -> None:
    made = workload.arrivals(seed)
    whole = workload.system_tokens // workload.hash_tokens
    prompts = {tuple(content(made, row)[:whole]) for row in range(len(made))}
    assert len(prompts) <= (workload.system_prompts if whole else 1)
    assert (made.input_tokens > workload.system_tokens).all()


@given(WORKLOADS, st.integers(0, 50))
def test_the_same_seed_gives_the_same_bytes(workload: Structured, seed: int) -> None:
    one, two = workload.arrivals(seed), workload.arrivals(seed)
    for name in ("time_s", "input_tokens", "output_tokens", "session", "hash_ids", "hash_starts"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()


def test_a_conversation_goes_on_from_prompt_and_answer() -> None:
    made = Sessions(
        starts=Poisson(rate=1),
        n=40,
        first=TEXT,
        follow=TEXT,
        answer=TEXT,
        turns=4,
        think_s=2,
        hash_tokens=16,
        keep_answers=True,
    ).arrivals(0)
    for session in range(40):
        rows = np.flatnonzero(made.session == session)
        for before, after in pairwise(rows):
            known = made.input_tokens[before] + made.output_tokens[before]
            assert made.input_tokens[after] > known
            assert made.time_s[after] >= made.time_s[before] + made.output_tokens[before] * 0.02
            assert content(made, after)[: known // 16] == content(made, before)


def test_a_conversation_ends_at_the_longest_context() -> None:
    made = Sessions(
        starts=Poisson(rate=1), n=9, first=TEXT, follow=TEXT, answer=TEXT, turns=50, think_s=2, most_tokens=1000
    ).arrivals(0)
    assert 800 < made.input_tokens.max() <= 1000


def test_a_tree_of_depth_four_is_fifteen_prompts_that_share_their_path() -> None:
    made = Trees(
        starts=Poisson(rate=1),
        n=1,
        first=Fixed(tokens=100),
        follow=Fixed(tokens=20),
        answer=Fixed(tokens=12),
        depth=4,
        branches=2,
        hash_tokens=4,
        keep_answers=True,
    ).arrivals(0)
    assert np.bincount(made.input_tokens).nonzero()[0].tolist() == [100, 132, 164, 196]
    assert np.bincount(made.input_tokens)[[100, 132, 164, 196]].tolist() == [1, 2, 4, 8]
    leaves = [content(made, row) for row in np.flatnonzero(made.input_tokens == 196)]
    assert sorted(shared(leaves[0], leaf) * 4 for leaf in leaves[1:]) == [112] * 4 + [144] * 2 + [176]


def test_trees_with_four_branches_are_those_of_skylb() -> None:
    tree = Trees(starts=Poisson(rate=1), n=3, first=TEXT, follow=TEXT, answer=TEXT, depth=4, branches=4)
    assert len(tree.arrivals(0)) == 3 * 85


def test_calls_side_by_side_share_what_was_known_before_them() -> None:
    made = Agents(
        starts=Poisson(rate=1),
        n=1,
        first=Fixed(tokens=64),
        instructions=Fixed(tokens=16),
        answer=Fixed(tokens=16),
        widths=(1, 3, 1),
        hash_tokens=16,
        keep_answers=True,
    ).arrivals(0)
    assert made.input_tokens.tolist() == [80, 112, 112, 112, 160]
    plan, one, two, _, last = (content(made, row) for row in range(5))
    assert [shared(plan, one), shared(one, two), shared(one, last)] == [6, 6, 6]


def test_scaling_multiplies_requests_and_keeps_pattern_and_sharing() -> None:
    trace = Sessions(starts=Poisson(rate=1), n=500, first=TEXT, follow=TEXT, answer=TEXT, turns=3, think_s=2).arrivals(
        0
    )
    more = scaled(trace, 3, stream(0, "s"))
    less = scaled(trace, 0.25, stream(0, "s"))
    assert len(more) == 3 * len(trace)
    assert len(less) == pytest.approx(0.25 * len(trace), rel=0.2)
    assert len(np.unique(more.hash_ids)) == 3 * len(np.unique(trace.hash_ids))
    assert len(np.unique(more.session)) == 3 * len(np.unique(trace.session))
    assert more.time_s[-1] <= trace.time_s[-1]
    edges = np.linspace(0, trace.time_s[-1], 30)
    before, after = np.histogram(trace.time_s, edges)[0], np.histogram(more.time_s, edges)[0]
    assert np.corrcoef(before, after)[0, 1] > 0.95


def test_merging_matches_names_and_keeps_content_apart() -> None:
    one = Sessions(
        starts=Poisson(rate=1), n=9, first=TEXT, follow=TEXT, answer=TEXT, turns=2, think_s=1, region="eu"
    ).arrivals(0)
    plain = default_workload(0, 1.0, 20)
    both = merged([one, one, plain])
    assert (np.diff(both.time_s) >= 0).all()
    assert len(np.unique(both.hash_ids)) == 2 * len(np.unique(one.hash_ids))
    assert both.regions == ("eu", "")
    assert np.bincount(both.region).tolist() == [2 * len(one), len(plain)]
    assert (both.session == -1).sum() == len(plain)


def test_popularity_is_zipf_and_idle_models_get_nothing() -> None:
    trace = default_workload(0, 50, 1200)
    plain = Popularity(models=("a", "b", "c")).assign(trace, stream(0, "m"))
    assert np.bincount(plain.model) / len(trace) == pytest.approx(np.array([6, 3, 2]) / 11, abs=0.01)
    gaps = Popularity(models=("a", "b", "c"), on_s=60, off_s=60).assign(trace, stream(0, "m"))
    longest = [np.diff(gaps.time_s[gaps.model == model]).max() for model in range(3)]
    assert min(longest) > 20
    with pytest.raises(InputError, match="one of them"):
        Popularity(models=("a",), on_s=3).assign(trace, stream(0, "m"))


def test_regions_share_no_session_and_are_moved() -> None:
    trace = Sessions(starts=Poisson(rate=1), n=90, first=TEXT, follow=TEXT, answer=TEXT, turns=3, think_s=2).arrivals(0)
    moved = phase_shifted(trace, ("eu", "us", "asia"), 30.0)
    assert len(moved) == len(trace)
    assert all(len(set(moved.region[moved.session == each].tolist())) == 1 for each in range(90))
    home = moved.region == 0
    assert set(moved.time_s[home].tolist()) <= set(trace.time_s.tolist())
    assert moved.time_s.max() <= trace.time_s.max()


@given(st.integers(0, 200), st.integers(1, 60))
def test_a_join_uses_every_query_before_any_twice(n: int, queries: int) -> None:
    trace = default_workload(0, 10, 60).part(0, n)
    joined = join(trace, queries, stream(0, "j"))
    counts = np.bincount(joined.arrivals.query, minlength=queries)
    assert counts.max() - counts.min() <= 1
    assert f"{queries} queries" in joined.assumption


def test_a_join_needs_queries() -> None:
    with pytest.raises(InputError):
        join(default_workload(0, 1, 10), 0, stream(0, "j"))


def test_a_tree_that_is_too_large_is_refused() -> None:
    with pytest.raises(InputError, match="at most"):
        Trees(
            starts=Poisson(rate=1), n=1, first=TEXT, follow=TEXT, answer=Lognormal(mean=9, cv=1), depth=30, branches=9
        ).arrivals(0)


def test_a_session_keeps_its_adapter_and_the_first_is_the_most_popular() -> None:
    sessions = np.repeat(np.arange(2000), 3)
    trace = Arrivals(np.arange(6000.0), np.full(6000, 10), np.full(6000, 10), session=sessions)
    adapter = AdapterPopularity(number=8, exponent=1.0, share=0.75).assign(trace, stream(0, "a")).adapter
    assert (adapter.reshape(-1, 3) == adapter[::3, None]).all()
    counts = np.bincount(adapter + 1, minlength=9) / 6000
    assert counts[0] == pytest.approx(0.25, abs=0.03)
    assert counts[1] / counts[2] == pytest.approx(2.0, rel=0.2) and (counts > 0).all()
