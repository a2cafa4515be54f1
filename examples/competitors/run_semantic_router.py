"""Aurelio's semantic-router: a route for each arm, whose utterances are the prompts that this arm should answer.

Its encoders are services or downloads, but for TF-IDF, which is sparse: here its vectors are written out in full, so
that it can be the encoder of an ``IndexedRouter`` of its own.
"""

from __future__ import annotations

import numpy as np
from competitor import read, write
from pydantic import PrivateAttr
from semantic_router import IndexedRouter, Route
from semantic_router.encoders import DenseEncoder, TfidfEncoder

TOP = 15
ABOUT = {"source_url": "https://github.com/aurelio-labs/semantic-router", "licence": "MIT"}


class Words(DenseEncoder):
    """The package's own TF-IDF of the routes' utterances, as dense vectors."""

    name: str = "tfidf"
    _sparse: TfidfEncoder = PrivateAttr()

    def over(self, routes: list[Route]) -> Words:
        self._sparse = TfidfEncoder()
        self._sparse.fit(routes)
        return self

    def __call__(self, docs: list[str]) -> list[list[float]]:
        dense = np.zeros((len(docs), len(self._sparse.word_index)))
        for row, one in zip(dense, self._sparse(docs)):
            for place, value in one.to_dict().items():
                row[place] = value
        return dense.tolist()


queries, training, out = read()
utterances: dict[str, list[str]] = {}
for text, arm in training.labelled(list(training.score[0])):
    utterances.setdefault(arm, []).append(text)
routes = [Route(name=arm, utterances=texts) for arm, texts in utterances.items()]
router = IndexedRouter(encoder=Words().over(routes), routes=routes, top_k=TOP, aggregation="sum")
chosen = {name: router(prompt).name for name, prompt in queries.items()}
description = f"an IndexedRouter over its own TF-IDF, one route an arm, sum of the {TOP} nearest utterances"
write(out, "semantic-router tfidf", chosen, package="semantic-router", description=description, **ABOUT)
