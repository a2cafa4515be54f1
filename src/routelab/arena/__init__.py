"""Judges routers: one table, some routers, honest numbers. Never trains with test queries."""

from routelab.arena.candidates import Candidate, FunctionRouter, Routes, resolve, router
from routelab.arena.judge import evaluate
from routelab.arena.result import Result

__all__ = ["Candidate", "FunctionRouter", "Result", "Routes", "evaluate", "resolve", "router"]
