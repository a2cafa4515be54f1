"""The entry to try first: what the others do, weighed by how well each foretells queries held out of training."""

from __future__ import annotations

from msgspec.structs import replace

from routelab.encode import AsIs, HashedNgrams, Standardise, StaticEmbedding, TextSignals, TfidfSvd
from routelab.router.about import About
from routelab.router.compose import Recipe, View
from routelab.router.estimators import Forest, GroupMean, LocalMean, Ridge, Stack
from routelab.router.guards import PairedError

champion = Recipe(
    name="champion",
    description="linear, neighbour, cluster and forest estimates of three views, weighed on held-out queries",
    about=About(
        source="stacked generalisation, Wolpert 1992",
        fidelity="own",
        is_not="an ensemble of answers: one arm is called, only its estimate is pooled",
    ),
    encoder=HashedNgrams(),
    reduction=TfidfSvd(),
    also=(View(StaticEmbedding(), AsIs()), View(TextSignals(), Standardise())),
    estimator=Stack(
        members=(Ridge(), LocalMean(k=60), GroupMean(clusters=24), Forest(), Forest()),
        views=(-1, 1, 1, 2, 0),
    ),
)

champion_guarded = replace(
    champion,
    name="champion-guarded",
    description="champion that leaves the best single arm only for a gain larger than its doubt: for unlike queries",
    guards=(PairedError(z=1.0),),
)
