"""Public data sets, and a user's own files, as queries in one vocabulary. Knows nothing of routers or models."""

from routelab.workload.sources.catalogue import SOURCES, table
from routelab.workload.sources.fetch import Fetch, from_folder, from_hub
from routelab.workload.sources.reading import queries, read
from routelab.workload.sources.routerarena import routerarena
from routelab.workload.sources.source import ByColumn, Source
from routelab.workload.sources.text import own

__all__ = [
    "SOURCES",
    "ByColumn",
    "Fetch",
    "Source",
    "from_folder",
    "from_hub",
    "own",
    "queries",
    "read",
    "routerarena",
    "table",
]
