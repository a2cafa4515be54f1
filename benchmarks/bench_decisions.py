"""How long a decision takes: linear, feature and kNN routers, one query and in batches, on one core.

``python benchmarks/bench_decisions.py`` prints machine, versions and seed. Beside exact kNN stands scikit-learn's
``KNeighborsClassifier`` (5 neighbours, labels of the best arm), which is what LLMRouter's kNN router calls once it has
its embedding, on the same vectors in the same process.
"""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Callable

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from routelab import __version__
from routelab.core import stream
from routelab.core.threads import single_threaded
from routelab.data import default_table
from routelab.encode import QueryBatch
from routelab.outcomes import dense
from routelab.router import Router, catalogue
from routelab.router.estimate import Training
from routelab.router.estimators import LocalMean

SEED, SINGLE, BATCH = 0, 2000, 10_000
NAMES = ("ridge", "logistic", "logistic_dense", "forest_signals", "length_only", "knn", "knn_dense", "champion")
STORED, WIDTH, ARMS = (10_000, 100_000), 128, 8


def main() -> None:
    """Print both tables. Encodings of earlier runs are not read."""
    os.environ["ROUTELAB_CACHE"] = tempfile.mkdtemp()
    print(f"routelab {__version__}, numpy {np.__version__}, Python {platform.python_version()}, {platform.machine()}")
    _routers()
    _neighbours()


@single_threaded
def _routers() -> None:
    table = default_table()
    batch = QueryBatch(tuple(table.queries["query_id"]), tuple(table.queries["prompt"]), tuple(table.queries["task"]))
    texts = np.array(batch.texts, object)[stream(SEED, "texts").integers(0, len(batch), BATCH)]
    print(f"\n{'router':16}{'p50 µs':>9}{'p99 µs':>9}{'queries/s':>12}   {len(batch)} training queries")
    for name in NAMES:
        router = Router(getattr(catalogue, name)).fit(batch, dense(table))
        p50, p99 = _quantiles(lambda at, one=router: one.route(QueryBatch.of([texts[at]])), SINGLE)
        started = time.perf_counter()
        router.route(QueryBatch.of(list(texts)))
        print(f"{router.name:16}{p50:9.0f}{p99:9.0f}{BATCH / (time.perf_counter() - started):12,.0f}", flush=True)


@single_threaded
def _neighbours() -> None:
    draw = stream(SEED, "vectors")
    print(f"\n{'exact kNN':18}{'p50 µs':>9}{'p99 µs':>9}   k = 10, {WIDTH} columns")
    for stored in STORED:
        x = draw.standard_normal((stored, WIDTH)).astype(np.float32)
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        score = (draw.random((stored, ARMS)) < 0.5).astype(float)
        asked = draw.standard_normal((500, WIDTH)).astype(np.float32)
        asked /= np.linalg.norm(asked, axis=1, keepdims=True)
        arms = tuple(f"arm{j}" for j in range(ARMS))
        batch = QueryBatch(tuple(map(str, range(stored))), None, (None,) * stored)
        ours = LocalMean(k=10).fit(Training(x, batch, arms, score, np.zeros_like(score), 0, SEED, (0, WIDTH)))
        theirs = KNeighborsClassifier(5).fit(x, score.argmax(axis=1))
        for name, ask in (("routelab", ours.predict), ("scikit-learn", theirs.predict)):
            p50, p99 = _quantiles(lambda at, ask=ask, asked=asked: ask(asked[[at % len(asked)]]), 500)
            label = f"{name} {stored // 1000}k"
            print(f"{label:18}{p50:9.0f}{p99:9.0f}", flush=True)


def _quantiles(job: Callable[[int], object], runs: int) -> tuple[float, float]:
    """Median and 99th percentile in microseconds, after twenty calls to warm up."""
    spent = []
    for at in range(runs + 20):
        started = time.perf_counter()
        job(at)
        spent.append(time.perf_counter() - started)
    p50, p99 = np.quantile(spent[20:], [0.5, 0.99]) * 1e6
    return float(p50), float(p99)


if __name__ == "__main__":
    main()
