"""Workloads by file or name: a YAML file with a ``kind``, a trace as it is, or one of the embedded `NAMES`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from routelab.core.arrivals import Arrivals
from routelab.core.config import convert, load_yaml
from routelab.core.errors import InputError, nearest
from routelab.core.seeds import derive
from routelab.workload.arrivals.combine import merged
from routelab.workload.arrivals.lengths import LONG, MEDIUM, SHORT, Lognormal, PowerLaw, Separate
from routelab.workload.arrivals.processes import Poisson
from routelab.workload.arrivals.structured import Agents, Sessions, Trees
from routelab.workload.arrivals.workload import Mixture, Regions, Requests, Trace, Workload


class Merged(Workload, frozen=True, kw_only=True, tag="merged"):
    """Several workloads at once, each with its own share of the seed."""

    parts: Annotated[tuple[AnyWorkload, ...], Meta(min_length=1)]

    def _arrivals(self, seed: int) -> Arrivals:
        return merged([part.arrivals(derive(seed, "arrivals", place)) for place, part in enumerate(self.parts)])


AnyWorkload = Trace | Requests | Mixture | Regions | Sessions | Agents | Trees | Merged


def _llumnix(prompt: PowerLaw, answer: PowerLaw) -> Requests:
    return Requests(process=Poisson(rate=10), lengths=Separate(input=prompt, output=answer), n=10_000)


_CHAT = Lognormal(mean=200, cv=1.5, most=8192)
_STEP = Lognormal(mean=60, cv=0.8, most=1024)

NAMES: dict[str, AnyWorkload] = {
    "agents": Agents(
        starts=Poisson(rate=0.5),
        horizon_s=3600,
        system_tokens=1024,
        first=_CHAT,
        instructions=_STEP,
        answer=_CHAT,
        widths=(1, 3, 1),
    ),
    "chat": Sessions(
        starts=Poisson(rate=1),
        horizon_s=3600,
        system_tokens=256,
        first=_CHAT,
        follow=_STEP,
        answer=_CHAT,
        turns=4,
        think_s=30,
    ),
    "default": Mixture(rate=10, horizon_s=3600),
    "llumnix-l-l": _llumnix(LONG, LONG),
    "llumnix-l-s": _llumnix(LONG, SHORT),
    "llumnix-m-m": _llumnix(MEDIUM, MEDIUM),
    "llumnix-s-l": _llumnix(SHORT, LONG),
    "llumnix-s-s": _llumnix(SHORT, SHORT),
    "reasoning": Mixture(rate=10, horizon_s=3600, group="deepseek-r1"),
    "tree-of-thought": Trees(
        starts=Poisson(rate=0.5),
        horizon_s=3600,
        system_tokens=512,
        first=_CHAT,
        follow=_STEP,
        answer=_STEP,
        depth=4,
        branches=2,
    ),
}


def workload(path_or_name: str | Path) -> AnyWorkload:
    """The workload that a YAML file, a trace or a name stands for. Raises InputError."""
    name, path = str(path_or_name), Path(path_or_name)
    if name in NAMES:
        return NAMES[name]
    if path.suffix.lower() in (".csv", ".jsonl", ".parquet"):
        return Trace(path=name)
    if path.suffix.lower() in (".yaml", ".yml"):
        return convert(_rooted(load_yaml(path), path.parent), AnyWorkload, name)  # type: ignore[arg-type]
    raise InputError(
        "workload",
        expected="a .yaml, .csv, .jsonl or .parquet file or a name",
        got=repr(name),
        fix=nearest(name, NAMES),
    )


def load(path_or_name: str | Path, seed: int) -> Arrivals:
    """The arrivals that a YAML file, a trace or a name stands for. Raises InputError.

    >>> len(load("llumnix-m-m", seed=0))
    10000
    """
    return workload(path_or_name).arrivals(seed)


def load_blocks(path_or_name: str | Path, seed: int) -> Iterator[Arrivals]:
    """The same, some at a time: of a trace, never more than these are in memory. Raises InputError."""
    return workload(path_or_name).blocks(seed)


def _rooted(value: Any, folder: Path) -> Any:
    """The same values, with every relative `path` of a part taken from the folder of the file."""
    if isinstance(value, list):
        return [_rooted(each, folder) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {key: _rooted(each, folder) for key, each in value.items()}
    if isinstance(inner.get("path"), str) and "kind" in inner:
        inner["path"] = str(folder / inner["path"])
    return inner
