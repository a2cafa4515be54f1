"""BlendServe (ASPLOS'26, arXiv 2411.16102): order a pool of requests so that compute and memory are both busy.

Subtrees of prefixes are sorted by density, and two scanners admit from the ends: compute-heavy requests into
a part of the memory for keys that makes the blend as dense as the rest of the pool, memory-heavy ones into the other.
The sample that tells lengths, and what fits, are those of every offline pool.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from routelab.pool.fleet.control import Control
from routelab.pool.fleet.policies.blend_tree import Node, grow, split
from routelab.pool.fleet.policies.offline import HEAD, TAIL, DepthFirst, UnderWay
from routelab.pool.fleet.policies.past_future import peak_tokens
from routelab.pool.fleet.policy import Request


class BlendServe(DepthFirst):
    """Subtrees by density, leaves that lie wrong split off, and a scanner from each end."""

    def lined_up(self, requests: Sequence[Request], fleet: Control) -> Sequence[Node]:
        tree = grow(requests)
        tree.weigh(self.rates, self._lengths)
        tree.sort()
        split(tree, self.rates, self._lengths)
        self._compute_s, self._memory_s = tree.compute_s, tree.memory_s
        return list(tree.leaves())

    def ends(self, under_way: UnderWay) -> Sequence[int]:
        dense, sparse = self._order[HEAD].density, self._order[TAIL].density
        if dense <= sparse:
            return (HEAD,)
        target = self._compute_s / max(self._memory_s, 1e-12)
        share = min(max((target - sparse) / (dense - sparse), 0.0), 1.0)
        heads, (keys, held, left, _) = under_way.end == HEAD, under_way
        first = keys[heads].sum() - share * self.room
        last = peak_tokens(np.append(held[~heads], 0.0), np.append(left[~heads], 0.0)) - (1 - share) * self.room
        return [end for end, over in ((HEAD, first), (TAIL, last)) if over < 0]


class OracleBlendServe(BlendServe):
    """The same with the true lengths."""

    def known(self, fleet: Control) -> dict[int, float]:
        return {request: float(fleet.true_output_tokens(request)) for request in self._pool}
