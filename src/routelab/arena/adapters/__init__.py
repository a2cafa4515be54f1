"""Routers that live elsewhere, made to answer like ours."""

from routelab.arena.adapters.http import HttpRouter

__all__ = ["HttpRouter"]
