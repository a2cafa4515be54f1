"""RouterArena's formulas: against its published leaderboard, by hand, and the bootstrap against theory."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routelab.arena.profiles import PROFILES, Rows, arena_score, score_rows
from routelab.arena.profiles.routerarena import (
    call_cost_usd,
    find_price,
    optimality_columns,
    profile_named,
    robustness,
)
from routelab.core import InputError
from shared import needs_shared, shared_data

EXACT, DEFAULT = PROFILES["routerarena"], PROFILES["default"]
FLIP_LABELS_OF = {
    "AgentForge Router": "agentforge-router",
    "AsiaInfo-Router": "flip:asiainfo",
    "Auto Router": "auto_router",
    "Cross-Router": "flip:cross-router",
    "Divyam": "flip:divyam",
    "Hybrid Router": "hybrid-router",
    "LLM Router": "llm-router",
    "Lynkr": "flip:lynkr",
    "Nadir Router": "nadir-cascade-v2",
    "OrcaRouter-Adaptive": "orcarouter-adaptive",
    "R2-Router": "r2-router",
    "RouterDC": "flip:routerDC",
    "Weave Router": "weave-router",
    "carrot": "flip:CARROT",
    "chuzom-solo-v32": "flip:chuzom-solo-v32",
    "nadir-caliper": "flip:nadir-caliper",
    "notdiamond": "flip:notdiamond",
    "routerbench_knn": "flip:knn",
    "routerbench_mlp": "flip:mlp",
    "vllm": "vllm-sr",
}


def test_arena_score_by_hand() -> None:
    # Cost at the ceiling earns nothing, at the floor everything; in the geometric middle C = 1/2.
    assert arena_score(0.8, 200.0) == 0
    assert arena_score(0.8, 0.0044) == pytest.approx(1.1 * 0.8 / (0.08 + 1))
    assert arena_score(0.8, math.sqrt(200 * 0.0044)) == pytest.approx(1.1 * 0.8 * 0.5 / (0.08 + 0.5))
    assert arena_score(0.8, 1e-9) == arena_score(0.8, 0.0044) < arena_score(0.8, 1e-9, clamped=False)
    assert arena_score(0.0, 200.0) == 0
    assert np.isnan(arena_score([0.5, 0.5], [0.0, np.nan])).all()


@needs_shared
def test_arena_score_of_every_published_row_agrees_within_the_rounding_of_its_inputs() -> None:
    board = pl.read_parquet(shared_data("routerarena", "leaderboard.parquet"))
    assert len(board) == 33
    for name, published, accuracy, cost in board.select(
        "Router Name", "Arena Score", "Accuracy", "Cost per 1k"
    ).iter_rows():
        half_digit = float(Decimal(1).scaleb(Decimal(str(cost)).as_tuple().exponent)) / 2
        low = 100 * arena_score((accuracy - 0.005) / 100, cost + half_digit)
        high = 100 * arena_score((accuracy + 0.005) / 100, cost - half_digit)
        assert low - 0.005 <= published <= high + 0.005, name


@needs_shared
def test_robustness_from_flip_labels_is_the_published_one() -> None:
    board = pl.read_parquet(shared_data("routerarena", "leaderboard.parquet"))
    labels = pl.read_parquet(shared_data("routerarena", "decisions.parquet")).filter(pl.col("flip").is_not_null())
    published = dict(board.select("Router Name", "Robustness Score").iter_rows())
    for router, key in FLIP_LABELS_OF.items():
        flips = labels.filter((pl.col("router") == key) & pl.col("robustness"))["flip"]
        assert round(100 * robustness(flips.to_numpy()), 2) == published[router], router


def test_reasoning_tokens_are_what_the_total_hides() -> None:
    tokens = np.array([[1e6, 1e6, 2.5e6], [1e6, 1e6, 0.0], [0.0, 0.0, 0.0]])
    assert call_cost_usd(tokens, np.full((3, 3), [1.0, 4.0, 6.0])).tolist() == [8.0, 5.0, 0.0]


def test_a_loose_price_is_the_first_name_that_contains_or_is_contained() -> None:
    prices = {"gpt-4": 1.0, "gpt-4o": 2.0}
    assert find_price("gpt-4o-mini", prices, loose=True) == 1.0
    assert find_price("gpt", prices, loose=True) == 1.0
    assert find_price("gpt-4o_batch", prices, loose=True) == 2.0
    assert find_price("claude", prices, loose=True) is None
    assert find_price("gpt-4o-mini", prices, loose=False) is None


def test_optimality_by_hand() -> None:
    nan = np.nan
    score = np.array([1.0, 1.0, 0.0, 0.0, 0.5])
    cost = np.array([3.0, 1.0, 1.0, 0.0, 2.0])
    others = np.array([[1.0, 0.0], [1.0, nan], [1.0, 1.0], [1.0, 0.0], [0.25, nan]])
    other_costs = np.array([[2.0, 1.0], [1.0, nan], [5.0, 4.0], [1.0, 1.0], [1.0, nan]])
    exact = optimality_columns(score, cost, others, other_costs, optimal_is_perfect=True)
    assert exact.tolist() == [
        [1, 0, 2, 3, 1, 1],  # right, but a perfect model was cheaper
        [1, 1, 1, 1, 1, 1],  # a tie in cost goes to the router
        [1, 0, 0, 0, 0, 1],  # wrong: its low cost earns nothing
        [0, 0, 0, 0, 0, 0],  # wrong and free: dropped
        [0, 0, 0, 0, 0, 0],  # nobody was perfect: dropped
    ]
    mended = optimality_columns(score, cost, others, other_costs, optimal_is_perfect=False)
    assert mended[:, 0].tolist() == [1, 1, 1, 1, 1]
    assert mended[4].tolist() == [1, 1, 2, 2, 0.5, 0.5]


def rows(score: list[float], cost: list[float] | None = None, **changes: object) -> Rows:
    """Rows of one stratum in which everything is valid and nothing else was measured."""
    size = len(score)
    fields: dict[str, object] = {
        "strata": np.zeros(size, dtype=np.int64),
        "score": np.array(score),
        "cost_usd": np.array(cost or [0.001] * size),
        "valid": np.ones(size, dtype=bool),
        "similar": np.zeros(size, dtype=bool),
        "flip": np.full(size, np.nan),
        "pool": np.zeros(0, dtype=np.int64),
        "pool_score": np.zeros((0, 0)),
        "pool_cost_usd": np.zeros((0, 0)),
    }
    return Rows(**fields | changes)  # type: ignore[arg-type]


def value(graded: Rows, profile: object, metric: str) -> float:
    return float(score_rows(graded, profile, draws=10).overall[metric][0])  # type: ignore[arg-type]


def test_failed_calls_stay_in_the_denominators_and_only_default_bills_them() -> None:
    graded = rows([1.0, 0.0], [0.001, 0.003], valid=np.array([True, False]))
    assert value(graded, EXACT, "accuracy") == value(graded, DEFAULT, "accuracy") == 0.5
    assert value(graded, EXACT, "cost_per_1k_usd") == pytest.approx(0.5)
    assert value(graded, DEFAULT, "cost_per_1k_usd") == pytest.approx(2.0)


def test_text_similarity_is_averaged_in_or_kept_apart() -> None:
    graded = rows([1.0, 0.0, 0.4, -0.2], similar=np.array([False, False, True, True]))
    assert value(graded, EXACT, "accuracy") == pytest.approx(0.3)
    assert np.isnan(value(graded, EXACT, "similarity"))
    assert value(graded, DEFAULT, "accuracy") == 0.5
    assert value(graded, DEFAULT, "similarity") == pytest.approx(0.2)


def test_what_is_not_known_is_not_a_number() -> None:
    graded = rows([1.0, np.nan, 0.0], [0.001, np.nan, 0.001])
    assert value(graded, EXACT, "accuracy") == 0.5
    for metric in ("cost_per_1k_usd", "arena_score", "robustness", "selection"):
        assert np.isnan(value(graded, EXACT, metric))
    with pytest.raises(InputError, match='did you mean "default"'):
        profile_named("defualt")


def test_intervals_have_the_width_of_the_stratified_standard_error() -> None:
    rng = np.random.default_rng(1)
    strata = np.repeat(np.arange(30), 2)  # two rows each: where a plain bootstrap is too short by √2
    score = rng.random(60)
    low, high = score_rows(rows(score.tolist(), strata=strata), EXACT, draws=8000).overall["accuracy"][1:]
    variance = sum(4 * score[strata == task].var(ddof=1) / 2 for task in range(30)) / 60**2
    assert (high - low) / (2 * 1.96) == pytest.approx(math.sqrt(variance), rel=0.05)


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=2, max_size=40), st.integers(0, 3))
def test_the_same_seed_gives_the_same_bytes_and_intervals_hold_their_value(scores: list[float], seed: int) -> None:
    first, again = (score_rows(rows(scores), EXACT, draws=200, seed=seed) for _ in range(2))
    for metric, band in first.overall.items():
        assert band.tobytes() == again.overall[metric].tobytes()
    centre, low, high = first.overall["accuracy"]
    assert low <= high
    assert low - 0.5 <= centre <= high + 0.5


def test_slices_are_the_strata() -> None:
    graded = rows([1.0, 1.0, 0.0], strata=np.array([0, 0, 1]))
    assert score_rows(graded, EXACT, draws=10).by_stratum["accuracy"].tolist() == [[1, 0], [1, 0], [1, 0]]
