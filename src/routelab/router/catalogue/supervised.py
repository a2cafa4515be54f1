"""Entries that learn each arm's score from features by regression (the survey's supervised family)."""

from __future__ import annotations

from routelab.encode import AsIs, Standardise, StaticEmbedding, TextSignals
from routelab.router.about import About
from routelab.router.compose import Recipe
from routelab.router.estimators import Category, Forest, Kernel, Logistic, Network, Ridge
from routelab.router.guards import PairedError
from routelab.router.select import Threshold

_CARROT = About(
    source="CARROT, arXiv 2502.03261",
    fidelity="simplified",
    deviation="linear heads on fixed features where the original fine-tunes RoBERTa",
    is_not="a classifier of the best arm: score and cost of every arm are predicted apart",
)
_REGRESSORS = "RouterBench, arXiv 2403.12031"

ridge = Recipe(
    name="ridge",
    description="linear regression of score and cost, plug-in utility",
    about=_CARROT,
    estimator=Ridge(),
)

logistic = Recipe(
    name="logistic",
    description="logistic regression per arm on hashed n-grams + SVD",
    about=_CARROT,
    estimator=Logistic(),
)

carrot = Recipe(
    name="carrot",
    description="logistic regression of scores, linear regression of costs, plug-in utility at µ = 0.1",
    about=_CARROT,
    estimator=Logistic(),
    dial=0.1,
)

logistic_dense = Recipe(
    name="logistic-dense",
    description="logistic regression per arm on a static sentence embedding, with the paired-error guard",
    about=_CARROT,
    encoder=StaticEmbedding(),
    reduction=AsIs(),
    estimator=Logistic(),
    guards=(PairedError(z=1.0),),
)

svm = Recipe(
    name="svm",
    description="support vector regression per arm with an RBF kernel over 256 landmarks",
    about=About(
        source=_REGRESSORS,
        fidelity="simplified",
        deviation="least-squares loss and a kernel, where the original has an ε-insensitive loss and none",
        is_not="a classifier of the best arm",
    ),
    estimator=Kernel(),
)

mlp = Recipe(
    name="mlp",
    description="a hidden layer of 100 units shared by all arms, on hashed n-grams + SVD",
    about=About(
        source=_REGRESSORS,
        fidelity="simplified",
        deviation="one network for all arms instead of one each; the last layer is solved anew for standard errors",
        is_not="a classifier of the best arm",
    ),
    estimator=Network(),
)

forest = Recipe(
    name="forest",
    description="random forest of all arms' scores on hashed n-grams + SVD",
    about=About(
        source="RoRF, Not Diamond",
        fidelity="inspired",
        deviation="30 trees that regress every arm's score, plug-in utility",
        is_not="limited to pairs of arms",
    ),
    estimator=Forest(),
)

rorf = Recipe(
    name="rorf",
    description="random forest of 100 trees of depth 20; the cheapest arm within the dial of the best",
    about=About(
        source="RoRF, Not Diamond",
        fidelity="simplified",
        deviation="regression on every arm's score instead of four classes of a pair, a lexical encoder",
        is_not="limited to pairs of arms",
    ),
    estimator=Forest(trees=100, depth=20, leaf=2),
    selector=Threshold(),
)

forest_signals = Recipe(
    name="forest-signals",
    description="random forest on a dozen readable text signals, with the paired-error guard",
    about=About(
        source="wayfinder, a public router's hand-made features",
        fidelity="inspired",
        deviation="features of the same kind (length, lines, symbols, code, question), chosen and weighed here",
        is_not="that router's scoring: a forest learns what the signals are worth",
    ),
    encoder=TextSignals(),
    reduction=Standardise(),
    estimator=Forest(),
    guards=(PairedError(z=1.0),),
)

composition_of_experts = Recipe(
    name="composition-of-experts",
    description="category of the query by a classifier, then the category's arm; unsure queries get the overall means",
    about=About(
        source="Composition of Experts, arXiv 2412.01868",
        fidelity="simplified",
        deviation="the budget is met by the dial instead of a mixed-integer program; a linear classifier",
        is_not="able to tell queries of one category apart",
        needs=("task labels",),
    ),
    estimator=Category(),
)
