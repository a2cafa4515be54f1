"""Judges routers: one table, some routers, honest numbers. Never trains with test queries."""

from routelab.arena.candidates import Candidate, FunctionRouter, Routes, as_router, resolve
from routelab.arena.judge import evaluate
from routelab.arena.result import Result

__all__ = ["Candidate", "FunctionRouter", "Result", "Routes", "as_router", "evaluate", "resolve"]
