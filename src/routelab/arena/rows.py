"""Which rows of a table are looked at: a part of its prompts, and of these as many as machine time allows."""

from __future__ import annotations

from typing import Literal

import numpy as np

from routelab.core import stream
from routelab.encode import QueryBatch
from routelab.outcomes import OutcomeTable

Part = Literal["all", "tuning", "claims"]
TUNING_SHARE = 1 / 3


def part_of(table: OutcomeTable, part: Part) -> OutcomeTable:
    """The prompts that designs are tried on, or those that claims are made on, told apart by a hash of the text.

    A prompt is in the same part of every table that holds it.
    """
    if part == "all":
        return table
    ids, prompts = table.queries["query_id"].to_list(), table.queries["prompt"]
    texts = None if prompts.null_count() else tuple(prompts)
    prints = QueryBatch(tuple(ids), texts, (None,) * len(ids)).fingerprints()
    tuning = prints / 2.0**64 < TUNING_SHARE
    return table.select(query_ids=[ids[row] for row in np.flatnonzero(tuning == (part == "tuning"))])


def thinned(table: OutcomeTable, most: int, seed: int) -> OutcomeTable:
    """At most that many queries, every task in its proportion: each n-th row in random order within tasks."""
    queries = table.queries
    if queries.height <= most:
        return table
    tasks = np.unique(queries["task"].fill_null("").to_numpy().astype(str), return_inverse=True)[1]
    order = np.lexsort((stream(seed, "thinned").random(len(tasks)), tasks))
    kept = order[np.floor(np.arange(most) * len(order) / most).astype(np.int64)]
    return table.select(query_ids=queries["query_id"].gather(np.sort(kept)).to_list())
