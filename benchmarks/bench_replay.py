"""How fast recorded outcomes are replayed: arrays against the row-by-row loop that evaluation scripts use.

``python benchmarks/bench_replay.py`` prints machine, versions, seed, median and spread; the competitor runs in the
same process on the same decisions. Both compute accuracy, cost, regret and share of optimal picks.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable

import numpy as np

from routelab import __version__
from routelab.arena.baselines import hindsight
from routelab.core import Decisions, stream

SEED, ROWS, ARMS, RUNS = 0, 1_000_000, 10, 5


def arrays(score: np.ndarray, cost: np.ndarray, decisions: Decisions) -> tuple[float, ...]:
    """What the arena does before any interval."""
    rows = np.arange(len(decisions))
    best = hindsight(score, cost)
    got = score[rows, decisions.pick]
    return (
        got.mean(),
        cost[rows, decisions.pick].mean(),
        (score[rows, best] - got).mean(),
        (best == decisions.pick).mean(),
    )


def loop(table: list[dict[str, tuple[float, float]]], chosen: list[str]) -> tuple[float, ...]:
    """The same numbers from a list of dictionaries, one query at a time."""
    right = paid = regret = optimal = 0.0
    for cells, arm in zip(table, chosen):
        best = min(cells, key=lambda name: (-cells[name][0], cells[name][1]))
        right += cells[arm][0]
        paid += cells[arm][1]
        regret += cells[best][0] - cells[arm][0]
        optimal += best == arm
    n = len(chosen)
    return right / n, paid / n, regret / n, optimal / n


def timed(job: Callable[[], tuple[float, ...]], runs: int) -> tuple[list[float], tuple[float, ...]]:
    spent = []
    for _ in range(runs):
        started = time.perf_counter()
        answer = job()
        spent.append(time.perf_counter() - started)
    return spent, answer


def main() -> None:
    """Run both sides and print what was measured."""
    draw = stream(SEED, "bench")
    names = [f"arm{j}" for j in range(ARMS)]
    score = (draw.random((ROWS, ARMS)) < 0.6).astype(float)
    cost = draw.random((ROWS, ARMS))
    decisions = Decisions.single(names, draw.integers(0, ARMS, ROWS))
    part = ROWS // 20
    table = [{name: (score[i, j], cost[i, j]) for j, name in enumerate(names)} for i in range(part)]
    chosen = decisions.take(np.arange(part)).chosen_arms()
    ours, answer = timed(lambda: arrays(score, cost, decisions), RUNS)
    theirs, check = timed(lambda: loop(table, chosen), RUNS)
    same = arrays(score[:part], cost[:part], decisions.take(np.arange(part)))
    assert np.allclose(same, check), (same, check)
    rate, rival = ROWS / statistics.median(ours), part / statistics.median(theirs)
    print(f"routelab {__version__}, numpy {np.__version__}, Python {platform.python_version()}, {platform.machine()}")
    print(f"seed {SEED}, {ROWS} decisions over {ARMS} arms, {RUNS} runs (the loop: {part} decisions)")
    print(f"arrays {rate / 1e6:8.2f} M decisions/s  [{ROWS / max(ours) / 1e6:.2f}, {ROWS / min(ours) / 1e6:.2f}]")
    print(f"loop   {rival / 1e6:8.2f} M decisions/s  [{part / max(theirs) / 1e6:.2f}, {part / min(theirs) / 1e6:.2f}]")
    print(f"ratio  {rate / rival:8.1f}   accuracy {answer[0]:.4f}")


if __name__ == "__main__":
    main()
