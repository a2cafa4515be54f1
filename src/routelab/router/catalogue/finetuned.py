"""Entries whose text encoder is trained on the scores too. They need the extra ``torch`` and a pretrained encoder."""

from __future__ import annotations

from routelab.encode import AsIs, Verbatim
from routelab.router.about import About
from routelab.router.compose import Recipe, View
from routelab.router.estimators import FineTuned

_TEXT = (View(Verbatim(), AsIs()),)
_ENCODER = "MiniLM (22 million weights, the mean of its tokens)"

bert_classifier = Recipe(
    name="bert-classifier",
    description="a pretrained encoder fine-tuned with a head an arm on every score; costs by hashed n-grams",
    about=About(
        source="RouteLLM bert, arXiv 2406.18665",
        fidelity="simplified",
        deviation=f"{_ENCODER} instead of BERT; the score of every arm instead of three outcomes of one pair",
        is_not="quick: every fit trains the whole encoder, every decision runs it; needs routelab[torch]",
    ),
    also=_TEXT,
    estimator=FineTuned(),
)

routerdc_finetuned = Recipe(
    name="routerdc-finetuned",
    description="routerdc with its encoder fine-tuned by the two contrastive losses; costs by hashed n-grams",
    about=About(
        source="RouterDC, arXiv 2409.19886",
        fidelity="simplified",
        deviation=f"{_ENCODER} instead of mDeBERTa; one pooled map makes scores of cosines",
        is_not="calibrated in how hard a query is: cosines tell arms apart, not queries; needs routelab[torch]",
    ),
    also=_TEXT,
    estimator=FineTuned(loss="routerdc"),
)
