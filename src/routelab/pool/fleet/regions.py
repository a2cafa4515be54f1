"""Between regions: what a request pays to be served far from where it was asked, and what its bytes cost.

A request's tokens occupy the link that it takes, and its answer goes back the way it came. A fleet without `wan` has no
distances, and nothing here is ever asked. Knows no server and no queue.
"""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from routelab.core.errors import InputError
from routelab.pool.fleet.links import Link
from routelab.pool.fleet.spec import FleetSpec

TOKEN_BYTES = 4.0


class WideArea:
    """The links of `FleetSpec.wan`, one each way, and who went which way. True where there are any."""

    def __init__(self, spec: FleetSpec) -> None:
        self.links: dict[tuple[str, str], Link] = {}
        for wan in spec.wan:
            for way in (wan.between, wan.between[::-1]):
                self.links[way] = Link(gb_s=wan.gb_s, latency_s=wan.latency_s, usd_per_gb=wan.usd_per_gb)
        self.regions = tuple(dict.fromkeys(pool.region for pool in spec.pools))
        for pair in combinations(self.regions, 2):
            if self.links and pair not in self.links:
                raise InputError("wan", expected=f"how far {' and '.join(pair)} are", got="nothing", fix="add the pair")
        self._ways: dict[int, list[str]] = {}

    def __bool__(self) -> bool:
        return bool(self.links)

    def check(self, where: str, regions: tuple[str, ...]) -> None:
        """Raise InputError where a region is named that the fleet does not have."""
        for region in regions if self else ():
            if region not in self.regions:
                known = f"a region of the fleet ({', '.join(self.regions)})"
                raise InputError(where, expected=known, got=repr(region), fix="add a pool, or rename it")

    def latency_s(self, start: str, end: str) -> float:
        """One way, of a message without length."""
        return self.links[start, end].latency_s if start != end else 0.0

    def place(self, request: int, home: str) -> str:
        """The region that a request has come to."""
        return self._ways[request][-1] if request in self._ways else home

    def go(self, request: int, home: str, region: str, tokens: int, now: float) -> float:
        """When a request that leaves now will be in a region, from wherever it is; without a home it is everywhere."""
        start = self.place(request, home)
        if not self or start in ("", region):
            return now
        self._ways.setdefault(request, [home]).append(region)
        return self.links[start, region].send(now, TOKEN_BYTES * tokens)

    def bring_back(self, ended: NDArray[np.void]) -> None:
        """Add the way back to the times of requests that ended (`DONE` rows)."""
        for row in ended if self._ways else ():
            way = self._ways.pop(int(row["id"]), [])
            for here, there in pairwise(reversed(way)):
                row["first_token_s"] += self.latency_s(here, there)
                if np.isfinite(row["last_token_s"]):
                    size = TOKEN_BYTES * row["output_tokens"]
                    row["last_token_s"] = self.links[here, there].send(float(row["last_token_s"]), float(size))

    @property
    def usd(self) -> float:
        """What all that was moved costs."""
        return sum(link.usd_per_gb * link.moved_bytes / 1e9 for link in self.links.values())
