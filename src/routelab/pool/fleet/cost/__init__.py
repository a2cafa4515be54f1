"""What a step of a model on some devices costs: at the roof, calibrated on measurements, or from operator tables.

Every back-end ends in one `StepCost`. Knows no requests and no policies.
"""

from routelab.pool.fleet.cost.analytic import Load, step_cost, step_seconds
from routelab.pool.fleet.cost.calibrated import Calibration, fit, load_calibration
from routelab.pool.fleet.cost.estimate import Estimate, estimate
from routelab.pool.fleet.cost.operators import operators_cost
from routelab.pool.fleet.cost.plan import Plan, check_placement, kv_bytes, kv_capacity_tokens, weight_bytes
from routelab.pool.fleet.cost.points import Point, read_points
from routelab.pool.fleet.cost.power import fit_power, power_w
from routelab.pool.fleet.cost.roofline import Factors
from routelab.pool.fleet.cost.step import Batch, StepCost
from routelab.pool.fleet.cost.tables import layerwise_cost

__all__ = [
    "Batch",
    "Calibration",
    "Estimate",
    "Factors",
    "Load",
    "Plan",
    "Point",
    "StepCost",
    "check_placement",
    "estimate",
    "fit",
    "fit_power",
    "kv_bytes",
    "kv_capacity_tokens",
    "layerwise_cost",
    "load_calibration",
    "operators_cost",
    "power_w",
    "read_points",
    "step_cost",
    "step_seconds",
    "weight_bytes",
]
