"""Edits of queries: some change how a prompt looks and not what it asks, some change what it asks."""

from routelab.workload.perturb.kinds import KINDS, Kind
from routelab.workload.perturb.variants import original, reword, variants

__all__ = ["KINDS", "Kind", "original", "reword", "variants"]
