"""What a run yields: a row for each request, what each server did, and the figures that people ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from routelab.core.decisions import Floats
from routelab.core.files import atomic_path
from routelab.pool.fleet.build import Fleet
from routelab.pool.fleet.engine.interface import OK, TOO_LONG, Servers
from routelab.pool.fleet.spec import Slo

STATUS = ("ok", "too-long", "out-of-memory", "dropped")
PERCENTILES = (50, 90, 99)


@dataclass(frozen=True)
class Run:
    """``requests``: `DONE` rows in the order of their ids. ``usage``: seconds by server. ``span_s``: first arrival to
    last token. ``on_s``: how long each server was there."""

    fleet: Fleet
    requests: NDArray[np.void]
    usage: dict[str, Floats]
    on_s: Floats
    wall_s: float
    events: int
    migrations: int = 0
    egress_usd: float = 0.0
    samples: list[tuple[float, Servers]] = field(default_factory=list)

    @property
    def ok(self) -> NDArray[np.bool_]:
        done: NDArray[np.bool_] = self.requests["status"] == OK
        return done

    @property
    def ttft_s(self) -> Floats:
        return np.asarray(self.requests["first_token_s"] - self.requests["arrival_s"], dtype=float)

    @property
    def e2e_s(self) -> Floats:
        return np.asarray(self.requests["last_token_s"] - self.requests["arrival_s"], dtype=float)

    @property
    def tpot_s(self) -> Floats:
        """Seconds a token after the first; NaN for answers of one token."""
        more = self.requests["output_tokens"] - 1
        spent = self.requests["last_token_s"] - self.requests["first_token_s"]
        return np.where(more > 0, spent / np.maximum(more, 1), np.nan)

    @property
    def span_s(self) -> float:
        ends = self.requests["last_token_s"][self.ok]
        return float(np.nanmax(ends) - self.requests["arrival_s"].min()) if len(ends) else 0.0

    def in_time(self, slo: Slo) -> NDArray[np.bool_]:
        """The requests that were answered within every limit."""
        good = self.ok.copy()
        for limit, seconds in ((slo.ttft_s, self.ttft_s), (slo.tpot_s, self.tpot_s), (slo.e2e_s, self.e2e_s)):
            if limit is not None:
                good &= ~(seconds > limit)
        return good

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
    def usd(self) -> float:
        """What the servers cost while they were there, and what went between regions."""
        on_usd = sum(s.usd_per_hour * on / 3600 for s, on in zip(self.fleet.servers, self.on_s, strict=True))
        return float(on_usd) + self.egress_usd

    def summary(self, slo: Slo | None = None) -> dict[str, Any]:
        """The figures of one run; `null` where there is nothing to measure."""
        rows, ok, span = self.requests, self.ok, self.span_s
        asked = slo or self.fleet.spec.slo
        limited = any(getattr(asked, name) is not None for name in Slo.__struct_fields__)
        good = self.in_time(asked)
        return {
            "requests": len(rows),
            "completed": int(ok.sum()),
            "failed": {STATUS[k]: int((rows["status"] == k).sum()) for k in range(TOO_LONG, len(STATUS))},
            "throughput_req_s": float(ok.sum() / span) if span else None,
            "throughput_tok_s": float(rows["output_tokens"][ok].sum() / span) if span else None,
            "ttft_s": _percentiles(self.ttft_s[ok]),
            "tpot_s": _percentiles(self.tpot_s[ok]),
            "e2e_s": _percentiles(self.e2e_s[ok]),
            "slo_attainment": float(good.mean()) if limited and len(rows) else None,
            "goodput_req_s": float(good.sum() / span) if limited and span else None,
            "preemptions": int(rows["preemptions"].sum()),
            "migrations": self.migrations,
            "prefix_hit_rate": float(rows["cached_tokens"].sum() / max(rows["input_tokens"].sum(), 1)),
            "utilisation": float(self.usage["busy_s"].sum() / max(self.on_s.sum(), 1e-12)),
            "energy_j": self.energy_j,
            "usd": self.usd,
            "span_s": span,
            "wall_s": self.wall_s,
            "events": self.events,
        }

    def frame(self) -> pl.DataFrame:
        """One row for each request, in the order of arrival."""
        names = [str(name) for name in self.requests.dtype.names or ()]
        columns = {name: np.ascontiguousarray(self.requests[name]) for name in names}
        return pl.DataFrame(columns).with_columns(
            pl.col("status").replace_strict(dict(enumerate(STATUS)), return_dtype=pl.String)
        )

    def write(self, path: Path) -> None:
        """The rows as Parquet, or CSV where the path says so; whole or not at all."""
        with atomic_path(path) as temporary:
            if path.suffix == ".csv":
                self.frame().write_csv(temporary)
            else:
                self.frame().write_parquet(temporary)


def _percentiles(seconds: Floats) -> dict[str, float | None]:
    known = seconds[np.isfinite(seconds)]
    if not len(known):
        return dict.fromkeys([f"p{q}" for q in PERCENTILES] + ["mean"])
    values = [*np.percentile(known, PERCENTILES).tolist(), float(known.mean())]
    return dict(zip([f"p{q}" for q in PERCENTILES] + ["mean"], values, strict=True))
