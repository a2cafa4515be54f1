"""What a run yields: what the servers did, a row for each request, and the figures that people ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from routelab.core.decisions import Floats
from routelab.pool.fleet.build import Fleet
from routelab.pool.fleet.engine.interface import OK, Servers
from routelab.pool.fleet.rows import frame, rows_file
from routelab.pool.fleet.spec import Slo
from routelab.pool.fleet.tally import Exact, Tally, e2e_s, in_time, tpot_s, ttft_s


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What the servers did and what that cost: all of a run but its requests. ``usage``: seconds by server. ``on_s``:
    how long each server was there."""

    fleet: Fleet
    usage: dict[str, Floats]
    on_s: Floats
    wall_s: float
    events: int
    migrations: int = 0
    faults: int = 0
    egress_usd: float = 0.0
    samples: list[tuple[float, Servers]] = field(default_factory=list)

    @property
    def energy_j(self) -> float:
        """Of the servers' steps, and idle while their devices are there and rest."""
        rests: dict[int, list[float]] = {}
        for place, server in enumerate(self.fleet.servers):
            rest = server.share * float(self.on_s[place]) - float(self.usage["busy_s"][place])
            device = server.spec.device if server.spec.device >= 0 else -1 - place
            rests.setdefault(device, []).append(rest * server.devices * server.device.idle_w)
        return float(self.usage["busy_j"].sum()) + sum(max(sum(rest), 0.0) for rest in rests.values())

    @property
    def device_s(self) -> float:
        """How long all servers were there, those that share a device each by its share."""
        return float(sum(server.share * on for server, on in zip(self.fleet.servers, self.on_s, strict=True)))

    @property
    def usd(self) -> float:
        """What the servers cost while they were there, and what went between regions."""
        on_usd = sum(s.usd_per_hour * on / 3600 for s, on in zip(self.fleet.servers, self.on_s, strict=True))
        return float(on_usd) + self.egress_usd

    def figures(self, requests: Tally) -> dict[str, Any]:
        """The figures of one run, with those of its requests; None where there is nothing to measure."""
        return requests.figures() | {
            "migrations": self.migrations,
            "faults": self.faults,
            "utilisation": float(self.usage["busy_s"].sum() / max(self.device_s, 1e-12)),
            "energy_j": self.energy_j,
            "usd": self.usd,
            "wall_s": self.wall_s,
            "events": self.events,
        }


@dataclass(frozen=True, kw_only=True)
class Run(Ledger):
    """A run whose every request is kept. ``requests``: `DONE` rows in the order of their ids. ``span_s``: first arrival
    to last token."""

    requests: NDArray[np.void]

    @property
    def ok(self) -> NDArray[np.bool_]:
        done: NDArray[np.bool_] = self.requests["status"] == OK
        return done

    @property
    def ttft_s(self) -> Floats:
        return ttft_s(self.requests)

    @property
    def e2e_s(self) -> Floats:
        return e2e_s(self.requests)

    @property
    def tpot_s(self) -> Floats:
        """Seconds a token after the first; NaN for answers of one token."""
        return tpot_s(self.requests)

    @property
    def span_s(self) -> float:
        return self._tally(Slo()).span_s

    def in_time(self, slo: Slo) -> NDArray[np.bool_]:
        """The requests that were answered within every limit."""
        return in_time(self.requests, slo)

    def summary(self, slo: Slo | None = None) -> dict[str, Any]:
        """The figures of one run; `null` where there is nothing to measure."""
        return self.figures(self._tally(slo or self.fleet.spec.slo))

    def _tally(self, slo: Slo) -> Tally:
        tally = Tally(slo, Exact)
        tally.add(self.requests)
        return tally

    def frame(self) -> pl.DataFrame:
        """One row for each request, in the order of arrival."""
        return frame(self.requests)

    def write(self, path: Path) -> None:
        """The rows as Parquet, or CSV where the path says so; whole or not at all."""
        with rows_file(path) as add:
            add(self.requests)
