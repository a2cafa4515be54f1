"""Features → mean and standard error of the quality of *every* arm. An estimator never picks."""

from routelab.router.estimators.constant import Constant
from routelab.router.estimators.duels import WeightedBradleyTerry
from routelab.router.estimators.factor import Bilinear
from routelab.router.estimators.finetuned import FineTuned
from routelab.router.estimators.forest import Forest
from routelab.router.estimators.graph import Graph
from routelab.router.estimators.grouped import Category, GroupMean, Tiers
from routelab.router.estimators.lifted import Kernel, Network
from routelab.router.estimators.linear import Logistic, Ridge
from routelab.router.estimators.local import LocalMean
from routelab.router.estimators.ordinal import Sufficiency
from routelab.router.estimators.plain import Plain
from routelab.router.estimators.stack import Stack

AnyEstimator = Plain | Stack | FineTuned

__all__ = [
    "AnyEstimator",
    "Bilinear",
    "Category",
    "Constant",
    "FineTuned",
    "Forest",
    "Graph",
    "GroupMean",
    "Kernel",
    "LocalMean",
    "Logistic",
    "Network",
    "Ridge",
    "Stack",
    "Sufficiency",
    "Tiers",
    "WeightedBradleyTerry",
]
