"""Procedural tasks with exact references: five domains, three levels each, drawn from a seed."""

from routelab.workload.generate import computing, knowledge, language, logic, mathematics
from routelab.workload.generate.family import FAMILIES, Family, Level, family, generate

__all__ = ["FAMILIES", "Family", "Level", "family", "generate"]
_BUILT_IN = (mathematics, logic, language, computing, knowledge)
