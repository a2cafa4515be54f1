"""Rewording that a user would not call another question: for the robustness of routers."""

from routelab.workload.perturb.rewording import KINDS, perturb

__all__ = ["KINDS", "perturb"]
