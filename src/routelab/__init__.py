"""routelab judges, chooses and runs LLM routers together with the pool that serves them.

>>> import routelab
>>> table = routelab.default_table()
>>> table.queries.height >= 500
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from routelab.arena import Result, as_router, evaluate
    from routelab.data import default_table
    from routelab.outcomes import OutcomeTable
    from routelab.outcomes.importers import open_table
    from routelab.router import Recipe, Router

_HOMES = {
    "OutcomeTable": "routelab.outcomes",
    "Recipe": "routelab.router",
    "Result": "routelab.arena",
    "Router": "routelab.router",
    "default_table": "routelab.data",
    "evaluate": "routelab.arena",
    "open_table": "routelab.outcomes.importers",
    "as_router": "routelab.arena",
}

__all__ = [
    "OutcomeTable",
    "Recipe",
    "Result",
    "Router",
    "as_router",
    "default_table",
    "evaluate",
    "open_table",
]


def __getattr__(name: str) -> Any:
    """Public names are imported when first used, so that ``import routelab`` stays instant."""
    if name not in _HOMES:
        raise AttributeError(f"module 'routelab' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
