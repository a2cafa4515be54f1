"""How far a simulated figure may be off: the same run with other speeds, and what earlier runs were off.

Two sources, drawn jointly. First, the speed of every pool is not known exactly: runs are repeated with the times of its
steps scaled by a draw, from errors on data that the run has no part in: of a fitted cost its own points, others on the
machine included; of operator tables how far a point lies off the line of its neighbours, and what runs of other tables
were off; of the roofline the models that were held out of its calibration. Queues enlarge such errors, which is why
whole runs are repeated. Second, where measured runs of other deployments are at hand, the errors of their requests.
What both have in common is counted twice. Knows no measurement of the run that is predicted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Floats
from routelab.core.errors import InputError
from routelab.core.seeds import stream
from routelab.pool.fleet.build import Fleet
from routelab.pool.fleet.cost.calibrated import load_calibration
from routelab.pool.fleet.cost.fitted import load_fitted
from routelab.pool.fleet.policy import Policy
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.simulator import Simulation
from routelab.pool.fleet.spec import PoolSpec

METRICS = ("ttft_s", "tpot_s", "e2e_s")
TABLE_NOISE = 0.03
"""Standard deviation of the logarithm of a measured operator against the line of its neighbours, on vLLM's profiles."""
ERROR_QUANTILES = np.linspace(0.01, 0.99, 50)
Errors = Mapping[str, Floats]


@dataclass(frozen=True)
class Band:
    """One figure for each request: what the run says, and the ends of its prediction interval; NaN without one."""

    value: Floats
    low: Floats
    high: Floats


def predict(
    fleet: Fleet,
    policy: Callable[[], Policy],
    arrivals: Arrivals,
    *,
    draws: int = 20,
    seed: int = 0,
    level: float = 0.9,
    seen: Sequence[Errors] = (),
) -> dict[str, Band]:
    """TTFT, TPOT and E2E of every request with intervals; ``seen``: what `errors_of` found on each of other runs."""
    runs = repeated(fleet, policy, arrivals, draws=draws, seed=seed, table_noise=_speed_noise(seen))
    errors = {metric: np.concatenate([each[metric] for each in seen] or [np.zeros(1)]) for metric in METRICS}
    return {metric: _band([getattr(run, metric) for run in runs], errors[metric], level) for metric in METRICS}


def repeated(
    fleet: Fleet,
    policy: Callable[[], Policy],
    arrivals: Arrivals,
    *,
    draws: int = 20,
    seed: int = 0,
    table_noise: float = TABLE_NOISE,
) -> list[Run]:
    """The run as it is, and once more for each draw of the pools' speeds."""
    drawn = worlds(fleet, draws, seed, table_noise)
    return [Simulation(each, policy(), seed=seed).run(arrivals) for each in drawn]


def worlds(fleet: Fleet, draws: int, seed: int, table_noise: float = TABLE_NOISE) -> Iterator[Fleet]:
    """The fleet as it is, and once more for each draw of its pools' speeds."""
    yield fleet
    streams = [stream(seed, "fleet", "speed", place) for place in range(len(fleet.spec.pools))]
    for _ in range(draws):
        drawn = [_drawn(pool, draw, table_noise) for pool, draw in zip(fleet.spec.pools, streams, strict=True)]
        costs = [cost.times(drawn[pool]) for cost, pool in zip(fleet.costs, fleet.cost_pools, strict=True)]
        yield replace(fleet, costs=tuple(costs))


def intervals(summaries: Sequence[Mapping[str, Any]], level: float = 0.9) -> dict[str, Any]:
    """``[low, high]`` for every figure of the first of several summaries of a run; None where it has none.

    So many of the summaries lie between them, and the figure itself always.
    """
    if not summaries:
        raise InputError("summaries", expected="one or more", got="none", fix="repeat the run")
    found: dict[str, Any] = {}
    for name, value in summaries[0].items():
        every = [summary[name] for summary in summaries]
        if isinstance(value, Mapping):
            found[name] = intervals(every, level)
        elif value is None:
            found[name] = None
        else:
            low, high = np.quantile([each for each in every if each is not None], _ends(level)).tolist()
            found[name] = [min(low, value), max(high, value)]
    return found


def errors_of(run: Run, measured: Mapping[str, Floats]) -> Errors:
    """Quantiles of the logarithm of measured over simulated figures; every run weighs the same."""
    logs = {metric: np.log(measured[metric] / getattr(run, metric)) for metric in METRICS}
    return {metric: np.quantile(each[np.isfinite(each)], ERROR_QUANTILES) for metric, each in logs.items()}


def _speed_noise(seen: Sequence[Errors]) -> float:
    """How far the tables of a pool may be off in common: their own noise, as if two runs had told it, and what runs of
    other tables were off."""
    biases = [float(np.median(errors["tpot_s"])) for errors in seen]
    return math.sqrt((2 * TABLE_NOISE**2 + sum(bias**2 for bias in biases)) / (2 + len(biases)))


def _drawn(pool: PoolSpec, draw: np.random.Generator, table_noise: float) -> float:
    """How many times as long one draw makes the steps of a pool."""
    if pool.tables:
        return float(np.exp(table_noise * draw.standard_normal()))
    errors = (load_fitted(Path(pool.cost)).errors or [0.0]) if pool.cost else load_calibration().tpot_errors
    return float(np.exp(draw.choice(errors)))


def _band(values: Sequence[Floats], errors: Floats, level: float) -> Band:
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(values)
    low, high = (np.full(logs.shape[1], np.nan) for _ in range(2))
    for row in np.flatnonzero(np.isfinite(logs).any(axis=0)):
        known = logs[np.isfinite(logs[:, row]), row]
        low[row], high[row] = np.exp(np.quantile(np.add.outer(known, errors), _ends(level)))
    return Band(values[0], low, high)


def _ends(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2
