"""RouterArena's published leaderboard as a board document, beside what could be recomputed of it.

Scores stand as published. No answers are, so their intervals are the widest that scores between 0 and 1 can have on so
many queries: those of a share of right answers (Wilson 1927), and for the arena score what follows from it at the
published cost. A score whose queries are not known has none. Two routers are told apart as if they had answered
different queries, which is careful where good and bad luck is shared. A figure that does not fit the others is told as
a failed audit and takes no row off the list, since the board is RouterArena's. Fits nothing, and asks nobody.
"""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from routelab import __version__
from routelab.arena.leaderboard.published_files import Published, Site, read_site
from routelab.arena.leaderboard.ranking import SCHEMA_VERSION, Z95, now
from routelab.arena.leaderboard.recomputed import ALL, QUERIES, class_of, recomputed
from routelab.arena.metrics.arena_score import arena_score
from routelab.arena.statistics import CONFIDENCE, number, share, undefined
from routelab.arena.statistics.multiple import LEVEL
from routelab.core.decisions import Floats

REWORDED = 420
EVIDENCE = "figures as published; not paired; recomputed where possible"
NO_ANSWERS = undefined("the answers are not published")
NOT_PUBLISHED = undefined("not published")


def published_board(path: Path, *, published: str | None = None) -> dict[str, Any]:
    """The board of the published leaderboard at ``path``; raises InputError for what is none."""
    site = read_site(path)
    rows = sorted(site.rows, key=lambda row: -row.arena_score)
    routers = [_router(row, site) for row in rows]
    values = np.array([one["arena_score"]["value"] for one in routers])
    halves = np.array([(one["arena_score"]["high"] - one["arena_score"]["low"]) / 2 for one in routers])
    delta, half = values[:, None] - values[None, :], np.hypot(halves[:, None], halves[None, :])
    _place(routers, delta, half / Z95)
    return {
        "schema_version": SCHEMA_VERSION,
        "routelab_version": __version__,
        "board": {
            "name": "RouterArena, as published",
            "split": "open",
            "sequence": 0,
            "published": published or now(),
            "season": None,
            "step": 0.0,
            "price_date": None,
            "evidence": {"paired": False, "note": EVIDENCE},
        },
        "table": {
            "name": "RouterArena",
            "hash": site.hash,
            "queries": ALL,
            "arms": 0,
            "arm_ids": [],
            "costs": "listed",
        },
        "protocol": {"folds": 0, "repeats": 0, "seed": 0, "draws": 0, "confidence": CONFIDENCE},
        "rank_metric": "arena_score",
        "arms": [],
        "hull": [],
        "routers": routers,
        "pairs": {
            "names": [one["name"] for one in routers],
            "delta": np.round(delta, 5).tolist(),
            "half": np.round(half * (1 - np.eye(len(routers))), 5).tolist(),
        },
        "examples": [],
    }


def _router(row: Published, site: Site) -> dict[str, Any]:
    told = recomputed(row, site)
    agrees = {one.metric: one.agrees for one in told}
    about = site.of(site.about, row.name) or {}
    accuracy = _share(row.accuracy, ALL)
    ends = np.array([accuracy["low"], accuracy["high"]])
    low, high = arena_score(ends, np.array(row.cost_per_1k_usd)).tolist()
    arena = row.arena_score / 100
    flips = site.of(site.flips, row.name)
    said = f" {about['description']}" if about.get("description") else ""
    return {
        "name": row.name,
        "owner": about.get("affiliation") or "unknown",
        "kind": "published",
        "fit": "unknown",
        "baseline": False,
        "listed": True,
        "why": None,
        "submission": None,
        "recipe_hash": None,
        "artifact_hash": None,
        "received": None,
        "description": f"As published. Robustness counts changed picks only, so one arm for all prompts has 1.{said}",
        "source_url": about.get("githubUrl") or about.get("websiteUrl"),
        "licence": None,
        "open_source": about.get("type") == "open-source",
        "trained_on": [],
        "beats_best_single": None,
        "arena_score": {"value": number(arena), "low": number(min(low, arena)), "high": number(max(high, arena))},
        "accuracy": accuracy,
        "cost_per_1k_usd": {
            "value": row.cost_per_1k_usd,
            "low": None,
            "high": None,
            "why": "the cost of each query is not published",
        },
        **dict.fromkeys(("delta_vs_best_single", "delta_vs_hull", "regret_vs_oracle"), NO_ANSWERS),
        "optimality": {
            "selection": _bare(row.selection),
            "cost": _bare(row.cost),
            "accuracy": _bare(row.optimal_accuracy),
        },
        **{key: undefined("the choices are not published") for key in ("collapse", "pick_entropy", "selectivity")},
        "robustness": NOT_PUBLISHED
        if row.robustness is None
        else _share(row.robustness, flips[1] if flips else REWORDED),
        "picks": [],
        "calls_per_query": None,
        "curve": [],
        "slices": {"domain": _slices(site.of(site.domains, row.name))} if agrees.get("accuracy") else {},
        "recomputed": {one.metric: one.to_json() for one in told},
        "audits": [one.verdict() for one in told],
    }


def _place(routers: list[dict[str, Any]], delta: Floats, error: Floats) -> None:
    """Ranks from two-sided tests of every pair (Bonferroni); a group are those not told apart from its best."""
    pairs = max(1, len(routers) * (len(routers) - 1) // 2)
    apart = delta > NormalDist().inv_cdf(1 - LEVEL / 2 / pairs) * error
    low, high = 1 + apart.sum(axis=0), len(routers) - apart.sum(axis=1)
    group = best = 0
    for place, one in enumerate(routers):
        if place == 0 or apart[best, place]:
            group, best = group + 1, place
        one |= {"rank": {"low": int(low[place]), "high": int(high[place])}, "group": group}


def _share(percent: float, n: int) -> dict[str, Any]:
    return share(round(percent / 100 * n), n) | {"value": number(percent / 100)}


def _bare(percent: float | None) -> dict[str, Any]:
    if percent is None:
        return NOT_PUBLISHED
    why = "how many of the 809 queries count is not published"
    return {"value": number(percent / 100), "low": None, "high": None, "why": why}


def _slices(domains: dict[str, tuple[float, float]]) -> dict[str, Any]:
    return {
        name: {
            "queries": QUERIES[class_of(name)],
            "accuracy": _share(accuracy, QUERIES[class_of(name)]),
            "cost_per_1k_usd": number(1000 * cost),
        }
        for name, (accuracy, cost) in domains.items()
    }
