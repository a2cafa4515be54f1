"""The prefix tree of a pool of requests, and its order by density: BlendServe's first half (arXiv 2411.16102, §5).

The density of requests is the time of what they compute over the time in which their keys are read; a prefix that they
share is computed once. Ids of content stand for all that comes before them, so that requests with the same id are
in the same subtree. Answers are as long as somebody says: nothing here knows the true lengths, or a server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from routelab.pool.fleet.policy import Request

Lengths = Mapping[int, float]


class Rates(NamedTuple):
    """Seconds to compute a token, to attend to a key, and to read one; tokens of a block of content."""

    token_s: float
    pair_s: float
    key_s: float
    unit: int

    def compute(self, new: float, prompt: float, output: float) -> float:
        """Of a request of whose prompt so many tokens are new."""
        return (new + output) * self.token_s + (new * (prompt - new / 2) + output * (prompt + output / 2)) * self.pair_s

    def memory(self, prompt: float, output: float) -> float:
        """Every token of the answer reads all keys before it."""
        return output * (prompt + output / 2) * self.key_s


@dataclass
class Node:
    """Requests that share so many blocks (`depth`), `above` of them with those around; a leaf is one request."""

    requests: list[Request]
    depth: int
    above: int = 0
    children: list[Node] = field(default_factory=list)
    compute_s: float = 0.0
    memory_s: float = 0.0

    @property
    def density(self) -> float:
        return self.compute_s / max(self.memory_s, 1e-12)

    def leaves(self) -> Iterator[Node]:
        """Depth first."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    def weigh(self, rates: Rates, lengths: Lengths) -> None:
        """Compute and memory of every subtree, with what is shared computed once."""
        for child in self.children:
            child.weigh(rates, lengths)
        self.compute_s = sum(child.compute_s for child in self.children)
        self.memory_s = sum(child.memory_s for child in self.children)
        if self.children:
            self.compute_s += (self.depth - self.above) * rates.unit * rates.token_s
        else:
            (one,) = self.requests
            output = lengths[one.id]
            self.compute_s = rates.compute(one.input_tokens - self.above * rates.unit, one.input_tokens, output)
            self.memory_s = rates.memory(one.input_tokens, output)

    def sort(self) -> None:
        """The children of every node by falling density."""
        for child in self.children:
            child.sort()
        self.children.sort(key=lambda child: -child.density)


def grow(requests: Iterable[Request]) -> Node:
    """The tree of requests, in their order as far as prefixes allow; the root shares nothing."""
    first: dict[int, list[Request]] = {}
    for place, request in enumerate(requests):
        first.setdefault(request.hash_ids[0] if request.hash_ids else -1 - place, []).append(request)
    root = Node([], depth=0, children=[_node(group, 0) for group in first.values()])
    root.requests = [request for group in first.values() for request in group]
    return root


def _node(requests: list[Request], above: int) -> Node:
    if len(requests) == 1:
        return Node(requests, depth=above, above=above)
    first, last = min(request.hash_ids for request in requests), max(request.hash_ids for request in requests)
    depth = next((k for k, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    groups: dict[int, list[Request]] = {}
    for place, request in enumerate(requests):
        following = request.hash_ids[depth : depth + 1]
        groups.setdefault(following[0] if following else -1 - place, []).append(request)
    return Node(requests, depth, above, [_node(group, depth) for group in groups.values()])


def estimated(node: Node, known: Lengths, default: float) -> dict[int, float]:
    """Lengths of answers: those known, else the mean of those known in the smallest subtree that has any."""
    inside = [known[request.id] for request in node.requests if request.id in known]
    mean = sum(inside) / len(inside) if inside else default
    if not node.children:
        return {node.requests[0].id: mean}
    found: dict[int, float] = {}
    for child in node.children:
        found |= estimated(child, known, mean)
    return found


def split(root: Node, rates: Rates, lengths: Lengths, share: float = 0.01) -> None:
    """Take the leaves that lie farthest from where their density belongs to the root, and sort again.

    As many as may compute their prefix again for at most this share of what the tree saves.
    """
    leaves = list(root.leaves())
    saved = sum(r.input_tokens for r in root.requests) - distinct_tokens(root, rates.unit)
    rank = {id(leaf): place for place, leaf in enumerate(sorted(leaves, key=lambda leaf: -leaf.density))}
    apart = {id(leaf): abs(place - rank[id(leaf)]) for place, leaf in enumerate(leaves) if leaf.above}
    budget, out = share * saved / rates.unit, set()
    for leaf in sorted((leaf for leaf in leaves if leaf.above), key=lambda leaf: -apart[id(leaf)]):
        if leaf.above <= budget and apart[id(leaf)] > len(leaves) // 10:
            budget -= leaf.above
            out.add(id(leaf))
    _without(root, out)
    root.children += [Node(leaf.requests, depth=0) for leaf in leaves if id(leaf) in out]
    root.weigh(rates, lengths)
    root.sort()


def _without(node: Node, out: set[int]) -> None:
    had = bool(node.children)
    for child in node.children:
        _without(child, out)
    node.children = [child for child in node.children if id(child) not in out and (child.children or child.requests)]
    node.requests = [r for child in node.children for r in child.requests] if had else node.requests


def distinct_tokens(root: Node, unit: int) -> int:
    """Tokens of prompts, those that are shared once."""
    if not root.children:
        return root.requests[0].input_tokens - root.above * unit
    return sum(distinct_tokens(child, unit) for child in root.children) + (root.depth - root.above) * unit
