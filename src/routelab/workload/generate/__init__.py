"""Procedural tasks with exact references: five domains, three levels each, drawn from a seed."""

from routelab.workload.generate import computing, knowledge, language, logic, mathematics
from routelab.workload.generate.family import FAMILIES, Family, Level, family, generate
from routelab.workload.generate.suite import default_suite

__all__ = ["FAMILIES", "Family", "Level", "default_suite", "family", "generate"]
_BUILT_IN = (mathematics, logic, language, computing, knowledge)
