"""How long a board takes: one submission of decisions from drop to publication, and 200 routers ranked anew.

``python benchmarks/bench_leaderboard.py [ROUTERS]`` prints machine, versions and seed. The table is drawn: 8,400
queries, 10 arms, 44 tasks.
"""

from __future__ import annotations

import platform
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from routelab import __version__
from routelab.arena.leaderboard.board import Board, Config
from routelab.arena.leaderboard.decided import Decided
from routelab.arena.leaderboard.ranking import Entry, document, to_bytes
from routelab.arena.leaderboard.site import write_site
from routelab.core import stream
from routelab.outcomes import OutcomeTable

SEED, QUERIES, ARMS, TASKS = 0, 8_400, 10, 44
WORDS = np.array(["sum", "proof", "gene", "court", "river", "poem", "tax", "cell", "code", "verse", "law", "bond"])


def drawn_table() -> OutcomeTable:
    """Arms of rising price and skill, tasks of rising difficulty."""
    rng = stream(SEED, "table")
    task = np.arange(QUERIES) % TASKS
    chance = 0.2 + 0.6 * rng.random(TASKS)[task][:, None] * np.linspace(0.5, 1, ARMS)
    score = (rng.random((QUERIES, ARMS)) < chance).astype(float)
    cost = 1e-5 * 2.0 ** np.arange(ARMS) * np.exp(rng.normal(0, 0.3, (QUERIES, 1)))
    ids = [f"q{row:05d}" for row in range(QUERIES)]
    queries = pl.DataFrame(
        {
            "query_id": ids,
            "prompt": [f"{' '.join(words)} {row}" for row, words in enumerate(rng.choice(WORDS, (QUERIES, 12)))],
            "task": [f"task-{number}" for number in task],
            "domain": [f"domain-{number % 9}" for number in task],
            "difficulty": np.array(["easy", "medium", "hard"])[task % 3],
        }
    )
    calls = pl.DataFrame(
        {
            "query_id": np.repeat(ids, ARMS),
            "arm": [f"lab/m{arm}" for arm in range(ARMS)] * QUERIES,
            "score": score.ravel(),
            "cost_usd": cost.ravel(),
        }
    )
    return OutcomeTable.from_frames(queries, calls, name="drawn")


def picks(board: Board, seed: int) -> pl.DataFrame:
    ids = board.open.problem.batch.ids
    skill = stream(seed, "picks").dirichlet(np.ones(ARMS))
    arms = stream(seed, "arms").choice(ARMS, len(ids), p=skill)
    return pl.DataFrame({"query_id": ids, "arm": [f"lab/m{arm}" for arm in arms]})


def main(routers: int) -> None:
    """Print both times and the size of the site."""
    print(f"routelab {__version__}, numpy {np.__version__}, Python {platform.python_version()}, {platform.machine()}")
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        board = Board.create(Path(folder) / "board", drawn_table(), Config(part="all"))
        print(f"{'board made':42}{time.perf_counter() - started:8.1f} s   {QUERIES:,} queries, {ARMS} arms")
        for seed in range(3):
            path = Path(folder) / f"r{seed}.parquet"
            picks(board, seed).write_parquet(path)
            started = time.perf_counter()
            board.update(path)
            print(f"{'decisions dropped to board updated':42}{time.perf_counter() - started:8.1f} s", flush=True)
        entries = [
            Entry(f"router-{seed}", "bench", _decided(board, seed), {"kind": "decisions"}, {"fit": "unknown"})
            for seed in range(routers)
        ]
        head = {"name": "bench", "split": "open", "sequence": 0, "published": "2026-01-01T00:00:00Z", "season": 1}
        started = time.perf_counter()
        found = document(board.open, entries, head | {"step": 0.0})
        print(f"{f'{routers} routers ranked, 1,000 paired draws':42}{time.perf_counter() - started:8.1f} s")
        write_site(found, [], Path(folder) / "site")
        size = sum(path.stat().st_size for path in (Path(folder) / "site").rglob("*") if path.is_file())
        print(f"{'its site':42}{size / 1e6:8.2f} MB, board.json {len(to_bytes(found)) / 1e6:.2f} MB")


def _decided(board: Board, seed: int) -> Decided:
    frame = picks(board, seed)
    return Decided.of(frame["query_id"].to_list(), [(arm,) for arm in frame["arm"]]).on(board.open.problem)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
