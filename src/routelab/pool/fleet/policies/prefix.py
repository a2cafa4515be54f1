"""Prefix-aware routing, as the cache-aware policy of SGLang's router and the prefix-aware one of vLLM's stack have it.

docs.sglang.ai/router (thresholds and defaults), docs.vllm.ai/projects/production-stack (longest match in a trie). The
router sees its own requests as they are, and believes that what it sent is still cached. Where SGLang falls
back to the server with the smallest trie, this one takes the least loaded.
"""

from __future__ import annotations

from routelab.pool.fleet.control import Control
from routelab.pool.fleet.policies.trie import Trie
from routelab.pool.fleet.policy import Policy, Request


class PrefixAware(Policy):
    """The server that was sent the most of a prompt; the least loaded where that is less than ``least_share``, or where
    the most loaded has over ``most_apart`` requests and ``most_times`` times as many as the least loaded."""

    least_share = 0.5
    most_apart, most_times = 64, 1.5

    def start(self, fleet: Control) -> None:
        self._trie: Trie[int] = Trie()

    def route(self, request: Request, fleet: Control) -> int:
        servers, load = fleet.candidates(request), fleet.outstanding
        low, high = load[servers].min(), load[servers].max()
        if high - low > self.most_apart and high > self.most_times * low:
            chosen = int(servers[load[servers].argmin()])
        else:
            chosen = self._trie.choose(request.hash_ids, servers.tolist(), load.__getitem__, self.least_share)
        self._trie.insert(request.hash_ids, chosen)
        return chosen
