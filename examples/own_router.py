"""Two routers of one's own: `routelab evaluate --router examples/own_router.py:Cautious`, or `…:big_for_long`."""

import numpy as np

from routelab.arena import as_router
from routelab.router import best_single


@as_router
def big_for_long(prompt: str) -> str:
    """A larger model for longer prompts; without `fit`, a router has to know the arms by name."""
    return "local/qwen2.5-coder-1.5b#direct" if len(prompt) > 60 else "local/qwen2.5-coder-0.5b#direct"


class Cautious:
    """The best arm for prompts with numbers, and for those without, where it clearly beats the best arm overall."""

    def fit(self, batch, outcomes):
        safe = best_single(outcomes.score, outcomes.cost_usd, outcomes.arms)
        self.arm = {}
        for kind in (True, False):
            score = outcomes.score[[has_number(text) == kind for text in batch.texts]]
            gain = np.ma.masked_invalid(score - score[:, [safe]])  # unknown outcomes are NaN
            sure = (gain.mean(axis=0) - 2 * gain.std(axis=0) / np.sqrt(gain.count(axis=0))).filled(0)
            self.arm[kind] = outcomes.arms[sure.argmax() if sure.max() > 0 else safe]
        return self

    def route(self, batch):
        return [self.arm[has_number(text)] for text in batch.texts]


def has_number(text: str) -> bool:
    return any(letter.isdigit() for letter in text)
