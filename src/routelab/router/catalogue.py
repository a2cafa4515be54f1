"""The built-in routers, each one recipe. Registered by entry point, exactly like anybody's plug-in.

``simplified`` in a description says that the original's encoder or training differs; the source is the idea's.
"""

from __future__ import annotations

from routelab.encode import AsIs, Standardise, StaticEmbedding, TextLength, TextSignals
from routelab.router.compose import Recipe
from routelab.router.estimators import (
    Bilinear,
    Constant,
    Forest,
    GroupMean,
    LocalMean,
    Logistic,
    Ridge,
    WeightedBradleyTerry,
)
from routelab.router.guards import PairedError
from routelab.router.select import CheapestSufficient, Threshold

best_single = Recipe(
    name="best-single",
    description="the arm with the best training mean, for every query",
    encoder=None,
    estimator=Constant(),
)

length_only = Recipe(
    name="length-only",
    description="logistic regression on the prompt's length alone",
    encoder=TextLength(),
    reduction=Standardise(),
    estimator=Logistic(),
)

knn = Recipe(
    name="knn",
    description="mean score of the 40 nearest training queries, hashed n-grams + SVD",
    source="RouterBench, arXiv 2403.12031",
    estimator=LocalMean(k=40),
)

knn_guarded = Recipe(
    name="knn-guarded",
    description="100 nearest queries; leaves the best single arm only beyond one paired standard error",
    source="experiential kNN + paired-SE guard",
    estimator=LocalMean(k=100),
    guards=(PairedError(z=1.0),),
)

knn_dense = Recipe(
    name="knn-dense",
    description="40 nearest queries by a static sentence embedding, with the paired-error guard",
    encoder=StaticEmbedding(),
    reduction=AsIs(),
    estimator=LocalMean(k=40),
    guards=(PairedError(z=1.0),),
)

clusters = Recipe(
    name="clusters",
    description="mean score of the query's k-means cluster, shrunk to the overall mean",
    source="Avengers, arXiv 2505.19797 (simplified)",
    estimator=GroupMean(clusters=16),
)

ridge = Recipe(
    name="ridge",
    description="linear regression of score and cost, plug-in utility",
    source="CARROT, arXiv 2502.03261 (simplified)",
    estimator=Ridge(),
)

logistic = Recipe(
    name="logistic",
    description="logistic regression per arm on hashed n-grams + SVD",
    source="CARROT, arXiv 2502.03261 (simplified)",
    estimator=Logistic(),
)

logistic_dense = Recipe(
    name="logistic-dense",
    description="logistic regression per arm on a static sentence embedding, with the paired-error guard",
    encoder=StaticEmbedding(),
    reduction=AsIs(),
    estimator=Logistic(),
    guards=(PairedError(z=1.0),),
)

forest = Recipe(
    name="forest",
    description="random forest of all arms' scores on hashed n-grams + SVD",
    source="RoRF (simplified)",
    estimator=Forest(),
)

forest_signals = Recipe(
    name="forest-signals",
    description="random forest on a dozen readable text signals, with the paired-error guard",
    encoder=TextSignals(),
    reduction=Standardise(),
    estimator=Forest(),
    guards=(PairedError(z=1.0),),
)

factor = Recipe(
    name="factor",
    description="bilinear factor model of queries and arms",
    source="RouteLLM mf, arXiv 2406.18665; EmbedLLM, arXiv 2410.02223 (simplified)",
    estimator=Bilinear(),
)

bradley_terry = Recipe(
    name="bradley-terry",
    description="similarity-weighted Bradley–Terry strengths, cheapest arm within the dial of the best",
    source="RouteLLM sw_ranking, arXiv 2406.18665 (simplified)",
    estimator=WeightedBradleyTerry(),
    selector=Threshold(),
)

cheapest_sufficient = Recipe(
    name="cheapest-sufficient",
    description="cheapest arm whose predicted quality reaches 1 − dial",
    source="BEST-Route, arXiv 2506.22716 (simplified)",
    estimator=Logistic(),
    selector=CheapestSufficient(),
    dial=0.3,
)
