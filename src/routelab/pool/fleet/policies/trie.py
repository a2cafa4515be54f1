"""Who was sent which beginnings of prompts, as a router remembers it: it asks no server what its cache still holds.

Ids of content stand for all that comes before them, so that a trie is a map from an id to those who were sent it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Generic, TypeVar

Target = TypeVar("Target")


class Trie(Generic[Target]):
    """At most so many ids; what was not sent for longest is forgotten first, the deeper end of a beginning before its
    start."""

    def __init__(self, most: int = 200_000) -> None:
        self.most = most
        self._sent: dict[int, set[Target]] = {}

    def insert(self, path: Sequence[int], target: Target) -> None:
        """A prompt was sent to somebody."""
        for content in reversed(path):
            self._sent[content] = self._sent.pop(content, set()) | {target}
        while len(self._sent) > self.most:
            del self._sent[next(iter(self._sent))]

    def match(self, path: Sequence[int], targets: Collection[Target]) -> tuple[float, list[Target]]:
        """The share of a prompt that some of the targets were sent, as much as any was, and which those are."""
        depth, found = 0, list(targets)
        for content in path:
            deeper = [target for target in found if target in self._sent.get(content, ())]
            if not deeper:
                break
            depth, found = depth + 1, deeper
        return depth / max(len(path), 1), found

    def choose(
        self, path: Sequence[int], targets: Collection[Target], load: Callable[[Target], float], least: float
    ) -> Target:
        """The least loaded of those with the longest match, or of all targets where it is shorter than `least`."""
        share, found = self.match(path, targets)
        return min(found if share >= least else targets, key=load)
