"""Suites: frozen, versioned, hashed folders of queries, and what can be said of one at a glance."""

from routelab.workload.suites.composition import composition
from routelab.workload.suites.suite import Manifest, Suite, freeze, open_suite, suite_hash

__all__ = ["Manifest", "Suite", "composition", "freeze", "open_suite", "suite_hash"]
