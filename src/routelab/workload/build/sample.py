"""A stratified sample: as even over the groups as their sizes allow, the same for the same seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from routelab.core import Query, stream
from routelab.workload.build.recipe import Sample


def stratified(queries: Sequence[Query], rule: Sample, seed: int) -> list[Query]:
    """``rule.items`` queries in their old order; small groups are taken whole and the rest shared out evenly."""
    if rule.items is None or rule.items >= len(queries):
        return list(queries)
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, query in enumerate(queries):
        plain = msgspec.structs.asdict(query)
        groups[tuple(str(plain[name]) for name in rule.by)].append(place)
    shares = even_shares({key: len(places) for key, places in groups.items()}, rule.items)
    chosen = [
        places[int(k)]
        for key, places in groups.items()
        for k in stream(seed, "sample", *key).permutation(len(places))[: shares[key]]
    ]
    return [queries[place] for place in sorted(chosen)]


def even_shares(sizes: dict[tuple[str, ...], int], wanted: int) -> dict[tuple[str, ...], int]:
    """How many of each group, filling the smallest first.

    >>> even_shares({("a",): 2, ("b",): 10, ("c",): 10}, 12)
    {('a',): 2, ('b',): 5, ('c',): 5}
    """
    shares = {}
    left, waiting = wanted, len(sizes)
    for key, size in sorted(sizes.items(), key=lambda item: (item[1], item[0])):
        shares[key] = min(size, left // waiting)
        left, waiting = left - shares[key], waiting - 1
    return shares
