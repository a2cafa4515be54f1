"""Features → mean and standard error of the quality of *every* arm. An estimator never picks."""

from routelab.router.estimators.constant import Constant
from routelab.router.estimators.factor import Bilinear, WeightedBradleyTerry
from routelab.router.estimators.forest import Forest
from routelab.router.estimators.linear import Logistic, Ridge
from routelab.router.estimators.local import GroupMean, LocalMean

AnyEstimator = Constant | LocalMean | GroupMean | Ridge | Logistic | Forest | Bilinear | WeightedBradleyTerry

__all__ = [
    "AnyEstimator",
    "Bilinear",
    "Constant",
    "Forest",
    "GroupMean",
    "LocalMean",
    "Logistic",
    "Ridge",
    "WeightedBradleyTerry",
]
