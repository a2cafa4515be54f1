"""One deployment under a steady load, in the five numbers a buyer asks for: TTFT, TPOT, throughput, watts, dollars.

Knows no trace: clients send their next prompt as soon as they have an answer. Intervals are the calibration's.
"""

from __future__ import annotations

import msgspec
import numpy as np

from routelab.core.decisions import Floats
from routelab.core.errors import InputError
from routelab.pool.fleet.catalogue import find_hardware, find_model
from routelab.pool.fleet.cost.analytic import Load, step_seconds
from routelab.pool.fleet.cost.calibrated import Calibration, load_calibration
from routelab.pool.fleet.cost.plan import Plan, kv_capacity_tokens
from routelab.pool.fleet.cost.points import Point
from routelab.pool.fleet.cost.power import SHIPPED, power_w


class Range(msgspec.Struct, frozen=True):
    """A median and the ends of a 90 % prediction interval."""

    value: float
    low: float
    high: float


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What ``routelab fleet estimate --json`` prints. Watts and dollars are of the whole deployment."""

    ttft_ms: Range
    tpot_ms: Range
    throughput_tok_s: Range
    power_w: Range
    usd_per_hour: float
    usd_per_mtok: Range
    kv_capacity_tokens: int
    assumptions: list[str]


def estimate(point: Point, calibration: Calibration | None = None) -> Estimate:
    """Estimate a closed loop of ``point.batch`` clients; raises InputError where it cannot be."""
    for field in ("batch", "isl", "osl"):
        if getattr(point, field) < 1:
            raise InputError(
                field, expected="1 or more", got=str(getattr(point, field)), fix=f"give --{field} 1 or more"
            )
    model, device = find_model(point.model), find_hardware(point.gpu)
    if point.isl + point.osl > model.context_tokens:
        raise InputError(
            "isl",
            expected=f"a prompt and an answer within the {model.context_tokens} tokens of {model.name}",
            got=f"{point.isl + point.osl:.0f} tokens",
            fix="shorten --isl or --osl",
        )
    known = calibration or load_calibration()
    ttft, tpot = known.predict([point])
    first, each = ttft[0], tpot[0]
    rate = point.batch * point.osl / (first + (point.osl - 1) * each)
    plan = Plan(tp=point.tp, pp=point.pp, ep=point.ep, dtype=point.dtype, kv=point.kv)
    load = Load(*(np.array(value) for value in (0.0, 0.0, point.batch, point.isl + point.osl / 2)))
    roof = step_seconds(model, device, plan, load)
    prefill = Load(*(np.array(value) for value in (point.isl, 0.0, 0.0, 0.0)))
    work = roof + point.batch / point.osl * step_seconds(model, device, plan, prefill)
    watts = np.array([power_w(device, work[1] / step, roof[2] / step) for step in each]) * plan.devices
    margin = 1.645 * 1.4826 * SHIPPED.error  # of a normal error with this median absolute value
    dollars = device.price_usd_per_hour * plan.devices
    return Estimate(
        ttft_ms=_range(first * 1e3),
        tpot_ms=_range(each * 1e3),
        throughput_tok_s=_range(rate),
        power_w=Range(
            value=float(f"{watts[0]:.4g}"),
            low=float(f"{max(watts.min() * (1 - margin), device.idle_w * plan.devices):.4g}"),
            high=float(f"{min(watts.max() * (1 + margin), device.tdp_w * plan.devices):.4g}"),
        ),
        usd_per_hour=float(f"{dollars:.6g}"),
        usd_per_mtok=_range(dollars / 3600 / rate * 1e6),
        kv_capacity_tokens=kv_capacity_tokens(model, device, plan, context=point.isl + point.osl),
        assumptions=[
            f"price: {device.price_kind}, {device.price_date}",
            f"factors: {known.fitted_on}",
            *([f"unverified of {device.name}: {', '.join(device.unverified)}"] if device.unverified else []),
        ],
    )


def _range(values: Floats) -> Range:
    middle, *ends = (float(f"{value:.4g}") for value in values)
    return Range(value=middle, low=min(ends), high=max(ends))
