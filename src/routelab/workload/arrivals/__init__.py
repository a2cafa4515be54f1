"""What arrives, and when: traces, processes, mixtures of clients, conversations, trees. Knows nothing of who serves."""

from routelab.workload.arrivals.clients import Clients, default_workload, embedded_clients, read_clients, write_clients
from routelab.workload.arrivals.combine import merged, scaled
from routelab.workload.arrivals.formats import FORMATS, Format
from routelab.workload.arrivals.join import Joined, join
from routelab.workload.arrivals.lengths import (
    LONG,
    MEDIUM,
    SHORT,
    Fixed,
    Lognormal,
    PowerLaw,
    Quantiles,
    Resampled,
    Separate,
    Uniform,
)
from routelab.workload.arrivals.load import NAMES, AnyWorkload, Merged, load, load_blocks, workload
from routelab.workload.arrivals.places import AdapterPopularity, Popularity, phase_shifted
from routelab.workload.arrivals.processes import Diurnal, Gamma, Hawkes, OnOff, Poisson, Together, Weibull
from routelab.workload.arrivals.readers import read
from routelab.workload.arrivals.servegen import fit_clients, read_client_folder, read_client_tables
from routelab.workload.arrivals.streamed import read_parts
from routelab.workload.arrivals.structured import Agents, Sessions, Trees
from routelab.workload.arrivals.workload import Mixture, Region, Regions, Requests, Trace

__all__ = [
    "FORMATS",
    "LONG",
    "MEDIUM",
    "NAMES",
    "SHORT",
    "AdapterPopularity",
    "Agents",
    "AnyWorkload",
    "Clients",
    "Diurnal",
    "Fixed",
    "Format",
    "Gamma",
    "Hawkes",
    "Joined",
    "Lognormal",
    "Merged",
    "Mixture",
    "OnOff",
    "Poisson",
    "Popularity",
    "PowerLaw",
    "Quantiles",
    "Region",
    "Regions",
    "Requests",
    "Resampled",
    "Separate",
    "Sessions",
    "Together",
    "Trace",
    "Trees",
    "Uniform",
    "Weibull",
    "default_workload",
    "embedded_clients",
    "fit_clients",
    "join",
    "load",
    "load_blocks",
    "merged",
    "phase_shifted",
    "read",
    "read_client_folder",
    "read_client_tables",
    "read_clients",
    "read_parts",
    "scaled",
    "workload",
    "write_clients",
]
