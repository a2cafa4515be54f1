"""How many of which device serve a workload within its limits, cheapest first, and how sure that is.

Each deployment (a device, and how many of them cut a layer among them) is simulated with more and more replicas on the
same requests: doubled until enough requests keep every limit, then bisected. How sure: the share of repeated runs that
still meet the target, their steps slower or faster by the calibration's errors on models that it had not seen. Takes it
that more replicas never do worse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec
import numpy as np

from routelab.core.arrivals import Arrivals
from routelab.core.errors import InputError
from routelab.pool.fleet.build import Fleet, build
from routelab.pool.fleet.catalogue import Hardware, Model, find_hardware, find_model, hardware
from routelab.pool.fleet.cost.estimate import Range
from routelab.pool.fleet.cost.plan import Plan, check_placement
from routelab.pool.fleet.planned import Ask, Option, Planned, Refused
from routelab.pool.fleet.policies import load_policy
from routelab.pool.fleet.policy import Policy
from routelab.pool.fleet.result import Run
from routelab.pool.fleet.simulator import Simulation
from routelab.pool.fleet.spec import FleetSpec, PoolSpec
from routelab.pool.fleet.uncertainty import repeated

ELSEWHERE = ("RTX-4090", "RTX-3090", "Jetson-AGX-Orin-64G", "CPU-Xeon-8480")
"""Devices that do not stand in data centres; they are planned with where they are named."""
DEGREES = (1, 2, 4, 8, 16)
LARGER = 3  # the least degree that fits and those above it, so many in all
MOST_REPLICAS = 256
ALONE_S = 3600.0  # between two requests that never meet


def plan(ask: Ask, gpus: Sequence[str] = (), progress: Callable[[int, int, str], None] | None = None) -> Planned:
    """What meets the ask on these devices, by default all of data centres. Raises InputError."""
    model = find_model(ask.checked().model)
    _within(model, ask)
    names = gpus or [name for name in hardware() if name not in ELSEWHERE]
    devices = list({device.name: device for device in map(find_hardware, names)}.values())
    options: list[Option] = []
    refused: list[Refused] = []
    for place, device in enumerate(devices):
        degrees, why = _degrees(model, device, ask.dtype)
        if not degrees:
            refused.append(Refused(gpu=device.name, tp=None, why=why))
        for tp in degrees:
            told = _Deployment(ask, device, tp).plan()
            if isinstance(told, Option):
                options.append(told)
            else:
                refused.append(told)
        if progress is not None:
            progress(place + 1, len(devices), device.name)
    return Planned(options=sorted(options, key=lambda each: (each.usd_per_hour, -each.confidence)), refused=refused)


def _within(model: Model, ask: Ask) -> None:
    """The engine knows no longest context: what a model cannot read is an error here."""
    long = np.concatenate([each.input_tokens + each.output_tokens > model.context_tokens for each in ask.arrivals])
    if long.mean() > 1 - ask.attainment:
        raise InputError(
            "workload",
            expected=f"requests within the {model.context_tokens:,} tokens of {model.name}",
            got=f"{long.mean():.1%} that are longer",
            fix="shorten them, choose another model or lower --attainment",
        )


def _degrees(model: Model, device: Hardware, dtype: str) -> tuple[list[int], str]:
    """The least number of devices that holds the model and the next ones above it, or why none does."""
    fits, why = [], ""
    for tp in DEGREES:
        if tp > device.node or model.heads % tp:
            continue
        try:
            check_placement(model, device, Plan(tp=tp, dtype=dtype))
            fits.append(tp)
        except InputError as error:
            why = f"{error.where}: expected {error.expected}, got {error.got}"
    return fits[:LARGER], why


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _tail(runs: Sequence[Run], key: str) -> float | None:
    """The 99th percentile of a time over all requests that were answered; None where nothing has that time."""
    known = np.concatenate([getattr(run, key)[run.ok] for run in runs])
    known = known[np.isfinite(known)]
    return _short(float(np.percentile(known, 99))) if len(known) else None


class _Deployment:
    """A device and a degree, with any number of replicas."""

    def __init__(self, ask: Ask, device: Hardware, tp: int) -> None:
        self.ask, self.device, self.tp = ask, device, tp
        pool = PoolSpec(model=ask.model, gpu=device.name, tp=tp, dtype=ask.dtype)
        self.one = build(FleetSpec(pools=(pool,), slo=ask.slo))

    def plan(self) -> Option | Refused:
        each = self.one.servers[0].usd_per_hour
        most = MOST_REPLICAS if self.ask.max_usd_per_hour is None else int(self.ask.max_usd_per_hour / each)
        most = min(most, MOST_REPLICAS)
        if most < 1:
            return self._refused(f"one replica costs ${each:.2f} an hour, above the limit")
        alone = self._alone()
        if alone:
            return self._refused(alone)
        replicas = self._least(most)
        if replicas is None:
            return self._refused(f"{most} replicas, ${most * each:.2f} an hour, are too few; more are not tried")
        return self._option(replicas)

    def fleet(self, replicas: int) -> Fleet:
        pool = msgspec.structs.replace(self.one.spec.pools[0], replicas=replicas)
        spec = msgspec.structs.replace(self.one.spec, pools=(pool,))
        return replace(self.one, spec=spec, servers=self.one.servers * replicas)

    def _policy(self) -> Policy:
        return load_policy(self.ask.policy)

    def _run(self, replicas: int, arrivals: Arrivals) -> Run:
        return Simulation(self.fleet(replicas), self._policy(), seed=self.ask.seed).run(arrivals)

    def _alone(self) -> str:
        """Why no number of replicas is enough: what even a request that meets no other does not keep."""
        first = self.ask.arrivals[0]
        run = self._run(1, replace(first, time_s=np.linspace(0, ALONE_S * len(first), len(first))))
        kept = float(run.in_time(self.ask.slo).mean())
        if kept >= self.ask.attainment:
            return ""
        if not run.ok.all():
            return f"{1 - run.ok.mean():.1%} of requests do not fit into its memory; alone, {kept:.1%} keep every limit"
        tails = [f"{key} {_tail([run], key)} s" for key in ("ttft_s", "tpot_s", "e2e_s")]
        return f"even alone on a server {kept:.1%} of requests keep every limit (p99: {', '.join(tails)})"

    def _meets(self, replicas: int) -> bool:
        """By the mean over draws of the workload; a draw that cannot be made up for ends it."""
        missing = (1 - self.ask.attainment) * len(self.ask.arrivals) + 1e-12
        for arrivals in self.ask.arrivals:
            missing -= 1 - float(self._run(replicas, arrivals).in_time(self.ask.slo).mean())
            if missing < 0:
                return False
        return True

    def _least(self, most: int) -> int | None:
        too_few, enough = 0, 1
        while not self._meets(enough):
            if enough == most:
                return None
            too_few, enough = enough, min(2 * enough, most)
        while enough - too_few > 1:
            middle = (too_few + enough) // 2
            too_few, enough = (too_few, middle) if self._meets(middle) else (middle, enough)
        return enough

    def _option(self, replicas: int) -> Option:
        ask, fleet = self.ask, self.fleet(replicas)
        runs = [repeated(fleet, self._policy, each, draws=ask.draws, seed=ask.seed) for each in ask.arrivals]
        shares = np.array([[float(run.in_time(ask.slo).mean()) for run in row] for row in runs])
        drawn = shares[:, 1:] if ask.draws else shares
        low, high = np.quantile(drawn, (0.05, 0.95)).tolist()
        plain = [row[0] for row in runs]
        joules = sum(run.energy_j for run in plain)
        return Option(
            gpu=self.device.name,
            tp=self.tp,
            replicas=replicas,
            devices=replicas * fleet.servers[0].devices,
            usd_per_hour=round(replicas * fleet.servers[0].usd_per_hour, 4),
            attainment=Range(value=_short(shares[:, 0].mean()), low=_short(low), high=_short(high)),
            confidence=_short((drawn >= ask.attainment).mean()),
            utilisation=_short(float(np.mean([run.summary()["utilisation"] for run in plain]))),
            power_w=_short(joules / sum(run.span_s for run in plain)),
            energy_j_per_request=_short(joules / sum(len(run.requests) for run in plain)),
            **{f"{key}_p99": _tail(plain, key) for key in ("ttft_s", "tpot_s", "e2e_s")},
        )

    def _refused(self, why: str) -> Refused:
        return Refused(gpu=self.device.name, tp=self.tp, why=why)
