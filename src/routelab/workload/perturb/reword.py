"""``perturb``: one rewording for every prompt, drawn from the seed and the prompt itself."""

from __future__ import annotations

from collections.abc import Sequence

from routelab.core.files import digest
from routelab.core.seeds import stream
from routelab.workload.perturb.kinds import KINDS


def perturb(texts: Sequence[str], seed: int) -> tuple[str, ...]:
    """Each prompt reworded in one way; the same prompt always the same under one seed. Blank ones stay.

    >>> perturb(["What is 2 + 2?"], 0) == perturb(["What is 2 + 2?"], 0) != ("What is 2 + 2?",)
    True
    """
    return tuple(_reword(text, seed) for text in texts)


def _reword(text: str, seed: int) -> str:
    """The first kind, in an order drawn at random, that finds something to change."""
    if not text.strip():
        return text
    rng = stream(seed, "perturb", digest(text.encode("utf-8", "surrogatepass")))
    names = list(KINDS)
    tries = (KINDS[names[i]](text, rng) for i in rng.permutation(len(names)))
    return next(changed for changed in tries if changed != text)
