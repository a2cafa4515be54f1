"""Entries that ask which arms suffice, and take the cheapest of them."""

from __future__ import annotations

from routelab.router.about import About
from routelab.router.compose import Recipe
from routelab.router.estimators import Logistic, Sufficiency
from routelab.router.select import CheapestSufficient

_IS_NOT = "a seeker of the best arm: what is as good as the reference is good enough"
_DEVIATION = (
    "logistic regression instead of DeBERTa; the pair rule taken to pools: every arm is held against the best "
    "single one, and that against the runner-up"
)
_HYBRID = About(
    source="HybridLLM, arXiv 2404.14618",
    fidelity="simplified",
    deviation=_DEVIATION,
    is_not=_IS_NOT,
    needs=("costs",),
)

cheapest_sufficient = Recipe(
    name="cheapest-sufficient",
    description="cheapest arm whose predicted quality reaches 1 − dial",
    about=About(
        source="Ares, arXiv 2603.07915",
        fidelity="inspired",
        deviation="arms instead of effort levels, logistic regression instead of a language model",
        is_not="a step router: one decision a query",
        needs=("costs",),
    ),
    estimator=Logistic(),
    selector=CheapestSufficient(),
    dial=0.3,
)

hybridllm_det = Recipe(
    name="hybridllm-det",
    description="cheapest arm that is likely no worse than the best single one; hard labels",
    about=_HYBRID,
    estimator=Sufficiency(label="det"),
    selector=CheapestSufficient(),
    dial=0.05,
)

hybridllm_prob = Recipe(
    name="hybridllm-prob",
    description="cheapest arm that is likely no worse than the best single one; labels are chances over samples",
    about=About(
        source=_HYBRID.source,
        fidelity="simplified",
        deviation=_DEVIATION + "; mean scores are taken for shares of right samples",
        is_not=_IS_NOT,
        needs=("costs", "several samples"),
    ),
    estimator=Sufficiency(label="prob"),
    selector=CheapestSufficient(),
    dial=0.05,
)

hybridllm_trans = Recipe(
    name="hybridllm-trans",
    description="cheapest arm that is likely no worse than the best single one by the most telling margin",
    about=_HYBRID,
    estimator=Sufficiency(label="trans"),
    selector=CheapestSufficient(),
    dial=0.05,
)

best_route = Recipe(
    name="best-route",
    description="cheapest arm, best-of-n policies included, whose chance to match the best single one suffices",
    about=About(
        source="BEST-Route, arXiv 2506.22716",
        fidelity="simplified",
        deviation="logistic regression instead of DeBERTa with a head an arm; best-of-n where the table has it",
        is_not="a sampler: it calls an arm whose policy is best-of-n, and draws nothing itself",
        needs=("costs", "several samples"),
    ),
    estimator=Sufficiency(label="prob"),
    selector=CheapestSufficient(),
    dial=0.05,
)
