"""The outcome table, its dense view and the readers of public formats. Decides nothing."""

from routelab.outcomes.dense import Dense, dense
from routelab.outcomes.schema import SCHEMA_VERSION
from routelab.outcomes.table import OutcomeTable

__all__ = ["SCHEMA_VERSION", "Dense", "OutcomeTable", "dense"]
