"""Entries that place queries and arms in one small space, or rank arms by their duels."""

from __future__ import annotations

from routelab.router.about import About
from routelab.router.compose import Recipe
from routelab.router.estimators import Bilinear, Graph, WeightedBradleyTerry
from routelab.router.select import Threshold

factor = Recipe(
    name="factor",
    description="bilinear factor model of queries and arms, trained on every score",
    about=About(
        source="EmbedLLM, arXiv 2410.02223",
        fidelity="simplified",
        deviation="rank 16 instead of 232, stopped early on held-out queries, a lexical encoder",
        is_not="a benchmark predictor: only the query's scores are predicted",
    ),
    estimator=Bilinear(noise=0.05),
)

routellm_mf = Recipe(
    name="routellm-mf",
    description="factor model trained on which of two arms won, cheapest arm within the dial of the best",
    about=About(
        source="RouteLLM mf, arXiv 2406.18665",
        fidelity="simplified",
        deviation="duels from scores instead of human votes, rank 16 instead of 128, a lexical encoder, many arms",
        is_not="a strong/weak switch: the pair's threshold is applied to a whole pool",
    ),
    estimator=Bilinear(loss="win", noise=0.1),
    selector=Threshold(),
)

mirt = Recipe(
    name="mirt",
    description="multidimensional item response: ability of the arm on what the query asks, less its difficulty",
    about=About(
        source="IRT-Router (MIRT), arXiv 2506.01048",
        fidelity="simplified",
        deviation="abilities learned from scores, not from profile texts; no warm-up by neighbours; stops early",
        is_not="a psychometric scale: discriminations may be negative",
    ),
    estimator=Bilinear(loss="irt"),
)

pairwise_rank = Recipe(
    name="pairwise-rank",
    description="factor model trained to rank arms: logistic loss over pairs of unequal score",
    about=About(
        source="RankNet, Burges et al. 2005",
        fidelity="inspired",
        deviation="arms of a pool are ranked, by a bilinear form instead of a network",
        is_not="aware of ties or costs: see equirouter",
    ),
    estimator=Bilinear(loss="rank"),
)

equirouter = Recipe(
    name="equirouter",
    description="factor model trained to rank arms where, of two that tie, the cheaper is the better",
    about=About(
        source="EquiRouter, arXiv 2602.03478",
        fidelity="simplified",
        deviation="the ranking objective alone: no modulated encoder, and a tie counts a fraction of a win",
        is_not="calibrated in quality: a cheaper twin is predicted the better",
        needs=("costs",),
    ),
    estimator=Bilinear(loss="rank-cost"),
)

routerdc = Recipe(
    name="routerdc",
    description="best arms against worst, and queries of one cluster together: two contrastive losses",
    about=About(
        source="RouterDC, arXiv 2409.19886",
        fidelity="simplified",
        deviation="a frozen lexical encoder under a trained projection, inner products with unit arm vectors",
        is_not="a fine-tuned encoder, to which the paper owes its figures",
    ),
    estimator=Bilinear(loss="contrast"),
)

graphrouter = Recipe(
    name="graphrouter",
    description="arms described by the queries that they answer well, two rounds of messages, one logistic head",
    about=About(
        source="GraphRouter, arXiv 2410.03834",
        fidelity="simplified",
        deviation="weighted means instead of trained graph layers, scores instead of best-arm labels, no task nodes",
        is_not="a deep graph network",
    ),
    estimator=Graph(),
)

bradley_terry = Recipe(
    name="bradley-terry",
    description="similarity-weighted Bradley–Terry strengths, cheapest arm within the dial of the best",
    about=About(
        family="similarity",
        source="RouteLLM sw_ranking, arXiv 2406.18665",
        fidelity="simplified",
        deviation="duels from graded scores instead of human votes; every arm is its own tier",
        is_not="an Elo table: strengths are solved anew for every query",
    ),
    estimator=WeightedBradleyTerry(),
    selector=Threshold(),
)
