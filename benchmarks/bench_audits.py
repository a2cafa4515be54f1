"""How many attacks the leaderboard's audits see, how often they accuse an honest submission, and what they cost.

``python benchmarks/bench_audits.py`` prints versions, seed and the rates on the embedded default table. Thresholds were
tuned on the development half of the attack variants; the unseen half is for claims. The family is drawn afresh from
another seed, too, with ever fewer rows touched, to show where detection ends. Honest submissions have a Clopper–Pearson
upper bound beside their rate.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections import Counter, defaultdict

import numpy as np
import polars as pl
from scipy.stats import beta

from routelab import __version__
from routelab.arena.leaderboard.audits import AUDITS, Case, Other, Verdict, audit
from routelab.arena.leaderboard.audits.attacks import Attack, attacks
from routelab.arena.leaderboard.audits.honest import honest
from routelab.arena.leaderboard.audits.world import World, decided, predictions, submission
from routelab.arena.problem import prepare
from routelab.arena.rows import thinned
from routelab.core import stream
from routelab.core.threads import single_threaded
from routelab.data import default_table
from routelab.outcomes import OutcomeTable
from routelab.router import catalogue

SEED = 0
RECIPES = ("ridge", "knn", "clusters", "forest_signals", "logistic", "mirt", "hybridllm_prob", "knn_dense", "avengers")
LARGE, ARMS, OTHERS = 8_400, 20, 200
STRENGTHS = (0.9, 0.5, 0.25, 0.1)
FRESH_SEED = 11


@single_threaded
def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("development", "unseen", "both"), default="both")
    parser.add_argument("--missed", action="store_true", help="name what was missed")
    options = parser.parse_args()
    print(f"routelab {__version__}, numpy {np.__version__}, Python {platform.python_version()}, {platform.machine()}")
    table = default_table()
    recipes = [getattr(catalogue, name) for name in RECIPES]
    whole = World.of(table, recipes)
    small = World.of(thinned(table, 1_000, SEED), recipes[:4], seeds=(2,))
    unlabelled = World.of(_without_difficulty(table), recipes[4:6], seeds=(3,))
    _detections(list(attacks(whole, SEED)), options.half, options.missed)
    if options.half != "development":
        _fading(whole)
    _alarms([pair for world in (whole, small, unlabelled) for pair in honest(world, SEED)])
    _speed()


def _detections(family: list[Attack], half: str, missed: bool) -> None:
    seen: dict[tuple[str, str], list[bool]] = defaultdict(list)
    lost, planted = [], {}
    for attack in family:
        if half in ("both", attack.half):
            verdict = next(one for one in audit(attack.case) if one.name == attack.audit)
            seen[attack.audit, attack.half].append(verdict.verdict == "fail")
            if attack.documented:
                planted[attack.audit] = "caught" if verdict.verdict == "fail" else "missed"
            if verdict.verdict != "fail":
                lost.append(f"  {attack.half}: {attack.name}: {verdict.verdict}: {verdict.evidence}")
    print(f"\n{'audit':26}{'planted':>8}{'development':>14}{'unseen':>10}")
    total: Counter[tuple[str, bool]] = Counter()
    for name in sorted({name for name, _ in seen}):
        cells = {side: seen.get((name, side), []) for side in ("development", "unseen")}
        print(
            f"{name:26}{planted.get(name, ''):>8}"
            + "".join(f"{sum(c):>{w}} of {len(c):2}" for c, w in zip(cells.values(), (8, 5)))
        )
        for side, caught in cells.items():
            total.update((side, one) for one in caught)
    for side in ("development", "unseen"):
        print(f"{side}: {total[side, True]} of {total[side, True] + total[side, False]} variants caught")
    if missed:
        print("missed:", *lost, sep="\n")


def _fading(world: World) -> None:
    """Where detection ends: the family with ever fewer rows touched."""
    caught: dict[str, list[float]] = defaultdict(list)
    for strength in STRENGTHS:
        found: dict[str, list[bool]] = defaultdict(list)
        for attack in attacks(world, FRESH_SEED, strength):
            judge = next(one for one in AUDITS if one.__name__.replace("_", "-") == attack.audit)
            found[attack.audit].append(judge(attack.case).verdict == "fail")
        for name, verdicts in found.items():
            caught[name].append(float(np.mean(verdicts)))
    print(f"\n{'afresh, shares touched ×':26}" + "".join(f"{strength:>8}" for strength in STRENGTHS))
    for name, shares in sorted(caught.items()):
        print(f"{name:26}" + "".join(f"{share:8.0%}" for share in shares))


def _alarms(cases: list[tuple[str, Case]]) -> None:
    kinds: Counter[str] = Counter()
    alarms: list[str] = []
    asked: Counter[str] = Counter()
    spent = []
    for name, case in cases:
        started = time.perf_counter()
        verdicts = audit(case)
        spent.append(time.perf_counter() - started)
        kinds[case.kind] += 1
        asked.update(one.name for one in verdicts if one.verdict != "not_applicable")
        accused: list[Verdict] = [one for one in verdicts if one.verdict == "fail"]
        alarms += [f"  {name}: {one.name}: {one.evidence}" for one in accused]
        alarms_of = len(accused)
        kinds["accused"] += alarms_of > 0
    wrong, n = kinds.pop("accused"), len(cases)
    bound = float(beta.ppf(0.95, wrong + 1, n - wrong))
    print(f"\n{wrong} of {n} honest submissions accused, at most {bound:.2%} (95 % one-sided); {dict(kinds)}")
    print("cases each audit applied to:", ", ".join(f"{name} {count}" for name, count in asked.items()))
    print(*alarms, sep="\n")
    print(f"seconds a case: median {np.median(spent):.3f}, most {max(spent):.3f}")


def _speed() -> None:
    """All audits on a prediction file, and on code with an earlier entry and others, of a large planted table."""
    rng = stream(SEED, "large")
    base = default_table()
    few = base.queries.sample(LARGE, with_replacement=True, seed=SEED)
    few = few.with_columns(split=pl.Series(np.where(rng.random(LARGE) < 0.1, "dev", "test")))
    ids = [f"q{k}" for k in range(LARGE)]
    queries = few.with_columns(query_id=pl.Series(ids))
    calls = pl.DataFrame(
        {
            "query_id": np.repeat(ids, ARMS),
            "arm": [f"lab/arm-{k}" for k in range(ARMS)] * LARGE,
            "score": (rng.random(LARGE * ARMS) < np.tile(np.linspace(0.3, 0.7, ARMS), LARGE)).astype(float),
            "input_tokens": rng.integers(20, 400, LARGE * ARMS),
            "output_tokens": rng.integers(20, 400, LARGE * ARMS),
            "cost_usd": rng.random(LARGE * ARMS) * np.tile(np.linspace(1e-5, 1e-3, ARMS), LARGE),
        }
    )
    answers = calls.select(
        "query_id", "arm", answer=pl.lit("a rather long answer of a dozen words that says little ") + pl.col("query_id")
    )
    table = OutcomeTable.from_frames(queries, calls, answers=answers, models=base.models)
    problem = prepare(table)
    world = World(problem, table, table.answers(), {}, {}, problem, problem, {})
    pick = rng.integers(ARMS, size=LARGE)
    claimed = predictions(world, pick, rng)
    earlier = [decided(problem, np.where(rng.random(LARGE) < 0.3, rng.integers(ARMS, size=LARGE), pick))]
    noisy = [np.where(rng.random(LARGE) < 0.5, rng.integers(ARMS, size=LARGE), pick) for _ in range(OTHERS)]
    others = [Other(f"other {k}", "bob", decided(problem, one)) for k, one in enumerate(noisy)]
    ask = {"ask": lambda batch: [problem.arms[0]] * len(batch), "manifest": submission("code")}
    for kind, rest in (("predictions", {"claimed": claimed}), ("code", ask)):
        started = time.perf_counter()
        verdicts = audit(world.case(kind, pick, earlier=earlier, others=others, **rest))  # type: ignore[arg-type]
        spent = time.perf_counter() - started
        size = f"{LARGE} queries × {ARMS} arms, {OTHERS} other entries, {kind}"
        print(f"{size}: {spent:.2f} s for {len(verdicts)} of {len(AUDITS)} audits")


def _without_difficulty(table: OutcomeTable) -> OutcomeTable:
    queries = table.queries.with_columns(difficulty=pl.lit(None, pl.String))
    return OutcomeTable.from_frames(queries, table.calls, answers=table.answers(), models=table.models, name="plain")


if __name__ == "__main__":
    main()
