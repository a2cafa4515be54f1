"""Where a name can stand in a crowded figure: plain geometry in pixels.

It knows nothing of matplotlib, routers or metrics.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

Spot = tuple[float, float]
CLEARANCE = 10.0
STEPS = 16

# Offsets of a name from its mark, in points, tried in turn; the far ones get a leader line.
NEAR: tuple[tuple[Spot, str], ...] = (
    ((9, 0), "left"),
    ((-9, 0), "right"),
    ((0, 12), "center"),
    ((0, -12), "center"),
)
FAR: tuple[tuple[Spot, str], ...] = tuple(
    ((across * reach, up * reach), "left" if across > 0 else "right")
    for reach in (22, 34, 48, 64)
    for across, up in ((0.5, 1), (-0.5, 1), (0.5, -1), (-0.5, -1), (1, 0.5), (-1, 0.5), (1, -0.5), (-1, -0.5))
)


@dataclass(frozen=True)
class Box:
    """A rectangle; y grows either way."""

    left: float
    low: float
    right: float
    high: float

    def holds(self, spot: Spot) -> bool:
        return self.left <= spot[0] <= self.right and self.low <= spot[1] <= self.high

    def meets(self, other: Box) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.low < other.high and other.low < self.high

    def gap(self, spot: Spot) -> float:
        """Distance to a spot; 0 inside."""
        across = max(self.left - spot[0], 0.0, spot[0] - self.right)
        up = max(self.low - spot[1], 0.0, spot[1] - self.high)
        return math.hypot(across, up)

    def leader(self, start: Spot) -> list[Spot]:
        """Spots along the line from a mark to the middle of the box."""
        x, y = (self.left + self.right) / 2, (self.low + self.high) / 2
        shares = (step / STEPS for step in range(STEPS))
        return [(start[0] + share * (x - start[0]), start[1] + share * (y - start[1])) for share in shares]


@dataclass
class Names:
    """The names placed so far among all ``marks``."""

    marks: list[Spot]
    frame: Box
    boxes: list[Box] = field(default_factory=list)
    lines: list[Spot] = field(default_factory=list)

    def claim(self, mark: Spot, box: Box, far: bool) -> bool:
        """Take the place if it covers nothing and cannot be read as the name of another mark."""
        others = [other for other in self.marks if other != mark]
        line = box.leader(mark) if far else []
        nearest = CLEARANCE if far else box.gap(mark)
        free = (
            self.frame.holds((box.left, box.low))
            and self.frame.holds((box.right, box.high))
            and all(box.gap(other) > nearest for other in others)
            and not any(box.meets(other) or any(map(other.holds, line)) for other in self.boxes)
            and not any(map(box.holds, self.lines))
            and all(math.dist(step, other) > CLEARANCE for step in line for other in others)
        )
        if free:
            self.boxes.append(box)
            self.lines += line
        return free
