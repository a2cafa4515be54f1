"""Arrivals from arrivals: rows, order, several as one, more or fewer of the same pattern.

Content of different parts is never shared: ids of blocks, sessions, models and regions are kept apart or matched by
name. Knows nothing of where the requests come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from routelab.core.arrivals import NO_SESSION, Arrivals
from routelab.core.decisions import Ints
from routelab.core.errors import InputError

LENGTHS = ("time_s", "input_tokens", "output_tokens")
COLUMNS = (*LENGTHS, "model", "region", "priority", "adapter", "session", "step", "query")
DEFAULTS = {"session": NO_SESSION, "query": -1, "adapter": -1}


def in_order(arrivals: Arrivals) -> Arrivals:
    """The same requests by their times; those of the same time keep their order."""
    order = np.argsort(arrivals.time_s, kind="stable")
    return arrivals if bool((np.diff(order) == 1).all()) else rows(arrivals, order)


def rows(arrivals: Arrivals, chosen: Ints) -> Arrivals:
    """The chosen requests, in the order in which they are named."""
    cut: dict[str, Any] = {}
    for name in COLUMNS:
        values = getattr(arrivals, name)
        if len(values):
            cut[name] = values[chosen]
    if len(arrivals.hash_starts):
        lengths = np.diff(arrivals.hash_starts)[chosen]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(starts[-1]) + np.repeat(arrivals.hash_starts[chosen] - starts[:-1], lengths)
        cut |= {"hash_starts": starts, "hash_ids": arrivals.hash_ids[places]}
    return replace(arrivals, **cut)


def merged(parts: Sequence[Arrivals]) -> Arrivals:
    """All requests of the parts by their times. Models and regions meet by name; sessions and content stay apart."""
    if not parts:
        raise InputError("merged", expected="at least one part", got="none", fix="give some arrivals")
    made: dict[str, Any] = {}
    for name in ("model", "region"):
        known = [getattr(part, f"{name}s") or ("",) for part in parts]
        names = tuple(dict.fromkeys(each for labels in known for each in labels))
        if names != ("",):
            places = [np.array([names.index(each) for each in labels], dtype=np.int64) for labels in known]
            made |= {f"{name}s": names, name: np.concatenate([p[a.column(name)] for p, a in zip(places, parts)])}
    made["session"] = _apart([part.session for part in parts], [len(part) for part in parts])
    for name in ("priority", "adapter", "step", "query"):
        if any(len(getattr(part, name)) for part in parts):
            made[name] = np.concatenate([part.column(name, DEFAULTS.get(name, 0)) for part in parts])
    for name in LENGTHS:
        made[name] = np.concatenate([getattr(part, name) for part in parts])
    sizes = {part.hash_tokens for part in parts if len(part.hash_starts)}
    if len(sizes) > 1:
        raise InputError(
            "merged hash_tokens",
            expected="one size of blocks",
            got=str(sorted(sizes)),
            fix="make them with the same size",
        )
    if sizes:
        counts = [np.diff(part.hash_starts) if len(part.hash_starts) else np.zeros(len(part), int) for part in parts]
        made["hash_starts"] = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
        made |= {"hash_ids": _apart([part.hash_ids for part in parts]), "hash_tokens": sizes.pop()}
    return in_order(Arrivals(**made))


def scaled(arrivals: Arrivals, factor: float, rng: np.random.Generator) -> Arrivals:
    """`factor` times as many requests in the same pattern over the same time; below 1, a random part of them.

    A further copy of a request comes at an even place between it and the next request, so that bursts stay bursts. Each
    copy is a world of its own: its sessions and content are shared as in the original, never with the original.
    """
    if not 0 < factor <= 1000:
        raise InputError(
            "scale", expected="a factor above 0, at most 1000", got=str(factor), fix="choose another factor"
        )
    copies = []
    gap = np.diff(arrivals.time_s, append=arrivals.time_s[-1:])
    for copy in range(int(np.ceil(factor))):
        world = arrivals if copy == 0 else replace(arrivals, time_s=arrivals.time_s + rng.uniform(size=len(gap)) * gap)
        kept = rng.uniform(size=len(gap)) < factor - copy
        copies.append(world if kept.all() else rows(world, np.flatnonzero(kept)))
    return merged(copies)


def _apart(parts: Sequence[Ints], lengths: Sequence[int] | None = None) -> Ints:
    """The numbers of all parts, moved so that no two share one; -1 stays. Parts without any are -1 `lengths` times."""
    if not any(len(part) for part in parts):
        return np.zeros(0, dtype=np.int64)
    moved, base = [], 0
    for place, part in enumerate(parts):
        values = part if len(part) or lengths is None else np.full(lengths[place], NO_SESSION)
        moved.append(np.where(values < 0, values, values + base))
        base += int(values.max(initial=-1)) + 1
    return np.concatenate(moved)
