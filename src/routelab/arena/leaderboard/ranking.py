"""Entries → the board document: everything ranked beside the baselines on joint draws, with intervals.

A pure function of the entries, the shared outcomes and a time: the same board comes out byte for byte.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from routelab.arena import baselines
from routelab.arena.judge import arm_rows, hull_rows
from routelab.arena.leaderboard.decided import Decided
from routelab.arena.leaderboard.drawn import DRAWS, dial_curves, drawn
from routelab.arena.leaderboard.shared import Shared
from routelab.arena.metrics.steadiness import unknown
from routelab.arena.scorecard import ranking_value, rows
from routelab.arena.statistics import CONFIDENCE, Draws, number, told_apart
from routelab.arena.subjects import Subject, beside_baselines, columns
from routelab.core.decisions import Floats

SCHEMA_VERSION = 2
BASELINES = frozenset({*baselines.ORDER, "hull"})
MARK = "submitted "
Z95 = 1.959963985
EXAMPLES = 60
SHOWN_PROMPT = 600
SLICES = ("domain", "difficulty", "form")
SLICED = ("queries", "accuracy", "cost_per_1k_usd")
KEPT = (
    *("accuracy", "arena_score", "cost_per_1k_usd", "delta_vs_best_single", "delta_vs_hull", "regret_vs_oracle"),
    *("optimality", "collapse", "pick_entropy", "picks"),
)


@dataclass(frozen=True)
class Entry:
    """One submission as it is ranked. ``about`` is what its row says beside the figures; ``why`` it is not listed."""

    name: str
    owner: str
    decided: Decided
    about: dict[str, Any]
    facts: dict[str, Any]
    why: str | None = None
    baseline: bool = False


def document(
    shared: Shared, entries: Sequence[Entry], board: dict[str, Any], *, examples: bool = True
) -> dict[str, Any]:
    """The board. ``board`` heads it: name, split, sequence, published. Entries that are not listed get no rank.

    A head may say ``evidence``: whether differences are paired, and a note in words. Without it all routers are judged
    on the same recorded answers, and differences are paired.
    """
    problem, plan = shared.problem, shared.plan
    named = _keyed([entry for entry in entries if not entry.baseline])
    listed = {name: entry for name, entry in named.items() if entry.why is None}
    learned = {entry.name: _subject(entry.name, entry, shared) for entry in entries if entry.baseline}
    routers = [_subject(name, entry, shared) for name, entry in listed.items()]
    judged = beside_baselines(problem, plan, routers, learned)
    draws = drawn(shared, *columns(problem, plan, judged))
    table = {row["name"]: row for row in rows(problem, plan, judged, draws, margins=(), seed=shared.seed)}
    pairs, groups = _pairs(list(listed), draws, problem.priced)
    apart = {name: entry for name, entry in named.items() if entry.why is not None}
    curves = dial_curves(shared, {name: entry.decided for name, entry in named.items()})
    out_of_rank = _unlisted(shared, apart, learned)
    order = [*pairs["names"], *apart, *(name for name in table if name not in listed)]
    return {
        "schema_version": SCHEMA_VERSION,
        "board": board | {"price_date": _price_date(shared)},
        "table": {
            "name": problem.name,
            "hash": problem.table_hash,
            "queries": len(problem),
            "arms": len(problem.arms),
            "arm_ids": list(problem.arms),
            "costs": problem.costs,
        },
        "protocol": {
            "folds": shared.folds,
            "repeats": shared.repeats,
            "seed": shared.seed,
            "draws": DRAWS,
            "confidence": CONFIDENCE,
        },
        "rank_metric": "arena_score" if problem.priced else "accuracy",
        "arms": arm_rows(problem, plan),
        "hull": hull_rows(problem, plan),
        "routers": [
            {"name": _shown(name, named)}
            | _row({**table, **out_of_rank}[name], named.get(name), groups.get(name), curves.get(name, []))
            for name in order
        ],
        "pairs": pairs | {"names": [_shown(name, named) for name in pairs["names"]]},
        "examples": _examples(shared, listed) if examples else [],
    }


def _keyed(entries: Sequence[Entry]) -> dict[str, Entry]:
    """Entries by what they are called while they are judged: a submitted name that a baseline has too is marked."""
    taken = Counter(entry.name for entry in entries)
    names = [entry.name if taken[entry.name] == 1 else f"{entry.name} · {entry.owner}" for entry in entries]
    return {MARK * (name in BASELINES) + name: entry for name, entry in zip(names, entries)}


def _shown(name: str, named: dict[str, Entry]) -> str:
    """The name on the board: a router's as it was submitted, a baseline's told apart from it."""
    return f"{name} (baseline)" if MARK + name in named else name.removeprefix(MARK)


def _subject(name: str, entry: Entry, shared: Shared) -> Subject:
    score, cost = entry.decided.values(shared.problem, shared.wide)
    pick = entry.decided.arms(shared.problem)
    shape = (shared.plan.repeats, len(shared.problem))
    return Subject(
        name,
        str(entry.about.get("description", "")),
        entry.baseline,
        np.broadcast_to(score, shape),
        np.broadcast_to(cost, shape),
        None if pick is None else np.broadcast_to(pick, shape),
    )


def _unlisted(shared: Shared, apart: dict[str, Entry], learned: dict[str, Subject]) -> dict[str, dict[str, Any]]:
    """Figures of entries that failed an audit: shown, but no part of anybody's rank or correction."""
    if not apart:
        return {}
    routers = [_subject(name, entry, shared) for name, entry in apart.items()]
    judged = beside_baselines(shared.problem, shared.plan, routers, learned)
    draws = drawn(shared, *columns(shared.problem, shared.plan, judged))
    found = rows(shared.problem, shared.plan, judged, draws, margins=(), seed=shared.seed)
    return {row["name"]: row | {"rank": None, "beats_best_single": None} for row in found if row["name"] in apart}


def _row(row: dict[str, Any], entry: Entry | None, group: int | None, curve: list[dict[str, Any]]) -> dict[str, Any]:
    facts = entry.facts if entry else {}
    about = entry.about if entry else {"kind": "baseline", "owner": "routelab", "description": row["description"]}
    steady = facts if "robustness" in facts else unknown("nobody could be asked reworded prompts")
    calls = entry.decided if entry else None
    return {
        "submission": None,
        "received": None,
        "source_url": None,
        "licence": None,
        "open_source": False,
        "trained_on": [],
        "audits": [],
        **about,
        "fit": facts.get("fit", "cross"),
        "recipe_hash": facts.get("recipe_hash"),
        "artifact_hash": facts.get("artifact_hash"),
        "baseline": entry is None,
        "listed": entry is not None and entry.why is None,
        "why": entry.why if entry else None,
        "rank": row["rank"],
        "group": group,
        "beats_best_single": row.get("beats_best_single"),
        "calls_per_query": 1.0 if calls is None else _calls_per_query(calls),
        **{key: row[key] for key in KEPT},
        "robustness": steady["robustness"],
        "selectivity": steady["selectivity"],
        "curve": curve,
        "slices": {
            kind: {one["name"]: {key: one[key] for key in SLICED} for one in row["slices"][kind]}
            for kind in SLICES
            if kind in row["slices"]
        },
    }


def _calls_per_query(decided: Decided) -> float:
    lengths = np.array([len(plan) for plan in decided.plans], float)
    return float(lengths[decided.pick].mean())


def _pairs(names: list[str], draws: Draws, money: bool) -> tuple[dict[str, Any], dict[str, int]]:
    """Every paired difference of the rank metric, best router first, with the half width of its interval; and groups.

    A group holds the routers that the tests behind the ranks do not tell from the group's best.
    """
    if not names:
        return {"names": [], "delta": [], "half": []}, {}
    values = np.stack([ranking_value(draws, name, money) for name in names], axis=1)
    order = np.argsort(-values[0], kind="stable")
    values, names = values[:, order], [names[k] for k in order]
    first, second = np.triu_indices(len(names), 1)
    half = np.zeros((len(names), len(names)))
    half[first, second] = half[second, first] = Z95 * draws.error(values[:, first] - values[:, second])
    delta = values[0][:, None] - values[0][None, :]
    better = told_apart(values, draws)
    groups: dict[str, int] = {}
    best = 0
    for k, name in enumerate(names):
        best = k if better[best, k] else best
        groups[name] = groups.get(names[best], 1 + len({*groups.values()}))
    return {"names": names, "delta": _rounded(delta), "half": _rounded(half)}, groups


def _rounded(matrix: Floats) -> list[list[float]]:
    return [[float(value) for value in row] for row in np.round(matrix, 5) + 0.0]


def _price_date(shared: Shared) -> str | None:
    """The newest day on which a price of the board's models was taken."""
    days = [price.date for card in shared.table.models for price in card.prices]
    return max(days).isoformat() if days else None


def _examples(shared: Shared, listed: dict[str, Entry]) -> list[dict[str, Any]]:
    """Open queries spread over the table, with every arm's score and every router's choice."""
    problem = shared.problem
    if problem.batch.texts is None:
        return []
    labels, found = problem.labels, []
    for row in np.unique(np.linspace(0, len(problem) - 1, EXAMPLES).astype(int)).tolist():
        picks = {}
        for name, entry in listed.items():
            picks[_shown(name, listed)] = " → ".join(entry.decided.plans[entry.decided.pick[0, row]])
        found.append(
            {
                "query_id": problem.batch.ids[row],
                "prompt": problem.batch.texts[row][:SHOWN_PROMPT],
                **{kind: labels[kind][row] for kind in SLICES},
                "scores": {arm: number(float(problem.score[row, j])) for j, arm in enumerate(problem.arms)},
                "picks": picks,
            }
        )
    return found


def to_bytes(board: dict[str, Any]) -> bytes:
    """Canonical JSON of a board: equal boards give equal bytes."""
    return msgspec.json.encode(board, order="deterministic") + b"\n"


def now() -> str:
    """The time, to the second, in UTC."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
