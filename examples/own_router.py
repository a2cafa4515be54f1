"""Two routers of one's own: `routelab evaluate --router examples/own_router.py:code_goes_to_the_coder`."""

import numpy as np

from routelab.arena.candidates import router


@router
def code_goes_to_the_coder(prompt: str) -> str:
    """Prompts that look like code go to the coding model; it needs no training."""
    return "local/qwen2.5-coder-1.5b" if "def " in prompt or "(" in prompt else "local/smollm2-135m"


class BestByLength:
    """Learns the best arm for short prompts and for long ones."""

    def fit(self, batch, outcomes):
        self.limit = np.median([len(text) for text in batch.texts])
        long = np.array([len(text) > self.limit for text in batch.texts])
        self.arm = {side: outcomes.arms[np.nanmean(outcomes.score[long == side], axis=0).argmax()] for side in (0, 1)}
        return self

    def route(self, batch):
        return [self.arm[len(text) > self.limit] for text in batch.texts]
