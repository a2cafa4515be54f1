"""Who of a queue goes first, so that as few as possible are late: Moore–Hodgson (Moore 1968). Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush


def moore_hodgson(deadlines: Sequence[float], work: Sequence[float], now: float = 0.0) -> list[int]:
    """Places of jobs, one done after another from now on: those in time by their deadlines, then those that are late.

    By deadline each joins; where it would then be late, the longest of those so far is given up. Seconds; Prism (arXiv
    2505.04021), Algorithm 2.

    >>> moore_hodgson([3.0, 4.0, 6.0], [2.0, 3.0, 1.0])
    [0, 2, 1]
    """
    kept: list[tuple[float, int]] = []
    late: set[int] = set()
    order = sorted(range(len(deadlines)), key=deadlines.__getitem__)
    for job in order:
        heappush(kept, (-work[job], job))
        now += work[job]
        if now > deadlines[job]:
            longest, dropped = heappop(kept)
            now += longest
            late.add(dropped)
    return [job for job in order if job not in late] + [job for job in order if job in late]
