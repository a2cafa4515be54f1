"""How far a simulated figure may be off: the same run with other speeds, and what earlier runs were off.

Two sources, drawn jointly. First, the speed of every pool is not known exactly: runs are repeated with the times of its
steps scaled by a draw, from errors on data that the run has no part in (of a fitted cost: its own points, others on the
machine included; of operator tables: how far a point lies off the line of its neighbours; of the roofline: models that
were held out of its calibration). Queues enlarge such errors,
which is why whole runs are repeated. Second, where measured runs of other deployments are at hand, the errors of their
requests. What both have in common is counted twice, so that intervals err on the wide side. Knows no measurement of the
run that is predicted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
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
from routelab.pool.fleet.cost.step import StepCost
from routelab.pool.fleet.policy import Policy
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.simulator import Simulation

METRICS = ("ttft_s", "tpot_s", "e2e_s")
TABLE_NOISE = 0.03
"""Standard deviation of the logarithm of a measured operator against the line of its neighbours, on vLLM's profiles."""
SECONDS = [field.name for field in fields(StepCost) if field.name not in ("rule", "attention_axes")]
ERROR_QUANTILES = np.linspace(0.01, 0.99, 50)


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
    errors: Mapping[str, Floats] | None = None,
) -> dict[str, Band]:
    """TTFT, TPOT and E2E of every request with intervals; ``errors``: what `errors_of` found on other runs."""
    runs = repeated(fleet, policy, arrivals, draws=draws, seed=seed)
    return {
        metric: _band([getattr(run, metric) for run in runs], (errors or {}).get(metric), level) for metric in METRICS
    }


def repeated(
    fleet: Fleet, policy: Callable[[], Policy], arrivals: Arrivals, *, draws: int = 20, seed: int = 0
) -> list[Run]:
    """The run as it is, and once more for each draw of the pools' speeds."""
    return [Simulation(each, policy(), seed=seed).run(arrivals) for each in worlds(fleet, draws, seed)]


def worlds(fleet: Fleet, draws: int, seed: int) -> Iterator[Fleet]:
    """The fleet as it is, and once more for each draw of its pools' speeds."""
    yield fleet
    for row in _slower(fleet, draws, seed):
        yield replace(fleet, costs=tuple(scaled(cost, each) for cost, each in zip(fleet.costs, row, strict=True)))


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


def errors_of(run: Run, measured: Mapping[str, Floats]) -> dict[str, Floats]:
    """Quantiles of the logarithm of measured over simulated figures; runs weigh the same where they are joined."""
    logs = {metric: np.log(measured[metric] / getattr(run, metric)) for metric in METRICS}
    return {metric: np.quantile(each[np.isfinite(each)], ERROR_QUANTILES) for metric, each in logs.items()}


def scaled(cost: StepCost, factor: float) -> StepCost:
    """A cost whose every step takes so many times as long."""
    return replace(cost, **{name: getattr(cost, name) * factor for name in SECONDS})


def _slower(fleet: Fleet, draws: int, seed: int) -> Floats:
    """(draws, pools): how many times as long the steps of each pool take."""
    logs = np.zeros((draws, len(fleet.costs)))
    for place, pool in enumerate(fleet.spec.pools):
        draw = stream(seed, "fleet", "speed", place)
        if pool.cost:
            logs[:, place] = draw.choice(load_fitted(Path(pool.cost)).errors or [0.0], draws)
        elif pool.tables:
            logs[:, place] = TABLE_NOISE * draw.standard_normal(draws)
        else:
            logs[:, place] = draw.choice(load_calibration().tpot_errors, draws)
    return np.exp(logs)


def _band(values: Sequence[Floats], errors: Floats | None, level: float) -> Band:
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(values)
    off = np.zeros(1) if errors is None else errors
    low, high = (np.full(logs.shape[1], np.nan) for _ in range(2))
    for row in np.flatnonzero(np.isfinite(logs).any(axis=0)):
        known = logs[np.isfinite(logs[:, row]), row]
        low[row], high[row] = np.exp(np.quantile(np.add.outer(known, off), _ends(level)))
    return Band(values[0], low, high)


def _ends(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2
