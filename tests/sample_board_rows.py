"""The rows of an invented leaderboard: one router, one yardstick, with every field of the board's contract."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sample_result import metric

ARMS = {  # name: accuracy, US dollars per 1,000 queries
    "local/smol-135m#direct": (0.21, 0.009),
    "local/qwen-0.5b#direct": (0.38, 0.021),
    "local/qwen-1.5b#direct": (0.52, 0.048),
    "local/qwen-1.5b#cot": (0.58, 0.11),
    "hosted/mid@low": (0.66, 0.42),
    "hosted/large@high": (0.71, 1.9),
}
SLICES = {
    "domain": (
        "algebra",
        "biology",
        "chess",
        "code",
        "data",
        "finance",
        "geography",
        "language",
        "law",
        "logic",
        "sql",
        "units",
    ),
    "difficulty": ("trivial", "easy", "medium", "hard", "expert"),
    "form": ("choice", "code", "json", "list", "number", "open", "sql", "tool call"),
}
OWNERS = ("catalogue", "ada", "north lab", "router-guild", "anonymous")
KINDS = (
    ("recipe", "cross"),
    ("artifact", "frozen"),
    ("code", "frozen"),
    ("endpoint", "unknown"),
    ("decisions", "unknown"),
    ("predictions", "unknown"),
)
AUDITS = (
    "failed_rows",
    "billed_tokens",
    "constant_tokens",
    "stale_prices",
    "answer_sync",
    "revised_choices",
    "dev_test_gap",
    "canaries",
    "duplicate_rows",
    "lookup_table",
    "badge_claims",
)
MANUAL_CELL = "the share of failed rows is {0:.2%}, on hard queries {1:.2%}; the limit is 2 %, seen on {2} queries"


def router_row(
    rng: np.random.Generator, name: str, accuracy: float, cost: float, score: float, queries: int, injected: str
) -> dict[str, Any]:
    kind, fit = KINDS[int(rng.integers(len(KINDS)))]
    asked = kind in ("recipe", "artifact", "code")
    shares = rng.dirichlet(np.linspace(0.6, 2.0, len(ARMS)))
    entropy = float(-(shares * np.log(shares + 1e-12)).sum() / math.log(len(ARMS)))
    steps = np.linspace(0, 1, 9).tolist() if rng.random() < 0.6 else []
    return _scores(rng, name, accuracy, cost, score, queries) | {
        "owner": OWNERS[int(rng.integers(len(OWNERS)))] + injected,
        "kind": kind,
        "fit": fit,
        "baseline": False,
        "submission": rng.bytes(8).hex(),
        "recipe_hash": rng.bytes(8).hex(),
        "artifact_hash": rng.bytes(8).hex() if fit == "frozen" else None,
        "description": f"Scores each arm from hashed words and picks the best for its price.{injected}",
        "source_url": f"https://example.org/{kind}{injected}",
        "licence": "Apache-2.0",
        "open_source": kind != "endpoint",
        "trained_on": [f"the open split{injected}"],
        "pick_entropy": entropy,
        "robustness": metric(float(rng.uniform(0.4, 0.98)), 0.03) if asked else None,
        "selectivity": metric(float(rng.uniform(0.1, 0.8)), 0.02) if asked else None,
        "beats_best_single": {"p_adjusted": float(rng.uniform(0, 0.02)), "significant": True}
        if accuracy > 0.722
        else {"p_adjusted": 0.4, "significant": False},
        "picks": [{"arm": arm, "share": float(share)} for arm, share in zip(ARMS, shares)],
        "calls_per_query": 1.0 if rng.random() < 0.8 else 1.7,
        "curve": [
            {
                "dial": float(s),
                "accuracy": metric(accuracy - 0.1 * (1 - s) ** 2, 0.98 / math.sqrt(queries)),
                "cost_per_1k_usd": metric(cost * 10 ** float(s - 0.7), 0.04 * cost * 10 ** float(s - 0.7)),
            }
            for s in steps
        ],
        "audits": [_audit(rng, name) for name in AUDITS],
    }


def _scores(
    rng: np.random.Generator, name: str, accuracy: float, cost: float, score: float, queries: int
) -> dict[str, Any]:
    half = 0.98 / math.sqrt(queries)
    return {
        "name": name,
        "listed": True,
        "why": None,
        "received": "2026-11-02T09:30:00Z",
        "rank": None,
        "group": None,
        "arena_score": metric(score, half),
        "accuracy": metric(accuracy, half),
        "cost_per_1k_usd": metric(cost, cost * 0.04),
        "delta_vs_best_single": metric(accuracy - 0.71, half / 2),
        "delta_vs_hull": metric(accuracy - 0.66 - 0.02 * math.log(cost + 0.3), half / 2),
        "regret_vs_oracle": metric(0.87 - accuracy, half),
        "optimality": {
            "selection": metric(float(rng.uniform(0.2, 0.6)), 0.02),
            "cost": metric(float(rng.uniform(0.3, 0.9)), 0.02),
            "accuracy": metric(accuracy / 0.87, half),
        },
        "collapse": metric(float(rng.uniform(0, 0.4)), 0.02),
        "slices": {field: _slices(rng, labels, accuracy, cost, queries) for field, labels in SLICES.items()},
    }


def _slices(
    rng: np.random.Generator, labels: tuple[str, ...], accuracy: float, cost: float, queries: int
) -> dict[str, Any]:
    slope = np.linspace(0.15, -0.2, len(labels))
    count = queries // len(labels)
    return {
        label: {
            "queries": count,
            "accuracy": metric(float(np.clip(accuracy + bend + rng.normal(0, 0.025), 0, 1)), 0.98 / math.sqrt(count)),
            "cost_per_1k_usd": float(cost * rng.uniform(0.7, 1.4)),
        }
        for label, bend in zip(labels, slope)
    }


def _audit(rng: np.random.Generator, name: str) -> dict[str, str]:
    if rng.random() < 0.2:
        return {"name": name, "verdict": "not_applicable", "evidence": "decisions carry no tokens of their own"}
    text = MANUAL_CELL.format(rng.random() * 0.02, rng.random() * 0.02, int(rng.integers(100, 8400)))
    return {"name": name, "verdict": "pass", "evidence": text}


def baseline_row(rng: np.random.Generator, name: str, accuracy: float, cost: float, queries: int) -> dict[str, Any]:
    row = router_row(rng, name, accuracy, cost, accuracy - 0.012 * math.log1p(cost), queries, "")
    return row | {
        "owner": "routelab",
        "kind": "baseline",
        "fit": "cross",
        "baseline": True,
        "listed": False,
        "curve": [],
        "audits": [],
        "submission": None,
        "beats_best_single": None,
        "description": "A yardstick.",
        "robustness": None,
        "selectivity": None,
    }
