"""A realistic result made from a seed, for tests of what people see. The numbers are invented."""

from __future__ import annotations

import math
from typing import Any

from routelab.core.seeds import stream

ARMS = {
    "local/qwen-0.5b": (0.44, 0.011),
    "local/smol-1.7b": (0.53, 0.031),
    "local/qwen-1.5b": (0.61, 0.028),
    "local/qwen-1.5b@low#cot": (0.66, 0.083),
    "local/phi-3.8b": (0.71, 0.21),
}
DOMAINS = ("arithmetic", "code", "language", "logic", "tables")
DIFFICULTIES = ("easy", "medium", "hard")
ROUTERS = {  # name: gain over best single, cost, saving
    "bilinear-utility": (0.031, 0.135, 0.34),
    "linear-guarded": (0.026, 0.142, 0.29),
    "forest-utility": (0.022, 0.118, 0.38),
    "knn-threshold": (0.009, 0.121, 0.30),
    "group-mean": (0.004, 0.109, 0.27),
    "bradley-terry": (-0.004, 0.124, None),
    "length-cascade": (-0.021, 0.094, None),
    "cheapest-sufficient": (-0.038, 0.061, None),
}
BASELINES = {
    "random": (0.59, 0.073),
    "cheapest": (0.44, 0.011),
    "best-single": (0.71, 0.21),
    "task-best": (0.724, 0.151),
    "length-only": (0.70, 0.16),
    "knn": (0.712, 0.122),
    "shuffled": (0.702, 0.19),
    "oracle": (0.868, 0.052),
    "oracle-transferable": (0.752, 0.112),
    "oracle-small-pool": (0.831, 0.066),
    "hull": (0.69, 0.16),
}


def metric(value: float | None, half: float = 0.0, why: str = "not defined here") -> dict[str, Any]:
    """One metric of the contract."""
    if value is None:
        return {"value": None, "low": None, "high": None, "why": why}
    return {"value": value, "low": value - half, "high": value + half}


def sample_result(seed: int = 0, *, costs: bool = True, injected: str = "") -> dict[str, Any]:
    """The whole dictionary; ``injected`` ends up in a prompt, a router's description and a note."""
    rng = stream(seed, "sample-result")
    routers = [_router(rng, name, *figures, costs=costs) for name, figures in ROUTERS.items()]
    routers += [_baseline(rng, name, *figures, costs=costs) for name, figures in BASELINES.items()]
    routers[0]["description"] += injected
    routers[0]["losses"][0]["prompt"] += injected
    return {
        "schema_version": 1,
        "routelab_version": "0.1.0",
        "table": {
            "name": "starter",
            "queries": 600,
            "arms": len(ARMS),
            "hash": "0f1e2d3c4b5a6978",
            "arm_ids": list(ARMS),
            "costs": "measured" if costs else "unknown",
        },
        "protocol": "cross-fit",
        "folds": 5,
        "repeats": 5,
        "profile": "default",
        "seed": seed,
        "confidence": 0.95,
        "draws": 1000,
        "estimand": "expected accuracy of the recipe, trained on a table of this size, on new queries",
        "minimum_detectable_difference": {"accuracy": 0.012},
        "rank_metric": "arena_score",
        "notes": [f"Tasks are fixed strata.{injected}", "Price ties go to the arm that is better on train."],
        "skipped": [{"name": "dense-knn", "why": "the package 'wordllama' is not installed"}],
        "arms": [
            {"id": arm, "accuracy": metric(accuracy, 0.018), "cost_per_1k_usd": _cost(cost, costs)}
            for arm, (accuracy, cost) in ARMS.items()
        ],
        "hull": [
            {"arm": arm, "cost_per_1k_usd": ARMS[arm][1], "accuracy": ARMS[arm][0]}
            for arm in ("local/qwen-0.5b", "local/qwen-1.5b", "local/qwen-1.5b@low#cot", "local/phi-3.8b")
        ]
        if costs
        else [],
        "routers": routers,
    }


def _cost(cost: float, known: bool) -> dict[str, Any]:
    return metric(cost, 0.06 * cost) if known else metric(None, why="the table names no costs")


def _arena(accuracy: float, cost: float) -> float:
    thrift = (math.log2(200) - math.log2(cost)) / (math.log2(200) - math.log2(0.0044))
    return 1.1 * accuracy * thrift / (0.1 * accuracy + thrift)


def _common(rng: Any, name: str, accuracy: float, cost: float, costs: bool) -> dict[str, Any]:
    return {
        "name": name,
        "recipe_hash": f"{rng.integers(2**63):016x}",
        "artifact_hash": None,
        "fit": "cross",
        "accuracy": metric(accuracy, 0.017),
        "cost_per_1k_usd": _cost(cost, costs),
        "arena_score": metric(_arena(accuracy, cost), 0.014) if costs else metric(None, why="no costs"),
        "delta_vs_best_single": metric(accuracy - 0.71, 0.011),
        "delta_vs_hull": metric(accuracy - 0.655, 0.013) if costs else metric(None, why="no costs"),
        "decision_latency_ms": {"p50": float(rng.uniform(0.02, 1.8)), "p99": float(rng.uniform(2, 6))},
        "picks": [{"arm": arm, "share": float(share)} for arm, share in zip(ARMS, rng.dirichlet([1.5] * len(ARMS)))],
        "collapse": metric(float(rng.uniform(0.1, 0.6)), 0.03),
    }


def _baseline(rng: Any, name: str, accuracy: float, cost: float, costs: bool) -> dict[str, Any]:
    row = _common(rng, name, accuracy, cost, costs)
    if name == "best-single":
        row["picks"] = [{"arm": "local/phi-3.8b", "share": 1.0}]
    return row | {"baseline": True, "description": f"the {name} yardstick", "rank": None}


def _router(rng: Any, name: str, gain: float, cost: float, saving: float | None, *, costs: bool) -> dict[str, Any]:
    accuracy, place = 0.71 + gain, list(ROUTERS).index(name)
    unreached = "equal quality is not reached on the training folds"
    row = _common(rng, name, accuracy, cost, costs)
    return row | {
        "baseline": False,
        "description": f"{name}: hashed n-grams, then the estimator its name says",
        "beats_best_single": {"p_adjusted": 0.002 if gain > 0.02 else 0.4, "significant": gain > 0.02},
        "above_hull": {"p_adjusted": 0.0002 if gain > 0 else 0.2, "significant": costs and gain > 0},
        "cost_saving_at_equal_quality": metric(saving, 0.05, unreached) if costs else metric(None, why="no costs"),
        "reach_probability": {"value": 0.97, "low": 0.96, "high": 0.98}
        if saving
        else {"value": 0.11, "low": 0.09, "high": 0.13},
        "quality_at_equal_cost": metric(accuracy + 0.006, 0.012),
        "regret_vs_oracle": metric(0.868 - accuracy, 0.012),
        "optimality": {
            "selection": metric(0.31 + gain, 0.02),
            "cost": metric(0.39, 0.03),
            "accuracy": metric(accuracy / 0.868, 0.02),
        },
        "robustness": metric(None, why="it always picks the same arm"),
        "selectivity": metric(0.0, 0.0),
        "flips": {"kept": metric(0.0, 0.0), "changed": metric(0.0, 0.0)},
        "pick_entropy": metric(float(rng.uniform(0.8, 2.1)), 0.05),
        "aiq": metric(0.67 + gain, 0.01),
        "apgr": metric(0.58 + gain, 0.02),
        "cpt": {"50": metric(0.23, 0.03), "80": metric(None, why="80 % of the gap is never recovered")},
        "rank": {"low": 1 + 3 * (place // 3), "high": min(len(ROUTERS), 3 + 3 * (place // 3))},
        "calibration": _calibration(rng),
        "recall_at_pick": [
            {"correct_arms": k, "value": v, "low": v - 0.05, "high": min(1.0, v + 0.05), "count": n}
            for k, v, n in (
                ("1", 0.34, 81),
                ("2", 0.61, 102),
                ("3", 0.77, 133),
                ("4", 0.91, 120),
                ("5", 1.0, 92),
            )
        ],
        "curve": _curve(accuracy, cost, costs),
        "slices": _slices(rng, gain),
        "losses": _losses(rng, name),
    }


def _curve(accuracy: float, cost: float, costs: bool) -> list[dict[str, Any]]:
    dials = [step / 10 for step in range(11)]
    top = accuracy + 0.008
    return [
        {
            "dial": dial,
            "accuracy": metric(0.44 + (top - 0.44) * (1 - math.exp(-3.2 * dial)) / (1 - math.exp(-3.2)), 0.015),
            "cost_per_1k_usd": _cost(0.011 * (1.6 * cost / 0.011) ** dial, costs),
        }
        for dial in dials
    ]


def _calibration(rng: Any) -> dict[str, Any]:
    bins = [(i + 0.5) / 10 for i in range(10)]
    observed = [min(1.0, max(0.0, 0.12 + 0.8 * p + float(rng.normal(0, 0.03)))) for p in bins]
    return {
        "brier": metric(0.171, 0.008),
        "ece": metric(0.043, 0.011),
        "bins": [
            {"predicted": p, "observed": o, "low": max(0.0, o - 0.06), "high": min(1.0, o + 0.06), "count": 60}
            for p, o in zip(bins, observed)
        ],
    }


def _slices(rng: Any, gain: float) -> dict[str, Any]:
    def cell(**names: str) -> dict[str, Any]:
        penalty = {"easy": 0.16, "medium": 0.0, "hard": -0.24}.get(names.get("difficulty", ""), 0.0)
        accuracy = min(0.99, max(0.05, 0.71 + gain + penalty + float(rng.normal(0, 0.07))))
        delta = metric(gain + float(rng.normal(0, 0.04)), 0.03)
        return names | {"queries": 40, "accuracy": metric(accuracy, 0.06), "delta_vs_best_single": delta}

    grid = [cell(domain=domain, difficulty=level) for domain in DOMAINS for level in DIFFICULTIES]
    grid[7] = grid[7] | {
        "accuracy": metric(None, why="no queries"),
        "delta_vs_best_single": metric(None),
        "queries": 0,
    }
    return {
        "domain": [cell(name=name) for name in DOMAINS],
        "difficulty": [cell(name=name) for name in DIFFICULTIES],
        "category": [cell(name=name) for name in ("count", "extract", "rewrite", "solve")],
        "form": [cell(name=name) for name in ("choice", "open")],
        "domain_difficulty": grid,
    }


def _losses(rng: Any, name: str) -> list[dict[str, Any]]:
    prompts = (
        "A train leaves at 09:40 and needs 2 h 35 min, with a stop of 12 minutes. When does it arrive?",
        "def f(xs): return [x for i, x in enumerate(xs) if i % 2]\nWhat is f([3, 1, 4, 1, 5, 9])?",
        "Which words of the sentence are adverbs? “They quietly left rather early.”",
        "Sort the table by the second column, largest first, and name the third row.",
    )
    arms = list(ARMS)
    return [
        {
            "query_id": f"{name[:3]}-{i:03d}",
            "prompt": prompt,
            "task": ("clock", "list-comprehension", "adverbs", "sort")[i],
            "picked": arms[int(rng.integers(0, 3))],
            "picked_score": 0.0,
            "best_arm": arms[4],
            "best_score": 1.0,
        }
        for i, prompt in enumerate(prompts)
    ]
