"""Entries that average the outcomes of similar training queries (the survey's similarity-based family)."""

from __future__ import annotations

from routelab.encode import AsIs, StaticEmbedding
from routelab.router.about import About
from routelab.router.compose import Recipe
from routelab.router.estimators import GroupMean, LocalMean
from routelab.router.guards import PairedError
from routelab.router.select import NormalisedUtility

_KNN = About(
    family="similarity",
    source="RouterBench, arXiv 2403.12031",
    fidelity="simplified",
    deviation="hashed n-grams with SVD, where the original embeds with MiniLM",
    is_not="a vote on best-arm labels, which breaks on ties: neighbours' scores are averaged",
)
_GUARDED = About(
    family="similarity",
    source="guarded kNN of RouterArena's pull requests 256-264",
    fidelity="simplified",
    deviation="z = 1 instead of 0.5, and no novelty floor",
    is_not="a promise of gain: where neighbours say little it stays with the best single arm",
)

knn = Recipe(
    name="knn",
    description="mean score of the 40 nearest training queries, hashed n-grams + SVD",
    about=_KNN,
    estimator=LocalMean(k=40),
)

knn_guarded = Recipe(
    name="knn-guarded",
    description="queries within 95 % of the 50th similarity; leaves the best single arm only beyond its paired error",
    about=_GUARDED,
    estimator=LocalMean(k=50, near=0.95, weighted=True),
    guards=(PairedError(z=1.0),),
)

knn_dense = Recipe(
    name="knn-dense",
    description="the guarded neighbours by a static sentence embedding",
    about=_GUARDED,
    encoder=StaticEmbedding(),
    reduction=AsIs(),
    estimator=LocalMean(k=50, near=0.95, weighted=True),
    guards=(PairedError(z=1.0),),
)

knn_cv = Recipe(
    name="knn-cv",
    description="mean score of the k nearest training queries, k by cross-validation",
    about=About(
        family="similarity",
        source="CARROT-kNN, arXiv 2502.03261",
        fidelity="simplified",
        deviation="one k for all arms by leave-one-out squared error, not one an arm by five-fold AUC",
        is_not="tuned to a budget: the dial stays free",
    ),
    estimator=LocalMean(ks=(2, 4, 8, 16, 32, 64, 128, 256, 512)),
)

clusters = Recipe(
    name="clusters",
    description="mean score of the query's k-means cluster, shrunk to the overall mean",
    about=About(
        family="similarity",
        source="Avengers, arXiv 2505.19797",
        fidelity="inspired",
        deviation="one of 16 clusters, means shrunk, a lexical encoder",
        is_not="an ensemble that votes over answers: one arm is called",
    ),
    estimator=GroupMean(clusters=16),
)

avengers = Recipe(
    name="avengers",
    description="mean score of the three nearest of 32 clusters, by a softmax of their distances",
    about=About(
        family="similarity",
        source="Avengers, arXiv 2505.19797",
        fidelity="simplified",
        deviation="a lexical encoder instead of a 7-billion-parameter one, means slightly shrunk",
        is_not="an ensemble that votes over answers: one arm is called",
    ),
    estimator=GroupMean(clusters=32, top=3, prior=2.0),
)

avengers_pro = Recipe(
    name="avengers-pro",
    description="avengers with quality and cost brought to one scale for each query, α = 1 − dial",
    about=About(
        family="similarity",
        source="Avengers-Pro, arXiv 2508.12631",
        fidelity="simplified",
        deviation="brought to scale for each query after mixing clusters, not within each; a lexical encoder",
        is_not="comparable across pools: the scale stretches small gaps and large ones alike",
        needs=("costs",),
    ),
    estimator=GroupMean(clusters=32, top=3, prior=2.0),
    selector=NormalisedUtility(),
    dial=0.45,
)

uniroute = Recipe(
    name="uniroute",
    description="an arm is its mean scores on 32 clusters; new arms join without a refit",
    about=About(
        family="similarity",
        source="UniRoute, arXiv 2502.08773",
        fidelity="simplified",
        deviation="k-means on a lexical encoder, means shrunk, no learned map from query to cluster",
        is_not="a model of arms it has never seen answer: a newcomer brings scores on some queries",
    ),
    estimator=GroupMean(clusters=32, prior=5.0),
)
