"""A workload: a record that makes arrivals from a seed. Here are what all share, and those without inner structure.

`structured` has the conversations, agents and trees; `load` the files and names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta

from routelab.core.arrivals import Arrivals
from routelab.core.errors import InputError
from routelab.core.seeds import stream
from routelab.workload.arrivals.clients import DEFAULT_GROUP, embedded_clients, read_clients
from routelab.workload.arrivals.combine import merged, scaled
from routelab.workload.arrivals.lengths import AnyLengths
from routelab.workload.arrivals.part import Count, Delay, Part, Rate, Seconds
from routelab.workload.arrivals.places import AdapterPopularity, Popularity
from routelab.workload.arrivals.processes import AnyProcess, Diurnal
from routelab.workload.arrivals.readers import read
from routelab.workload.arrivals.streamed import ROWS, read_parts


class Workload(Part, frozen=True, kw_only=True):
    """What every workload can say of its requests: for which models and adapters they are, and from which region."""

    popularity: Popularity | None = None
    adapters: AdapterPopularity | None = None
    region: str | None = None

    def arrivals(self, seed: int) -> Arrivals:
        """The requests; the same seed gives the same bytes. Raises InputError."""
        made = self.checked()._arrivals(seed)
        if self.popularity is not None:
            made = self.popularity.assign(made, stream(seed, "arrivals", "models"))
        if self.adapters is not None:
            made = self.adapters.assign(made, stream(seed, "arrivals", "adapters"))
        return self._placed(made).checked(str(self.__struct_config__.tag))

    def blocks(self, seed: int) -> Iterator[Arrivals]:
        """The same requests, some at a time; made at once but where a trace is read."""
        yield from self.arrivals(seed).blocks(ROWS)

    def _placed(self, made: Arrivals) -> Arrivals:
        if self.region is None:
            return made
        return replace(made, region=np.zeros(len(made), dtype=np.int64), regions=(self.region,))

    def _arrivals(self, seed: int) -> Arrivals:
        raise NotImplementedError


class Trace(Workload, frozen=True, kw_only=True, tag="trace"):
    """A recorded trace, its first `n` requests or those before `horizon_s`, then `scale` times as many."""

    path: str
    format: str = "auto"
    columns: dict[str, str] = msgspec.field(default_factory=dict)
    hash_tokens: Count | None = None
    scale: Annotated[float, Meta(gt=0.0, le=1000.0)] = 1.0
    n: Count | None = None
    horizon_s: Seconds | None = None

    def _arrivals(self, seed: int) -> Arrivals:
        trace = read(Path(self.path), self.format, columns=self.columns, hash_tokens=self.hash_tokens)
        cut = self._cut(trace, 0)
        return cut if self.scale == 1 else scaled(cut, self.scale, stream(seed, "arrivals", "scale"))

    def blocks(self, seed: int) -> Iterator[Arrivals]:
        """The same requests, never more than some in memory; where copies or models are drawn, of the whole trace."""
        if self.scale != 1 or self.popularity is not None or self.adapters is not None:
            yield from super().blocks(seed)
            return
        self.checked()
        read_so_far = 0
        for part in read_parts(Path(self.path), self.format, columns=self.columns, hash_tokens=self.hash_tokens):
            cut = self._cut(part, read_so_far)
            if len(cut):
                yield self._placed(cut)
            read_so_far += len(part)
            if len(cut) < len(part):
                return

    def _cut(self, trace: Arrivals, before: int) -> Arrivals:
        """What `n` and `horizon_s` leave of requests that come after so many others."""
        stop = len(trace) if self.horizon_s is None else int(np.searchsorted(trace.time_s, self.horizon_s))
        return trace.part(0, stop if self.n is None else min(stop, self.n - before))


class Requests(Workload, frozen=True, kw_only=True, tag="process"):
    """Requests that know nothing of each other: a process and lengths. `n`, `horizon_s` or both end it."""

    process: AnyProcess
    lengths: AnyLengths
    n: Count | None = None
    horizon_s: Seconds | None = None

    def _arrivals(self, seed: int) -> Arrivals:
        times = self.process.times(stream(seed, "arrivals", "times"), n=self.n, horizon_s=self.horizon_s)
        return Arrivals(times, *self.lengths.pairs(stream(seed, "arrivals", "lengths"), len(times)))


class Mixture(Workload, frozen=True, kw_only=True, tag="mixture"):
    """Clients of a public LLM service, scaled to `rate`; `start_s` chooses the hour of their week.

    The embedded ones, or those of a file made by `write_clients`.
    """

    horizon_s: Seconds
    rate: Rate | None = None
    group: str = DEFAULT_GROUP
    path: str | None = None
    start_s: Delay = 0.0

    def _arrivals(self, seed: int) -> Arrivals:
        clients = embedded_clients(self.group) if self.path is None else read_clients(Path(self.path), self.group)
        rng = stream(seed, "arrivals", "clients")
        return clients.arrivals(rng, rate=self.rate, horizon_s=self.horizon_s, start_s=self.start_s)


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Its share of all requests (the shares need not sum to 1), and how far its day is ahead."""

    name: str
    shift_s: Delay
    share: Annotated[float, Meta(gt=0.0, le=1e6)] = 1.0


class Regions(Workload, frozen=True, kw_only=True, tag="regions"):
    """Several regions with the same daily curve at different hours; `process.rate` is that of all together."""

    regions: Annotated[tuple[Region, ...], Meta(min_length=1)]
    process: Diurnal
    lengths: AnyLengths
    horizon_s: Seconds

    def _arrivals(self, seed: int) -> Arrivals:
        whole = sum(each.share for each in self.regions)
        parts = []
        for each in self.regions:
            process = msgspec.structs.replace(
                self.process, rate=self.process.rate * each.share / whole, shift_s=self.process.shift_s + each.shift_s
            )
            times = process.times(stream(seed, "arrivals", "times", each.name), horizon_s=self.horizon_s)
            lengths = self.lengths.pairs(stream(seed, "arrivals", "lengths", each.name), len(times))
            parts.append(Arrivals(times, *lengths, region=np.zeros(len(times), dtype=np.int64), regions=(each.name,)))
        if len({each.name for each in self.regions}) < len(parts):
            raise InputError("regions", expected="different names", got="one twice", fix="rename one")
        return merged(parts)
