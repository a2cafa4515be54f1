"""Offline pools: requests that are all there at once, admitted to one server in an order of the policy's choice.

A sample of 1 % runs first and tells how long answers are, subtree by subtree of the tree of prefixes; then requests are
admitted while the keys that will be held at their peak fit. Here are the orders that know nothing of density.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routelab.core.decisions import Floats
from routelab.core.seeds import stream
from routelab.pool.fleet.control import Control
from routelab.pool.fleet.cost.step import COMPUTE
from routelab.pool.fleet.policies.blend_tree import Node, Rates, estimated, grow
from routelab.pool.fleet.policies.past_future import peak_tokens
from routelab.pool.fleet.policy import HOLD, Policy, Request

SERVER, HEAD, TAIL = 0, 0, -1


class UnderWay(NamedTuple):
    """Requests that wait or run: keys that a step reads, those that are theirs alone, tokens to come, and from which
    end of the order they are."""

    keys: Floats
    held: Floats
    left: Floats
    end: Floats

    def with_one(self, *row: float) -> UnderWay:
        return UnderWay(*(np.append(column, value) for column, value in zip(self, row, strict=True)))


class DepthFirst(Policy):
    """The order of the prefix tree. ``hash_tokens``: tokens of a block of content."""

    sample, reserve = 0.01, 0.05

    def __init__(self, hash_tokens: int = 16) -> None:
        self.hash_tokens = hash_tokens

    def start(self, fleet: Control) -> None:
        spec = fleet.fleet.servers[SERVER].spec
        cost = fleet.costs[spec.cost]
        token_s = float(cost.tokens[spec.max_tokens, COMPUTE]) / spec.max_tokens
        self.rates = Rates(token_s, cost.pair_s, cost.decode_memory_s, self.hash_tokens)
        self.room = spec.kv_blocks * spec.block_tokens * (1 - self.reserve)
        self._pool: dict[int, Request] = {}
        self._lengths: dict[int, float] = {}
        self._sampled: set[int] = set()
        self._order: deque[Node] = deque()
        self._compute_s = self._memory_s = 0.0  # of what is not admitted yet
        self._sent: dict[int, tuple[int, float]] = {}  # from which end, and the tokens that it shares

    def route(self, request: Request, fleet: Control) -> int:
        if not self._pool:
            fleet.at(fleet.now, lambda: self._begin(fleet))
        self._pool[request.id] = request
        return HOLD

    def _begin(self, fleet: Control) -> None:
        """The sample, as it comes."""
        draw, n = stream(fleet.seed, "sample"), len(self._pool)
        self._sampled = set(draw.choice(list(self._pool), max(1, round(self.sample * n)), replace=False).tolist())
        for request in sorted(self._sampled):
            fleet.send(request, SERVER)

    def on_finish(self, ended: NDArray[np.void], fleet: Control) -> None:
        for row in ended:
            if row["id"] in self._sampled:
                self._lengths[int(row["id"])] = float(row["output_tokens"])
        if self._sampled and len(self._lengths) == len(self._sampled):
            self._sampled = set()
            known = self.known(fleet)
            self._lengths = estimated(grow(self._pool.values()), known, float(np.mean(list(known.values()))))
            self._order = deque(self.lined_up([self._pool[request] for request in fleet.held], fleet))
        if self._order:
            self._fill(fleet)

    def known(self, fleet: Control) -> dict[int, float]:
        """Lengths of answers by request."""
        return self._lengths

    def lined_up(self, requests: Sequence[Request], fleet: Control) -> Sequence[Node]:
        """The leaves in the order in which they are admitted."""
        tree = grow(requests)
        tree.weigh(self.rates, self._lengths)
        return list(tree.leaves())

    def ends(self, under_way: UnderWay) -> Sequence[int]:
        """From which ends of the order one may be admitted, the better first."""
        return (HEAD,)

    def _fill(self, fleet: Control) -> None:
        """Admit while what is held at its peak fits."""
        rows = fleet.live()
        lengths = np.array([self._lengths[request] for request in rows["id"].tolist()])
        sent = np.array([self._sent.get(request, (HEAD, 0.0)) for request in rows["id"].tolist()]).reshape(-1, 2)
        keys = rows["prompt"] + rows["produced"]
        ends = np.where(rows["produced"] > lengths, TAIL, sent[:, 0])  # longer than thought: as if memory-heavy
        now = UnderWay(keys, keys - sent[:, 1], np.maximum(lengths - rows["produced"], 1.0), ends)
        while self._order:
            for end in self.ends(now):
                leaf = self._order[end]
                (request,) = leaf.requests
                shared = leaf.above * self.hash_tokens
                prompt = request.input_tokens
                more = now.with_one(prompt, prompt - shared, self._lengths[request.id], end)
                if peak_tokens(more.held, more.left) <= self.room or not len(now.keys):
                    break
            else:
                return
            now = more
            del self._order[end]
            self._sent[request.id] = end, shared
            self._compute_s, self._memory_s = self._compute_s - leaf.compute_s, self._memory_s - leaf.memory_s
            fleet.send(request.id, SERVER)


class RandomOrder(DepthFirst):
    """The control that balances without an order (NanoFlow-Balance), and shares hardly a prefix."""

    def lined_up(self, requests: Sequence[Request], fleet: Control) -> Sequence[Node]:
        leaves = list(super().lined_up(requests, fleet))
        return [leaves[place] for place in stream(fleet.seed, "order").permutation(len(leaves)).tolist()]
