"""What is asked of a plan and what it answers. Knows no simulation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from routelab.core.arrivals import Arrivals
from routelab.core.errors import InputError
from routelab.pool.fleet.cost.estimate import Range
from routelab.pool.fleet.policies import load_policy
from routelab.pool.fleet.spec import Slo


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment that meets the target. ``attainment``: the mean over draws of the workload, and the middle 90 % of
    repeated runs; ``confidence``: the share of these that meet the target. Other figures are means of the former."""

    gpu: str
    tp: int
    replicas: int
    devices: int
    usd_per_hour: float
    attainment: Range
    confidence: float
    utilisation: float
    power_w: float
    energy_j_per_request: float
    ttft_s_p99: float | None
    tpot_s_p99: float | None
    e2e_s_p99: float | None


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment that cannot meet the target, or is not worth trying; ``tp`` is null where no degree fits."""

    gpu: str
    tp: int | None
    why: str


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """``options``: cheapest first, of equal price the surest."""

    options: list[Option]
    refused: list[Refused]


@dataclass(frozen=True)
class Ask:
    """What is wanted: so large a share of the requests within every limit of ``slo``. ``draws`` of the speed."""

    model: str
    slo: Slo
    arrivals: Sequence[Arrivals]
    attainment: float = 0.99
    max_usd_per_hour: float | None = None
    dtype: str = "bf16"
    policy: str = "least-loaded"
    draws: int = 5
    seed: int = 0

    def checked(self) -> Ask:
        """Itself, or the error that names the wrong field."""
        if not 0 < self.attainment <= 1:
            _refuse("attainment", "a share above 0, up to 1", str(self.attainment), "give 0.99 for 99 %")
        if self.max_usd_per_hour is not None and not 0 < self.max_usd_per_hour < float("inf"):
            _refuse("max_usd_per_hour", "dollars above 0", str(self.max_usd_per_hour), "raise it or leave it out")
        if not any(each is not None for each in msgspec.structs.astuple(self.slo)):
            _refuse("slo", "one limit or more", "none", "give ttft<=1,tpot<=0.05")
        if not self.arrivals or not all(len(each) for each in self.arrivals):
            _refuse("workload", "a request or more", "none", "make it longer")
        load_policy(self.policy)
        return self


def _refuse(field: str, expected: str, got: str, fix: str) -> None:
    raise InputError(field, expected=expected, got=got, fix=fix)
