"""Prompt policies: how a query is put to a model. The part of an arm after ``#``; knows no transport."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from routelab.core import Arm, InputError, Sampling, Turn
from routelab.core.errors import nearest


class Policy(msgspec.Struct, frozen=True):
    """A system instruction (None: the bare query) and a bound on the answer's length."""

    instruction: str | None
    max_tokens: int

    def turns(self, asked: Sequence[Turn]) -> list[Turn]:
        """The conversation to send: the instruction, then the query's own turns."""
        return ([Turn("system", self.instruction)] if self.instruction else []) + list(asked)

    def sampling(self, seed: int = 0, temperature: float = 0.0) -> Sampling:
        """Decoding under this policy's bound; greedy unless told otherwise."""
        return Sampling(max_tokens=self.max_tokens, temperature=temperature, seed=seed)


POLICIES = {
    "plain": Policy(None, 512),
    "direct": Policy(
        "Answer at once with the result alone (a number, a word, a letter, or the form asked for). "
        "No sentences, no explanation.",
        64,
    ),
    "cot": Policy(
        "First work out the solution in at most three short steps. Then write the last line 'Answer: ' and the result.",
        128,
    ),
}


def policy_of(arm: str) -> Policy:
    """The policy that an arm names, ``plain`` where it names none.

    >>> policy_of("local/smollm2-135m#direct").max_tokens
    64
    """
    name = Arm.parse(arm).policy or "plain"
    if name not in POLICIES:
        raise InputError(f"arm {arm}", expected="a known prompt policy", got=repr(name), fix=nearest(name, POLICIES))
    return POLICIES[name]
