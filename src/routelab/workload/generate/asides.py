"""Irrelevant sentences that some items carry: true or false, they change no answer. Knows no task."""

from __future__ import annotations

import numpy as np

from routelab.workload.generate.draws import integer, one_of, phrases

RATE = 0.15
_WHO = phrases("My neighbour|A cousin of mine|Our postman|The woman at the bakery|An old friend|The caretaker")
_DID = phrases("""bought a kite|painted a fence green|lost an umbrella|adopted a grey cat|repaired a bicycle
learned to whistle|planted tulips|sold a piano|found a blue scarf|baked a plum cake""")
_WHEN = phrases("last week|this morning|in spring|on a rainy day|before breakfast|two summers ago")


def aside(rng: np.random.Generator) -> str:
    """One sentence beside the point.

    >>> aside(np.random.default_rng(0)).endswith(".")
    True
    """
    sentence = f"{one_of(rng, _WHO)} {one_of(rng, _DID)} {one_of(rng, _WHEN)}"
    return sentence + (f", for {integer(rng, 2, 9)} friends." if rng.random() < 0.3 else ".")
