"""In-sample figures of real public tables agree with an independent computation of their headroom.

Expected values: best single accuracy, oracle accuracy, queries, arms, and for tables whose costs were measured
the cost per thousand queries of the cheapest-correct oracle (relative tolerance 1 %).
"""

from __future__ import annotations

import pytest

from routelab.arena import evaluate
from routelab.outcomes.importers import open_table
from shared import needs_shared, shared_data

EXPECTED = {
    "alpaca_eval1": (754, 53, 0.979, 1.000, None),
    "alpaca_eval2": (797, 57, 0.706, 0.901, None),
    "llmrouter_nim9": (5608, 9, 0.621, 0.802, None),
    "mmlu_pro": (12002, 28, 0.702, 0.945, None),
    "omnisbench": (399, 2, 0.987, 0.990, 3.76),
    "open_llm_lb_v2_carrot": (21606, 18, 0.564, 0.974, None),
    "routellm": (15441, 2, 0.811, 0.865, None),
    "routerbench_part": (2440, 11, 0.871, 0.967, 0.212),
    "routerdc_7b_pool": (20600, 7, 0.495, 0.710, None),
    "superhard_2026": (56, 17, 1.000, 1.000, 0.922),
}
SLICED = {
    ("eval_arena_code", "source=cruxeval_input"): (800, 37, 0.757, 0.949),
    ("eval_arena_code", "source=cruxeval_output"): (800, 37, 0.820, 0.947),
}


def _in_sample(name: str, **where: str):  # type: ignore[no-untyped-def]
    table = open_table(shared_data("routing", name))
    table = table.select(where=where) if where else table
    return evaluate([], table, protocol="in-sample", draws=100, timing=False)


@needs_shared
@pytest.mark.parametrize("name", EXPECTED)
def test_in_sample_figures_agree_with_the_headroom_table(name: str) -> None:
    queries, arms, best, oracle, cheapest_correct = EXPECTED[name]
    result = _in_sample(name)
    assert (result.data["table"]["queries"], result.data["table"]["arms"]) == (queries, arms)
    assert result.router("best-single")["accuracy"]["value"] == pytest.approx(best, abs=0.0006)
    assert result.router("oracle")["accuracy"]["value"] == pytest.approx(oracle, abs=0.0006)
    assert "in-sample" in " ".join(result.data["notes"])
    cost = result.router("oracle")["cost_per_1k_usd"]
    if cheapest_correct is not None:
        assert cost["value"] == pytest.approx(cheapest_correct, rel=0.01)
    elif result.data["table"]["costs"] == "unknown":
        assert cost["value"] is None and "unknown" in cost["why"]


@needs_shared
@pytest.mark.parametrize(("name", "where"), SLICED)
def test_slices_of_sparse_tables_agree_too(name: str, where: str) -> None:
    queries, arms, best, oracle = SLICED[name, where]
    column, value = where.split("=")
    result = _in_sample(name, **{column: value})
    assert (result.data["table"]["queries"], result.data["table"]["arms"]) == (queries, arms)
    assert result.router("best-single")["accuracy"]["value"] == pytest.approx(best, abs=0.0006)
    assert result.router("oracle")["accuracy"]["value"] == pytest.approx(oracle, abs=0.0006)
