"""Rewordings that change how a prompt looks and not what it asks, to see whether a router's mind changes too."""

from routelab.workload.perturb.kinds import KINDS
from routelab.workload.perturb.reword import perturb

__all__ = ["KINDS", "perturb"]
