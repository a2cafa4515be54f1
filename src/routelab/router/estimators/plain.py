"""Every estimator that is not made of others."""

from __future__ import annotations

from routelab.router.estimators.constant import Constant
from routelab.router.estimators.duels import WeightedBradleyTerry
from routelab.router.estimators.factor import Bilinear
from routelab.router.estimators.forest import Forest
from routelab.router.estimators.graph import Graph
from routelab.router.estimators.grouped import Category, GroupMean, Tiers
from routelab.router.estimators.lifted import Kernel, Network
from routelab.router.estimators.linear import Logistic, Ridge
from routelab.router.estimators.local import LocalMean
from routelab.router.estimators.ordinal import Sufficiency

Plain = (
    Constant
    | LocalMean
    | GroupMean
    | Ridge
    | Logistic
    | Forest
    | Bilinear
    | Graph
    | WeightedBradleyTerry
    | Category
    | Tiers
    | Kernel
    | Network
    | Sufficiency
)
