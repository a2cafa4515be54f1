"""Servers that batch requests, advanced from event to event: the contract, a plain engine and a fast one."""

from routelab.pool.fleet.engine.compiled import CompiledEngine
from routelab.pool.fleet.engine.interface import Engine, Event, Moved, ServerSpec
from routelab.pool.fleet.engine.reference import ReferenceEngine

__all__ = ["CompiledEngine", "Engine", "Event", "Moved", "ReferenceEngine", "ServerSpec"]
