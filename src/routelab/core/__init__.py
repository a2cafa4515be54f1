"""The vocabulary everybody speaks. Holds no sockets, no plots, no command line."""

from routelab.core.complete import Complete, Completion, Sampling
from routelab.core.decisions import Decisions
from routelab.core.errors import (
    ContractError,
    InputError,
    PrerequisiteError,
    RoutelabError,
    SpendCapError,
)
from routelab.core.plan import BestOfN, Cascade, Fusion, Plan, PlanResult, Rounds, Single, run_plan
from routelab.core.pool_view import PoolView
from routelab.core.seeds import derive, stream
from routelab.core.types import Arm, Call, ModelCard, Outcome, Price, Query, Turn

__all__ = [
    "Arm",
    "BestOfN",
    "Call",
    "Cascade",
    "Complete",
    "Completion",
    "ContractError",
    "Decisions",
    "Fusion",
    "InputError",
    "ModelCard",
    "Outcome",
    "Plan",
    "PlanResult",
    "PoolView",
    "PrerequisiteError",
    "Price",
    "Query",
    "Rounds",
    "RoutelabError",
    "Sampling",
    "Single",
    "SpendCapError",
    "Turn",
    "derive",
    "run_plan",
    "stream",
]
