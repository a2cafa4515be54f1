"""What the recorded seasons of Atlas-Fresh can and cannot say: agreement of seasons, overfitting, transfer, levels.

    python benchmarks/bench_seasons.py TABLES_DIR [ROUTING_DIR]

TABLES_DIR is what ``record_default.py --publish`` wrote; ROUTING_DIR holds public routing tables. Prints JSON. Every
figure stands with its 95 % interval; nothing here is timed.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from routelab.arena import evaluate
from routelab.arena.contenders import contenders
from routelab.arena.difficulty import trend
from routelab.arena.interaction import interaction
from routelab.arena.live import fitted
from routelab.arena.problem import prepare
from routelab.arena.rows import thinned
from routelab.arena.statistics import from_error
from routelab.arena.transfer import Ranking, agreement
from routelab.encode import HashedNgrams
from routelab.encode.encoders import Encoded
from routelab.outcomes import OutcomeTable
from routelab.outcomes.importers import open_table
from routelab.router import Recipe
from routelab.router.estimators import Forest, LocalMean, Logistic

PUBLIC = ("llmrouter_nim9", "mmlu_pro", "routerbench_part", "routerdc_7b_pool", "routellm", "alpaca_eval2")
COMMON_SHARE = 0.005
MOST_QUERIES = 2000
PILOT_ARM = "local/qwen2.5-coder-1.5b#direct"


class Stripped(msgspec.Struct, frozen=True, tag="stripped"):
    """Counts of the words that a template does not have: those that few training prompts share."""

    common: frozenset[str]

    @property
    def hash(self) -> str:
        return f"stripped-{len(self.common)}"

    def encode(self, texts: Sequence[str]) -> Encoded:
        kept = (" ".join(w for w in text.lower().split() if w not in self.common) for text in texts)
        return HashedNgrams().encode([text or "nothing" for text in kept])


def ranking(table: OutcomeTable, routers: Sequence[str], most: int = MOST_QUERIES) -> Ranking:
    """Two repeats of cross-fitting on at most ``most`` of the table's queries."""
    result = evaluate(list(routers), thinned(table, most, seed=0), repeats=2, timing=False)
    assert result.ranking is not None
    return result.ranking


def overfitting(first: OutcomeTable, reserved: OutcomeTable, second: OutcomeTable) -> list[dict[str, Any]]:
    """Gain over best single of routers fitted on season 1 without template words: on its paraphrases, on season 2."""
    first, second = (table.select(arms=reserved.arms) for table in (first, second))
    texts = first.queries["prompt"].to_list()
    often = Counter(word for text in texts for word in set(text.lower().split()))
    common = frozenset(word for word, count in often.items() if count > COMMON_SHARE * len(texts))
    recipes = [
        Recipe(name=f"{name}-stripped", encoder=Stripped(common), estimator=estimator)
        for name, estimator in (("knn", LocalMean(k=1)), ("logistic", Logistic()), ("forest", Forest()))
    ]
    seen = reserved.queries.with_columns(origin=reserved.queries["query_id"].str.split("~").list.first())
    assert seen["origin"].is_in(first.queries["query_id"].to_list()).all()
    rows = []
    for recipe in recipes:
        gains = {name: gain(recipe, first, table) for name, table in (("reserved", reserved), ("season 2", second))}
        (a, se_a), (b, se_b) = gains["reserved"], gains["season 2"]
        rows.append(
            {
                "router": recipe.name,
                "gain on season 1 in other words": from_error(a, se_a),
                "gain on season 2": from_error(b, se_b),
                "gap": from_error(a - b, float(np.hypot(se_a, se_b))),
            }
        )
    return rows


def gain(recipe: Recipe, train: OutcomeTable, test: OutcomeTable) -> tuple[float, float]:
    """Mean paired gain of the router over the best single arm of the training table, and its standard error."""
    problem, asked = prepare(train), prepare(test)
    router = fitted([recipe], train, train.arms)[0].make(0)
    picks = [asked.arms.index(arm) for arm in router.route(asked.batch).chosen_arms()]
    best = asked.arms.index(problem.arms[int(problem.score.mean(axis=0).argmax())])
    won = asked.score[np.arange(len(picks)), picks] - asked.score[:, best]
    return float(won.mean()), float(won.std(ddof=1) / len(won) ** 0.5)


def main(tables: Path, public: Path | None) -> dict[str, Any]:
    first, second, reserved, again = (
        OutcomeTable.open(tables / name) for name in ("default", "season-2", "reserved", "again")
    )
    routers = contenders()
    here = ranking(first, routers)
    same_arms, later = first.select(arms=second.arms), ranking(second, routers)
    twice = first.select(query_ids=again.queries["query_id"], arms=again.arms).concat(
        OutcomeTable.from_frames(again.queries, again.calls.with_columns(sample=again.calls["sample"] + 1))
    )
    found: dict[str, Any] = {
        "season 1 thinned to season 2's size, against it": agreement(
            ranking(same_arms, routers, second.queries.height), later
        ),
        "season 1 against season 2": agreement(ranking(same_arms, routers), later),
        "interaction": interaction(twice),
        "levels on season 2, arms that chose none": summary(second, [a for a in second.arms if a != PILOT_ARM]),
        "levels on season 1, arms that chose none": summary(first, [a for a in first.arms if a != PILOT_ARM]),
        "overfitting": overfitting(first, reserved, second),
    }
    if public is not None:
        found["transfer"] = [
            agreement(here, ranking(open_table(public / name), routers)) for name in PUBLIC if (public / name).exists()
        ]
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def summary(table: OutcomeTable, arms: list[str]) -> dict[str, Any]:
    levels = trend(table, arms)
    return {
        "arms": levels.arms,
        "groups": len(levels.groups),
        "powered": levels.powered,
        "hold": levels.hold,
        "fail": [f"{g.domain} {g.form}: drop {g.drop['value']:.2f}" for g in levels.groups if g.verdict == "fails"],
        "too few": sum(g.verdict == "too few outcomes" for g in levels.groups),
    }


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else None), indent=1))
