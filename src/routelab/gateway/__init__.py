"""Runs a judged artifact in front of real models. The server itself is ``routelab.gateway.app`` (extra ``serve``)."""

from routelab.gateway.log import DecisionLog
from routelab.gateway.messages import query_of
from routelab.gateway.upstream import Upstream, upstreams

__all__ = ["DecisionLog", "Upstream", "query_of", "upstreams"]
