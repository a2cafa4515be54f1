"""Joint draws, intervals and tests. Knows columns of numbers, not routers."""

from routelab.arena.statistics.draws import Draws, TrainingBlocks, cluster_weights, joint_draws, row_weights
from routelab.arena.statistics.intervals import (
    CONFIDENCE,
    UNIT,
    Metric,
    from_error,
    interval,
    number,
    share,
    undefined,
)
from routelab.arena.statistics.multiple import LEVEL, rank_intervals, step_down, told_apart

__all__ = [
    "CONFIDENCE",
    "LEVEL",
    "UNIT",
    "Draws",
    "Metric",
    "TrainingBlocks",
    "cluster_weights",
    "from_error",
    "interval",
    "joint_draws",
    "number",
    "rank_intervals",
    "row_weights",
    "share",
    "step_down",
    "told_apart",
    "undefined",
]
