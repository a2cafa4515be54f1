"""A realistic leaderboard made from a seed, for tests of what people see. The numbers are invented."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routelab.core.seeds import stream
from sample_board_rows import ARMS, SLICES, baseline_row, router_row
from sample_result import metric

Floats = NDArray[np.float64]
FAMILIES = ("composition-of-experts", "knn", "linear", "forest", "bilinear", "bradley-terry", "clusters", "cascade")
BASELINES = {
    "random": (0.51, 0.42),
    "cheapest": (0.21, 0.009),
    "best-single": (0.71, 1.9),
    "knn-baseline": (0.70, 0.71),
    "oracle": (0.87, 0.24),
}


def sample_board(
    routers: int = 12, *, queries: int = 2064, publications: int = 8, seed: int = 0, injected: str = ""
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A board and its history; ``injected`` is woven into every text that a submitter writes."""
    rng = stream(seed, "sample-board")
    unlisted = max(1, routers // 20)
    listed = routers - unlisted
    accuracy = np.sort(0.735 - 0.16 * rng.beta(1.2, 3.0, listed))[::-1]
    cost = np.exp(rng.normal(-0.9, 0.5, listed))
    score = accuracy - 0.012 * np.log1p(cost)
    order = np.argsort(-score, kind="stable")
    accuracy, cost, score = accuracy[order], cost[order], score[order]
    delta = score[:, None] - score[None, :]
    noise = np.abs(rng.normal(0.0, 0.0015, (listed, listed)))
    half = 0.35 / math.sqrt(queries) + noise + noise.T
    np.fill_diagonal(half, 0.0)
    names = _names(routers, injected)
    rows = [
        router_row(rng, names[i], float(accuracy[i]), float(cost[i]), float(score[i]), queries, injected)
        for i in range(listed)
    ]
    for i, row in enumerate(rows):
        row["rank"] = {"low": 1 + int((delta[i] < -half[i]).sum()), "high": listed - int((delta[i] > half[i]).sum())}
    for row, group in zip(rows, _groups(delta, half)):
        row["group"] = group
    for name in names[listed:]:
        rows.append(router_row(rng, name, 0.76, 0.3, 0.75, queries, injected))
        rows[-1] |= {"listed": False, "why": f"failed the audit lookup_table{injected}"}
        rows[-1]["audits"][9] = {
            "name": "lookup_table",
            "verdict": "fail",
            "evidence": f"31 % of picks change when a prompt is reworded{injected}",
        }
    rows += [baseline_row(rng, name, *figures, queries) for name, figures in BASELINES.items()]
    board = {
        "schema_version": 1,
        "routelab_version": "0.2.0",
        "board": {
            "name": "atlas-open",
            "split": "open",
            "sequence": publications - 1,
            "published": _day(publications - 1),
            "season": None,
            "step": 0.0,
            "price_date": "2026-10-01",
        },
        "table": {
            "name": "atlas",
            "hash": "0123456789abcdef",
            "queries": queries,
            "arms": len(ARMS),
            "arm_ids": list(ARMS),
            "costs": "measured",
        },
        "protocol": {"folds": 5, "repeats": 3, "seed": 0, "draws": 1000, "confidence": 0.95},
        "rank_metric": "arena_score",
        "arms": [
            {"id": arm, "accuracy": metric(a, 0.011), "cost_per_1k_usd": metric(c, c * 0.03)}
            for arm, (a, c) in ARMS.items()
        ],
        "hull": [{"arm": arm, "cost_per_1k_usd": c, "accuracy": a} for arm, (a, c) in ARMS.items()],
        "routers": rows,
        "pairs": {"names": names[:listed], "delta": delta.tolist(), "half": half.tolist()},
        "examples": _examples(rng, rows, injected),
    }
    return board, _history(rng, board, publications)


def _names(count: int, injected: str) -> list[str]:
    names = [
        f"{FAMILIES[i % len(FAMILIES)]}-{i // len(FAMILIES)}" if i >= len(FAMILIES) else FAMILIES[i]
        for i in range(count)
    ]
    return [names[0], names[1] + injected, *names[2:]] if count > 1 else names


def _groups(delta: Floats, half: Floats) -> list[int]:
    groups, best, number = [], 0, 1
    for i in range(len(delta)):
        if delta[best, i] > half[best, i]:
            best, number = i, number + 1
        groups.append(number)
    return groups


def _examples(rng: np.random.Generator, rows: list[dict[str, Any]], injected: str) -> list[dict[str, Any]]:
    arms = list(ARMS)
    found = []
    for i in range(60):
        draw = rng.integers(0, len(arms), (len(rows), 2))
        picks = {
            row["name"]: arms[a] if row["calls_per_query"] == 1.0 else f"{arms[a]} → {arms[b]}"
            for row, (a, b) in zip(rows, draw)
        }
        prompt = (
            f"Question {i}: a train leaves at {i % 24}:00 with {rng.integers(2, 90)} passengers. "
            + "How many seats are free? " * int(rng.integers(1, 20))
        )
        found.append(
            {
                "query_id": f"atlas-{i:04d}",
                "prompt": prompt[:600] + injected,
                "domain": SLICES["domain"][i % 12],
                "difficulty": SLICES["difficulty"][i % 5],
                "form": SLICES["form"][i % 8],
                "scores": {arm: float(rng.random() < accuracy) for arm, (accuracy, _) in ARMS.items()},
                "picks": picks,
            }
        )
    return found


def _history(rng: np.random.Generator, board: dict[str, Any], publications: int) -> list[dict[str, Any]]:
    """Routers come in a random order, spread over the publications; places move as the board fills."""
    rows = [row for row in board["routers"] if row["listed"] and not row["baseline"]]
    arrival = rng.permutation(len(rows))
    found = []
    for sequence in range(publications):
        seen = arrival[: max(2, math.ceil(len(rows) * (sequence + 1) / publications))]
        standing = {}
        for i in sorted(int(i) for i in seen):
            ahead = int((seen < i).sum())
            reach = rows[i]["rank"]["high"] - rows[i]["rank"]["low"]
            low = max(1, ahead + 1 - reach // 2)
            standing[rows[i]["name"]] = rows[i]["arena_score"] | {
                "rank_low": low,
                "rank_high": min(len(seen), low + reach),
            }
        found.append(
            {
                "sequence": sequence,
                "published": _day(sequence),
                "trigger": rows[int(seen[-1])]["name"],
                "routers": standing,
            }
        )
    return found


def _day(sequence: int) -> str:
    return f"2026-{1 + sequence // 28 % 12:02d}-{1 + sequence % 28:02d}T12:00:00Z"
