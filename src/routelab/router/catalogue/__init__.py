"""The built-in routers, each one recipe. Registered by entry point, exactly like anybody's plug-in."""

from routelab.router.catalogue.champion import champion, champion_guarded
from routelab.router.catalogue.controls import (
    best_single,
    cheapest,
    complexity_tiers,
    length_only,
    random,
)
from routelab.router.catalogue.finetuned import bert_classifier, routerdc_finetuned
from routelab.router.catalogue.latent import (
    bradley_terry,
    equirouter,
    factor,
    graphrouter,
    mirt,
    pairwise_rank,
    routellm_mf,
    routerdc,
)
from routelab.router.catalogue.loaded import latency_aware, pool_escalation, slo_filter, spill_over
from routelab.router.catalogue.ordinal import (
    best_route,
    cheapest_sufficient,
    hybridllm_det,
    hybridllm_prob,
    hybridllm_trans,
)
from routelab.router.catalogue.similarity import (
    avengers,
    avengers_pro,
    clusters,
    knn,
    knn_cv,
    knn_dense,
    knn_guarded,
    uniroute,
)
from routelab.router.catalogue.supervised import (
    carrot,
    composition_of_experts,
    forest,
    forest_signals,
    logistic,
    logistic_dense,
    mlp,
    ridge,
    rorf,
    svm,
)
from routelab.router.compose import Recipe

HEADLINE = (
    "bradley-terry",
    "clusters",
    "composition-of-experts",
    "forest",
    "forest-signals",
    "hybridllm-prob",
    "knn-dense",
    "knn-guarded",
    "logistic",
    "mirt",
    "ridge",
    "svm",
)
"""One or two of every kind: what the main job judges within a minute. ``routelab compare`` judges them all."""

__all__ = [
    "HEADLINE",
    "avengers",
    "avengers_pro",
    "bert_classifier",
    "best_route",
    "best_single",
    "bradley_terry",
    "carrot",
    "champion",
    "champion_guarded",
    "cheapest",
    "cheapest_sufficient",
    "clusters",
    "complexity_tiers",
    "composition_of_experts",
    "equirouter",
    "factor",
    "forest",
    "forest_signals",
    "graphrouter",
    "hybridllm_det",
    "hybridllm_prob",
    "hybridllm_trans",
    "knn",
    "knn_cv",
    "knn_dense",
    "knn_guarded",
    "latency_aware",
    "length_only",
    "logistic",
    "logistic_dense",
    "mirt",
    "mlp",
    "pairwise_rank",
    "pool_escalation",
    "random",
    "recipes",
    "ridge",
    "rorf",
    "routellm_mf",
    "routerdc",
    "routerdc_finetuned",
    "slo_filter",
    "spill_over",
    "svm",
    "uniroute",
]


def recipes() -> list[Recipe]:
    """Every built-in router, by name."""
    return sorted((one for one in globals().values() if isinstance(one, Recipe)), key=lambda recipe: recipe.name)
