"""Workload × Router × Pool in one run: answer quality and latency, cost and energy in one scorecard."""

from routelab.arena.joint.judge import judge
from routelab.arena.joint.run import Joint, run

__all__ = ["Joint", "judge", "run"]
