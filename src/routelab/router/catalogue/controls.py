"""Entries that any learned router must beat: they learn means at most, or read a prompt by a hand-written rule."""

from __future__ import annotations

from routelab.encode import AsIs, Standardise, TextLength, TextSignals
from routelab.router.about import About
from routelab.router.compose import Recipe
from routelab.router.estimators import Constant, Logistic, Tiers

_CONTROL = About(family="control", is_not="a router to deploy: it stands beside the others")

best_single = Recipe(
    name="best-single",
    description="the arm with the best training mean, for every query",
    about=_CONTROL,
    encoder=None,
    estimator=Constant(),
)

cheapest = Recipe(
    name="cheapest",
    description="the arm with the lowest mean training cost, for every query",
    about=About(family="control", is_not="a router to deploy: it stands beside the others", needs=("costs",)),
    encoder=None,
    estimator=Constant(),
    dial=1.0,
)

random = Recipe(
    name="random",
    description="an arm drawn at random for every query, the same one for the same prompt",
    about=_CONTROL,
    encoder=None,
    estimator=Constant(),
    explore=1.0,
)

length_only = Recipe(
    name="length-only",
    description="logistic regression on the prompt's length alone",
    about=_CONTROL,
    encoder=TextLength(),
    reduction=Standardise(),
    estimator=Logistic(),
)

complexity_tiers = Recipe(
    name="complexity-tiers",
    description="a hand-written complexity score cut into as many tiers as there are arms; the best arm of each tier",
    about=About(
        family="rule",
        source="the complexity router of LiteLLM",
        fidelity="inspired",
        deviation="other signals and weights; tiers hold equal shares of queries and get the arm that training favours",
        is_not="a judge of difficulty: it reads length, lines, symbols and code marks, no meaning",
    ),
    encoder=TextSignals(),
    reduction=AsIs(),
    estimator=Tiers(),
)
