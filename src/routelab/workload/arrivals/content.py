"""Who shares which prefix, as ids of blocks of tokens: the part of `Arrivals` that a prefix cache lives on.

A prompt is a sequence of stretches that belong to somebody (a system prompt, a conversation, a node of a tree). A block
belongs to the first stretch that reaches its end, for only there all of its tokens are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from routelab.core.arrivals import Arrivals
from routelab.core.decisions import Ints
from routelab.workload.arrivals.combine import COLUMNS


class Owners:
    """Hands out ranges of block ids, so that no two owners ever share one."""

    def __init__(self) -> None:
        self._next = 0

    def take(self, tokens: Ints, hash_tokens: int) -> Ints:
        """The first id of everyone, who may own blocks up to `tokens` tokens into a prompt."""
        sizes = tokens // hash_tokens + 1
        first = self._next + np.cumsum(sizes) - sizes
        self._next += int(sizes.sum())
        return first


def with_content(
    requests: Arrivals, layers: Sequence[tuple[Ints, Ints]], hash_tokens: int, covered: Ints | None = None
) -> Arrivals:
    """Requests by their times, with the ids of their blocks.

    ``layers``: from the outside in, (token at which the stretch ends, first id of its owner) for each request; the last
    is taken where none reaches. ``covered``: tokens of which ids are told, the prompt's unless given.
    """
    order = np.argsort(requests.time_s, kind="stable")
    columns = {name: getattr(requests, name)[order] for name in COLUMNS if len(getattr(requests, name))}
    blocks = (requests.input_tokens if covered is None else covered)[order] // hash_tokens
    starts = np.concatenate([[0], np.cumsum(blocks)])
    place = np.arange(starts[-1]) - np.repeat(starts[:-1], blocks)
    ids = place + np.repeat(layers[-1][1][order], blocks)
    for end, first in reversed(layers[:-1]):
        inside = place < np.repeat(end[order] // hash_tokens, blocks)
        ids = np.where(inside, place + np.repeat(first[order], blocks), ids)
    return replace(requests, **columns, hash_ids=ids, hash_starts=starts, hash_tokens=hash_tokens)
