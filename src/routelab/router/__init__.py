"""Who decides. Encoder → Estimator → Guard → Selector → Guard → Plan; recipes are data, artifacts are frozen fits."""

from routelab.router.artifact import artifact_hash, load_artifact, save_artifact
from routelab.router.check import CheckReport, check_router
from routelab.router.compose import Recipe, Router, route_texts
from routelab.router.estimate import Estimate, Estimator, Training, best_single

__all__ = [
    "CheckReport",
    "Estimate",
    "Estimator",
    "Recipe",
    "Router",
    "Training",
    "artifact_hash",
    "best_single",
    "check_router",
    "load_artifact",
    "route_texts",
    "save_artifact",
]
